/** The address of the page: the filters of the tape, and beside them the session and the view. */
import { toQuery, type Filters } from "./filters";

/** What in the address is not a filter. */
const KEPT = ["date", "view"];

/** The query with one value changed, or taken out where it is null. */
export function withValue(
  query: URLSearchParams,
  name: string,
  value: string | null,
): URLSearchParams {
  const changed = new URLSearchParams(query);
  if (value === null) changed.delete(name);
  else changed.set(name, value);
  return changed;
}

/** The query with other filters; session and view stay. */
export function withFilters(query: URLSearchParams, filters: Filters): URLSearchParams {
  const changed = toQuery(filters);
  for (const name of KEPT) {
    const value = query.get(name);
    if (value !== null) changed.set(name, value);
  }
  return changed;
}
