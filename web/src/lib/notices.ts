// What a reader must know about the data before believing anything else. Pure.

import type { Ready } from "../api/types";
import { span } from "./format";

export interface Notice {
  level: "bad" | "warn" | "info";
  text: string;
}

/** What notices are made from. */
export interface Situation {
  link: "connecting" | "open" | "lost" | "refused";
  unreachable: boolean; // the newest question about health got no answer
  ready: Ready | null;
  stale: boolean;
  asOf: number; // 0: no price yet
  wall: number;
}

/** Prices this much older than the wall clock, ms, come from a recording, not from now. */
const recorded = 600_000;

/** Everything worth a banner, most serious first. */
export function notices(s: Situation): Notice[] {
  const out: Notice[] = [];
  const say = (level: Notice["level"], text: string) => out.push({ level, text });
  if (s.unreachable || s.link === "lost")
    say("bad", "Disconnected: this page may be out of date. It goes on by itself once the server answers.");
  if (s.link === "refused") say("bad", "You may not read the stream: this page does not update itself.");
  const health = s.ready?.health;
  if (health?.status === "FAILED") say("bad", `The engine has failed: ${health.reasons.join("; ")}`);
  else if (health?.status === "DEGRADED") say("warn", `Degraded: ${health.reasons.join("; ")}`);
  if (health && health.faults.length > 0)
    say("warn", `Drill: faults are injected on purpose (${health.faults.join(", ")}). Numbers are affected.`);
  if (health?.simulated) say("info", "SIMULATED market: these prices are made up; no match or venue is real.");
  const recovering = health?.reasons.some((r) => r.startsWith("recovering")) ?? false;
  if (!recovering && s.asOf > 0 && s.wall - s.asOf > recorded) {
    say("info", `Recorded data: the newest price is ${span(s.wall - s.asOf)} old. Nothing here is about now.`);
  } else if (!recovering && s.asOf > 0 && s.stale) {
    say("warn", `Stale: no price has come for ${span(s.wall - s.asOf)}. Nothing here is current.`);
  }
  return out;
}
