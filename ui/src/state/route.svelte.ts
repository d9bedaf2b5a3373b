/**
 * Which page is shown, kept in the address so that a page with its filters can be shared:
 * `#/off-exchange?min=1000000`.
 */
export const PAGES = ["desk", "off-exchange", "flow", "straddles", "data"] as const;
export type Page = (typeof PAGES)[number];

export interface Place {
  page: Page;
  query: URLSearchParams;
}

/* A place is replaced whole when it changes: its query need not be reactive by itself. */
/* eslint-disable svelte/prefer-svelte-reactivity */

/** Reads a hash; anything unknown is the Desk. */
export function parseHash(hash: string): Place {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const page = PAGES.find((name) => name === path) ?? "desk";
  return { page, query: new URLSearchParams(query) };
}

/** Writes a hash. */
export function formatHash(page: Page, query: URLSearchParams = new URLSearchParams()): string {
  const text = query.toString();
  return text ? `#/${page}?${text}` : `#/${page}`;
}

class Route {
  #place = $state.raw<Place>(parseHash(location.hash));

  get page(): Page {
    return this.#place.page;
  }

  /** What stands after the `?` in the hash. */
  get query(): URLSearchParams {
    return this.#place.query;
  }

  /** Shows a page. */
  go(page: Page, query?: URLSearchParams): void {
    location.hash = formatHash(page, query);
    this.read();
  }

  /** Changes the query of the page that is shown, without a step in the history. */
  refine(query: URLSearchParams): void {
    const hash = formatHash(this.page, query);
    if (hash === location.hash) return;
    history.replaceState(null, "", hash);
    this.read();
  }

  read(): void {
    this.#place = parseHash(location.hash);
  }
}

export const route = new Route();
