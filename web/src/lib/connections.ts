// How connections to venues stand, in words. Pure.

import type { Connection } from "../api/types";

/** Shapes that tell states apart without colour. */
export const shape: Record<Connection["state"], string> = {
  connected: "●",
  connecting: "○",
  waiting: "▲",
  refused: "■",
};
export const tone: Record<Connection["state"], string> = {
  connected: "good",
  connecting: "dim",
  waiting: "warn",
  refused: "bad",
};

const order = ["live", "subscribed", "stale", "gap", "idle"];

/** How many markets are in which state. */
export function marketsOf(c: Connection): string {
  return (
    order
      .filter((s) => (c.markets[s] ?? 0) > 0)
      .map((s) => `${c.markets[s]} ${s}`)
      .join(", ") || "–"
  );
}

/** What there is to say of a connection beside its figures. */
export function because(c: Connection): string {
  const more = (n: number, what: string) => (n > 0 ? `${n} ${what}` : "");
  const unknown = Object.entries(c.unknown).map(([what, n]) => `${what} ${n}`);
  return [
    c.state === "waiting" || c.state === "refused" ? c.error : "",
    c.skipped_last && `not asked for: ${c.skipped_last}`,
    more(c.unread, `messages not read, the last: ${c.unread_last}`),
    unknown.length > 0 ? `not known: ${unknown.join(", ")}` : "",
    c.record_error && `not recorded any more: ${c.record_error}`,
    more(c.recorded, "messages recorded"),
  ]
    .filter(Boolean)
    .join(" · ");
}
