import { expect, test } from "vitest";
import type { ArbitrageWindow } from "../api/types";
import { ofNow, ofPast, past } from "./arbitrage";
import { anomaly, at, atMs, node } from "./testing/samples";

const leg = (venue: string, selection: string, price: number, age: number) => ({
  node: node(venue, "spreads", "m1", selection),
  venue,
  selection,
  lay: false,
  line: selection === "home" ? -1.5 : 1.5,
  price,
  commission: 0,
  stake: 0.5,
  liability: 0.5,
  size: null,
  seen_at: at(-age),
  changed_at: null,
  age_ms: 1000 * age,
  resolution_ms: 20,
});
const win: ArbitrageWindow = {
  event_id: "m1",
  title: "B @ A",
  market: "spreads",
  line: -1.5,
  in_play: false,
  since: at(-60),
  lasts_ms: 60_000,
  oldest_age_ms: 9000,
  profit: 0.05,
  push: null,
  limit: null,
  confidence: 1,
  severity: "CRITICAL",
  suspected: [],
  legs: [leg("pin", "home", 2.1, 1), leg("dk", "away", 2.1, 9)],
  warnings: [],
};

test("legs grow older with the answer they came in", () => {
  const row = ofNow(win, atMs(0), 2000);
  expect(row).toMatchObject({
    market: "spreads -1.5",
    began: atMs(-60),
    lasts: 62_000,
    profit: 0.05,
    offer: true,
    over: false,
  });
  expect(row.legs.map((l) => [l.venue, l.age, l.old])).toEqual([
    ["pin", 3000, false],
    ["dk", 11_000, true],
  ]);
  const polled = { ...win, legs: win.legs.map((l) => ({ ...l, resolution_ms: 60_000 })) };
  expect(ofNow(polled, atMs(0), 2000).legs[1]!.old).toBe(false);
});

test("a suspected phantom is no offer, and says so", () => {
  const row = ofNow({ ...win, suspected: ["it has lasted 3 h"], warnings: ["suspected phantom: …"] }, atMs(0), 0);
  expect([row.offer, row.suspected, row.oldest]).toEqual([false, true, 9000]);
});

test("a suppressed window is no offer", () => {
  expect(
    ofNow({ ...win, suppressed: "a leg is stale", warnings: ["no offer: a leg is stale"] }, atMs(0), 0),
  ).toMatchObject({ offer: false, over: false, warnings: ["no offer: a leg is stale"] });
});

test("what is over shows its best prices without an age", () => {
  const tick = (venue: string, selection: string, price: number) => ({
    node: node(venue, "h2h", "m1", selection),
    at: at(0),
    price,
    value: 0,
    age_ms: 5000,
  });
  const over = anomaly({
    kind: "arbitrage",
    size: 0.1,
    at: at(0),
    until: at(30),
    nodes: [node("pin"), node("dk", "h2h", "m1", "away")],
    evidence: { text: "", now: 0.1, usual: 0, spread: 0, n: 0, ticks: [tick("pin", "home", 2), tick("dk", "away", 6)] },
  });
  expect(ofPast(over)).toMatchObject({ market: "h2h", lasts: 30_000, profit: 0.1, over: true, offer: false });
  expect(ofPast(over).legs.map((l) => [l.venue, Math.round(100 * l.stake) / 100, l.age])).toEqual([
    ["pin", 0.75, null],
    ["dk", 0.25, null],
  ]);
  expect(ofPast(anomaly({ kind: "arbitrage", suppressed: "cooling down" }))).toMatchObject({
    lasts: null,
    warnings: ["not raised: cooling down"],
  });
});

test("a past window says what it was suspected of", () => {
  const a = anomaly({ kind: "arbitrage", until: at(9) });
  a.evidence = { ...a.evidence, suspected: "suspected phantom" };
  expect(ofPast(a).warnings).toEqual(["suspected phantom"]);
});

test("a suppressed window is listed once", () => {
  const kept = anomaly({ kind: "arbitrage", nodes: [node("pin", "spreads")], suppressed: "cooling down" });
  const other = anomaly({ kind: "arbitrage", nodes: [node("pin", "totals")], suppressed: "cooling down" });
  const ended = anomaly({ kind: "arbitrage", nodes: [node("pin", "spreads")], until: at(9) });
  expect(past([kept, other, ended, anomaly({ kind: "arbitrage" })], [win])).toEqual([other, ended]);
  expect(past([kept], [])).toEqual([kept]);
});

test("at my venues an arbitrage has amounts, says what cut them, and what was left out", () => {
  const my = { currency: "GBP", outlay: 80, gain: 4, cut: "the largest stake at dk", unsized: "", better_elsewhere: 1 };
  const legs = win.legs.map((l) => ({ ...l, amount: 40, currency: "GBP" }));
  const row = ofNow({ ...win, legs, my_venues: my }, atMs(0), 0);
  expect(row.legs.map((l) => l.amount)).toEqual(["40 GBP", "40 GBP"]);
  expect(row.mine).toEqual([
    "80 GBP at your venues win 4 GBP at least",
    "cut by the largest stake at dk",
    "1 better price at a venue that is not yours",
  ]);
  const shares = {
    ...my,
    outlay: null,
    gain: null,
    cut: "",
    unsized: "no rate is stated for EUR",
    better_elsewhere: 0,
  };
  expect(ofNow({ ...win, my_venues: shares }, atMs(0), 0).mine).toEqual([
    "stakes are shares only: no rate is stated for EUR",
  ]);
  expect(ofNow(win, atMs(0), 0).mine).toEqual([]);
});
