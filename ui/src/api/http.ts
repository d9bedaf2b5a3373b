import { decodeColumns } from "./columns";
import {
  ApiFailure,
  type CommandName,
  type ConnectionState,
  type MarketEvent,
  type Request,
  type Response as Answer,
  type Transport,
} from "./transport";

/** First wait before the socket is tried again; it doubles with each failure. */
const RETRY_MIN_MS = 500;
/** Longest wait: a daemon that was restarted is noticed within it. */
const RETRY_MAX_MS = 10_000;

/** Wait before attempt `attempt` (from 0), jittered so that many windows do not return at once. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** attempt);
  return full * (0.5 + random() / 2);
}

/** Reaches `undertowd` at the address that served the page. */
export function httpTransport(origin: string): Transport {
  return {
    call: (name, request, signal) => post(origin, name, request, signal),
    subscribe: (onEvent, onState) => listen(origin, onEvent, onState),
  };
}

async function post<C extends CommandName>(
  origin: string,
  name: C,
  request: Request<C>,
  signal?: AbortSignal,
): Promise<Answer<C>> {
  let response: Response;
  try {
    response = await fetch(`${origin}/api/rpc/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-undertow": "1" },
      body: JSON.stringify(request),
      ...(signal && { signal }),
    });
  } catch (cause) {
    throw new ApiFailure("unreachable", unreachable(cause));
  }
  if (!response.ok) throw await failureOf(response);
  const binary = response.headers.get("content-type")?.startsWith("application/octet-stream");
  return binary
    ? (decodeColumns(await response.arrayBuffer()) as Answer<C>)
    : ((await response.json()) as Answer<C>);
}

function unreachable(cause: unknown): string {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return `Undertow does not answer (${detail}). Check that undertowd is running.`;
}

async function failureOf(response: Response): Promise<ApiFailure> {
  try {
    return ApiFailure.from(await response.json());
  } catch {
    // A proxy answered in our place: its body is not for the user.
    return new ApiFailure("internal", `Undertow answered with HTTP ${response.status}.`);
  }
}

function listen(
  origin: string,
  onEvent: (event: MarketEvent) => void,
  onState: (state: ConnectionState) => void,
): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let ended = false;

  const open = (): void => {
    socket = new WebSocket(`${origin.replace(/^http/, "ws")}/api/events`);
    socket.onopen = () => {
      attempt = 0;
      onState("open");
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(String(data)) as MarketEvent);
    socket.onclose = () => {
      if (ended) return;
      onState("lost");
      timer = setTimeout(open, retryDelayMs(attempt++));
    };
  };

  onState("connecting");
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}
