/** The session clock in words. */
import type { Status } from "../api/bindings";
import { duration } from "../lib/time";

/** "Regular, closes in 2 h 14 m". `now` is market time, epoch ms. */
export function sessionWords(status: Status, now: number): string {
  const left = (ms: number | null): string | null =>
    ms === null ? null : duration((ms - now) / 1000);
  const ends = left(status.session_ends_ms);
  const opens = left(status.next_open_ms);
  switch (status.session) {
    case "regular":
      return join("Regular", "closes in", ends);
    case "pre":
      return join("Pre-market", "opens in", opens ?? ends);
    case "post":
      return join("Post-market", "ends in", ends);
    default:
      return join("Closed", "opens in", opens);
  }
}

function join(session: string, verb: string, left: string | null): string {
  return left === null ? session : `${session}, ${verb} ${left}`;
}
