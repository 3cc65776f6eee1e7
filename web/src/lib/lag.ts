import type { Edge } from "../api/types";
import { between, span } from "./format";

/** The least that a link states of its lag: an interval where it has one. */
type Lagged = Pick<Edge, "lag_ms" | "lag_low_ms" | "lag_high_ms" | "simultaneous">;

/** A lag in full: "2.0 s (1.6–2.5 s)", "same moment". */
export function lagText(e: Lagged): string {
  if (e.simultaneous) return e.lag_high_ms >= 1000 ? `within ${span(e.lag_high_ms)}` : "same moment";
  if (e.lag_low_ms === e.lag_high_ms) return span(e.lag_ms);
  return `${span(e.lag_ms)} (${between(e.lag_low_ms, e.lag_high_ms)})`;
}

/** A lag as a label on a line. */
export const lagLabel = (e: Lagged): string => (e.simultaneous ? "=" : span(e.lag_ms));
