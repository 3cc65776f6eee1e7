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

/** The newest measurement of each operation, the busiest first. */
export function newest(rows: readonly Measurement[]): Measurement[] {
  const of = new Map<string, Measurement>();
  for (const r of rows) if (!of.has(r.operation) || ms(r.at) > ms(of.get(r.operation)!.at)) of.set(r.operation, r);
  return [...of.values()].sort((a, b) => b.per_second - a.per_second || a.operation.localeCompare(b.operation));
}

/** Microseconds in a unit that fits. */
export function micros(us: number): string {
  if (us < 1000) return `${us < 10 ? us.toFixed(1) : Math.round(us)} µs`;
  if (us < 1e6) return `${us < 1e4 ? (us / 1e3).toFixed(1) : Math.round(us / 1e3)} ms`;
  return `${(us / 1e6).toFixed(1)} s`;
}
