/**
 * The programs that a test talks to, each with a folder of its own and ended whatever the test
 * finds. Knows processes and the commands of the interface, nothing of pages.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const ARTIFACTS = resolve(__dirname, "../../artifacts");

/** A Monday an hour and a half after the open: every run sees the same market. */
export const MARKET_NOW = "2026-03-02T16:00:00Z";

/** Longest wait for a program to say that it is there. */
const START_LIMIT_MS = 60_000;
/** Longest wait for an orderly end; the database needs most of it. */
const STOP_LIMIT_MS = 30_000;

const ends = new Set<() => void>();
process.on("exit", () => ends.forEach((end) => end()));

/** Starts a program and waits until one of its lines matches; what it writes is kept. */
async function launch(
  name: string,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  line: RegExp,
): Promise<{ process: ChildProcess; match: RegExpExecArray }> {
  mkdirSync(join(ARTIFACTS, "logs"), { recursive: true });
  const log = createWriteStream(join(ARTIFACTS, `logs/browser-${name}.log`), { flags: "a" });
  const started = spawn(program, args, { env: { PATH: process.env.PATH, ...env } });
  let text = "";
  const match = await new Promise<RegExpExecArray>((found, fail) => {
    const late = setTimeout(() => fail(new Error(`${name} is late. ${text}`)), START_LIMIT_MS);
    const hear = (data: Buffer): void => {
      log.write(data);
      if (line.test(text)) return;
      text += data.toString();
      const said = line.exec(text);
      if (said) found(said);
      if (said) clearTimeout(late);
    };
    started.stdout.on("data", hear);
    started.stderr.on("data", hear);
    started.on("error", fail);
    started.on("exit", (code) => fail(new Error(`${name} ended with ${code}. ${text}`)));
  });
  return { process: started, match };
}

/** Sends a signal and waits for the end. */
async function end(running: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (running.exitCode !== null || running.signalCode !== null) return;
  const ended = once(running, "exit");
  running.kill(signal);
  const late = setTimeout(() => running.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(late);
}

function programs(): { daemon: string; simulator: string } {
  const daemon = process.env.UNDERTOWD;
  if (!daemon) throw new Error("UNDERTOWD names the daemon; script/test sets it");
  return { daemon, simulator: join(dirname(daemon), "examples/serve") };
}

export interface DaemonOptions {
  /** What follows `undertowd`: `demo` or `serve`, and its flags. */
  command: string[];
  env?: NodeJS.ProcessEnv;
  /** The watch list of the new database. Few symbols fill fast. */
  symbols?: string[];
  /** More of the settings file. */
  settings?: string;
}

export class Daemon {
  url = "";
  private process: ChildProcess | null = null;
  private readonly end = (): void => void this.process?.kill("SIGKILL");

  private constructor(
    private readonly home: string,
    private readonly options: DaemonOptions,
  ) {}

  /** Starts `undertowd` on a free port and a new data folder. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const home = mkdtempSync(join(tmpdir(), "undertow-browser-"));
    // Others may enter it: as root, the database server runs as another user.
    chmodSync(home, 0o755);
    const symbols = JSON.stringify(options.symbols ?? ["SPY", "QQQ"]);
    const settings = `[collect]\nsymbols = ${symbols}\n${options.settings ?? ""}`;
    writeFileSync(join(home, "undertow.toml"), settings);
    const daemon = new Daemon(home, options);
    await daemon.launch("127.0.0.1:0");
    return daemon;
  }

  private async launch(listen: string): Promise<void> {
    const { process: started, match } = await launch(
      "undertowd",
      programs().daemon,
      [...this.options.command, "--listen", listen],
      {
        HOME: this.home,
        UNDERTOW_CONFIG: join(this.home, "undertow.toml"),
        UNDERTOW_DATA_DIR: join(this.home, "data"),
        UNDERTOW_UI_DIR: process.env.UNDERTOW_UI_DIR,
        ...this.options.env,
      },
      /Undertow is at (http:\S+)/,
    );
    this.process = started;
    this.url = match[1];
    ends.add(this.end);
  }

  /** Runs a command of the interface whose answer is JSON. */
  async call<T>(name: string, request: object = {}): Promise<T> {
    const answer = await fetch(`${this.url}/api/rpc/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-undertow": "1" },
      body: JSON.stringify(request),
    });
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.process) await end(this.process, "SIGKILL");
  }

  /** Starts it again where it was. */
  async startAgain(): Promise<void> {
    await this.launch(new URL(this.url).host);
  }

  /** Ends it in order and takes its folder away. */
  async stop(): Promise<void> {
    if (this.process) await end(this.process, "SIGTERM");
    ends.delete(this.end);
    endServers(this.home);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A daemon that was killed leaves its database server: it must not outlive the test. */
function endServers(home: string): void {
  const files = readdirSync(home, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((path) => path.endsWith("postmaster.pid"))) {
    try {
      process.kill(Number(readFileSync(join(home, file), "utf8").split("\n")[0]), "SIGQUIT");
    } catch {
      // It had ended already.
    }
  }
}

/** Both vendors at home: the simulated market behind the vendors' own interfaces. */
export class Vendor {
  private constructor(
    readonly url: string,
    readonly key: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Vendor> {
    const args = ["--port", "0", "--start", MARKET_NOW, "--per-minute", "0"];
    const line = /(http:\S+) with the key "([^"]+)"/;
    const { process: started, match } = await launch(
      "vendor",
      programs().simulator,
      args,
      {},
      line,
    );
    ends.add(() => started.kill("SIGKILL"));
    return new Vendor(match[1], match[2], started);
  }

  /** What a daemon needs to find both. */
  get env(): NodeJS.ProcessEnv {
    return {
      UNDERTOW_NOW: MARKET_NOW,
      UNDERTOW_UNUSUAL_WHALES_URL: this.url,
      UNDERTOW_POLYGON_REST_URL: this.url,
      UNDERTOW_POLYGON_WS_URL: `${this.url.replace("http", "ws")}/stocks`,
    };
  }

  /** Spoils the next requests whose path begins like this. */
  async spoil(fault: string, path: string, count = 1): Promise<void> {
    const answer = await fetch(`${this.url}/simulator/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fault, path_prefix: path, count }),
    });
    if (!answer.ok) throw new Error(`the simulator does not ${fault}: ${await answer.text()}`);
  }

  /** Spoils nothing any more. */
  async forgive(): Promise<void> {
    await fetch(`${this.url}/simulator/faults`, { method: "DELETE" });
  }

  async stop(): Promise<void> {
    await end(this.process, "SIGINT");
  }
}
