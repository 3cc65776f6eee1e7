// A wave is one move of a selection as it travels from venue to venue. Pure.

import type { Forecast, Move } from "../api/types";
import { ms } from "./format";
import { consensus, parts, selectionKey } from "./node";

export interface Wave {
  key: string; // of the selection, the direction and the beginning
  selection: string; // event/market/selection
  event: string;
  origin: string; // node that moved first
  size: number; // of the origin's move, log-odds
  started: number;
  last: number;
  moved: ReadonlyMap<string, number>; // by node, when each moved; the origin is first
}

/** A move begins a wave from twice its usual size, and from `least` log-odds, half a
 * percentage point; where its usual size is unknown, from `unusual`. */
const least = 0.02;
const unusual = 0.05;
/** A venue has followed once it has moved by this share of the origin's move. */
const followed = 0.3;
/** How long a wave can be joined: three polls of a slow venue. */
export const horizon = 180_000;
const mostWaves = 200;

/** What waves read of a move. */
export type Step = Pick<Move, "node" | "at" | "move" | "rms">;

/** Returns the waves after a move: begun, joined, or as they were. Old ones are dropped. */
export function withMove(waves: readonly Wave[], m: Step): readonly Wave[] {
  const p = parts(m.node);
  if (!p || p.venue === consensus) return waves;
  const at = ms(m.at);
  const selection = selectionKey(m.node);
  const open = waves.findLast(
    (w) => w.selection === selection && at - w.started < horizon && Math.sign(w.size) === Math.sign(m.move),
  );
  if (open) {
    if (open.moved.has(m.node) || Math.abs(m.move) < followed * Math.abs(open.size)) return waves;
    const moved = new Map(open.moved).set(m.node, at);
    return waves.map((w) => (w === open ? { ...w, moved, last: Math.max(w.last, at) } : w));
  }
  if (Math.abs(m.move) < (m.rms > 0 ? Math.max(least, 2 * m.rms) : unusual)) return waves;
  return trimmed([...waves, begin(m.node, p.event, m.move, at)], at);
}

/** Derives from forecasts which waves were under way before the stream said anything: a
 * forecast names who moved and when, its answer who followed. */
export function fromForecasts(waves: readonly Wave[], forecasts: readonly Forecast[]): readonly Wave[] {
  const known = new Set(waves.map((w) => w.selection));
  const moves: Step[] = [];
  const say = (node: string, at: string, move: number) => moves.push({ node, at, move, rms: Math.abs(move) / 2 });
  for (const f of forecasts) {
    if (known.has(selectionKey(f.source))) continue;
    say(f.source, f.issued_at, f.move);
    const came = f.outcome === "hit" || f.outcome === "late";
    if (came && f.resolved_at !== null && selectionKey(f.target) === selectionKey(f.source))
      say(f.target, f.resolved_at, f.actual);
  }
  moves.sort((a, b) => ms(a.at) - ms(b.at));
  return moves.reduce(withMove, waves).toSorted((a, b) => a.started - b.started);
}

function begin(node: string, event: string, size: number, at: number): Wave {
  const selection = selectionKey(node);
  return {
    key: `${selection} ${at} ${Math.sign(size)}`,
    selection,
    event,
    origin: node,
    size,
    started: at,
    last: at,
    moved: new Map([[node, at]]),
  };
}

function trimmed(waves: Wave[], now: number): Wave[] {
  return waves.filter((w) => now - w.last < 2 * horizon).slice(-mostWaves);
}

/** The number of independent opinions behind a wave: venues that copy one another count once. */
export function independent(wave: Wave, groups: readonly (readonly string[])[]): number {
  const seen = new Set<string>();
  for (const node of wave.moved.keys()) {
    const venue = parts(node)?.venue ?? node;
    seen.add(groups.find((g) => g.includes(venue))?.join() ?? venue);
  }
  return seen.size;
}

/** The waves worth a look now: still travelling, the newest and farthest spread first. */
export function moving(waves: readonly Wave[], now: number, most: number): Wave[] {
  const rank = (w: Wave) => now - w.last - 4000 * Math.min(w.moved.size, 5) - 20_000 * Math.min(Math.abs(w.size), 0.5);
  return waves
    .filter((w) => now - w.last < horizon)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, most);
}
