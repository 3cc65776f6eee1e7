import { expect, test } from "vitest";
import { baseOf, baseRate, between, bytes, clock, percent, points, price, signed, small, span, stamp } from "./format";

test.each([
  [250, "250 ms"],
  [2400, "2.4 s"],
  [-2000, "−2 s"],
  [90_000, "90 s"],
  [300_000, "5 min"],
  [12_600_000, "3.5 h"],
  [400_000_000, "4.6 d"],
])("%i ms is %s", (v, want) => expect(span(v)).toBe(want));

test("an interval has one unit", () => expect(between(1600, 2500)).toBe("1.6–2.5 s"));

test("certainty is not rounded up", () => {
  expect([1, 0.999, 0.71, 0.001, 0].map(percent)).toEqual(["100 %", ">99 %", "71 %", "<1 %", "0 %"]);
});

test("odds in every notation", () => {
  expect([1.91, 2.5, 12].map((p) => price(p, "decimal"))).toEqual(["1.91", "2.50", "12.0"]);
  expect([1.5, 2.5].map((p) => price(p, "american"))).toEqual(["−200", "+150"]);
  expect([1.5, 2.5, 3, 1.91].map((p) => price(p, "fractional"))).toEqual(["1/2", "3/2", "2/1", "10/11"]);
  expect(price(4, "probability")).toBe("25.0 %");
});

test("log-odds as percentage points", () => {
  expect(points(0.1, 0.5)).toBe("+2.5 pp");
  expect(points(-0.1, 0.9)).toBe("−0.9 pp");
});

test("numbers", () => {
  expect(signed(-0.001, 2)).toBe("0.00");
  expect([0, 0.0312, 6e-68].map(small)).toEqual(["0", "0.031", "6e−68"]);
  expect([12, 5300, 4e9].map(bytes)).toEqual(["12 B", "5.3 kB", "4 GB"]);
});

test("instants", () => {
  const t = Date.parse("2026-01-02T15:04:05.6Z");
  expect(clock(t, "utc")).toBe("15:04:05");
  expect(stamp(t, "utc")).toBe("2026-01-02 15:04:05 UTC");
  expect(clock(NaN, "utc")).toBe("–");
});

test("a base rate of few comparison times is not told", () => {
  expect([0, 1, 29, 30].map((base_n) => baseRate({ base_n, base_rate: 0.125 }))).toEqual(["–", "–", "–", "13 %"]);
  expect(baseOf({ base_n: 29, base_rate: 1 })).toBeUndefined();
  expect(baseOf({ base_n: 30, base_rate: 0 })).toBe(0);
});
