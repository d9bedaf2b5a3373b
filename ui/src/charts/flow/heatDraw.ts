/** Draws the heat map: net premium by strike and expiry. */
import { compact } from "../../lib/format";
import { type Tokens, withAlpha } from "../../lib/tokens";
import { innerHeight, innerWidth, type Plot } from "../axes/plot";
import { figureFont } from "../scene";

import { placeOfPrice, type HeatGrid } from "./grid";

/** Least height of a row and least width of a column, px. */
export const CELL_PX = { row: 14, column: 42 } as const;
/** Faintest and strongest fill: the words on it must still be read. */
const ALPHA = [0.07, 0.52] as const;
/** Cells with less than this share of the strongest carry no words: they would be a carpet. */
const WORTH_WORDS = 0.02;
const GAP_PX = 1;

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a cell lies. */
export function cellBox(grid: HeatGrid, box: Plot, row: number, column: number): Placed {
  const width = innerWidth(box) / Math.max(1, grid.expiries.length);
  const height = innerHeight(box) / Math.max(1, grid.rows.strikes.length);
  return { x: box.left + column * width, y: box.top + row * height, width, height };
}

/** The row and column under a point; null outside. */
export function cellAt(
  grid: HeatGrid,
  box: Plot,
  x: number,
  y: number,
): { row: number; column: number } | null {
  const { width, height } = cellBox(grid, box, 0, 0);
  const row = Math.floor((y - box.top) / height);
  const column = Math.floor((x - box.left) / width);
  const inside =
    row >= 0 && row < grid.rows.strikes.length && column >= 0 && column < grid.expiries.length;
  return inside ? { row, column } : null;
}

/** `+1.24M` or `−310K`. */
export function signed(value: number): string {
  return value > 0 ? `+${compact(value)}` : compact(value);
}

/** Where the price lies, px from the top; null when it is outside. */
export function spotAt(grid: HeatGrid, box: Plot, spot: number | null): number | null {
  const place = spot === null ? null : placeOfPrice(grid.rows, spot);
  return place === null ? null : box.top + place * cellBox(grid, box, 0, 0).height;
}

export function drawHeat(
  context: CanvasRenderingContext2D,
  grid: HeatGrid,
  box: Plot,
  tokens: Tokens,
): void {
  context.clearRect(0, 0, box.width, box.height);
  context.font = figureFont(tokens);
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const cell of grid.cells.flat()) {
    if (!cell) continue;
    const { x, y, width, height } = cellBox(grid, box, cell.row, cell.column);
    const share = grid.most > 0 ? Math.abs(cell.net) / grid.most : 0;
    const alpha = ALPHA[0] + (ALPHA[1] - ALPHA[0]) * Math.sqrt(share);
    context.fillStyle = withAlpha(cell.net >= 0 ? tokens.up : tokens.down, alpha);
    const [right, bottom] = [Math.round(x + width), Math.round(y + height)];
    const [left, top] = [Math.round(x), Math.round(y)];
    context.fillRect(left, top, right - left - GAP_PX, bottom - top - GAP_PX);
    if (share < WORTH_WORDS) continue;
    context.fillStyle = tokens.text;
    const words = height >= CELL_PX.row - 1 && width >= CELL_PX.column - 1;
    // The sign stands in every cell: colour alone does not tell it.
    const text = words ? signed(cell.net) : cell.net < 0 ? "\u2212" : "+";
    context.fillText(text, x + width / 2, y + height / 2 + 0.5);
  }
}
