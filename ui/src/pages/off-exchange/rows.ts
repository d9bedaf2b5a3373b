/**
 * The rows of the tape: pieces of columnar answers, newest first, addressed by one number. Nothing
 * is copied when a page is added; small pieces are joined now and then.
 */
import { columnsOf, type Columns } from "../../api/columns";
import type { PrintsMeta } from "../../api/bindings";

export type PrintsTable = Columns<PrintsMeta>;

interface Piece {
  table: PrintsTable;
  /** First row of the table that counts. */
  from: number;
  /** Rows of the tape before this piece. */
  before: number;
}

/** One row, as the tape draws it. */
export interface TapeRow {
  reported_ms: number;
  executed_ms: number;
  price: number;
  size: number;
  notional: number;
  bid: number;
  ask: number;
  day_volume: number;
  side: number;
  reasons: number;
  session: number;
  eligible: boolean;
  /** NaN while the threshold is not known. */
  block: number;
  /** As `get_print` asks for it. */
  identity: string;
}

/** More pieces than this are joined into one: finding a row walks over them. */
const PIECES_MAX = 48;

export class TapeRows {
  readonly length: number;

  private constructor(private readonly pieces: Piece[]) {
    const last = pieces[pieces.length - 1];
    this.length = last ? last.before + last.table.rows - last.from : 0;
  }

  static readonly empty = new TapeRows([]);

  /** Rows of one answer. */
  static of(table: PrintsTable): TapeRows {
    return TapeRows.empty.older(table);
  }

  /** With a page of older rows at the end. */
  older(table: PrintsTable): TapeRows {
    return table.rows === 0 ? this : this.#with([...this.pieces, { table, from: 0, before: 0 }]);
  }

  /**
   * With everything reported at or after `fromMs` replaced by `table`, which holds all of it:
   * new rows come in, changed rows change, withdrawn rows go.
   */
  newer(table: PrintsTable, fromMs: number): TapeRows {
    const kept: Piece[] = [];
    for (const piece of this.pieces) {
      const times = piece.table.column("reported_ms");
      let from = piece.from;
      while (from < piece.table.rows && times[from] >= fromMs) from += 1;
      if (from < piece.table.rows) kept.push({ ...piece, from });
    }
    const fresh = table.rows > 0 ? [{ table, from: 0, before: 0 }] : [];
    return this.#with([...fresh, ...kept]);
  }

  /** The tape time of row `index`, epoch ms. */
  reportedAt(index: number): number {
    return this.#value(index, "reported_ms");
  }

  /** Row `index`, read out. */
  row(index: number): TapeRow {
    const { table, at } = this.#find(index);
    const value = (name: string): number => table.column(name)[at];
    return {
      reported_ms: value("reported_ms"),
      executed_ms: value("executed_ms"),
      price: value("price"),
      size: value("size"),
      notional: value("notional"),
      bid: value("bid"),
      ask: value("ask"),
      day_volume: value("day_volume"),
      side: value("side"),
      reasons: value("reasons"),
      session: value("session"),
      eligible: value("eligible") === 1,
      block: value("block"),
      identity: identity(value("identity_high"), value("identity_low")),
    };
  }

  #value(index: number, name: string): number {
    const { table, at } = this.#find(index);
    return table.column(name)[at];
  }

  #find(index: number): { table: PrintsTable; at: number } {
    const piece = this.pieces.findLast((candidate) => candidate.before <= index);
    if (!piece || index >= this.length) throw new RangeError(`The tape has no row ${index}.`);
    return { table: piece.table, at: piece.from + index - piece.before };
  }

  #with(pieces: Piece[]): TapeRows {
    const joined = pieces.length > PIECES_MAX ? [join(pieces)] : pieces;
    let before = 0;
    const placed = joined.map((piece) => {
      const here = { ...piece, before };
      before += piece.table.rows - piece.from;
      return here;
    });
    return new TapeRows(placed);
  }
}

/** A row with its place on the tape. */
export interface PlacedRow {
  index: number;
  row: TapeRow;
}

/**
 * Reads rows out for drawing. A row that was read before comes back as the same object, so that a
 * scroll only redraws what came into view.
 */
export class RowReader {
  #rows = TapeRows.empty;
  #known = new Map<number, PlacedRow>();

  read(rows: TapeRows, indexes: number[]): PlacedRow[] {
    const before = rows === this.#rows ? this.#known : new Map<number, PlacedRow>();
    const placed = indexes.map((index) => before.get(index) ?? { index, row: rows.row(index) });
    this.#rows = rows;
    this.#known = new Map(placed.map((one) => [one.index, one]));
    return placed;
  }
}

function join(pieces: Piece[]): Piece {
  const { meta, names } = pieces[0].table;
  const columns = names.map((name) => {
    const parts = pieces.map((piece) => piece.table.column(name).subarray(piece.from));
    const whole = new Float64Array(parts.reduce((rows, part) => rows + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return [name, whole] as const;
  });
  return { table: columnsOf(meta, Object.fromEntries(columns)), from: 0, before: 0 };
}

/** Only the rows for which `keep` says so. */
export function pickRows(
  table: PrintsTable,
  keep: (table: PrintsTable, row: number) => boolean,
): PrintsTable {
  const wanted: number[] = [];
  for (let row = 0; row < table.rows; row += 1) if (keep(table, row)) wanted.push(row);
  const columns = table.names.map((name) => {
    const values = table.column(name);
    return [name, wanted.map((row) => values[row])] as const;
  });
  return columnsOf(table.meta, Object.fromEntries(columns));
}

const LOW_BITS = 32n;

/** Joins the halves of an identity, a signed 64-bit number, into its text. */
export function identity(high: number, low: number): string {
  const bits = (BigInt(high) << LOW_BITS) | BigInt.asUintN(32, BigInt(low));
  return BigInt.asIntN(64, bits).toString();
}
