// What had happened in an event until an instant, and where its picture changes. Pure.

import type { Forecast } from "../api/types";
import { ms, span } from "./format";
import { horizon, withMove, type Step as Move, type Wave } from "./waves";

/** How a price moved in a wave that still travels. */
export interface Mark {
  up: boolean;
  after: number; // ms after the first
}

/** A mark in words: "▲ first", "▼ +2.1 s". */
export const markText = (m: Mark): string => `${m.up ? "▲" : "▼"} ${m.after === 0 ? "first" : `+${span(m.after)}`}`;

/** The prices of an event that have moved in its waves until an instant. Of two waves
 * the newer says how. */
export function marks(waves: readonly Wave[], event: string, at: number): Map<string, Mark> {
  const out = new Map<string, Mark>();
  for (const w of waves) {
    if (w.event !== event || at - w.last >= horizon) continue;
    for (const [node, moved] of w.moved) out.set(node, { up: w.size > 0, after: moved - w.started });
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
  moved: readonly Move[]; // that began a wave or joined one, in order
  begins: boolean; // a wave
  links: boolean; // a decision renewed them
}

/** The steps of a page of moves, oldest first, and the waves of them until an instant. */
export function steps(moves: readonly Move[], graphs: readonly string[]): Step[] {
  const of = new Map<number, Step>();
  const step = (at: number): Step => of.get(at) ?? { at, moved: [], begins: false, links: false };
  let waves: readonly Wave[] = [];
  for (const m of moves) {
    const next = withMove(waves, m);
    if (next === waves) continue;
    const s = step(ms(m.at));
    of.set(s.at, {
      ...s,
      moved: [...s.moved, m],
      begins: s.begins || next.some((w) => w.origin === m.node && w.started === s.at),
    });
    waves = next;
  }
  const first = moves.length > 0 ? ms(moves[0]!.at) : Infinity;
  for (const at of graphs.slice(1).map(ms)) {
    // the oldest stands for all that came before
    if (at >= first) of.set(at, { ...step(at), links: true });
  }
  return [...of.values()].sort((a, b) => a.at - b.at);
}

/** The waves of a page of moves as they stood at an instant. */
export const wavesAt = (moves: readonly Move[], at: number): readonly Wave[] =>
  moves.filter((m) => ms(m.at) <= at).reduce(withMove, [] as readonly Wave[]);

/** The graph as it stood at an instant, or the oldest one kept if none is old enough.
 * Undefined if none is kept. */
export const graphAt = (graphs: readonly string[], at: number): string | undefined =>
  graphs.findLast((g) => ms(g) <= at) ?? graphs[0];

/** The index of the newest step not after an instant; −1 before the first. */
export const stepAt = (all: readonly Step[], at: number): number => all.findLastIndex((s) => s.at <= at);
