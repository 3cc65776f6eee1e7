// An invented graph of any size, to measure how fast it is drawn. Pure.

import type { Edge } from "../api/types";

/** Invents links between so many prices, all of them on some way from the first. The same
 * arguments give the same links. */
export function invented(nodes: number, edges: number, seed: number): Edge[] {
  const next = random(seed);
  const lane = (i: number) => 1 + Math.floor((4 * i) / nodes);
  const link = (a: number, b: number): Edge => {
    const lag = Math.round(100 + 9900 * next());
    const discovered = next() < 0.8;
    return {
      layer: Math.max(lane(a), lane(b)),
      event_id: "invented",
      source: price(a, lane(a)),
      target: price(b, lane(b)),
      source_name: "",
      target_name: "",
      type: "",
      lag_ms: lag,
      lag_low_ms: lag / 2,
      lag_high_ms: lag * 2,
      correlation: next(),
      beta: 1,
      n: 100,
      p: 0,
      q: 0,
      confidence: discovered ? 1 : 0,
      band: discovered ? "HIGH" : "LOW",
      discovered,
      simultaneous: next() < 0.1,
      copied: false,
      first_on_feed: false,
      changing: false,
      below_floor: false,
      indirect: false,
      same_poll: null,
      next_poll: null,
      later_poll: null,
      events: 0,
      evidence: "family",
      detected_at: "",
      first_seen: null,
      in_window: true,
    };
  };
  const out: Edge[] = [];
  const seen = new Set<string>();
  const most = Math.min(edges, nodes * (nodes - 1));
  for (let i = 1; out.length < most; i++) {
    const b = i < nodes ? i : Math.floor(nodes * next());
    const a = Math.floor((i < nodes ? i : nodes) * next());
    if (a === b || seen.has(`${a} ${b}`)) continue;
    seen.add(`${a} ${b}`);
    out.push(link(a, b));
  }
  return out;
}

/** The i-th price: of the same selection, of another market, of another match or of another sport. */
function price(i: number, lane: number): string {
  const [event, market] = [lane < 3 ? "match" : `match${i}`, lane === 2 ? `market${i}` : "h2h"];
  return `venue${i}/${event}/${market}/home`;
}

/** Numbers from 0 to 1, 1 left out: mulberry32 by Tommy Ettinger. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
