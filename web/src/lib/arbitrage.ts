// Arbitrage over several venues: current windows, and past ones. Pure.

import type { Anomaly, ArbitrageWindow } from "../api/types";
import { ms } from "./format";
import { parts } from "./node";

export interface Leg {
  node: string;
  venue: string;
  selection: string;
  price: number; // decimal odds as quoted
  stake: number; // share of all stakes, with which every outcome pays the same
  age: number | null; // ms of event time since it was seen; null: it is over
  old: boolean; // not seen for longer than its source takes
}

export interface Row {
  key: string;
  title: string;
  event: string;
  market: string; // with its line
  began: number;
  lasts: number | null; // ms; null: its end is unknown
  profit: number; // share of the stakes: now, or as it was reported
  offer: boolean; // it is there now, and nothing speaks against it
  over: boolean;
  legs: Leg[];
  warnings: string[];
}

/** How old a leg may be before it is said, ms. */
const slow = 10_000;

/** A current window, from an answer that is `elapsed` ms of event time old. */
export function ofNow(w: ArbitrageWindow, asOf: number, elapsed: number): Row {
  return {
    key: `${w.event_id} ${w.market} ${w.line} ${w.since}`,
    title: w.title,
    event: w.event_id,
    market: w.market + (w.line === null ? "" : ` ${w.line}`),
    began: ms(w.since),
    lasts: Math.max(0, asOf + elapsed - ms(w.since)),
    profit: w.profit,
    offer: !w.suppressed,
    over: false,
    legs: w.legs.map((l) => {
      const age = Math.max(0, l.age_ms + elapsed);
      return {
        node: l.node,
        venue: l.venue,
        selection: l.selection,
        price: l.price,
        stake: l.stake,
        age,
        old: age > Math.max(slow, l.resolution_ms),
      };
    }),
    warnings: w.warnings,
  };
}

/** Those that are over or were suppressed, except those whose market has a window now. */
export function past(all: readonly Anomaly[], windows: readonly ArbitrageWindow[]): Anomaly[] {
  const now = new Set(windows.map((w) => `${w.event_id} ${w.market}`));
  return all.filter(
    (a) => a.until !== null || (a.suppressed && !now.has(`${a.event_id} ${parts(a.nodes[0] ?? "")?.market}`)),
  );
}

/** A past window, as it was reported. */
export function ofPast(a: Anomaly): Row {
  const ticks = a.evidence.ticks ?? [];
  const sum = ticks.reduce((s, t) => s + 1 / t.price, 0);
  return {
    key: `${a.event_id} ${a.at} ${a.nodes.join(" ")}`,
    title: a.title,
    event: a.event_id,
    market: parts(a.nodes[0] ?? "")?.market ?? "",
    began: ms(a.at),
    lasts: a.until === null ? null : ms(a.until) - ms(a.at),
    profit: a.size,
    offer: false,
    over: true,
    legs: ticks.map((t): Leg => {
      const p = parts(t.node);
      return {
        node: t.node,
        venue: p?.venue ?? t.node,
        selection: p?.selection ?? "",
        price: t.price,
        stake: 1 / t.price / sum,
        age: null,
        old: false,
      };
    }),
    warnings: a.suppressed ? [`not raised: ${a.suppressed}`] : [],
  };
}
