import { expect, test } from "vitest";
import { betOf, called, decided, leagueOf, open, standing } from "./links";
import { ambiguity, link, question } from "./testing/samples";

test("what a link is, and who says so", () => {
  expect(standing(link({ likeness: 0.754 }), "utc")).toBe("looks like identity, a guess; likeness of words 0.75");
  expect(standing(link({ state: "confirmed", by: "rule" }), "utc")).toBe("identity, by rule");
  const by = { by: "ann", since: "2026-01-02T00:00:00Z" };
  expect(standing(link({ state: "confirmed", relation: "subset", ...by }), "utc")).toBe(
    "subset, confirmed by ann, 2026-01-02 00:00:00 UTC",
  );
  expect(standing(link({ state: "rejected", ...by }), "utc")).toBe(
    "not identity, rejected by ann, 2026-01-02 00:00:00 UTC",
  );
});

test("only what a person decided can be withdrawn", () => {
  expect(decided(link({}))).toBe(false);
  expect(decided(link({ state: "confirmed", by: "rule" }))).toBe(false);
  expect(decided(link({ state: "rejected", by: "ann" }))).toBe(true);
});

test("which bet of its event", () => {
  expect(betOf(question({ market: "", selection: "" }))).toBe("");
  expect(betOf(question({ market: "h2h", selection: "home" }))).toBe("h2h · home");
});

test("names that can be decided, and what their candidates are called", () => {
  const team = ambiguity({});
  expect(open([team, ambiguity({ kind: "id" }), ambiguity({ kind: "event", candidates: [] })])).toEqual([team]);
  expect(team.candidates.map(called)).toEqual(["new york yankees (mlb team)", "new york mets (mlb team)"]);
  expect(called({ id: "m1", title: "Oak v Pine" })).toBe("Oak v Pine");
  expect(called({ id: "odd", title: "odd" })).toBe("odd");
});

test("the league of a name, where all candidates are of one", () => {
  expect(leagueOf(ambiguity({}))).toBe("mlb");
  const id = "team:nba:new-york-knicks";
  expect(leagueOf(ambiguity({ candidates: [...ambiguity({}).candidates, { id, title: id }] }))).toBe("");
  expect(leagueOf(ambiguity({ candidates: [{ id: "m1", title: "Oak v Pine" }] }))).toBe("");
});
