/** Which rows of a long list are drawn. */
export interface Slice {
  /** First row drawn. */
  first: number;
  /** One past the last row drawn. */
  end: number;
}

/** The rows that a viewport shows, with `spare` more on both sides for a fast scroll. */
export function visibleSlice(
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  rows: number,
  spare = 8,
): Slice {
  const top = Math.max(0, Math.min(scrollTop, rows * rowHeight - viewHeight));
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const end = Math.min(rows, Math.ceil((top + viewHeight) / rowHeight) + spare);
  return { first, end };
}

/** Where to scroll so that row `index` is in view; the same place when it already is. */
export function scrollToRow(
  index: number,
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight - viewHeight;
  return bottom > scrollTop ? bottom : scrollTop;
}

/**
 * The rows of a slice, each in the slot that it keeps while it is in view: a scroll by one row
 * changes one slot and leaves the others alone. Slots are not in the order of rows.
 */
export function slotted({ first, end }: Slice): number[] {
  const slots = end - first;
  return Array.from({ length: slots }, (_, slot) => {
    const behind = (slot - (first % slots) + slots) % slots;
    return first + behind;
  });
}
