// The panning benchmark in WebKitGTK, the engine that draws Undertow's window on Linux: serves the
// bench page, opens it in WebKit's own small browser and prints what it measured. Started by
// script/pan-bench, which gives it a display.
import assert from "node:assert/strict";
import { existsSync, openSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { createServer } from "vite";

import { Window } from "../../tests/desktop/driver.mjs";

/** All runs of the page, on a slow machine without a graphics card. */
const RUN_LIMIT_MS = 300_000;
const WINDOW_PX = [1440, 900];

/** The browser lies in the folder of the machine's architecture. */
function browser() {
  const found =
    process.env.UNDERTOW_MINIBROWSER ??
    readdirSync("/usr/lib")
      .map((name) => join("/usr/lib", name, "webkit2gtk-4.1/MiniBrowser"))
      .find((file) => existsSync(file));
  assert.ok(
    found,
    "no MiniBrowser: install libwebkit2gtk-4.1-0, or name it in UNDERTOW_MINIBROWSER",
  );
  return found;
}

const root = join(import.meta.dirname, "..");
// The page tells by itself when it is done: asking it would disturb what it measures.
let tell;
const told = new Promise((resolve) => (tell = resolve));
const ear = {
  name: "ear",
  configureServer: ({ middlewares }) => {
    middlewares.use("/bench/result", async (request, response) => {
      tell(await text(request));
      response.end();
    });
  },
};
const server = await createServer({
  root,
  logLevel: "error",
  plugins: [ear],
  server: { port: 0, strictPort: false, hmr: false, watch: null },
});
await server.listen();
const { port } = server.httpServer.address();
// `off=bubbles,levels` leaves layers out, as the page says.
const query = process.argv[2] ? `&${process.argv[2]}` : "";

const log = openSync(join(tmpdir(), "undertow-pan-bench.log"), "w");
let window;
try {
  window = await Window.open({ binary: browser(), args: ["--automation"], env: process.env, log });
  await window.resize(...WINDOW_PX);
  const url = `http://127.0.0.1:${port}/bench/pan.html?tell${query}`;
  // After the script has answered: a page that goes away takes its answer with it.
  await window.run(`setTimeout(() => location.assign(${JSON.stringify(url)}), 50);`);
  const late = sleep(RUN_LIMIT_MS, null, { ref: false });
  const result = await Promise.race([told, late]);
  assert.ok(result, `the benchmark did not end within ${RUN_LIMIT_MS / 1000} s`);
  const agent = await window.run("return navigator.userAgent");
  const size = await window.run("return `${innerWidth} x ${innerHeight}`");
  console.log(`${agent}\n${size} px`);
  console.table(result.split("\n").map((line) => JSON.parse(line)));
} finally {
  await window?.close();
  await server.close();
}
