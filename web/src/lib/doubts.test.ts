import { expect, test } from "vitest";
import { doubtAt, doubtOf, said, tone, unlisted } from "./doubts";
import { atMs, doubt, node, quote } from "./testing/samples";

test("a doubt is of all lines, settlements and sides of a venue's market", () => {
  const d = doubt("dk", { market: "totals" });
  for (const market of ["totals", "totals@8.5", "totals(regulation)@8.5", "totals_lay", "totals_lay@8.5"])
    expect(doubtOf([d], "dk", market)).toBe(d);
  expect(doubtOf([d], "pin", "totals")).toBeUndefined();
  expect(doubtOf([d], "dk", "totals_h1")).toBeUndefined();
  expect(doubtOf([doubt("dk", { market: "" })], "dk", "h2h")).toBeDefined();
});

test("of a node", () => {
  expect(doubtAt([doubt("dk")], node("dk"))).toBeDefined();
  expect(doubtAt([doubt("dk")], node("dk", "spreads"))).toBeUndefined();
  expect(doubtAt([doubt("dk")], "opaque")).toBeUndefined();
});

test("markets without a price are not forgotten", () => {
  const all = [doubt("dk"), doubt("pin")];
  expect(unlisted(all, [quote("dk")])).toEqual([all[1]]);
});

test("in words, with the date where the day is another", () => {
  const d = doubt("dk", { since: "2026-01-02T19:05:59Z" });
  expect(said(d, Date.parse("2026-01-02T20:00:00Z"), "utc")).toBe("gap since 19:05 – connection lost");
  expect(said(d, Date.parse("2026-01-04T20:00:00Z"), "utc")).toBe("gap since 2026-01-02 19:05 – connection lost");
  expect(said(doubt("dk", { state: "subscribed", why: "" }), atMs(0), "utc")).toMatch(/^no price yet since \d\d:\d\d$/);
  expect(tone(d)).toBe("bad");
  expect(tone({ ...d, state: "stale" })).toBe("warn");
});
