/** What the candidates rest on, in one line: the worst first. */
import type { Status, TapeWatchView } from "../../api/bindings";
import { count, number } from "../../lib/format";
import { duration, etStamp } from "../../lib/time";

export interface Standing {
  words: string;
  /** `fine`, `rest` while the market is closed, `late` where something is not as it should be. */
  tone: "fine" | "rest" | "late";
}

export interface StandingInput {
  watch: TapeWatchView | undefined;
  /** When the newest candidate was assessed, epoch ms. */
  asOf: number | null;
  status: Status | null;
  /** Market time, epoch ms. */
  now: number;
  connected: boolean;
}

/** Candidates are assessed each minute of an open market; this long without is late. */
const LATE_S = 300;

const STREAMS: Record<string, string> = {
  off: "The tape is polled",
  joining: "The tape's stream is being joined",
  live: "The tape is live",
  refused: "The plan has no stream: the tape is polled",
  waiting: "The tape's stream is lost and tried again",
};

export function standingOf({ watch, asOf, status, now, connected }: StandingInput): Standing {
  if (!connected) return late("No events arrive: what is shown may be out of date.");
  if (watch?.problem) return late(watch.problem);
  if (status && ["closed", "post"].includes(status.session)) {
    const opens =
      status.next_open_ms === null
        ? ""
        : ` Opens in ${duration((status.next_open_ms - now) / 1000)}.`;
    const when = asOf === null ? "" : `, as of ${etStamp(asOf, now)} ET`;
    return { words: `The market is closed${when}.${opens}`, tone: "rest" };
  }
  if (watch?.stream === "waiting") return late(`${watch.stream_note ?? STREAMS.waiting}.`);
  const age = asOf === null ? null : (now - asOf) / 1000;
  if (status?.session === "regular" && age !== null && age > LATE_S) {
    return late(`Not assessed for ${duration(age)}.`);
  }
  if (!watch) return { words: "Reading the watch list …", tone: "rest" };
  const tape = watch.stream_note ?? STREAMS[watch.stream] ?? watch.stream;
  return { words: `${tape.replace(/\.$/, "")}. ${historyWords(watch)}`, tone: "fine" };
}

const late = (words: string): Standing => ({ words, tone: "late" });

/** How far the histories have come, and how fast it goes. */
export function historyWords(watch: TapeWatchView): string {
  const { symbols, history_sessions, history_per_minute: pace, history_problem: problem } = watch;
  if (symbols.length === 0) return "";
  const short = symbols.filter((symbol) => symbol.sessions_done < history_sessions);
  if (short.length === 0) return `All ${history_sessions} sessions of history are stored.`;
  if (problem) return `History is not read: ${problem}`;
  // Sessions that the plan does not reach are missing for good.
  const open = short.filter((symbol) => symbol.sessions_left !== 0);
  if (open.length === 0) {
    return `${count(short.length, "symbol")} ${short.length === 1 ? "has" : "have"} less than ${history_sessions} sessions: the plan reaches no further back.`;
  }
  const left = Math.max(...open.map((symbol) => symbol.seconds_left ?? 0));
  const wait = left > 0 ? `, about ${duration(left)} left` : "";
  const speed = pace === null ? "" : `: ${number(pace, 1)} sessions a minute${wait}`;
  return `History of ${count(open.length, "symbol")} is being read${speed}.`;
}
