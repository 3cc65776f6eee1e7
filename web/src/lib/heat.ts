// Who leads whom, as a square of venues. Pure.

import type { Pair } from "../api/types";

export type Verdict = "leads" | "follows" | "together" | "unsure";

export interface Cell {
  row: string;
  column: string;
  verdict: Verdict; // of the row over the column
  pair: Pair;
  lag: number; // ms; above 0 the row moves first
  low: number; // of the interval, in the same direction
  high: number;
  more: number; // further leagues and markets that this cell stands for
}

export interface Heat {
  venues: string[]; // who leads most, first
  cells: Map<string, Cell>; // by cellKey
  groups: string[][]; // venues that move as one
}

export interface HeatFilter {
  sport: string; // sport, league, or both joined with _
  market: string;
  phase: string;
  certain: boolean;
  grouped: boolean; // copies stand next to each other
}

export const cellKey = (row: string, column: string): string => `${row} ${column}`;

const matches = (p: Pair, f: HeatFilter): boolean =>
  (f.sport === "" || [p.sport, p.league, `${p.sport}_${p.league}`].includes(f.sport)) &&
  (f.market === "" || p.market === f.market) &&
  (f.phase === "" || p.phase === f.phase) &&
  (!f.certain || p.discovered);

/** Builds the square. Where several leagues or markets match, the most certain pair of
 * the two venues stands for all; pairs come most certain first. */
export function heat(pairs: readonly Pair[], groups: readonly (readonly string[])[], f: HeatFilter): Heat {
  const cells = new Map<string, Cell>();
  for (const p of pairs) {
    if (!matches(p, f)) continue;
    const there = cells.get(cellKey(p.leader, p.follower));
    if (there) {
      there.more++;
      cells.get(cellKey(p.follower, p.leader))!.more++;
      continue;
    }
    const v: Verdict = !p.discovered ? "unsure" : p.simultaneous ? "together" : "leads";
    cells.set(cellKey(p.leader, p.follower), {
      row: p.leader,
      column: p.follower,
      verdict: v,
      pair: p,
      lag: p.lag_ms,
      low: p.lag_low_ms,
      high: p.lag_high_ms,
      more: 0,
    });
    cells.set(cellKey(p.follower, p.leader), {
      row: p.follower,
      column: p.leader,
      verdict: v === "leads" ? "follows" : v,
      pair: p,
      lag: -p.lag_ms,
      low: -p.lag_high_ms,
      high: -p.lag_low_ms,
      more: 0,
    });
  }
  const known = new Set([...cells.values()].map((c) => c.row));
  const shown = groups.map((g) => g.filter((v) => known.has(v))).filter((g) => g.length > 1);
  return { venues: ordered(known, cells, f.grouped ? shown : []), cells, groups: shown };
}

/** Venues by how many they lead less how many they follow; a group by its best member. */
function ordered(
  venues: Set<string>,
  cells: ReadonlyMap<string, Cell>,
  groups: readonly (readonly string[])[],
): string[] {
  const lead = new Map([...venues].map((v) => [v, 0]));
  for (const c of cells.values()) {
    const step = c.verdict === "leads" ? 1 : c.verdict === "follows" ? -1 : 0;
    lead.set(c.row, lead.get(c.row)! + step * c.pair.confidence);
  }
  const groupOf = (v: string) => groups.find((g) => g.includes(v)) ?? [v];
  const best = (v: string) => Math.max(...groupOf(v).map((m) => lead.get(m)!));
  return [...venues].sort(
    (a, b) =>
      best(b) - best(a) ||
      groupOf(a).join().localeCompare(groupOf(b).join()) ||
      lead.get(b)! - lead.get(a)! ||
      a.localeCompare(b),
  );
}

/** A sign that tells the verdict without colour. */
export const glyph: Record<Verdict, string> = { leads: "▶", follows: "◀", together: "=", unsure: "·" };
