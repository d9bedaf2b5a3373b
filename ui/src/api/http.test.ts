import { afterEach, expect, test, vi } from "vitest";

import { client } from "./client";
import { httpTransport, retryDelayMs } from "./http";
import type { ApiFailure, ConnectionState, MarketEvent } from "./transport";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const ORIGIN = "http://127.0.0.1:8730";

function answerWith(response: () => Response) {
  const asked = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
  asked.mockImplementation(async () => response());
  vi.stubGlobal("fetch", asked);
  return asked;
}

async function failureOf(promise: Promise<unknown>): Promise<ApiFailure> {
  return promise.then(
    () => Promise.reject(new Error("it should have failed")),
    (cause: unknown) => cause as ApiFailure,
  );
}

test("a command is posted with the header that keeps other sites out", async () => {
  const asked = answerWith(() => Response.json({ mode: "unset" }));
  await httpTransport(ORIGIN).call("add_symbol", { symbol: "SPY" });
  const [url, init] = asked.mock.calls[0];
  expect(url).toBe(`${ORIGIN}/api/rpc/add_symbol`);
  expect(init).toMatchObject({
    method: "POST",
    headers: { "content-type": "application/json", "x-undertow": "1" },
    body: '{"symbol":"SPY"}',
  });
});

test("a failed command keeps its code and its sentence", async () => {
  answerWith(() => Response.json({ code: "vendor_auth", message: "Refused." }, { status: 401 }));
  const failure = await failureOf(httpTransport(ORIGIN).call("get_app", {}));
  expect([failure.code, failure.message]).toEqual(["vendor_auth", "Refused."]);
});

test("a body that is not ours is not shown to the user", async () => {
  answerWith(() => new Response("<html>Bad gateway</html>", { status: 502 }));
  const failure = await failureOf(httpTransport(ORIGIN).call("get_app", {}));
  expect([failure.code, failure.message]).toEqual(["internal", "Undertow answered with HTTP 502."]);
});

test("an engine that is not there is told apart from one that refuses", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const failure = await failureOf(httpTransport(ORIGIN).call("get_app", {}));
  expect(failure.code).toBe("unreachable");
});

test("an answer that never comes is given up, and the request with it", async () => {
  vi.useFakeTimers();
  let signal: AbortSignal | undefined;
  client.connect({
    call: (_name, _request, given) => {
      signal = given;
      return new Promise(() => {});
    },
    subscribe: () => () => {},
  });
  const failing = failureOf(client.call("get_status", {}));
  await vi.advanceTimersByTimeAsync(15_000);
  expect((await failing).code).toBe("timeout");
  expect(signal?.aborted).toBe(true);
});

test("waits between attempts double up to ten seconds, with jitter", () => {
  const delays = [0, 1, 2, 10].map((attempt) => retryDelayMs(attempt, () => 1));
  expect(delays).toEqual([500, 1_000, 2_000, 10_000]);
  expect(retryDelayMs(10, () => 0)).toBe(5_000);
});

class FakeSocket {
  static opened: FakeSocket[] = [];
  onopen: () => void = () => {};
  onclose: () => void = () => {};
  onmessage: (message: { data: string }) => void = () => {};
  constructor(readonly url: string) {
    FakeSocket.opened.push(this);
  }
  close(): void {
    this.onclose();
  }
}

test("a socket that breaks is opened again until nobody listens", () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  const states: ConnectionState[] = [];
  const events: MarketEvent[] = [];
  const end = httpTransport(ORIGIN).subscribe(
    (event) => events.push(event),
    (state) => states.push(state),
  );
  const [first] = FakeSocket.opened;
  expect(first.url).toBe("ws://127.0.0.1:8730/api/events");
  first.onopen();
  first.onmessage({ data: '{"kind":"bars","symbol":"SPY","from_ms":1,"to_ms":2}' });
  first.onclose();
  vi.advanceTimersByTime(500);
  FakeSocket.opened[1].onopen();
  expect(states).toEqual(["connecting", "open", "lost", "open"]);
  expect(events).toEqual([{ kind: "bars", symbol: "SPY", from_ms: 1, to_ms: 2 }]);
  end();
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.opened).toHaveLength(2);
});
