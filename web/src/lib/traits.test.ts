import { expect, test } from "vitest";
import { edge } from "./testing/samples";
import { doubts, polls, searched } from "./traits";

test("what is doubted of a link", () => {
  expect(doubts(edge("a", "b"))).toEqual([]);
  expect(doubts(edge("a", "b", { changing: true, first_on_feed: true, copied: true, discovered: false }))).toEqual([
    "changing",
    "first on this feed",
    "copied",
    "not certain",
  ]);
  expect(doubts(edge("a", "b", { below_floor: true, indirect: true, via: "mid", discovered: false }))).toEqual([
    "only through mid",
    "below the floor",
  ]);
});

test("in which poll it is followed, and how far was searched", () => {
  expect(polls(edge("a", "b"))).toBe("");
  expect(polls(edge("a", "b", { same_poll: 0.25, next_poll: 0.75, later_poll: 0 }))).toBe(
    "25 % in the same poll, 75 % in the next, 0 % later",
  );
  expect(searched(edge("a", "b"))).toBe("");
  expect(searched(edge("a", "b", { reach_ms: 66_000 }))).toBe("searched to 66 s");
});
