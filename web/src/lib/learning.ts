// How far learning is, as long as nobody is known to lead. Pure.

import type { Feeds, Leaders } from "../api/types";

/** About how many moves that two venues have both made it takes until a leader is certain: fewer if it leads clearly. */
export const enough = 1000;

/** What is said while no leader is known; empty: one is, nothing has come yet, or nothing more comes. */
export function learning(leaders: Leaders | null, feeds: Feeds | null): string {
  if (!leaders || !feeds || !leaders.complete || !feeds.complete || feeds.recorded) return "";
  const venues = new Set(feeds.feeds.map((f) => f.venue).filter(Boolean));
  if (venues.size === 0 || leaders.pairs.some((p) => p.discovered && !p.simultaneous)) return "";
  if (venues.size === 1)
    return `Only ${[...venues][0]} is read: one venue alone has no follower. Connect another one that prices the same matches.`;
  const n = Math.max(0, ...leaders.pairs.map((p) => p.n));
  if (n >= enough) return `Learning: no leader is certain yet, of up to ${n} moves that two venues both made.`;
  return `Learning: ${n} of about ${enough} moves that two venues both made. Nobody is known to lead yet.`;
}
