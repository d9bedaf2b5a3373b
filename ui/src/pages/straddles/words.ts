/** Straddles in words: what each figure is, and what a candidate is. */
import type {
  CandidateState,
  CandidateView,
  PastView,
  RecordView,
  ThresholdsView,
} from "../../api/bindings";
import { change, MISSING, MINUS, multiple, number, percent } from "../../lib/format";

/** What each figure means: the words of docs/method.md. */
export const ABOUT = {
  activity:
    "Off-exchange shares so far today over the mean of up to 90 earlier sessions at the same minute. \u201c4.2 x\u201d is the ratio, \u201c+320 %\u201d the same thing less one.",
  below:
    "Implied volatility of about thirty days at the money against historical volatility. Options cost less than the past moved while IV is below HV.",
  spread: "Historical less implied volatility, in points of a year's standard deviation.",
  implied:
    "Implied volatility at the money: two expiries around thirty days, put together in total variance; at the money by the forward of put-call parity.",
  historical:
    "Historical volatility: Yang-Zhang over 30 sessions of prices adjusted for splits and dividends, a year being 252.",
  fill: "Where between bid and ask both legs are bought: the middle plus so much of the half spread. At the ask is what you can count on.",
  cost: "Call plus put, dollars a share. A contract is a hundred shares.",
  breakevens:
    "Strike less and plus the cost. The straddle pays at expiry when the price is outside.",
  breakEven: "Cost over the price of the share: how far it must move by expiry.",
  beyondImplied:
    "Probability of ending beyond a breakeven, if the price moves as implied volatility says.",
  beyondHistorical:
    "Probability of ending beyond a breakeven, if the price moves as historical volatility says.",
  edge: "Theoretical value at historical volatility less the cost, dollars a share. Above zero the options cost less than the past would be worth, if it went on.",
  past: "How often the price moved further than this breakeven over as many sessions in the past. Windows overlap, so they are worth less than their number; the interval is 95 %.",
  moveImplied:
    "Expected absolute move by expiry at implied volatility: 0.798 times price times volatility times the square root of the years left.",
  moveHistorical: "The same at historical volatility.",
  deviation:
    "One standard deviation of the price at expiry as the cost implies it: 1.2533 times the cost.",
  value: "What call and put together are worth at historical volatility, dollars a share.",
  slope:
    "Implied volatility of the later of the two expiries around thirty days less that of the nearer one. Below zero the near one is dearer: an event is priced in.",
  gates: "What a straddle must pass besides the three criteria, so that it can be traded at all.",
} as const;

interface StateWords {
  label: string;
  about: string;
}

export const STATES: Record<CandidateState, StateWords> = {
  new: { label: "New", about: "All three criteria and all gates hold, since the last assessment." },
  updated: { label: "Holds", about: "All three criteria and all gates hold, as before." },
  rejected: { label: "Rejected", about: "All three criteria hold, and a gate does not." },
  not_met: { label: "Not met", about: "At least one of the three criteria does not hold." },
  insufficient: {
    label: "Too little history",
    about: "Never an opportunity: there is too little history to compare with.",
  },
  gone: { label: "Gone", about: "Was an opportunity earlier today, and is none any more." },
  expired: { label: "Expired", about: "Was an opportunity when its session ended." },
  waiting: { label: "Waiting", about: "Not assessed yet: its history is being read." },
};

export const isOpportunity = (state: CandidateState): boolean =>
  state === "new" || state === "updated";
export const isEnded = (state: CandidateState): boolean => state === "gone" || state === "expired";

/** A difference of volatilities in points: `+14.7`. */
export function bare(difference: number | null): string {
  if (difference === null) return MISSING;
  const text = number(difference * 100, 1);
  return `${difference > 0 && !text.startsWith(MINUS) ? "+" : ""}${text}`;
}

/** The same with its unit: `+14.7 pts`. */
export function points(difference: number | null): string {
  return difference === null ? MISSING : `${bare(difference)} pts`;
}

/** Historical less implied. */
export function spreadOf({ implied, historical }: CandidateView): number | null {
  return implied === null || historical === null ? null : historical - implied;
}

/** `4.2 x`, and `+320 %` beside it. */
export function activityWords(ratio: number | null): { times: string; increase: string } {
  if (ratio === null) return { times: MISSING, increase: "" };
  return { times: multiple(ratio), increase: change(ratio - 1) };
}

/** One bar against its threshold. */
export interface Criterion {
  name: string;
  about: string;
  /** Share of the track that is filled, and where the threshold lies on it, 0 to 1. */
  fill: number | null;
  threshold: number;
  /** Whether it must stay below the threshold. */
  below: boolean;
  met: boolean | null;
  /** Value and threshold in words. */
  value: string;
  wanted: string;
}

/** The threshold of the activity bar lies here: what exceeds it must still have room to show. */
const THRESHOLD_AT = 0.6;

const clamp = (share: number): number => Math.max(0, Math.min(1, share));
const scaled = (share: number | null): number | null => (share === null ? null : share * 100);
const against = (value: number | null, threshold: number): number | null =>
  value === null ? null : clamp((value / threshold) * THRESHOLD_AT);

/** The three criteria of a candidate as bars. */
export function criteriaOf(row: CandidateView, limits: ThresholdsView): Criterion[] {
  const { times, increase } = activityWords(row.activity);
  const spread = spreadOf(row);
  const most = Math.max(row.implied ?? 0, row.historical ?? 0) / 0.86 || 1;
  return [
    {
      name: "Activity",
      about: ABOUT.activity,
      fill: against(row.activity, limits.activity_increase + 1),
      threshold: THRESHOLD_AT,
      below: false,
      met: row.met[0] ?? null,
      value: increase ? `${times}  ${increase}` : times,
      wanted: `\u2265 ${multiple(limits.activity_increase + 1)}`,
    },
    {
      name: "IV below HV",
      about: ABOUT.below,
      fill: row.implied === null ? null : row.implied / most,
      threshold: row.historical === null ? THRESHOLD_AT : row.historical / most,
      below: true,
      met: row.met[1] ?? null,
      value: `${number(scaled(row.implied), 1)} vs ${percent(row.historical, 1)}`,
      wanted: "",
    },
    {
      name: "HV less IV",
      about: ABOUT.spread,
      fill: against(spread, limits.spread),
      threshold: THRESHOLD_AT,
      below: false,
      met: row.met[2] ?? null,
      value: points(spread),
      wanted: `\u2265 ${number(limits.spread * 100)}`,
    },
  ];
}

/** Where between middle and ask both legs are bought. */
export function fillWords(lambda: number): string {
  if (lambda === 0) return "Middle";
  return lambda === 1 ? "At the ask" : `${number(lambda * 100)} % to ask`;
}

/** How often the past did, with its interval. */
export function pastWords(past: PastView | null): string {
  if (!past) return "The past has too few sessions to say.";
  return `${number(past.hits)} of ${number(past.windows)} windows of ${past.horizon} sessions, 95 % interval ${number(past.low * 100)} to ${percent(past.high)}.`;
}

/** The user's own record, or how far it is from being one. */
export function recordWords({ scored, needed, paid }: RecordView): string {
  if (scored < needed || paid === null) return `no record yet: ${scored} of ${needed}`;
  return `${percent(paid)} of ${number(scored)} paid more than they cost`;
}

export const TRUTH =
  "Long index straddles have lost money on average: implied volatility mostly exceeds what follows.";
