/**
 * The binary answer for bulk history: columns of 64-bit floats behind a small JSON header (the
 * layout is described in `crates/api/src/columns.rs`). Nothing is copied: each column is a view
 * on the answer's own bytes. Missing values are NaN.
 */
export class Columns<Meta> {
  readonly #columns: ReadonlyMap<string, Float64Array>;

  constructor(
    readonly rows: number,
    readonly meta: Meta,
    columns: ReadonlyMap<string, Float64Array>,
  ) {
    this.#columns = columns;
  }

  /** The values of one column. Throws when the answer has no such column. */
  column(name: string): Float64Array {
    const values = this.#columns.get(name);
    if (!values) throw new Error(`The answer has no column "${name}".`);
    return values;
  }

  /** Names of the columns, in order. */
  get names(): string[] {
    return [...this.#columns.keys()];
  }
}

interface Header<Meta> {
  rows: number;
  columns: string[];
  meta: Meta;
}

const MAGIC = "UTC1";
const VALUE_BYTES = 8;
const PREFIX_BYTES = 8;

/** Reads a columnar answer. Throws when the bytes are not one. */
export function decodeColumns<Meta>(buffer: ArrayBuffer): Columns<Meta> {
  const { header, start } = decodeHeader<Meta>(buffer);
  const columns = new Map<string, Float64Array>();
  header.columns.forEach((name, index) => {
    const offset = start + index * header.rows * VALUE_BYTES;
    columns.set(name, new Float64Array(buffer, offset, header.rows));
  });
  return new Columns(header.rows, header.meta, columns);
}

/** Builds an answer from plain columns: for tests and for the fake market. */
export function columnsOf<Meta>(
  meta: Meta,
  columns: Record<string, ArrayLike<number>>,
): Columns<Meta> {
  const entries = Object.entries(columns).map(
    ([name, values]) => [name, Float64Array.from(values)] as const,
  );
  const rows = entries[0]?.[1].length ?? 0;
  return new Columns(rows, meta, new Map(entries));
}

function decodeHeader<Meta>(buffer: ArrayBuffer): { header: Header<Meta>; start: number } {
  if (buffer.byteLength < PREFIX_BYTES || text(buffer, 0, MAGIC.length) !== MAGIC) {
    throw new Error("The answer is not columnar.");
  }
  const headerBytes = new DataView(buffer).getUint32(MAGIC.length, true);
  const start = PREFIX_BYTES + headerBytes;
  if (start > buffer.byteLength) throw new Error("The columnar answer was cut off.");
  const header = JSON.parse(text(buffer, PREFIX_BYTES, headerBytes)) as Header<Meta>;
  const wanted = start + header.rows * header.columns.length * VALUE_BYTES;
  if (wanted !== buffer.byteLength) throw new Error("The columnar answer was cut off.");
  return { header, start };
}

function text(buffer: ArrayBuffer, offset: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(buffer, offset, length));
}
