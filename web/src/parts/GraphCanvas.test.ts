// @vitest-environment happy-dom
import { cleanup, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { beforeEach, expect, test, vi } from "vitest";
import type { Edge } from "../api/types";
import type { SceneEdge, SceneEvents, SceneNode } from "../canvas/scene";
import { edgeKey, neighbourhood } from "../lib/neighbourhood";
import { show, stateAt } from "../lib/testing/page";
import type { Mark } from "../lib/replay";
import { edge, events, node, row } from "../lib/testing/samples";
import GraphCanvas from "./GraphCanvas.svelte";

/** The picture: what was drawn last, and how a pointer reaches it. */
const picture = vi.hoisted(() => ({
  nodes: [] as SceneNode[],
  edges: [] as SceneEdge[],
  on: null as SceneEvents | null,
  ended: false,
}));
vi.mock("../canvas/scene", () => ({
  Scene: class {
    constructor(_box: HTMLElement, _theme: object, on: SceneEvents) {
      picture.on = on;
    }
    show(nodes: SceneNode[], edges: SceneEdge[]) {
      Object.assign(picture, { nodes, edges });
    }
    screenY = (y: number) => 100 * y;
    end() {
      picture.ended = true;
    }
  },
}));

beforeEach(() => Object.assign(picture, { nodes: [], edges: [], on: null, ended: false }));

const own = edge(node("pin"), node("dk"));
const across = edge(node("pin"), node("pin", "totals"), { layer: 2, copied: true });
const far = edge(node("dk"), node("fan"), { simultaneous: true });
const near = neighbourhood([own, across, far], {
  focus: node("pin"),
  hops: 2,
  layers: "1234",
  certain: false,
  hide: () => false,
});
const palette: Record<string, string> = {
  text: "#000001",
  panel: "#ffffff",
  dim: "#000002",
  focus: "#0000f0",
  l1: "#100000",
  l2: "#200000",
  l3: "#300000",
  l4: "#400000",
};

function shown(more: object = {}) {
  const state = stateAt("/", 0);
  state.theme.colour = (name) => palette[name] ?? "#808080";
  state.market.events.value = events(row());
  const props = {
    near,
    found: null as ReadonlySet<Edge> | null,
    expected: new Set<string>(),
    moved: new Map<string, Mark>(),
    ...more,
  };
  return { state, change: show(GraphCanvas, props, state) };
}
const dot = (id: string) => picture.nodes.find((n) => n.id === id)!;
const line = (e: Edge) => picture.edges.find((x) => x.id === edgeKey(e))!;

test("prices are named by what sets them apart, the focus in its own colour", () => {
  shown();
  expect(screen.getByRole("img", { name: /^Graph of 4 prices and 3 links/ })).toBeTruthy();
  expect(picture.nodes.map((n) => n.label).sort()).toEqual(["dk", "fan", "pin", "pin totals"]);
  expect(dot(node("pin"))).toMatchObject({ colour: palette["focus"], fill: palette["focus"] });
  expect(dot(node("dk"))).toMatchObject({ colour: palette["l1"] });
  expect(dot(node("pin", "totals"))).toMatchObject({ colour: palette["l2"] });
});

test("links: arrows but for what moves together, dashes for copies and what is not certain", () => {
  shown();
  expect(line(own)).toMatchObject({ directed: true, dash: false, label: "2 s" });
  expect(line(across)).toMatchObject({ directed: true, dash: true });
  expect(line(far)).toMatchObject({ directed: false, dash: false });
});

test("what is expected is hollow, what moved says when", () => {
  shown({
    expected: new Set([node("dk")]),
    moved: new Map([[node("fan"), { up: false, after: 2100, origin: false }]]),
  });
  expect(dot(node("dk")).fill).toBe(palette["panel"]);
  expect(dot(node("fan"))).toMatchObject({ label: "fan\n▼ +2.1 s", colour: palette["text"] });
});

test("what was not found fades, and so does all that lies off the way to what is pointed at", async () => {
  const { change } = shown();
  const plain = line(across).colour;
  await change({ found: new Set([own]) });
  expect(line(across).colour).not.toBe(plain);
  expect(line(across).label).toBe("");
  await change({ found: null });
  picture.on!.hover(node("fan"));
  await tick();
  expect(line(across).label).toBe("");
  expect(line(own).label).toBe("2 s");
  expect(line(far).label).toBe("=");
});

test("a price becomes the focus, a link opens, a cluster becomes a table", () => {
  const { state } = shown();
  picture.on!.node(node("dk"));
  expect(state.router.params("trader").node).toBe(node("dk"));
  picture.on!.node("cluster:1");
  expect(state.router.params("trader").as).toBe("table");
  picture.on!.edge(edgeKey(own));
  expect(state.router.view).toBe("edge");
  expect(state.router.params("edge")).toMatchObject({ source: own.source, target: own.target });
});

test("lanes that are used are named; the picture ends with its place", async () => {
  shown();
  picture.on!.seen();
  await tick();
  expect(screen.getByText("L1 this price, at each venue")).toBeTruthy();
  expect(screen.getByText("L2 other markets of the match")).toBeTruthy();
  expect(screen.queryByText(/^L3/)).toBeNull();
  cleanup();
  expect(picture.ended).toBe(true);
});
