// The desktop app itself, in a real window, on the simulated market: first run, Desk, one command.
// Started by script/desktop-test, which gives it a display and a session bus.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { until, Window } from "./driver.mjs";

/** The window's first paint, on a slow machine that has just built the app. */
const PAINT_LIMIT_MS = 30_000;
/** A new database, the simulator and enough history for a first chart. */
const CHART_LIMIT_MS = 120_000;
/** The database server's end after the window closed. */
const STOP_LIMIT_MS = 20_000;
/** All of it. A test that is cut off here leaves its program to the display, which ends next. */
const TEST_LIMIT_MS = 300_000;
/** A blank or broken page has a handful of colours; a drawn one has hundreds. */
const FEWEST_COLOURS = 60;

const artifacts = join(import.meta.dirname, "../../artifacts");
const binary = process.env.UNDERTOW_APP;

/** A home of its own. Others may enter it: as root, the database server runs as another user. */
function newHome() {
  const home = mkdtempSync(join(tmpdir(), "undertow-window-"));
  chmodSync(home, 0o755);
  return home;
}

function environment(home, lang) {
  const { PATH, DISPLAY, XAUTHORITY, DBUS_SESSION_BUS_ADDRESS } = process.env;
  return {
    PATH,
    DISPLAY,
    XAUTHORITY,
    DBUS_SESSION_BUS_ADDRESS,
    HOME: home,
    LANG: lang,
    UNDERTOW_DATA_DIR: join(home, "data"),
  };
}

/** Distinct colours of a picture, or of a part of it. */
function colours(file, rect) {
  const whole = (value) => Math.round(value);
  const part = rect
    ? `[${whole(rect.width)}x${whole(rect.height)}+${whole(rect.x)}+${whole(rect.y)}]`
    : "";
  return Number(execFileSync("identify", ["-format", "%k", file + part], { encoding: "utf8" }));
}

function keep(name, png) {
  const file = join(artifacts, name);
  writeFileSync(file, png);
  return file;
}

function assertDrawn(file, rect) {
  const found = colours(file, rect);
  assert.ok(found >= FEWEST_COLOURS, `${file} shows ${found} colours: it is blank`);
}

/** The ids of the database servers that run on a folder below `home`. */
function servers(home) {
  return readdirSync(home, { recursive: true })
    .filter((path) => path.endsWith("postmaster.pid"))
    .map((path) => Number(readFileSync(join(home, path), "utf8").split("\n")[0]))
    .filter(isAlive);
}

/** A process that ended but was not yet collected by its parent counts as ended. */
function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Nothing of ours may outlive a test, whatever the test found. */
function endAll(pids) {
  for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGQUIT");
}

function open(home, lang) {
  return Window.open({ binary, env: environment(home, lang), log });
}

function findChart(window) {
  return window.find('[data-testid="desk-chart"][data-ready="true"]', CHART_LIMIT_MS);
}

async function explore(window) {
  const button = await window.find('[data-testid="explore-demo"]', PAINT_LIMIT_MS);
  assert.match(await window.text(button), /simulated/i);
  await window.click(button);
  return findChart(window);
}

/** What the database servers below `home` wrote. */
function serverLog(home) {
  return readFileSync(join(home, "data/postgres/server.log"), "utf8").trimEnd();
}

/** `end` may end the app in its own way; otherwise its window is closed. */
function check(name, lang, body, end = () => {}) {
  test(name, { timeout: TEST_LIMIT_MS }, async () => {
    const home = newHome();
    let pids = [];
    try {
      const window = await open(home, lang);
      try {
        await body(window);
        pids = servers(home);
        assert.equal(pids.length, 1, "one private database server runs while the window is open");
        await end(window, pids, home);
      } catch (error) {
        const picture = await window.picture().catch(() => undefined);
        if (picture) keep("desktop-failed.png", picture);
        throw error;
      } finally {
        await window.close();
      }
      await until("the database server to stop", STOP_LIMIT_MS, () => !pids.some(isAlive));
      assert.match(serverLog(home), /database system is shut down$/, "it stopped in order");
    } finally {
      endAll(pids.concat(servers(home)));
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

mkdirSync(artifacts, { recursive: true });
const log = openSync(join(artifacts, "desktop.log"), "w");
assert.ok(binary, "UNDERTOW_APP names the program; script/desktop-test sets it");

check(
  "a first run leads from the question to a chart of the simulated market",
  "en_US.UTF-8",
  async (window) => {
    const chart = await explore(window);
    assert.match(await window.run("return document.body.innerText"), /SIMULATED/);

    const app = await window.run(
      `return window.__TAURI_INTERNALS__.invoke("rpc", { name: "get_app", payload: "{}" })`,
    );
    assert.equal(app.mode, "simulated");
    assert.ok(app.symbols.length > 0, "the watch list is not empty");

    assertDrawn(keep("desktop.png", await window.picture()), await window.rect(chart));
    const display = join(artifacts, "desktop-display.png");
    execFileSync("import", ["-window", "root", display]);
    assertDrawn(display);
  },
);

check("the chart is drawn under a locale that browsers do not know", "C", async (window) => {
  const chart = await explore(window);
  assertDrawn(keep("desktop-lang-c.png", await window.picture()), await window.rect(chart));
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  check(`${signal} ends the app in order`, "en_US.UTF-8", explore, async (window, pids) => {
    window.signal(signal);
    await window.ended();
    // A server that is only left behind ends by itself, but later.
    assert.ok(!pids.some(isAlive), "the database server ends before the app");
  });
}

const again = "a second start opens the market of the first without asking";
check(again, "en_US.UTF-8", explore, async (window, pids, home) => {
  window.signal("SIGTERM");
  await window.ended();
  const second = await open(home, "en_US.UTF-8");
  try {
    await findChart(second);
    pids.push(...servers(home));
  } finally {
    await second.close();
  }
});
