/**
 * The screen's one way to the engine. `connect` is called once, by `main.ts`, with the transport
 * that this window has.
 */
import {
  ApiFailure,
  type CommandName,
  type ConnectionState,
  type MarketEvent,
  type Request,
  type Response,
  type Transport,
} from "./transport";

export { command, resource, type Resource } from "./resource.svelte";
export {
  ApiFailure,
  type CommandName,
  type ConnectionState,
  type FailureCode,
  type MarketEvent,
  type Request,
  type Response,
} from "./transport";

/** Longest wait for an answer. */
const CALL_LIMIT_MS = 15_000;
/** Levels with hold rates over 90 sessions are computed while we wait. */
const LEVELS_LIMIT_MS = 30_000;

type Listener<T> = (value: T) => void;

class Client {
  #transport: Transport | null = null;
  #events = new Set<Listener<MarketEvent>>();
  #states = new Set<Listener<ConnectionState>>();
  /** Whether events arrive. */
  state: ConnectionState = "connecting";

  /** Uses this transport and starts the stream of events; the answer ends it. */
  connect(transport: Transport): () => void {
    this.#transport = transport;
    return transport.subscribe(
      (event) => this.#events.forEach((listener) => listener(event)),
      (state) => {
        this.state = state;
        this.#states.forEach((listener) => listener(state));
      },
    );
  }

  /** Runs one command. Rejects with an `ApiFailure`, also when no answer comes in time. */
  async call<C extends CommandName>(
    name: C,
    request: Request<C>,
    signal?: AbortSignal,
  ): Promise<Response<C>> {
    const transport = this.#transport;
    if (!transport) throw new ApiFailure("internal", "The window is not connected yet.");
    const limit = name === "get_levels" ? LEVELS_LIMIT_MS : CALL_LIMIT_MS;
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    signal?.addEventListener("abort", stop);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        abort.abort();
        reject(new ApiFailure("timeout", tooLate(name, limit)));
      }, limit);
    });
    try {
      return await Promise.race([transport.call(name, request, abort.signal), late]);
    } catch (cause) {
      throw ApiFailure.from(cause);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Hears every event; the answer ends it. */
  onEvent(listener: Listener<MarketEvent>): () => void {
    this.#events.add(listener);
    return () => this.#events.delete(listener);
  }

  /** Hears whether events arrive; the answer ends it. */
  onState(listener: Listener<ConnectionState>): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }
}

function tooLate(name: string, limitMs: number): string {
  return `No answer to ${name} within ${limitMs / 1000} s. Try again; the Data page shows what is busy.`;
}

export const client = new Client();

/** Hears every event; the answer ends it. */
export const onEvent = (listener: Listener<MarketEvent>): (() => void) => client.onEvent(listener);
