import { expect, test } from "vitest";
import type { Feeds, Leaders } from "../api/types";
import { learning } from "./learning";

const feeds = (...venues: string[]) =>
  ({ complete: true, recorded: false, feeds: ["", ...venues].map((venue) => ({ venue })) }) as Feeds;
const leaders = (...pairs: Partial<Leaders["pairs"][number]>[]) =>
  ({ complete: true, pairs: pairs.map((p) => ({ n: 0, discovered: false, simultaneous: false, ...p })) }) as Leaders;

test("one venue alone has no follower, and that is said", () => {
  expect(learning(leaders(), feeds("polymarket"))).toMatch(/^Only polymarket is read: one venue alone/);
});

test("how many moves there are, of about how many", () => {
  expect(learning(leaders({ n: 40 }, { n: 212 }), feeds("a", "b"))).toMatch(/^Learning: 212 of about 1000 moves/);
  expect(learning(leaders(), feeds("a", "b"))).toMatch(/^Learning: 0 of/);
  expect(learning(leaders({ n: 5000, discovered: true, simultaneous: true }), feeds("a", "b"))).toMatch(
    /^Learning: no leader is certain yet, of up to 5000 moves/,
  );
});

test("nothing once somebody leads, before anything came, and of recordings", () => {
  expect(learning(leaders({ n: 9, discovered: true }), feeds("a", "b"))).toBe("");
  expect(learning(leaders(), feeds())).toBe("");
  expect(learning(null, null)).toBe("");
  expect(learning(leaders(), { ...feeds("a", "b"), recorded: true })).toBe("");
  expect(learning({ ...leaders(), complete: false }, feeds("a", "b"))).toBe("");
});
