import { expect, test } from "vitest";
import type { Connection } from "../api/types";
import { because, marketsOf } from "./connections";

const c: Connection = {
  venue: "polymarket",
  state: "connected",
  since: "2026-12-01T12:00:00Z",
  again: null,
  error: "cut",
  sessions: 2,
  connections: 1,
  frames: 9,
  bytes: 99,
  quotes: 4,
  last_frame: null,
  delay_ms: 5,
  markets: { gap: 1, live: 20, idle: 0 },
  unread: 0,
  unread_last: "",
  unknown: {},
  quota: {},
  skipped: {},
  skipped_last: "",
  markers: 0,
  recorded: 0,
  record_error: "",
};

test("markets by state, those that are live first", () => {
  expect(marketsOf(c)).toBe("20 live, 1 gap");
  expect(marketsOf({ ...c, markets: {} })).toBe("–");
});

test("an old error is no news once it is connected", () => {
  expect(because(c)).toBe("");
  expect(because({ ...c, state: "refused" })).toBe("cut");
});

test("whatever is not as it should be is said", () => {
  const all = because({
    ...c,
    state: "waiting",
    skipped_last: "reserve: mlb",
    unread: 2,
    unread_last: "no JSON",
    unknown: { novelty: 3 },
    record_error: "disk full",
    recorded: 7,
  });
  expect(all).toBe(
    "cut · not asked for: reserve: mlb · 2 messages not read, the last: no JSON · not known: novelty 3 · not recorded any more: disk full · 7 messages recorded",
  );
});
