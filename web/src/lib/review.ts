// What people make of anomalies. Pure.

import type { Anomaly, ReviewRequest, Reviewed } from "../api/types";
import { clock, ms } from "./format";

export const verdicts = ["true", "false", "unsure"] as const;
export type Verdict = (typeof verdicts)[number];

/** A mute ends by itself after this many seconds. */
export const muteFor = 3600;

const about = (a: Anomaly) => ({ kind: a.kind, event_id: a.event_id, node: a.nodes.at(-1) ?? "", at: a.at });

export const acknowledge = (a: Anomaly): ReviewRequest => ({ action: "acknowledge", ...about(a) });
export const judge = (a: Anomaly, verdict: Verdict): ReviewRequest => ({ action: "verdict", verdict, ...about(a) });
/** Mutes the kind in the whole event. */
export const mute = (a: Anomaly): ReviewRequest => ({
  action: "mute",
  kind: a.kind,
  event_id: a.event_id,
  expires_in_s: muteFor,
});

const word: Record<string, string> = { true: "right", false: "wrong", unsure: "not sure" };

/** What was said of an anomaly, in words; empty when nothing was. */
export function said(r: Reviewed | null | undefined, tz: "utc" | "local"): string {
  if (!r) return "";
  const out: string[] = [];
  if (r.acknowledged_by) out.push(`acknowledged by ${r.acknowledged_by}`);
  if (r.verdict) out.push(`${word[r.verdict] ?? r.verdict}, says ${r.verdict_by}`);
  if (r.muted_by) out.push(`muted by ${r.muted_by}${r.muted_until ? ` until ${clock(ms(r.muted_until), tz)}` : ""}`);
  if (r.note) out.push(`“${r.note}”`);
  return out.join(" · ");
}

export const muted = (a: Anomaly): boolean => Boolean(a.review?.muted_by);
