// Arbitrage over several venues: current windows, and past ones. Pure.

import type { Anomaly, ArbitrageWindow, Bet, Tick } from "../api/types";
import { ms } from "./format";
import { parts } from "./node";

export interface Leg {
  node: string;
  venue: string;
  selection: string; // with its line, and "lay" if the bet is against it
  price: number; // decimal odds as quoted
  stake: number; // for an outlay of 1, with which every outcome pays the same
  amount: string; // in money, "40 GBP"; empty: not known
  liability: number | null; // what a lay risks; null: the stake
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
  profit: number; // share of the outlay: now, or as it was reported
  push: number | null; // what is won if stakes, or half stakes, are returned; null: they can't be
  limit: number | null; // largest outlay that the sizes allow; null: none is known
  offer: boolean; // it is there now, and nothing speaks against it
  suspected: boolean; // it is there now, and probably a phantom
  oldest: number | null; // ms of event time since its oldest leg was seen; null: it is over
  over: boolean;
  legs: Leg[];
  mine: string[]; // what it is at my venues; empty where none are named
  warnings: string[];
}

/** An amount with its currency: "40.50 GBP"; empty for none. */
export function amount(x: number | null | undefined, currency: string | null | undefined): string {
  if (x === null || x === undefined || x === 0) return "";
  const text = Number.isInteger(x) ? x.toString() : x.toFixed(2);
  return currency ? `${text} ${currency}` : text;
}

/** How many better prices were left out. */
export const elsewhere = (n: number): string =>
  n === 1 ? "1 better price at a venue that is not yours" : `${n} better prices at venues that are not yours`;

interface Sized {
  currency?: string | null;
  outlay?: number | null;
  gain?: number | null;
  cut?: string;
  unsized?: string;
  better_elsewhere?: number;
}

/** What an arbitrage at my venues is in money, and what was left out. */
function sized(m: Sized): string[] {
  return [
    m.outlay ? `${amount(m.outlay, m.currency)} at your venues win ${amount(m.gain, m.currency)} at least` : "",
    m.unsized ? `stakes are shares only: ${m.unsized}` : "",
    m.cut ? `cut by ${m.cut}` : "",
    m.better_elsewhere ? elsewhere(m.better_elsewhere) : "",
  ].filter(Boolean);
}

/** How old a leg may be before it is said, ms. */
const slow = 10_000;

/** A selection as a bet: "lay home -3.5". */
function bet(selection: string, line: number | null | undefined, lay: boolean | undefined): string {
  const signed = line === null || line === undefined ? "" : ` ${line}`;
  return `${lay ? "lay " : ""}${selection}${signed}`;
}

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
    push: w.push,
    limit: w.limit,
    offer: !w.suppressed && w.suspected.length === 0,
    suspected: !w.suppressed && w.suspected.length > 0,
    oldest: Math.max(0, w.oldest_age_ms + elapsed),
    over: false,
    legs: w.legs.map((l) => {
      const age = Math.max(0, l.age_ms + elapsed);
      return {
        node: l.node,
        venue: l.venue,
        selection: bet(l.selection, l.line, l.lay),
        price: l.price,
        stake: l.stake,
        amount: amount(l.amount, l.currency),
        liability: l.lay ? l.liability : null,
        age,
        old: age > Math.max(slow, l.resolution_ms),
      };
    }),
    mine: w.my_venues ? sized(w.my_venues) : [],
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

/** The bets of an arbitrage that was reported before its evidence had them. */
function priced(ticks: readonly Tick[]): Bet[] {
  const sum = ticks.reduce((s, t) => s + 1 / t.price, 0);
  return ticks.map((t) => ({
    node: t.node,
    price: t.price,
    stake: 1 / t.price / sum,
    liability: 1 / t.price / sum,
    age_ms: t.age_ms,
    max_age_ms: 0,
  }));
}

/** A past window, as it was reported. */
export function ofPast(a: Anomaly): Row {
  const bets = a.evidence.bets;
  return {
    key: `${a.event_id} ${a.at} ${a.nodes.join(" ")}`,
    title: a.title,
    event: a.event_id,
    market: parts(a.nodes[0] ?? "")?.market ?? "",
    began: ms(a.at),
    lasts: a.until === null ? null : ms(a.until) - ms(a.at),
    profit: a.size,
    push: bets?.push ?? null,
    limit: bets?.limit ?? null,
    offer: false,
    suspected: false,
    oldest: null,
    over: true,
    legs: (bets?.legs ?? priced(a.evidence.ticks ?? [])).map((l): Leg => {
      const p = parts(l.node);
      return {
        node: l.node,
        venue: p?.venue ?? l.node,
        selection: bet(p?.selection ?? "", l.line, l.lay),
        price: l.price,
        stake: l.stake,
        amount: amount(l.amount, l.currency),
        liability: l.lay ? l.liability : null,
        age: null,
        old: false,
      };
    }),
    mine: bets?.my_venues ? sized(bets) : [],
    warnings: [
      ...(a.suppressed ? [`not raised: ${a.suppressed}`] : []),
      ...(a.evidence.suspected ? [a.evidence.suspected] : []),
    ],
  };
}
