import { expect, test } from "vitest";
import { invented } from "./invented";
import { edgeKey, neighbourhood } from "./neighbourhood";

test("as many links as asked for, no two alike, and the same again", () => {
  const edges = invented(200, 1000, 7);
  expect(new Set(edges.map(edgeKey)).size).toBe(1000);
  expect(invented(200, 1000, 7)).toEqual(edges);
  expect(invented(200, 1000, 8)).not.toEqual(edges);
  expect(invented(3, 1000, 1)).toHaveLength(6); // no more fit
});

test("with the cap off all of it is drawn, on four lanes", () => {
  const edges = invented(400, 2000, 1);
  const near = neighbourhood(edges, {
    focus: edges[0]!.source,
    hops: 400,
    layers: "1234",
    certain: false,
    hide: () => false,
    most: Infinity,
  });
  expect(near.nodes).toHaveLength(400);
  expect(near.edges).toHaveLength(2000);
  expect(new Set(near.nodes.map((n) => n.lane))).toEqual(new Set([1, 2, 3, 4]));
});
