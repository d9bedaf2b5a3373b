/** The watch list of the consolidated tape, and what can be done with it. Lives with the page. */
import { ApiFailure, client, command } from "../../api/client";
import type { TapeWatchView } from "../../api/bindings";
import { app } from "../../state/app.svelte";
import { tickersOf } from "./tickers";

/** Progress of a history is told with the health, once a second; this is often enough to see it. */
const REFRESH_MS = 2_000;
export function tapeWatch() {
  const list = command("get_tape_watch", () => (app.open ? {} : null), {
    throttleMs: REFRESH_MS,
    keep: true,
    refreshOn: (event) => event.kind === "status" || event.kind === "app",
  });
  let problem = $state("");
  /** Symbols that are being added or taken away. */
  let busy = $state.raw<string[]>([]);
  /** What was taken away last, for those who did not mean it. */
  let undo = $state<string | null>(null);
  const symbols = $derived((list.data?.symbols ?? []).map(({ symbol }) => symbol));

  async function change(name: "watch_tape" | "unwatch_tape", symbol: string): Promise<boolean> {
    busy = [...busy, symbol];
    try {
      list.data = await client.call(name, { symbol });
      return true;
    } catch (cause) {
      problem = ApiFailure.from(cause).message;
      return false;
    } finally {
      busy = busy.filter((one) => one !== symbol);
    }
  }

  /** Watches what is typed, one after the other; answers how many were added. */
  async function watch(text: string): Promise<number> {
    const { good, bad } = tickersOf(text);
    problem = bad.length > 0 ? `No ticker: ${bad.join(", ")}` : "";
    let added = 0;
    for (const symbol of good.filter((one) => !symbols.includes(one))) {
      if (!(await change("watch_tape", symbol))) break;
      added += 1;
    }
    undo = null;
    return added;
  }

  async function unwatch(symbol: string): Promise<void> {
    problem = "";
    if (await change("unwatch_tape", symbol)) undo = symbol;
  }

  return {
    list,
    get data(): TapeWatchView | undefined {
      return list.data;
    },
    get symbols(): string[] {
      return symbols;
    },
    get problem(): string {
      return problem;
    },
    get busy(): string[] {
      return busy;
    },
    get undo(): string | null {
      return undo;
    },
    forgive(): void {
      problem = "";
      undo = null;
    },
    watch,
    unwatch,
  };
}

export type TapeWatch = ReturnType<typeof tapeWatch>;
