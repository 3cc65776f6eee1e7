import type { Pair } from "../api/types";
import { signed } from "./format";

const interval = (x: number, low: number, high: number): string =>
  `${signed(x, 2)} (${signed(low, 2)} to ${signed(high, 2)})`;

/** Whether the leader is still ahead, or without one whether both still move together: by the newest fifth alone. */
export function newestCell({ newest: n, simultaneous }: Pick<Pair, "newest" | "simultaneous">): string {
  if (!n) return "–";
  return simultaneous
    ? interval(n.correlation, n.correlation_low, n.correlation_high)
    : interval(n.lead, n.lead_low, n.lead_high);
}

/** All that the newest fifth of the matches say alone. */
export function newestText({ newest: n }: Pick<Pair, "newest">): string {
  if (!n) return "too few matches to say, or too many to keep apart";
  return (
    `of the newest ${n.events} matches alone: correlation ${interval(n.correlation, n.correlation_low, n.correlation_high)}, ` +
    `net lead ${interval(n.lead, n.lead_low, n.lead_high)}; it is shown and decides nothing`
  );
}
