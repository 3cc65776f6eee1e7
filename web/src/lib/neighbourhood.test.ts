import { expect, test } from "vitest";
import { cap, neighbourhood, pathTo, type Wanted } from "./neighbourhood";
import { edge, node } from "./testing/samples";

const want = (change: Partial<Wanted> = {}): Wanted => ({
  focus: node("pin"),
  hops: 1,
  layers: "1234",
  certain: true,
  hide: () => false,
  ...change,
});

test("a neighbourhood grows by hops, and lanes say what a node is to the focus", () => {
  const edges = [
    edge(node("pin"), node("dk")),
    edge(node("dk"), node("dk", "totals"), { layer: 2 }),
    edge(node("consensus", "totals"), node("dk", "totals")),
    edge(node("pin"), node("consensus", "h2h", "m2"), { layer: 4 }),
  ];
  const lanes = (hops: number) =>
    Object.fromEntries(neighbourhood(edges, want({ hops })).nodes.map((n) => [n.id, n.lane]));
  expect(lanes(1)).toEqual({ [node("pin")]: 1, [node("dk")]: 1, [node("consensus", "h2h", "m2")]: 4 });
  expect(lanes(3)).toMatchObject({ [node("dk", "totals")]: 2, [node("consensus", "totals")]: 2 });
});

test("what is uncertain, hidden or of another layer is counted and not drawn", () => {
  const edges = [
    edge(node("pin"), node("a"), { discovered: false }),
    edge(node("pin"), node("b"), { layer: 2 }),
    edge(node("pin"), node("c"), { n: 3 }),
    edge(node("pin"), node("d")),
  ];
  const n = neighbourhood(edges, want({ layers: "1", hide: (e) => e.n < 10 }));
  expect(n.edges.map((e) => e.target)).toEqual([node("d")]);
  expect(n.hidden).toBe(3);
});

test("rows of other programs are shown with the certain ones", () => {
  expect(
    neighbourhood(
      [edge("x".repeat(12), "y".repeat(12), { discovered: false, evidence: "external" })],
      want({ focus: "" }),
    ).edges,
  ).toHaveLength(1);
});

test("without a focus the strongest leader is it", () => {
  const edges = [
    edge(node("a"), node("b"), { correlation: 0.2 }),
    edge(node("pin"), node("b")),
    edge(node("pin"), node("a")),
  ];
  expect(neighbourhood(edges, want({ focus: "" })).focus).toBe(node("pin"));
  expect(neighbourhood([], want({ focus: "" })).focus).toBeNull();
});

test("beyond the cap the weakest are gathered", () => {
  const edges = Array.from({ length: 400 }, (_, i) => edge(node("pin"), node(`v${i}`), { correlation: (i + 1) / 400 }));
  const n = neighbourhood(edges, want());
  expect(n.nodes.length).toBeLessThanOrEqual(cap);
  const cluster = n.nodes.find((x) => x.members > 1)!;
  expect(cluster.members + n.nodes.length - 1).toBe(401);
  expect(n.nodes.some((x) => x.id === node("v399"))).toBe(true);
  expect(n.nodes.some((x) => x.id === node("v0"))).toBe(false);
});

test("a path has the fewest hops, and none is empty", () => {
  const edges = [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("d", "e")];
  expect([...pathTo(edges, "a", "c")]).toEqual(["1 a > c"]);
  expect(pathTo(edges, "a", "e").size).toBe(0);
});
