// What moves next, and what became of it. Pure.

import type { FamilyScore, Forecast } from "../api/types";
import { between, ms, span } from "./format";
import { consensus, parts } from "./node";

export type Phase = "coming" | "due" | "late" | "hit" | "wrong_sign" | "miss" | "already_moved" | "void";

/** The state of a forecast at an instant of event time. "late" before any answer means that
 * its interval is over and only a late arrival is still possible. */
export function phase(f: Forecast, now: number): Phase {
  if (f.outcome !== "pending") return f.outcome as Phase;
  if (now < ms(f.arrive_from)) return "coming";
  return now <= ms(f.arrive_to) ? "due" : "late";
}

/** The countdown in words. */
export function countdown(f: Forecast, now: number): string {
  const [from, to] = [ms(f.arrive_from), ms(f.arrive_to)];
  switch (phase(f, now)) {
    case "coming":
      return `in ${to - now < minutes ? `${seconds(from - now)}–${seconds(to - now)} s` : between(from - now, to - now)}`;
    case "due":
      return `within ${to - now < minutes ? `${seconds(to - now)} s` : span(to - now)}`;
    case "late":
      return f.outcome === "pending" ? `over by ${span(now - to)}` : "late";
    case "hit":
      return f.resolved_at ? `after ${span(ms(f.resolved_at) - ms(f.issued_at))}` : "hit";
    case "wrong_sign":
      return "wrong direction";
    case "already_moved":
      return "already moved";
    case "void":
      return "no price";
    case "miss":
      return "missed";
  }
}

/** Above this the countdown is not in seconds, ms. */
const minutes = 120_000;

const seconds = (millis: number): string =>
  millis < 10_000 ? Math.max(0, millis / 1000).toFixed(1) : String(Math.round(millis / 1000));

/** Progress of the wait: 0 at the issue, 1 at the end of the interval. */
export function progress(f: Forecast, now: number): { now: number; from: number } {
  const [start, from, to] = [ms(f.issued_at), ms(f.arrive_from), ms(f.arrive_to)];
  const whole = Math.max(1, to - start);
  return {
    now: Math.min(1, Math.max(0, (now - start) / whole)),
    from: Math.min(1, Math.max(0, (from - start) / whole)),
  };
}

/** What is called of one price: the surest forecast about it (one a layer), and how many leaders say the same. */
export interface Call {
  best: Forecast;
  leaders: number;
  opposed: number; // leaders that say the opposite
}

/** How long an answered call stays visible, ms. */
export const answeredFor = 12_000;

/** What moves next: one call a price that a venue offers, the surest of those made for it;
 * first to arrive first, then what was just answered. */
export function calls(forecasts: Iterable<Forecast>, now: number, most: number): Call[] {
  const of = new Map<string, Forecast[]>();
  for (const f of forecasts) {
    if (!shown(f, now) || parts(f.target)?.venue === consensus) continue;
    const list = of.get(f.target);
    if (list) list.push(f);
    else of.set(f.target, [f]);
  }
  const out: Call[] = [];
  for (const list of of.values()) {
    list.sort(
      (a, b) =>
        Number(a.outcome !== "pending") - Number(b.outcome !== "pending") || b.revised - a.revised || byID(a, b),
    );
    const best = list[0]!;
    const rest = list.filter((f) => (f.outcome === "pending") === (best.outcome === "pending"));
    const same = rest.filter((f) => Math.sign(f.size) === Math.sign(best.size));
    const other = rest.filter((f) => !same.includes(f));
    const sum = (list: Forecast[], of: (f: Forecast) => number) => list.reduce((n, f) => n + of(f), 0);
    out.push({
      best,
      leaders: sum(same, (f) => f.leaders) + sum(other, (f) => f.against),
      opposed: sum(same, (f) => f.against) + sum(other, (f) => f.leaders),
    });
  }
  return out.sort((a, b) => order(a.best, now) - order(b.best, now) || byID(a.best, b.best)).slice(0, most);
}

/** Equals have a fixed order, whichever came first. */
const byID = (a: Forecast, b: Forecast): number => (a.id < b.id ? -1 : Number(a.id > b.id));

/** Below this probability a call that nobody is certain to lead is no news: it stays in the record only. */
export const likely = 0.25;

/** Whether nobody is certain to lead to a forecast: its family names only the follower. */
export const unled = (f: Forecast): boolean => f.family.includes("/>");

function shown(f: Forecast, now: number): boolean {
  if (unled(f) && Math.max(f.probability, f.revised) < likely) return false;
  if (f.outcome === "pending") return now < ms(f.arrive_to) + answeredFor;
  if (f.outcome === "already_moved" || f.outcome === "void") return false;
  return f.resolved_at !== null && now - ms(f.resolved_at) < answeredFor;
}

/** Pending before answered; surer and sooner first. */
function order(f: Forecast, now: number): number {
  const answered = f.outcome === "pending" ? 0 : 1e9;
  const late = phase(f, now) === "late" ? 1e6 : 0;
  return answered + late + Math.max(0, ms(f.arrive_from) - now) - 30_000 * f.revised;
}

/** The key of a family as forecasts name it. */
export const familyKey = (s: FamilyScore): string =>
  `L${s.layer}/${s.sport}/${s.league}/${s.market}/${s.phase}/${s.venue ?? ""}/${s.leader}>${s.follower}`;

/** Keeps the forecasts that can still be seen; `most` bounds them, the oldest go first. */
export function kept(all: ReadonlyMap<string, Forecast>, now: number, most: number): Map<string, Forecast> {
  const out = new Map([...all].filter(([, f]) => shown(f, now) || now - ms(f.issued_at) < 60_000));
  for (const id of out.keys()) {
    if (out.size <= most) break;
    out.delete(id);
  }
  return out;
}
