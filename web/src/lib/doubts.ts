// Which prices are not to be relied on, in words. Pure.

import type { Doubt, Quote } from "../api/types";
import { clock, ms, stamp, type Zone } from "./format";
import { parts } from "./node";

/** A market's name without settlement, line and side: "totals@8.5" is of "totals". */
const family = (market: string): string => market.replace(/[(@].*$/, "").replace(/_lay$/, "");

/** What is doubted of a venue's market; undefined: nothing. */
export const doubtOf = (doubts: readonly Doubt[], venue: string, market: string): Doubt | undefined =>
  doubts.find((d) => d.venue === venue && (d.market === "" || family(d.market) === family(market)));

/** What is doubted of the market that a node is in. */
export function doubtAt(doubts: readonly Doubt[], node: string): Doubt | undefined {
  const p = parts(node);
  return p ? doubtOf(doubts, p.venue, p.market) : undefined;
}

/** Doubts about markets of which no price is listed. */
export const unlisted = (doubts: readonly Doubt[], quotes: readonly Quote[]): Doubt[] =>
  doubts.filter((d) => !quotes.some((q) => doubtOf([d], q.venue, q.market)));

const day = 86_400_000;
const names: Record<Doubt["state"], string> = { gap: "gap", stale: "stale", subscribed: "no price yet" };

/** "gap since 19:05 – connection lost"; with the date if that is long ago. */
export function said(d: Doubt, now: number, zone: Zone): string {
  const at = ms(d.since);
  const since = now - at < day ? clock(at, zone).slice(0, 5) : stamp(at, zone).slice(0, 16);
  return `${names[d.state]} since ${since}${d.why ? ` – ${d.why}` : ""}`;
}

/** A gap is worse than silence. */
export const tone = (d: Doubt): string => (d.state === "gap" ? "bad" : d.state === "stale" ? "warn" : "dim");
export const shape: Record<Doubt["state"], string> = { gap: "■", stale: "▲", subscribed: "○" };
