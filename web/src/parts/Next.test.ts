// @vitest-environment happy-dom
import { screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs, detail, doubt, forecast, node, quote, score, scorecard } from "../lib/testing/samples";
import type { FamilyScore, Forecast } from "../api/types";
import type { AppState } from "../state/app.svelte";
import Next from "./Next.svelte";

const family = {
  ...score({ hit_rate: 0.64, hit_low: 0.6, hit_high: 0.68, matured: 50 }),
  layer: 1,
  sport: "tennis",
  league: "open",
  market: "h2h",
  phase: "pre",
  leader: "pin",
  follower: "dk",
} as FamilyScore;
const expecting = (state: AppState, ...all: Forecast[]) =>
  (state.market.forecasts = new Map(all.map((f) => [f.id, f])));
const cells = () => screen.getAllByRole("cell").map((c) => c.textContent!.replace(/\s+/g, " ").trim());

test("a forecast: which price, when, by how much, how probable, and the record of its kind", async () => {
  serve({ "/v1/events/m1": detail({ quotes: [quote("dk", { fair_probability: 0.2 })] }) });
  const state = stateAt("/", atMs(1));
  expecting(state, forecast({ family: "L1/tennis/open/h2h/pre//pin>dk" }));
  state.market.scorecard.value = scorecard({ families: [family] });
  show(Next, {}, state);
  state.clock.now += 1; // what is first asked for is looked at from then on
  await screen.findByText(/1\.3 pp/); // 0.08 log-odds of 20 %, once the quote is known
  expect(cells()).toEqual([
    "dk h2h · home after pin · B @ A",
    "○ in 1.0–5.0 s",
    "▲ +1.3 pp",
    "70 %",
    expect.stringMatching(/^64 % \[60–68\] ?of 50 like it$/),
    "home at 2.05 fair 2.13 · EV −3.6 %",
  ]);
  expect(screen.getByText(/a price may move, not who wins/)).toBeTruthy();
  expect(screen.getAllByRole("link").map((l) => l.getAttribute("href"))).toContain(
    `/edge?source=${encodeURIComponent(node("pin"))}&target=${encodeURIComponent(node("dk"))}`,
  );
});

test("it counts down, and then says what became of it", async () => {
  serve({});
  const state = stateAt("/", atMs(1));
  const f = forecast({});
  expecting(state, f);
  show(Next, {}, state);
  state.clock.now = atMs(3);
  await tick();
  expect(cells()[1]).toBe("◉ within 3.0 s");
  state.clock.now = atMs(8);
  await tick();
  expect(cells()[1]).toBe("▲ over by 2 s");
  expecting(state, { ...f, outcome: "hit", resolved_at: at(5) });
  await tick();
  expect(cells()[1]).toBe("✔ after 5 s");
  expect(screen.getByTitle(/Calls of the last minute/).textContent).toContain("✔ 1 ▲ 0 ✖ 0");
});

test("several forecasts for one price are one row, the surest; others are counted", () => {
  serve({});
  const state = stateAt("/", atMs(1));
  expecting(
    state,
    forecast({ id: "a", probability: 0.6 }),
    forecast({ id: "b", source: node("fan"), probability: 0.9 }),
    forecast({ id: "c", source: node("bov"), size: -0.08, probability: 0.5 }),
  );
  show(Next, {}, state);
  expect(cells()).toHaveLength(6);
  expect(cells()[0]).toContain("after fan +1, 1 against");
});

test("the hit rate of all stands beside the base rate", () => {
  serve({});
  const state = stateAt("/", atMs(1));
  state.market.scorecard.value = scorecard();
  show(Next, {}, state);
  expect(screen.getByTitle(/out of sample/).textContent!.trim()).toMatch(/^70 % of 1,000 calls hit \(.*20 %\)$/);
  expect(cells()).toEqual([expect.stringContaining("Nothing is due")]);
});

test("a price in doubt is marked with since when and why", async () => {
  serve({ "/v1/events/m1": detail({ quotes: [quote("dk")], doubts: [doubt("dk"), doubt("pin")] }) });
  const state = stateAt("/", atMs(1));
  expecting(state, forecast({}));
  show(Next, {}, state);
  state.clock.now += 1;
  expect((await screen.findAllByText(/gap since \d\d:\d\d – connection lost/)).map((e) => e.className)).toEqual([
    expect.stringContaining("bad"),
  ]);
});
