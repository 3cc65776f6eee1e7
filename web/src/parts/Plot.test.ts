// @vitest-environment happy-dom
import { cleanup, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { show, stateAt } from "../lib/testing/page";
import Plot from "./Plot.svelte";

interface Axis {
  values: (u: unknown, splits: (number | null)[], i: number, space: number, step: number) => string[];
}
interface Options {
  series: { label: string; value: (u: unknown, v: number | null) => string }[];
  scales: { x: Record<string, unknown>; y: Record<string, unknown> };
  axes: [Axis, Axis];
}

const made = vi.hoisted(() => [] as { options: unknown; data: unknown[]; ended: boolean }[]);
vi.mock("uplot", () => ({
  default: class {
    static paths = { stepped: () => () => null };
    #own: (typeof made)[number];
    constructor(options: unknown, data: unknown) {
      made.push((this.#own = { options, data: [data], ended: false }));
    }
    setData(data: unknown) {
      this.#own.data.push(data);
    }
    setSize() {}
    destroy() {
      this.#own.ended = true;
    }
  },
}));

beforeEach(() => void made.splice(0));

const line = (values: (number | null)[]) => ({ label: "p50", colour: "accent", values });
const options = (i = 0) => made[i]!.options as Options;

function shown(more: object = {}) {
  const state = stateAt("/", 0);
  state.theme.colour = () => "#808080";
  const change = show(Plot, { title: "Latency", x: [1, 2], lines: [line([5, 6])], ...more } as never, state);
  return { state, change: change as (change: object) => Promise<void> };
}

test("it has a name for those who can't see it, and draws what it is given", () => {
  shown();
  expect(screen.getByRole("img", { name: "Latency" })).toBeTruthy();
  expect(made).toHaveLength(1);
  expect(made[0]!.data.at(-1)).toEqual([
    [1, 2],
    [5, 6],
  ]);
  expect(options().series.map((s) => s.label)).toEqual(["at", "p50"]);
});

test("new data flow into the plot; another form makes another plot", async () => {
  const { change, state } = shown();
  await change({ x: [1, 2, 3], lines: [line([5, 6, 7])] });
  expect(made).toHaveLength(1);
  expect(made[0]!.data.at(-1)).toEqual([
    [1, 2, 3],
    [5, 6, 7],
  ]);
  await change({ lines: [line([5, 6]), { ...line([1, 1]), label: "p99" }] });
  expect(made).toHaveLength(2);
  expect(made.map((m) => m.ended)).toEqual([true, false]);
  state.theme.next(); // other colours
  await tick();
  expect(made).toHaveLength(3);
});

test("values and axes are written as asked; gaps are dashes", () => {
  shown({ time: false, showX: (v: number) => `${v} ms`, showY: (v: number) => `${v} µs`, fromZero: true });
  const { series, axes, scales } = options();
  expect(series.map((s) => s.value(null, 3))).toEqual(["3 ms", "3 µs"]);
  expect(series.map((s) => s.value(null, null))).toEqual(["–", "–"]);
  expect(axes[0].values(null, [1, null], 0, 0, 1)).toEqual(["1 ms", ""]);
  expect(axes[1].values(null, [4], 0, 0, 1)).toEqual(["4 µs"]);
  expect((scales.y["range"] as (u: unknown, low: number, high: number) => number[])(null, 2, 10)).toEqual([0, 11]);
});

test("instants are as fine as the steps between them", () => {
  shown();
  const at = (step: number) => options().axes[0].values(null, [1_767_312_000], 0, 0, step)[0];
  expect([at(1), at(60), at(86_400)]).toEqual(["00:00:00", "00:00", "2026-01-02"]);
});

test("it ends with its place", () => {
  shown();
  cleanup();
  expect(made[0]!.ended).toBe(true);
});
