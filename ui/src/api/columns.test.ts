import { expect, test } from "vitest";

import { columnsOf, decodeColumns } from "./columns";

/** The bytes that `crates/api/src/columns.rs` describes. */
function encode(meta: unknown, columns: Record<string, number[]>): ArrayBuffer {
  const names = Object.keys(columns);
  const rows = columns[names[0]]?.length ?? 0;
  let json = JSON.stringify({ rows, columns: names, meta });
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  while ((8 + bytesOf(json).length) % 8 !== 0) json += " ";
  const header = bytesOf(json);
  const buffer = new ArrayBuffer(8 + header.length + rows * names.length * 8);
  new Uint8Array(buffer).set(bytesOf("UTC1"));
  new DataView(buffer).setUint32(4, header.length, true);
  new Uint8Array(buffer).set(header, 8);
  const values = new Float64Array(buffer, 8 + header.length);
  names.forEach((name, at) => values.set(columns[name], at * rows));
  return buffer;
}

test("every value comes back, whatever the length of the header", () => {
  for (const symbol of ["S", "SP", "SPY", "SPYX", "SPYXX", "SPYXXX", "SPYXXXX", "ÄÖ€"]) {
    const table = decodeColumns<{ symbol: string }>(
      encode({ symbol }, { a: [1.5, NaN], b: [3, -4e300] }),
    );
    expect(table.rows).toBe(2);
    expect(table.meta.symbol).toBe(symbol);
    expect([...table.column("a")]).toEqual([1.5, NaN]);
    expect([...table.column("b")]).toEqual([3, -4e300]);
  }
});

test("columns are views on the answer and not copies", () => {
  const buffer = encode({}, { a: [1, 2], b: [3, 4] });
  const table = decodeColumns(buffer);
  expect(table.column("a").buffer).toBe(buffer);
  expect(table.column("b").byteOffset - table.column("a").byteOffset).toBe(16);
});

test("an answer without rows has its columns", () => {
  const table = decodeColumns(encode({}, { a: [], b: [] }));
  expect(table.rows).toBe(0);
  expect(table.names).toEqual(["a", "b"]);
  expect(table.column("b")).toHaveLength(0);
});

test("an answer that is something else, or was cut off, is refused", () => {
  const whole = encode({ symbol: "SPY" }, { a: [1, 2, 3] });
  expect(() => decodeColumns(new ArrayBuffer(0))).toThrow("not columnar");
  expect(() => decodeColumns(new TextEncoder().encode("<html></html>").buffer)).toThrow();
  for (let length = 0; length < whole.byteLength; length += 1) {
    expect(() => decodeColumns(whole.slice(0, length)), `${length} bytes`).toThrow();
  }
});

test("a column that is not there is a mistake and says so", () => {
  expect(() => columnsOf({}, { a: [1] }).column("b")).toThrow('no column "b"');
});
