import type { ApiError, Commands, ErrorCode, Event } from "./bindings";

export type MarketEvent = Event;
export type CommandName = keyof Commands;
export type Request<C extends CommandName> = Commands[C]["request"];
export type Response<C extends CommandName> = Commands[C]["response"];

/** Whether events arrive. */
export type ConnectionState = "connecting" | "open" | "lost";

/** How the screen reaches the engine: in the desktop window or over HTTP. */
export interface Transport {
  call<C extends CommandName>(
    name: C,
    request: Request<C>,
    signal?: AbortSignal,
  ): Promise<Response<C>>;
  /** Starts the stream of events; the answer ends it. */
  subscribe(
    onEvent: (event: MarketEvent) => void,
    onState: (state: ConnectionState) => void,
  ): () => void;
}

/** The engine's codes, and the two failures that happen before it can answer. */
export type FailureCode = ErrorCode | "unreachable" | "timeout";

/** A call that failed: a sentence for the user and a code to branch on. */
export class ApiFailure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
  ) {
    super(message);
    this.name = "ApiFailure";
  }

  /** Reads whatever was thrown as a failure. */
  static from(cause: unknown): ApiFailure {
    if (cause instanceof ApiFailure) return cause;
    if (isApiError(cause)) return new ApiFailure(cause.code, cause.message);
    const message = cause instanceof Error ? cause.message : String(cause);
    return new ApiFailure("internal", message);
  }
}

function isApiError(value: unknown): value is ApiError {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as ApiError).code === "string" &&
    typeof (value as ApiError).message === "string"
  );
}
