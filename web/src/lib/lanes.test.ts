import { expect, test } from "vitest";
import { bands, points, row, slots, type Place } from "./lanes";
import type { Node } from "./neighbourhood";

const node = (id: string, lane = 1, lead = 0): Node => ({ id, lane, lead, hops: 1, strength: 1, members: 1 });

test("leaders stand to the left", () => {
  const s = slots([node("b", 1, -1), node("a", 1, 2), node("c", 1, 0)], new Map());
  expect(["a", "c", "b"].map((id) => s.get(id)!.slot)).toEqual([0, 1, 2]);
});

test("nobody moves when others come and go", () => {
  const before = slots([node("a", 1, 2), node("b", 1, 1), node("c", 1, 0)], new Map());
  const after = slots([node("c", 1, 9), node("a", 1, 2), node("new", 1, 5)], before);
  expect(after.get("a")).toEqual(before.get("a"));
  expect(after.get("c")).toEqual(before.get("c"));
  expect(after.get("new")!.slot).toBe(1); // the one that b left
});

test("who changes the lane gets a place there", () => {
  const before = slots([node("a", 1)], new Map());
  expect(slots([node("a", 2)], before).get("a")).toEqual({ lane: 2, slot: 0 });
});

test("bands fill the height without overlap, the first lane on top", () => {
  const list = bands([
    { lane: 3, slot: 0 },
    { lane: 1, slot: 0 },
    { lane: 1, slot: row },
  ] as Place[]);
  expect(list.map((b) => b.lane)).toEqual([1, 3]);
  expect(list[0]!.top).toBe(1);
  expect(list[0]!.bottom).toBe(list[1]!.top);
  expect(list[1]!.bottom).toBeCloseTo(0);
});

test("150 nodes stand apart, each within its band", () => {
  const nodes = Array.from({ length: 150 }, (_, i) => node(`n${i}`, 1 + (i % 4)));
  const places = slots(nodes, new Map());
  const all = points(places);
  expect(new Set([...all.values()].map((p) => `${p.x.toFixed(4)} ${p.y.toFixed(4)}`)).size).toBe(150);
  const list = bands(places.values());
  for (const [id, p] of all) {
    const b = list.find((b) => b.lane === places.get(id)!.lane)!;
    expect(p.y).toBeLessThan(b.top);
    expect(p.y).toBeGreaterThan(b.bottom);
    expect(p.x).toBeGreaterThan(0);
    expect(p.x).toBeLessThan(1);
  }
});
