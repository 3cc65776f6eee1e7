import { expect, test } from "vitest";
import { cause, control, did, interval, none, sooner, told } from "./reactions";
import { anomaly, at, eventMark, reactionPair, reactionRow } from "./testing/samples";

const seen = (
  how: "moved" | "suspended" | "censored",
  low_ms: number,
  high_ms: number,
  why: "" | "horizon" | "gap" = "",
) => did({ how, low_ms, high_ms, why });

test("what a venue did, no finer than it is known", () => {
  expect(seen("moved", 900, 1000)).toBe("+1.0 s");
  expect(seen("moved", -4000, 1000)).toBe("−4.0 s to +1.0 s");
  expect(seen("suspended", 100, 400)).toBe("suspended +0.4 s");
});

test("what was not seen, and why not any longer", () => {
  expect(seen("censored", 120_000, 120_000, "horizon")).toBe("no reaction within 120 s");
  expect(seen("censored", 34_000, 34_000, "gap")).toBe("no reaction until +34.0 s, then it was lost");
});

test("a mark says what it was before, if anything, and that it is the last", () => {
  expect(told(eventMark({}))).toBe("score 0-1 (was 0-0)");
  expect(told(eventMark({ kind: "status", value: "Final", was: "", ended: true }))).toBe(
    "status Final, the match is over",
  );
});

test("an anomaly has a cause only if something was told", () => {
  const a = anomaly({});
  expect(cause(a, "utc")).toBe("");
  const because = { kind: "score" as const, value: "1-0", was: "0-0", at: at(62) };
  expect(cause({ ...a, evidence: { ...a.evidence, cause: because } }, "utc")).toBe(
    `after score 1-0 at ${at(62).slice(11, 19)}`,
  );
});

test("an interval is open where nobody waited longer", () => {
  expect(interval({ median_low_ms: -500, median_high_ms: 2000 })).toBe("−0.5 s to +2.0 s");
  expect(interval({ median_low_ms: 800, median_high_ms: null })).toBe("+0.8 s to more");
  expect(interval({ median_low_ms: null, median_high_ms: null })).toBe("–");
});

test("nothing is said of too few matches, or without controls", () => {
  expect(control(reactionRow({ controls: 10, control_reacted: 3, events: 8 }), 8)).toBe("30 %");
  expect(control(reactionRow({ controls: 10, control_reacted: 3, events: 7 }), 8)).toBe("–");
  expect(control(reactionRow({ controls: 0, control_reacted: 0, events: 8 }), 8)).toBe("–");
});

test("who is sooner, whichever of the two it is, and nobody where none is known to be", () => {
  const known = { marks: 20, a_first: 14, b_first: 2, q: 0.01, by_low_ms: -300, by_high_ms: 2500 };
  const text = "first on 14 of 20 scores, kalshi on 2, q 0.01";
  expect(sooner(reactionPair({ ...known, first: "pin" }))).toBe(`pin before kalshi by 0–2.5 s: ${text}`);
  expect(sooner(reactionPair({ ...known, a: "kalshi", b: "pin", a_first: 2, b_first: 14, first: "pin" }))).toBe(
    `pin before kalshi by 0–2.5 s: ${text}`,
  );
  expect(sooner(reactionPair({ ...known, first: "" }))).toBe("");
});

test("an empty comparison says which of the three it lacks", () => {
  expect(none({ marks: 0, venues: [] })).toMatch(/^No new score was told/);
  expect(none({ marks: 3, venues: [] })).toMatch(/no venue quoted/);
  expect(none({ marks: 3, venues: [reactionRow({})] })).toBe("No league or market matches.");
});
