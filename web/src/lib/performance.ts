// Measurements over time, as a plot needs them. Pure.

import type { Measurement } from "../api/types";
import { ms } from "./format";

export interface Series {
  x: number[]; // seconds of the epoch, ascending
  of: Map<string, (number | null)[]>; // by operation
}

/** One value of each operation over time. Rows of one span of time share an instant. */
export function series(rows: readonly Measurement[], value: (m: Measurement) => number): Series {
  const at = new Map<number, Map<string, number>>();
  const names = new Set<string>();
  for (const r of rows) {
    const t = Math.round(ms(r.at) / 1000);
    names.add(r.operation);
    const row = at.get(t) ?? new Map<string, number>();
    at.set(t, row.set(r.operation, value(r)));
  }
  const x = [...at.keys()].sort((a, b) => a - b);
  return { x, of: new Map([...names].sort().map((n) => [n, x.map((t) => at.get(t)!.get(n) ?? null)])) };
}

/** What guards did, which is measured as operations are but has no latency. */
export const refusals = ["SHED", "REFUSED", "QUERY_TIMEOUT", "CIRCUIT_OPEN"] as const;

/** What guards did over time: zero where others were measured and they were not. */
export function refused(rows: readonly Measurement[]): Series {
  const all = series(rows, (m) => m.per_second);
  return { x: all.x, of: new Map(refusals.map((n) => [n, all.x.map((_, i) => all.of.get(n)?.[i] ?? 0)])) };
}

/** The measurements of the newest minute, the busiest operation first. */
export function newest(rows: readonly Measurement[]): Measurement[] {
  const last = Math.max(...rows.map((r) => ms(r.at)));
  const guards: readonly string[] = refusals;
  return rows
    .filter((r) => ms(r.at) === last && !guards.includes(r.operation))
    .sort((a, b) => b.per_second - a.per_second || a.operation.localeCompare(b.operation));
}

/** Microseconds in a unit that fits. */
export function micros(us: number): string {
  if (us < 1000) return `${us < 10 ? us.toFixed(1) : Math.round(us)} µs`;
  if (us < 1e6) return `${us < 1e4 ? (us / 1e3).toFixed(1) : Math.round(us / 1e3)} ms`;
  return `${(us / 1e6).toFixed(1)} s`;
}
