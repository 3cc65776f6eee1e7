// How fresh each source is. Pure.

import type { Feed } from "../api/types";

export type Freshness = "fresh" | "slow" | "stale" | "silent";

export interface Heard {
  feed: Feed;
  age: number | null; // ms since it was heard; null: not since the start
  state: Freshness;
}

/** A stream may be silent this long before it counts as slow, and as stale. */
const slowAfter = 10_000;
const staleAfter = 30_000;

/** The state of a feed whose answer is `elapsed` ms old. Polled ones may take polls. */
export function heard(feed: Feed, elapsed: number): Heard {
  if (feed.age_ms === null) return { feed, age: null, state: "silent" };
  const age = feed.age_ms + elapsed;
  const poll = feed.polled ? feed.step_ms : 0;
  const state =
    age > Math.max(staleAfter, 3 * poll) ? "stale" : age > Math.max(slowAfter, 1.5 * poll) ? "slow" : "fresh";
  return { feed, age, state };
}

const order: Record<Freshness, number> = { stale: 0, silent: 1, slow: 2, fresh: 3 };

/** Sources as a whole, stale ones first. */
export function sources(feeds: readonly Feed[], elapsed: number): Heard[] {
  return feeds
    .filter((f) => f.venue === "")
    .map((f) => heard(f, elapsed))
    .sort((a, b) => order[a.state] - order[b.state] || a.feed.source.localeCompare(b.feed.source));
}

export interface Listed {
  feed: Feed;
  whole: boolean; // a source, not one of its venues
  venues: string[];
}

/** Sources, each before its venues; one that brings a single venue stands on one line with it. */
export function listed(feeds: readonly Feed[]): Listed[] {
  return feeds.flatMap((f): Listed[] => {
    const own = feeds.filter((x) => x.source === f.source && x.venue !== "");
    const only = own.length === 1 ? own[0] : undefined;
    if (f.venue !== "") return only ? [] : [{ feed: f, whole: false, venues: [f.venue] }];
    return [{ feed: only ? { ...f, delay_ms: only.delay_ms } : f, whole: true, venues: own.map((x) => x.venue) }];
  });
}

/** Shapes that tell states apart without colour. */
export const shape: Record<Freshness, string> = { fresh: "●", slow: "▲", stale: "■", silent: "○" };
