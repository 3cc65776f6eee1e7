// @vitest-environment happy-dom
import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs, doubt, forecast } from "../lib/testing/samples";
import Bets from "./Bets.svelte";

const cells = () => screen.getAllByRole("cell").map((c) => c.textContent!.replace(/\s+/g, " ").trim());

test("open forecasts come with their bets, answered ones with what these were worth", () => {
  serve({});
  const settled = [
    forecast({ id: "b", outcome: "hit", resolved_at: at(4), close: 0.5, clv: 0.025, unclosed: "" }),
    forecast({ id: "c", outcome: "already_moved" }),
  ];
  show(Bets, { open: [forecast({ fee: null, ev: null })], settled, now: atMs(1) }, stateAt("/", atMs(1)));
  expect(cells()).toEqual([
    ...["▲ dk h2h · home", "in 1.0–5.0 s", "70 %", "home at 2.05", "2.13 (47 %)", "fee unknown", "–", "–"],
    ...["▲ dk h2h · home", "hit, after 4 s", "70 %", "home at 2.05", "2.13 (47 %)", "−3.6 %", "2.00 (50 %)", "+2.5 %"],
  ]);
  expect(screen.getByText(/not who wins/)).toBeTruthy();
});

test("without forecasts nothing is shown", () => {
  serve({});
  show(Bets, { open: [], settled: [], now: atMs(1) }, stateAt("/", atMs(1)));
  expect(screen.queryAllByRole("cell")).toEqual([]);
});

test("a bet at a price in doubt says so while it is open", () => {
  serve({});
  const settled = [forecast({ id: "b", outcome: "hit", resolved_at: at(4) })];
  const given = { open: [forecast({})], settled, doubts: [doubt("dk")], now: atMs(1) };
  show(Bets, given, stateAt("/", atMs(1)));
  expect(screen.getAllByText(/gap since/)).toHaveLength(1);
  expect(cells()[3]).toMatch(/^home at 2\.05 ?■ gap since \d\d:\d\d – connection lost$/);
});
