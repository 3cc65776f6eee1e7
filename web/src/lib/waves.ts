// A wave is one move of a selection as it travels from venue to venue, as the API finds it. Pure.

import type { Moves } from "../api/types";
import { ms } from "./format";
import { parts } from "./node";

/** How probable it is that a wave came from a venue. */
export type Origin = Moves["waves"][number]["origins"][number];

export interface Wave {
  key: string; // of the selection, the direction and when it was noticed
  event: string;
  size: number; // of the move by which it was noticed, log-odds
  started: number; // earliest stamp
  last: number;
  horizon: number; // how long after its last move it still travels, ms
  moved: ReadonlyMap<string, number>; // by node, when each was seen to move; the earliest first
  origin: string; // node of the most probable origin
  likely: Origin | null; // null: nobody can tell
  origins: readonly Origin[]; // most probable first
  earliest: readonly string[]; // venues with the earliest stamp
}

/** How long a wave is worth a look after its last move: three polls of a slow venue. */
export const horizon = 180_000;

/** The waves in an answer, in the order in which they were noticed. */
export function fromMoves(m: Pick<Moves, "event_id" | "waves">): Wave[] {
  return m.waves.map((w) => {
    const moved = new Map(w.moves.map((x) => [x.node, ms(x.at)]));
    const nodes = [...moved.keys()];
    const best = w.origins[0]!;
    return {
      key: `${m.event_id}/${w.market}/${w.selection} ${w.shown_at} ${Math.sign(w.size)}`,
      event: m.event_id,
      size: w.size,
      started: ms(w.began_at),
      last: ms(w.last_at),
      horizon: Math.max(horizon, 3 * w.resolution_ms),
      moved,
      origin: nodes.find((n) => parts(n)?.venue === best.venue) ?? nodes[0]!,
      likely: w.likely_origin === null ? null : best,
      origins: w.origins,
      earliest: w.earliest,
    };
  });
}

/** The venues of an origin in words: those that move as one count once. */
export const originName = (o: Origin): string => (o.group.length > 1 ? o.group.join(" = ") : o.venue);

/** Whether the earliest stamp is that of another venue than the likely origin, or nobody can
 * tell the origin: then it is worth saying whose stamp it is. */
export function earliestElsewhere(w: Wave): boolean {
  const o = w.likely;
  return o === null || !w.earliest.some((v) => v === o.venue || o.group.includes(v));
}

/** The waves worth a look now: still travelling, the newest and farthest spread first. */
export function moving(waves: readonly Wave[], now: number, most: number): Wave[] {
  const rank = (w: Wave) => now - w.last - 4000 * Math.min(w.moved.size, 5) - 20_000 * Math.min(Math.abs(w.size), 0.5);
  return waves
    .filter((w) => now - w.last < w.horizon)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, most);
}
