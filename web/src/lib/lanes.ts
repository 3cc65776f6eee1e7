// The places of nodes: on lanes, leaders to the left, and where they were before. Pure.

import type { Node } from "./neighbourhood";

export interface Place {
  lane: number;
  slot: number;
}

export interface Point {
  x: number; // 0 to 1
  y: number; // 0 (bottom) to 1
}

/** How many nodes stand in a row of a lane. */
export const row = 9;

/** Gives nodes their slots. Those that had one keep it; others take what is free, leaders
 * first, so that nothing jumps when the graph changes. */
export function slots(nodes: readonly Node[], before: ReadonlyMap<string, Place>): Map<string, Place> {
  const out = new Map<string, Place>();
  const taken = new Map<number, Set<number>>();
  const take = (id: string, lane: number, slot: number) => {
    out.set(id, { lane, slot });
    const set = taken.get(lane) ?? new Set<number>();
    taken.set(lane, set.add(slot));
  };
  for (const n of nodes) {
    const old = before.get(n.id);
    if (old?.lane === n.lane) take(n.id, old.lane, old.slot);
  }
  const fresh = nodes.filter((n) => !out.has(n.id)).sort((a, b) => b.lead - a.lead || a.id.localeCompare(b.id));
  for (const n of fresh) {
    let slot = 0;
    while (taken.get(n.lane)?.has(slot)) slot++;
    take(n.id, n.lane, slot);
  }
  return out;
}

/** Neighbours in a row have different heights, or their links would lie on one another. */
const heights = [0, 0.75, -0.75, 0.35, -0.4, 0.9, -0.9, 0.15, -0.2];

export interface Band {
  lane: number;
  top: number; // 0 to 1, from the bottom
  bottom: number;
}

/** Two nodes are apart without it. */
const few = 2;

/** The bands of the lanes that are in use, the first at the top; each as high as its rows. */
export function bands(places: Iterable<Place>): Band[] {
  const used = new Map<number, number>();
  for (const p of places) used.set(p.lane, Math.max(used.get(p.lane) ?? 0, p.slot + 1));
  const lanes = [...used]
    .sort(([a], [b]) => a - b)
    .map(([lane, n]) => ({ lane, weight: n <= few ? 0.7 : 0.4 + Math.ceil(n / row) }));
  const whole = lanes.reduce((sum, l) => sum + l.weight, 0);
  let top = 1;
  return lanes.map(({ lane, weight }) => {
    const band = { lane, top, bottom: top - weight / whole };
    top = band.bottom;
    return band;
  });
}

/** The point of a place. */
export function point(place: Place, all: readonly Band[], used: number): Point {
  const band = all.find((b) => b.lane === place.lane)!;
  const rows = Math.max(1, Math.ceil(used / row));
  const [r, c] = [Math.floor(place.slot / row), place.slot % row];
  const height = (band.top - band.bottom) / rows;
  const columns = Math.max(2, Math.min(row, used));
  return {
    x: columns === 1 ? 0.5 : (c + 0.5) / columns,
    y: band.top - height * (r + 0.5) + heights[c % heights.length]! * height * 0.34,
  };
}

/** The points of all places. */
export function points(places: ReadonlyMap<string, Place>): Map<string, Point> {
  const all = bands(places.values());
  const used = new Map<number, number>();
  for (const p of places.values()) used.set(p.lane, Math.max(used.get(p.lane) ?? 0, p.slot + 1));
  return new Map([...places].map(([id, p]) => [id, point(p, all, used.get(p.lane)!)]));
}
