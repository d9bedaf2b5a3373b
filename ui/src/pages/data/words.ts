/** States of the data in words. */
import type { BackfillView, FeedView } from "../../api/bindings";
import { count } from "../../lib/format";
import { duration } from "../../lib/time";

/** What a feed is doing: "Fresh", "Late", "Needs a hand", "Waiting for its first answer". */
export function feedState(feed: FeedView): string {
  if (feed.age_s === null && feed.health === "healthy") return "Waiting for its first answer";
  return { healthy: "Fresh", degraded: "Late", down: "Needs a hand" }[feed.health];
}

const STATES: Record<string, string> = {
  waiting: "Waiting",
  running: "Running",
  done: "Done",
  stopped: "Stopped",
  failed: "Failed",
  wall: "Done as far as the plan's history goes",
};

export function backfillState(job: BackfillView): string {
  return STATES[job.state] ?? job.state;
}

/** Whether it goes on by itself, so that it can be stopped. */
export function isActive(job: BackfillView): boolean {
  return job.state === "waiting" || job.state === "running";
}

/** Whether starting it again goes on where it stopped. */
export function canGoOn(job: BackfillView): boolean {
  return job.state === "stopped" || job.state === "failed";
}

/** `SPY, QQQ` or `SPY and 11 more`. */
export function symbolsOf(symbols: string[]): string {
  return symbols.length <= 3
    ? symbols.join(", ")
    : `${symbols.slice(0, 2).join(", ")} and ${symbols.length - 2} more`;
}

/** `47 of 120 sessions`. They are counted when the job begins. */
export function progressOf(job: BackfillView): string {
  if (job.sessions_total === 0) {
    return job.state === "done" ? "no session to fetch" : "sessions not counted yet";
  }
  return `${job.sessions_done} of ${count(job.sessions_total, "session")}`;
}

/** `5 m 12 s left`. */
export function leftOf(job: BackfillView): string {
  return job.seconds_left === null ? "" : `${duration(job.seconds_left)} left`;
}
