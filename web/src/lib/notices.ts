// What a reader must know about the data before believing anything else. Pure.

import type { Ready, Time } from "../api/types";
import { dated, ms, span } from "./format";

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
  recorded: boolean;
  asOf: number; // 0: no price yet
  now: number; // what time it is for prices
}

type Replay = NonNullable<Time["replay"]>;

/** How fast a recording is played: "10×". */
export const pace = (r: Replay): string => (r.speed > 0 ? `${r.speed}×` : "full speed");

/** How a recording is played, in a few words. */
export const played = (r: Replay): string =>
  ({ learning: "learning what was before", playing: `replayed at ${pace(r)}`, ended: "recording ended" })[r.state];

/** What the event stream brings, in a word: a sign, the word, and a class. Whether prices are of
 * now is not known while the server reads its log back, and its answers are incomplete. */
export function standing(
  link: Situation["link"],
  feeds: { complete: boolean; recorded: boolean } | null,
  replay: Replay | null = null,
) {
  if (link !== "open" || !feeds) return links[link === "open" ? "connecting" : link];
  if (!feeds.complete) return ["○", "catching up", "dim"] as const;
  if (replay) return [replay.state === "ended" ? "◷" : "▶", played(replay), "info"] as const;
  return feeds.recorded ? (["◷", "recorded", "info"] as const) : (["●", "live", "good"] as const);
}
const links = {
  connecting: ["○", "connecting", "dim"],
  lost: ["■", "disconnected", "bad"],
  refused: ["■", "no access", "bad"],
} as const;

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
  const replay = health?.time.replay;
  if (replay) say("info", replayNotice(replay, s.now));
  if (!recovering && s.asOf > 0 && s.recorded && !replay) {
    say(
      "info",
      `Recorded data: the newest price is of ${dated(s.asOf, "utc")}. That is "now" here: ages count from there, and nothing moves on.`,
    );
  } else if (!recovering && s.asOf > 0 && s.stale) {
    say("warn", `Stale: no price has come for ${span(s.now - s.asOf)}. Nothing here is current.`);
  }
  return out;
}

/** What is said of a recording that is played. */
function replayNotice(r: Replay, now: number): string {
  if (r.state === "learning")
    return `Replayed: it learns from what was before ${dated(ms(r.from), "utc")}, from when on it plays at ${pace(r)}. Every age is of its time.`;
  const says = "Every age here is of that time; nothing of it happens today.";
  return r.state === "ended"
    ? `Replayed: the recording has ended. It stays ${dated(now, "utc")}. ${says}`
    : `Replayed at ${pace(r)}, up to ${dated(ms(r.last), "utc")}. ${says}`;
}
