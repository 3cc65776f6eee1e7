// Sure wins over several venues, as the engine found them on raw prices. Pure.

import type { Anomaly } from "../api/types";
import { ms } from "./format";
import { parts } from "./node";

export interface Leg {
  node: string;
  venue: string;
  selection: string;
  price: number; // decimal odds as quoted
  at: number;
  age: number; // ms of event time, at the instant asked about
  share: number; // of the stake, so that every outcome pays the same
}

export interface Window {
  key: string;
  title: string;
  event: string;
  market: string;
  began: number;
  until: number | null; // null: it lasts, or was kept back and not followed
  open: boolean;
  profit: number; // share of the stake
  legs: Leg[];
  warnings: string[];
}

/** Above this profit a price is almost certainly wrong. */
const error = 0.1;
/** A leg older than this, ms, may be gone. */
const old = 60_000;

/** Reads one window of arbitrage at an instant of event time. */
export function arbitrage(a: Anomaly, now: number): Window {
  const ticks = a.evidence.ticks ?? [];
  const sum = ticks.reduce((s, t) => s + 1 / t.price, 0);
  const end = a.until === null ? now : ms(a.until);
  const legs = ticks.map((t): Leg => {
    const p = parts(t.node);
    return {
      node: t.node,
      venue: p?.venue ?? t.node,
      selection: p?.selection ?? "",
      price: t.price,
      at: ms(t.at),
      // The tick's own age counts from the anomaly's beginning.
      age: Math.max(0, t.age_ms + end - ms(a.at)),
      share: 1 / t.price / sum,
    };
  });
  const warnings: string[] = [];
  if (a.suppressed) warnings.push(`not raised: ${a.suppressed}`);
  if (a.size > error) warnings.push("over 10 %: one of the prices is almost certainly an error");
  const stale = legs.filter((l) => l.age > old);
  if (stale.length > 0) warnings.push(`${stale.map((l) => l.venue).join(", ")}: not changed for over a minute`);
  if (a.until !== null) warnings.push("over");
  return {
    key: `${a.event_id} ${a.at} ${a.nodes.join(" ")}`,
    title: a.title,
    event: a.event_id,
    market: parts(a.nodes[0] ?? "")?.market ?? "",
    began: ms(a.at),
    until: a.until === null ? null : ms(a.until),
    open: a.until === null && !a.suppressed,
    profit: a.size,
    legs,
    warnings,
  };
}
