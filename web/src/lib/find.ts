// Find and hide expressions over links: words and comparisons, all of which must hold.
//   sharpline h2h          both words occur
//   venue:pin lag>2s       the source or target is at a venue like that, and the lag is over 2 s
//   -totals n>=100 q<0.05  no totals
// Pure.

import type { Edge } from "../api/types";
import { parts } from "./node";

type Test = (e: Edge) => boolean;

export type Expression = { ok: true; test: Test; empty: boolean } | { ok: false; error: string };

const numbers: Record<string, (e: Edge) => number> = {
  lag: (e) => e.lag_ms,
  n: (e) => e.n,
  q: (e) => e.q,
  conf: (e) => e.confidence,
  corr: (e) => Math.abs(e.correlation),
  beta: (e) => e.beta,
  layer: (e) => e.layer,
};

const texts: Record<string, (e: Edge) => string[]> = {
  venue: (e) => ends(e).map((p) => p?.venue ?? ""),
  market: (e) => ends(e).map((p) => p?.market ?? ""),
  event: (e) => ends(e).map((p) => p?.event ?? ""),
  from: (e) => [e.source, e.source_name],
  to: (e) => [e.target, e.target_name],
  type: (e) => [e.type],
};

const ends = (e: Edge) => [parts(e.source), parts(e.target)];

/** Reads an expression; an empty one holds for every link. */
export function expression(text: string): Expression {
  const terms = text.trim().split(/\s+/).filter(Boolean);
  const tests: Test[] = [];
  for (const term of terms) {
    const negated = term.length > 1 && term.startsWith("-");
    const test = termTest(negated ? term.slice(1) : term);
    if (typeof test === "string") return { ok: false, error: test };
    tests.push(negated ? (e) => !test(e) : test);
  }
  return { ok: true, test: (e) => tests.every((t) => t(e)), empty: tests.length === 0 };
}

function termTest(term: string): Test | string {
  const compared = /^([a-z]+)(<=|>=|<|>|=)(.*)$/.exec(term);
  if (compared) {
    const [, name, sign, value] = compared as unknown as [string, string, string, string];
    const of = numbers[name];
    if (!of) return `"${name}" can't be compared: ${Object.keys(numbers).join(", ")} can`;
    const limit = quantity(value);
    if (Number.isNaN(limit)) return `"${value}" is no number`;
    return (e) => compare(of(e), sign, limit);
  }
  const named = /^([a-z]+):(.+)$/.exec(term);
  const of = named ? texts[named[1]!] : undefined;
  const find = (of ? named![2]! : term).toLowerCase();
  const look = of ?? ((e: Edge) => [e.source, e.target, e.source_name, e.target_name]);
  return (e) => look(e).some((s) => s.toLowerCase().includes(find));
}

/** A number, with a unit of time or not: 250, 250ms, 2s, 1min, 50%. */
function quantity(text: string): number {
  const m = /^(-?[\d.]+(?:e-?\d+)?)(ms|s|min|%)?$/.exec(text);
  if (!m) return NaN;
  const factor = { ms: 1, s: 1000, min: 60_000, "%": 0.01 }[m[2] ?? "ms"] ?? 1;
  return Number(m[1]) * factor;
}

function compare(a: number, sign: string, b: number): boolean {
  switch (sign) {
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
    default:
      return a === b;
  }
}
