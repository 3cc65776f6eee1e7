// What was told of a match, and how soon venues reacted to it, in words. Pure.

import type { Anomaly, EventMark, ReactionPair, ReactionRow, Reactions } from "../api/types";
import { between, clock, ms, percent, signed, small, type Zone } from "./format";

type Seen = Pick<EventMark["reactions"][number], "how" | "low_ms" | "high_ms" | "why">;

/** A time after a mark, in seconds: "+1.0 s"; before it, "−3.2 s". */
export const after = (millis: number): string => `${signed(millis / 1000, 1)} s`;

const ends: Record<Seen["why"], string> = {
  "": "",
  horizon: "",
  score: ", then the score changed again",
  gap: ", then it was lost",
  stale: ", then it was stale",
  closed: ", then it was closed",
  end: " so far",
};

/** What a venue did about a score, or until when it is known to have done nothing. */
export function did(s: Seen): string {
  switch (s.how) {
    case "suspended":
      return `suspended ${after(s.high_ms)}`;
    case "moved": // a poll tells it up to a step late
      return s.high_ms - s.low_ms >= 1000 ? `${after(s.low_ms)} to ${after(s.high_ms)}` : after(s.high_ms);
    case "censored":
      if (s.why === "horizon") return `no reaction within ${s.low_ms / 1000} s`;
      return `no reaction until ${after(s.low_ms)}${ends[s.why]}`;
  }
}

/** What was told, without when: "score 0-1 (was 0-0)". */
export const told = (m: Pick<EventMark, "kind" | "value" | "was" | "ended">): string =>
  `${m.kind} ${m.value}${m.was ? ` (was ${m.was})` : ""}${m.ended ? ", the match is over" : ""}`;

/** What was told of the match shortly before an anomaly: "after score 1-0 at 19:05:02"; empty if nothing was. */
export function cause(a: Anomaly, tz: Zone): string {
  const c = a.evidence.cause;
  return c ? `after ${c.kind} ${c.value} at ${clock(ms(c.at), tz)}` : "";
}

/** The 95 % interval of a median; what lies beyond the wait is "more". */
export function interval(r: Pick<ReactionRow, "median_low_ms" | "median_high_ms">): string {
  if (r.median_low_ms === null) return "–";
  return `${after(r.median_low_ms)} to ${r.median_high_ms === null ? "more" : after(r.median_high_ms)}`;
}

/** How often the venue did the same without a score; a dash where too little is known. */
export function control(r: Pick<ReactionRow, "controls" | "control_reacted" | "events">, least: number): string {
  return r.controls === 0 || r.events < least ? "–" : percent(r.control_reacted / r.controls);
}

/** Who of two is sooner, by how much, and how that is known; empty where nobody is known to be. */
export function sooner(p: ReactionPair): string {
  if (p.first === "") return "";
  const [second, won, lost] = p.first === p.a ? [p.b, p.a_first, p.b_first] : [p.a, p.b_first, p.a_first];
  const by =
    p.by_low_ms === null || p.by_high_ms === null
      ? ""
      : ` by ${between(Math.max(0, p.by_low_ms), Math.max(0, p.by_high_ms))}`;
  return `${p.first} before ${second}${by}: first on ${won} of ${p.marks} scores, ${second} on ${lost}${p.q === null ? "" : `, q ${small(p.q)}`}`;
}

/** Why there is no venue to compare. */
export function none(r: Pick<Reactions, "marks" | "venues">): string {
  if (r.venues.length > 0) return "No league or market matches.";
  if (r.marks > 0) return "Scores changed, but no venue quoted the winner or the total of these matches when they did.";
  return "No new score was told of a match. Only a source that says what happens in matches tells them, such as Polymarket's sports channel; venues are compared at the end of every hour of event time.";
}
