/**
 * Something read from the engine and shown: its data, whether it is being read, and why it could
 * not be. Old data stays on the screen while it is read again, and is called stale when that
 * fails.
 */
import { untrack } from "svelte";

import { client } from "./client";
import {
  ApiFailure,
  type CommandName,
  type ConnectionState,
  type MarketEvent,
  type Request,
  type Response,
} from "./transport";

export type ResourceState = "idle" | "loading" | "ready" | "stale" | "error";

export class Resource<T> {
  data = $state.raw<T>();
  error = $state.raw<ApiFailure | null>(null);
  loading = $state(false);
  /** Whether the first answer to a question is waited for; reading it again is no news. */
  asking = $state(false);
  /** When `data` came, wall epoch ms. */
  loadedAt = $state<number | null>(null);
  #load: (signal: AbortSignal) => Promise<T>;
  #running: AbortController | null = null;

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  get state(): ResourceState {
    if (this.data !== undefined) return this.error ? "stale" : "ready";
    if (this.error) return "error";
    return this.loading ? "loading" : "idle";
  }

  /** Asks another question. */
  async ask(): Promise<void> {
    this.asking = true;
    await this.reload();
  }

  /** Reads again. An answer to an older question is dropped. */
  async reload(): Promise<void> {
    this.#running?.abort();
    const mine = new AbortController();
    this.#running = mine;
    this.loading = true;
    try {
      const data = await this.#load(mine.signal);
      if (this.#running !== mine) return;
      this.data = data;
      this.error = null;
      this.loadedAt = Date.now();
    } catch (cause) {
      if (this.#running !== mine) return;
      this.error = ApiFailure.from(cause);
    }
    this.loading = this.asking = false;
    this.#running = null;
  }

  /** Forgets the data, because it answers another question. */
  clear(): void {
    this.#running?.abort();
    this.#running = null;
    this.data = undefined;
    this.error = null;
    this.loading = this.asking = false;
    this.loadedAt = null;
  }
}

/** Something that is read when asked. */
export function resource<T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  return new Resource(load);
}

interface CommandOptions {
  /** Events after which the answer may be another one. */
  refreshOn?: (event: MarketEvent) => boolean;
  /** Least time between two reads that events cause. */
  throttleMs?: number;
  /** Keep the old answer on the screen while another question is asked. */
  keep?: boolean;
}

/** Twice a second is as often as a reader can see a table change. */
const THROTTLE_MS = 500;

/**
 * A command kept up to date while the component lives: asked when the request changes, after a
 * reconnect, and after the events that `refreshOn` picks. `request` answers null while there is
 * nothing to ask.
 */
export function command<C extends CommandName>(
  name: C,
  request: () => Request<C> | null,
  options: CommandOptions = {},
): Resource<Response<C>> {
  let question: Request<C> | null = null;
  const made = resource((signal) => client.call(name, question as Request<C>, signal));
  const key = $derived(JSON.stringify(request()));

  $effect(() => {
    const asked = JSON.parse(key) as Request<C> | null;
    untrack(() => {
      question = asked;
      if (!options.keep || !asked) made.clear();
      if (asked) void made.ask();
    });
  });

  $effect(() => {
    const soon = throttled(() => question && void made.reload(), options.throttleMs ?? THROTTLE_MS);
    const unhear = client.onEvent((event) => {
      if (options.refreshOn?.(event)) soon.run();
    });
    const unwatch = onReconnect(() => question && void made.reload());
    return () => {
      soon.cancel();
      unhear();
      unwatch();
      // A browser has six connections: answers that nobody waits for must not hold them.
      made.clear();
    };
  });
  return made;
}

/** Runs `listener` when events arrive again after they did not: everything shown may be old. */
export function onReconnect(listener: () => void): () => void {
  let before: ConnectionState = client.state;
  return client.onState((state) => {
    if (state === "open" && before === "lost") listener();
    before = state;
  });
}

/** Runs at once, then at most once in `gapMs`; the last call is never lost. */
export function throttled(run: () => void, gapMs: number): { run: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  return {
    run() {
      if (timer !== undefined) return;
      const wait = Math.max(0, last + gapMs - Date.now());
      timer = setTimeout(() => {
        timer = undefined;
        last = Date.now();
        run();
      }, wait);
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
