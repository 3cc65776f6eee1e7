import { expect, test } from "vitest";
import { backed, caution, expected, explained, fair, gain, mine, missing } from "./bet";
import { forecast, node } from "./testing/samples";

test("a bet says what is backed, the fair price and EV after fees", () => {
  const f = forecast({ bet_line: 8.5 });
  expect(backed(f, "decimal")).toBe("home 8.5 at 2.05");
  expect(fair(f.fair, "decimal")).toBe("2.13 (47 %)");
  expect(expected(f)).toBe("−3.6 %");
  expect(missing(f)).toBe("no CLV: the match has not started");
});

test("what is not known is said, and never counted as 0", () => {
  expect(backed(forecast({ bet: null, price: null }), "decimal")).toBe("");
  expect(fair(null, "decimal")).toBe("–");
  const unknown = forecast({ fee: null, ev: null, lacks: "the fee of this exchange is not configured" });
  expect(expected(unknown)).toBe("fee unknown");
  expect(missing(unknown)).toMatch(/^no EV: the fee of this exchange is not configured;/);
  expect(expected(forecast({ fair: null, ev: null, lacks: "fewer than two other groups" }))).toBe("–");
  expect(expected(forecast({ price: null, fee: null, ev: null }))).toBe("–");
});

test("a matured one has its close and CLV, good or bad", () => {
  const f = forecast({ close: 0.5, clv: 0.025, unclosed: "" });
  expect([fair(f.close, "decimal"), gain(f.clv)]).toEqual(["2.00 (50 %)", "+2.5 %"]);
  expect(missing(f)).toBe("");
  expect(gain(forecast({ clv: -0.01 }).clv)).toBe("−1.0 %");
});

test("nobody is promised anything", () => {
  expect(caution).toContain("a price may move, not who wins");
  expect(caution + explained).not.toMatch(/\bsure\b/i);
});

test("my venues: the best price of these, and what was left out", () => {
  const m = {
    currency: "GBP",
    least_stake: 2,
    most_stake: 40.5,
    cut: "the size available",
    better_elsewhere: 3,
    elsewhere: { node: node("long", "h2h", "m1", "home"), price: 2.2 },
  };
  const f = forecast({ bet: node("soft", "h2h", "m1", "home"), my_venues: m });
  expect(mine(f, "decimal")).toBe(
    "best price of my venues: soft · at most 40.50 GBP · 3 better prices at venues that are not yours (long 2.20)",
  );
  expect(mine(forecast({ price: null, my_venues: { ...m, most_stake: null, better_elsewhere: 1 } }), "decimal")).toBe(
    "not at my venues · 1 better price at a venue that is not yours (long 2.20)",
  );
  expect(mine(forecast({}), "decimal")).toBe("");
});
