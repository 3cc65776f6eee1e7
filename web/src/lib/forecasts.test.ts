import { expect, test } from "vitest";
import { answeredFor, calls, countdown, familyKey, kept, phase, progress } from "./forecasts";
import type { FamilyScore } from "../api/types";
import { at, atMs, forecast, node } from "./testing/samples";

test("a forecast comes, is due, and is late until it is answered", () => {
  const f = forecast({});
  expect([1, 2, 6, 7].map((s) => phase(f, atMs(s)))).toEqual(["coming", "due", "due", "late"]);
  expect(phase(forecast({ outcome: "hit" }), atMs(1))).toBe("hit");
});

test("the countdown says when, and then what happened", () => {
  const f = forecast({});
  expect(countdown(f, atMs(0))).toBe("in 2.0–6.0 s");
  expect(countdown(f, atMs(3))).toBe("within 3.0 s");
  expect(countdown(f, atMs(8))).toBe("over by 2 s");
  const slow = forecast({ arrive_from: at(300), arrive_to: at(1200) });
  expect(countdown(slow, atMs(0))).toBe("in 5–20 min");
  expect(countdown(slow, atMs(600))).toBe("within 10 min");
  expect(countdown(forecast({ outcome: "hit", resolved_at: at(4) }), atMs(5))).toBe("after 4 s");
  expect(countdown(forecast({ outcome: "miss" }), atMs(5))).toBe("missed");
});

test("progress stays within its bounds", () => {
  expect(progress(forecast({}), atMs(3))).toEqual({ now: 0.5, from: 1 / 3 });
  expect(progress(forecast({}), atMs(99)).now).toBe(1);
});

test("a price gets one call, the surest, with how many agree", () => {
  const list = calls(
    [
      forecast({ id: "a", source: node("pin"), probability: 0.6 }),
      forecast({ id: "b", source: node("fd"), probability: 0.8 }),
      forecast({ id: "c", source: node("x"), probability: 0.3, size: -0.1 }),
    ],
    atMs(1),
    10,
  );
  expect(list).toHaveLength(1);
  expect(list[0]).toMatchObject({ best: { id: "b" }, leaders: 2, opposed: 1 });
});

test("an unlikely call that nobody is certain to lead is no news", () => {
  const family = "L1/baseball/mlb/h2h/pre//>dk";
  for (const [more, n] of [
    [{ family, probability: 0.1, revised: 0.24 }, 0],
    [{ family, probability: 0.1, revised: 0.25 }, 1],
    [{ family, probability: 0.3, revised: 0.1 }, 1],
    [{ probability: 0.1, revised: 0.1 }, 1],
  ] as const) {
    expect(calls([forecast({ id: "a", ...more })], atMs(1), 10)).toHaveLength(n);
  }
});

test("leaders count once each, by what a forecast states last", () => {
  const list = calls(
    [
      forecast({ id: "a", probability: 0.6, revised: 0.4, leaders: 3, against: 1 }),
      forecast({ id: "b", probability: 0.5, revised: 0.5, leaders: 2, layer: 2 }),
      forecast({ id: "c", probability: 0.3, size: -0.1, leaders: 4, against: 1, layer: 3 }),
    ],
    atMs(1),
    10,
  );
  expect(list[0]).toMatchObject({ best: { id: "b" }, leaders: 6, opposed: 5 });
});

test("equal calls stand in one order, whichever came first", () => {
  const equal = [
    forecast({ id: "a", target: node("x") }),
    forecast({ id: "b", target: node("y") }),
    forecast({ id: "c", target: node("y"), source: node("fd") }),
  ];
  const ids = (list: typeof equal) => calls(list, atMs(1), 10).map((c) => c.best.id);
  expect(ids(equal)).toEqual(["a", "b"]);
  expect(ids(equal.toReversed())).toEqual(["a", "b"]);
});

test("a consensus is no price that a venue offers", () => {
  expect(calls([forecast({ target: node("consensus") })], atMs(1), 10)).toEqual([]);
});

test("what was answered stays a while, below what waits", () => {
  const hit = forecast({ id: "a", target: node("fd"), outcome: "hit", resolved_at: at(3) });
  expect(calls([hit, forecast({ id: "b" })], atMs(4), 10).map((c) => c.best.id)).toEqual(["b", "a"]);
  expect(calls([hit], atMs(3) + answeredFor, 10)).toEqual([]);
});

test("families are named as forecasts name them", () => {
  const f = {
    layer: 1,
    sport: "baseball",
    league: "mlb",
    market: "h2h",
    phase: "pre",
    leader: "pin",
    follower: "dk",
  } as FamilyScore;
  expect(familyKey(f)).toBe("L1/baseball/mlb/h2h/pre//pin>dk");
});

test("old forecasts are forgotten, and no more than asked for are kept", () => {
  const all = new Map([
    ["a", forecast({ id: "a", issued_at: at(-500), arrive_to: at(-400) })],
    ["b", forecast({ id: "b" })],
    ["c", forecast({ id: "c" })],
  ] as const);
  expect([...kept(all, atMs(1), 9).keys()]).toEqual(["b", "c"]);
  expect([...kept(all, atMs(1), 1).keys()]).toEqual(["c"]);
});
