// Anomalies that belong together are one incident. Pure.

import type { Anomaly } from "../api/types";
import { ms } from "./format";
import { parts } from "./node";
import { muted } from "./review";

export const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW"] as const;
export type Severity = (typeof severities)[number];

export interface Incident {
  id: string; // of its first anomaly; stays as it grows
  event: string;
  title: string;
  market: string; // empty: several, or none
  severity: string; // the gravest
  confidence: number; // of the gravest
  began: number;
  last: number; // when its newest anomaly began
  over: boolean;
  suspected: boolean; // all of its anomalies are probably not what they seem
  kinds: { kind: string; count: number }[]; // most frequent first
  venues: string[];
  anomalies: Anomaly[]; // newest first
}

/** Anomalies of one market of one match belong together as long as one begins within
 * this many ms of the end of another. */
const joins = 120_000;

/** Groups anomalies, newest incident first. Those that were suppressed or muted are left out. */
export function incidents(all: readonly Anomaly[]): Incident[] {
  const open = new Map<string, Anomaly[]>();
  const groups: Anomaly[][] = [];
  const sorted = all.filter((a) => !a.suppressed && !muted(a)).sort((a, b) => ms(a.at) - ms(b.at));
  for (const a of sorted) {
    const key = `${a.event_id} ${marketOf(a)}`;
    const group = open.get(key);
    if (group && ms(a.at) - end(group) <= joins) {
      group.push(a);
    } else {
      const fresh = [a];
      open.set(key, fresh);
      groups.push(fresh);
    }
  }
  return groups.map(incident).sort((a, b) => b.last - a.last || a.id.localeCompare(b.id));
}

function end(group: readonly Anomaly[]): number {
  return Math.max(...group.map((a) => (a.until === null ? Infinity : ms(a.until))));
}

/** What an anomaly is about, over all its versions. */
export const anomalyKey = (a: Anomaly): string => `${a.kind} ${a.event_id} ${a.at} ${a.nodes.join(" ")}`;

/** What has been announced of incidents. */
export interface Announced {
  anomalies: ReadonlySet<string>; // by anomalyKey
  upTo: number; // when the newest began
}

/** The incidents that have not been announced. One that is already over counts only if it
 * began after everything announced: older ones have merely come into view. */
export function unannounced(list: readonly Incident[], announced: Announced): Incident[] {
  return list.filter(
    (i) => (!i.over || i.began > announced.upTo) && i.anomalies.every((a) => !announced.anomalies.has(anomalyKey(a))),
  );
}

export function announcing(list: readonly Incident[]): Announced {
  return {
    anomalies: new Set(list.flatMap((i) => i.anomalies.map(anomalyKey))),
    upTo: Math.max(0, ...list.map((i) => i.last)),
  };
}

function marketOf(a: Anomaly): string {
  const markets = new Set(a.nodes.map((n) => parts(n)?.market ?? n));
  return markets.size === 1 ? [...markets][0]! : "";
}

function incident(group: Anomaly[]): Incident {
  const first = group[0]!;
  const gravest = group.reduce((g, a) => (rank(a.severity) < rank(g.severity) ? a : g));
  const kinds = new Map<string, number>();
  for (const a of group) kinds.set(a.kind, (kinds.get(a.kind) ?? 0) + 1);
  const venues = new Set(group.flatMap((a) => a.nodes.map((n) => parts(n)?.venue ?? "")).filter((v) => v !== ""));
  return {
    id: anomalyKey(first),
    event: first.event_id,
    title: first.title,
    market: marketOf(first),
    severity: gravest.severity,
    confidence: gravest.confidence,
    began: ms(first.at),
    last: ms(group.at(-1)!.at),
    over: group.every((a) => a.until !== null),
    suspected: group.every((a) => Boolean(a.evidence.suspected)),
    kinds: [...kinds]
      .map(([kind, count]) => ({ kind, count }))
      .sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind)),
    venues: [...venues].sort(),
    anomalies: group.toReversed(),
  };
}

function rank(severity: string): number {
  const i = severities.indexOf(severity as Severity);
  return i < 0 ? severities.length : i;
}
