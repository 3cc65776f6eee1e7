// @vitest-environment happy-dom
import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs, reactionPair, reactionRow } from "../lib/testing/samples";
import type { Reactions } from "../api/types";
import Shown from "./Reactions.svelte";

const answer = (change: Partial<Reactions>): Reactions => ({
  as_of: at(0),
  decided_at: at(0),
  complete: true,
  stale: false,
  recorded: false,
  replayed: false,
  marks: 20,
  before_ms: 60_000,
  horizon_ms: 120_000,
  least_events: 8,
  venues: [],
  pairs: [],
  told: [],
  ...change,
});
const open = (a: Reactions, props: { sport?: string; market?: string } = {}) => {
  serve({ "/v1/reactions": a });
  show(Shown, props, stateAt("/leaders", atMs(0)));
};
const cells = () => screen.getAllByRole("cell").map((c) => c.textContent!.trim());

test("venues with how soon they react, and what is not known of them", async () => {
  open(
    answer({
      venues: [
        reactionRow({}),
        reactionRow({ venue: "kalshi", events: 7, median_ms: null, median_low_ms: null, median_high_ms: null }),
      ],
      pairs: [
        reactionPair({ first: "pin", a_first: 14, b_first: 2, q: 0.01, by_low_ms: 1000, by_high_ms: 2500 }),
        reactionPair({ b: "dk" }),
      ],
    }),
  );
  await screen.findByText("20 scores, in all leagues");
  expect(cells()).toEqual([
    ...["pin", "epl", "h2h", "20", "9", "18", "2", "+1.2 s", "+0.8 s to +2.0 s", "10 %"],
    ...["kalshi", "epl", "h2h", "20", "7", "18", "2", "–", "–", "–"],
  ]);
  expect(screen.getAllByRole("listitem").map((l) => l.textContent!.trim())).toEqual([
    "pin before kalshi by 1–2.5 s: first on 14 of 20 scores, kalshi on 2, q 0.01 · epl · h2h",
  ]);
  expect(screen.getByText(/Only differences between venues on the same scores mean something\./)).toBeTruthy();
});

test("only the league and market that are chosen; nobody is sooner where none is known to be", async () => {
  const venues = [reactionRow({}), reactionRow({ market: "totals" }), reactionRow({ league: "mls" })];
  open(answer({ venues, pairs: [reactionPair({ league: "mls", first: "pin" })] }), {
    sport: "soccer_epl",
    market: "totals",
  });
  await screen.findByText("No venue is known to react sooner than another one.");
  expect(cells().slice(0, 3)).toEqual(["pin", "epl", "totals"]);
  expect(screen.getAllByRole("row")).toHaveLength(2);
});

test("why there is nothing to compare", async () => {
  open(answer({ marks: 0 }));
  expect(await screen.findByText(/^No new score was told of a match\. Only a source that/)).toBeTruthy();
});

test("a service that can't say it is no service without scores", async () => {
  serve({ "/v1/reactions": 500 });
  show(Shown, {}, stateAt("/leaders", atMs(0)));
  expect(await screen.findByText(/Reactions can't be shown: problem 500/)).toBeTruthy();
  expect(screen.queryByText(/No new score/)).toBeNull();
});
