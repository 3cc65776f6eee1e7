// What had happened in an event until an instant, and where its picture changes. Pure.

import type { Forecast } from "../api/types";
import { ms, span } from "./format";
import type { Wave } from "./waves";

/** How a price moved in a wave that still travels. */
export interface Mark {
  up: boolean;
  after: number; // ms after the earliest
  origin: boolean; // it is the likely origin
}

/** A mark in words: "▲ likely origin", "▼ +2.1 s". */
export function markText(m: Mark): string {
  const when = m.after === 0 ? "earliest" : `+${span(m.after)}`;
  return `${m.up ? "▲" : "▼"} ${m.origin ? "likely origin" : when}`;
}

/** The prices of an event that have moved in its waves until an instant. Of two waves
 * the newer says how. The likely origin is the one of all that is known by now. */
export function marks(waves: readonly Wave[], event: string, at: number): Map<string, Mark> {
  const out = new Map<string, Mark>();
  for (const w of waves) {
    if (w.event !== event) continue;
    const seen = [...w.moved].filter(([, moved]) => moved <= at);
    if (seen.length === 0 || at - Math.max(...seen.map(([, moved]) => moved)) >= w.horizon) continue;
    for (const [node, moved] of seen)
      out.set(node, { up: w.size > 0, after: moved - w.started, origin: w.likely !== null && w.origin === node });
  }
  return out;
}

/** The prices of an event that were expected to move at an instant: a forecast had been
 * made and had no answer yet. */
export function expectedAt(forecasts: Iterable<Forecast>, event: string, at: number): Set<string> {
  const out = new Set<string>();
  for (const f of forecasts) {
    if (f.event_id === event && f.outcome !== "already_moved" && ms(f.issued_at) <= at && at < answered(f))
      out.add(f.target);
  }
  return out;
}

/** When the outcome of a forecast was known. That nothing came is known once the time for a
 * late arrival, as long again as the interval, is over. */
function answered(f: Forecast): number {
  if (f.outcome === "pending") return Infinity;
  if (f.outcome === "miss" || f.resolved_at === null) return 2 * ms(f.arrive_to) - ms(f.arrive_from);
  return ms(f.resolved_at);
}

/** An instant at which the picture changes. */
export interface Step {
  at: number;
  moved: readonly { node: string; up: boolean }[]; // in waves, in order
  begins: boolean; // a wave
  links: boolean; // a decision renewed them
}

/** The steps of waves, from an instant on, and where the links were renewed. */
export function steps(waves: readonly Wave[], graphs: readonly string[], first: number): Step[] {
  const of = new Map<number, Step>();
  const step = (at: number): Step => of.get(at) ?? { at, moved: [], begins: false, links: false };
  for (const w of waves) {
    for (const [node, at] of w.moved) {
      const s = step(at);
      of.set(at, { ...s, moved: [...s.moved, { node, up: w.size > 0 }], begins: s.begins || at === w.started });
    }
  }
  for (const at of graphs.slice(1).map(ms)) {
    // the oldest stands for all that came before
    if (at >= first) of.set(at, { ...step(at), links: true });
  }
  return [...of.values()].sort((a, b) => a.at - b.at);
}

/** The graph as it stood at an instant, or the oldest one kept if none is old enough.
 * Undefined if none is kept. */
export const graphAt = (graphs: readonly string[], at: number): string | undefined =>
  graphs.findLast((g) => ms(g) <= at) ?? graphs[0];

/** The index of the newest step not after an instant; −1 before the first. */
export const stepAt = (all: readonly Step[], at: number): number => all.findLastIndex((s) => s.at <= at);
