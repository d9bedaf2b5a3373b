// A WebDriver session with a real window: WebKitWebDriver starts the program and drives its page.
// Knows the protocol, nothing of Undertow.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Longest wait for one answer of the driver. Opening a session starts the program. */
const ANSWER_LIMIT_MS = 60_000;
/** Longest wait for the driver itself to listen. */
const DRIVER_LIMIT_MS = 10_000;
/** Longest wait for the program to end: it stores what it holds and stops its database. */
const PROGRAM_LIMIT_MS = 30_000;
const POLL_MS = 50;
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** Calls `probe` until it gives something other than undefined, false or null. */
export async function until(what, limitMs, probe) {
  const deadline = Date.now() + limitMs;
  let lastError;
  while (Date.now() < deadline) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false && found !== null) return found;
    } catch (error) {
      lastError = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited ${limitMs} ms for ${what}`, { cause: lastError });
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The process ids of a process's children, on Linux. */
function children(pid) {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return ids === "" ? [] : ids.split(" ").map(Number);
}

async function request(base, method, path, body) {
  const response = await fetch(base + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
  return value;
}

export class Window {
  #driver;
  #base;

  constructor(driver, base) {
    this.#driver = driver;
    this.#base = base;
  }

  /**
   * Starts `binary` in a window of its own. Always `close()` it: nothing else ends the program.
   * `log` is an open file for what driver and program write; a pipe would keep the test runner
   * waiting for a program that hangs.
   */
  static async open({ binary, args = [], env, log }) {
    const port = await freePort();
    const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
      env: { ...env, TAURI_WEBVIEW_AUTOMATION: "true" },
      stdio: ["ignore", log, log],
    });
    await once(driver, "spawn");
    const server = `http://127.0.0.1:${port}`;
    try {
      await until("WebKitWebDriver to listen", DRIVER_LIMIT_MS, () =>
        request(server, "GET", "/status"),
      );
      const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary, args } } };
      const { sessionId } = await request(server, "POST", "/session", { capabilities });
      const window = new Window(driver, `${server}/session/${sessionId}`);
      await request(window.#base, "POST", "/timeouts", { script: ANSWER_LIMIT_MS });
      return window;
    } catch (error) {
      driver.kill();
      throw error;
    }
  }

  /** Ends the session, the program and the driver. Does nothing when the program has ended. */
  async close() {
    try {
      if (this.#hasEnded()) return;
      await request(this.#base, "DELETE", "");
      // The answer comes before the program knows: without its driver it would stay open.
      await this.ended();
    } finally {
      this.#driver.kill();
    }
  }

  /** Sends the program a signal. */
  signal(name) {
    for (const pid of children(this.#driver.pid)) process.kill(pid, name);
  }

  /** Waits until the program has ended. */
  async ended() {
    await until("the program to end", PROGRAM_LIMIT_MS, () => this.#hasEnded());
  }

  #hasEnded() {
    return children(this.#driver.pid).length === 0;
  }

  /** Gives the window another size, px. */
  async resize(width, height) {
    await request(this.#base, "POST", "/window/rect", { width, height });
  }

  /** Waits for the element that a CSS selector names. */
  async find(selector, limitMs) {
    const body = { using: "css selector", value: selector };
    return until(
      selector,
      limitMs,
      async () => (await request(this.#base, "POST", "/element", body))[ELEMENT],
    );
  }

  async text(element) {
    return request(this.#base, "GET", `/element/${element}/text`);
  }

  async click(element) {
    await request(this.#base, "POST", `/element/${element}/click`, {});
  }

  /** Runs the body of an async function in the page and gives its JSON-like result. */
  async run(body) {
    const script = `const done = arguments[arguments.length - 1];
      (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error?.message ?? JSON.stringify(error)) }));`;
    const { value, error } = await request(this.#base, "POST", "/execute/async", {
      script,
      args: [],
    });
    if (error !== undefined) throw new Error(`in the page: ${error}`);
    return value;
  }

  /** Where an element lies in the page's picture, in pixels: x, y, width, height. */
  async rect(element) {
    return request(this.#base, "GET", `/element/${element}/rect`);
  }

  /** A PNG of the page. WebKit's pictures of single elements come out black, so there are none. */
  async picture() {
    return Buffer.from(await request(this.#base, "GET", "/screenshot"), "base64");
  }
}
