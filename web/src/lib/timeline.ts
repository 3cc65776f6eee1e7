// A move's way on a time line: what should arrive when, and what did. Pure.

import type { Forecast, Path } from "../api/types";
import { phase, type Phase } from "./forecasts";
import { ms } from "./format";

export interface Lane {
  target: string;
  from: number; // ms after the origin
  to: number;
  usual: number | null; // the lag; null where a forecast states the interval alone
  probability: number;
  size: number; // share of the origin's move, or log-odds of a forecast
  via: string[]; // nodes on the way
  phase: Phase | null; // null: no forecast was made, it is what would follow
  arrived: number | null; // ms after the origin, of hits and late ones
}

/** What would follow a move, soonest first. */
export function fromPaths(paths: readonly Path[]): Lane[] {
  return paths
    .map((p): Lane => {
      const last = p.hops.at(-1)!;
      return {
        target: last.target,
        from: Math.max(0, p.lag_low_ms),
        to: p.lag_high_ms,
        usual: p.lag_ms,
        probability: p.confidence,
        size: p.impact,
        via: p.hops.slice(0, -1).map((h) => h.target),
        phase: null,
        arrived: null,
      };
    })
    .sort((a, b) => a.from - b.from || a.to - b.to || a.target.localeCompare(b.target));
}

export interface Run {
  issued: number; // event time of the move
  move: number; // log-odds
  lanes: Lane[];
}

/** Forecasts of one source, gathered by the move that they were made for, newest first. */
export function runs(source: string, all: Iterable<Forecast>, now: number): Run[] {
  const of = new Map<number, Forecast[]>();
  for (const f of all) {
    if (f.source !== source) continue;
    const at = ms(f.issued_at);
    const list = of.get(at);
    if (list) list.push(f);
    else of.set(at, [f]);
  }
  return [...of]
    .sort(([a], [b]) => b - a)
    .map(([issued, list]) => ({
      issued,
      move: list[0]!.move,
      lanes: list.map((f) => lane(f, issued, now)).sort((a, b) => a.from - b.from || a.target.localeCompare(b.target)),
    }));
}

function lane(f: Forecast, issued: number, now: number): Lane {
  const state = phase(f, now);
  const came = (f.outcome === "hit" || f.outcome === "late") && f.resolved_at !== null;
  return {
    target: f.target,
    from: ms(f.arrive_from) - issued,
    to: ms(f.arrive_to) - issued,
    usual: null,
    probability: f.probability,
    size: f.size,
    via: [],
    phase: state,
    arrived: came ? ms(f.resolved_at!) - issued : null,
  };
}

/** Ends of axes whose quarters are round, in seconds, minutes and hours. */
const ends = [1000, 60_000, 3_600_000].flatMap((unit) => [1, 2, 4, 6, 8, 10, 12, 20, 40].map((k) => k * unit));

/** The end of an axis that shows all lanes, ms. */
export function axisEnd(lanes: readonly Lane[], now: number): number {
  const far = Math.max(now, ...lanes.map((l) => Math.max(l.to, l.arrived ?? 0)));
  return ends.find((v) => v >= far) ?? far;
}
