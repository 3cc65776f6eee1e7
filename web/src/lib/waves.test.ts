import { expect, test } from "vitest";
import { fromForecasts, horizon, independent, moving, withMove, type Wave } from "./waves";
import { at, atMs, forecast, move, node } from "./testing/samples";

const run = (...moves: Parameters<typeof withMove>[1][]): readonly Wave[] =>
  moves.reduce(withMove, [] as readonly Wave[]);

test("a large move begins a wave, and others join it the same way", () => {
  const [w] = run(move("pin", 0, 0.1), move("dk", 2, 0.05), move("fd", 3, 0.08));
  expect(w).toMatchObject({ origin: node("pin"), size: 0.1, started: atMs(0), last: atMs(3) });
  expect([...w!.moved.keys()]).toEqual([node("pin"), node("dk"), node("fd")]);
});

test("small moves begin nothing, and tiny ones don't join", () => {
  expect(run(move("pin", 0, 0.05))).toEqual([]);
  expect(run(move("pin", 0, 0.015, { rms: 0.001 }))).toEqual([]);
  expect(run(move("pin", 0, 0.1), move("dk", 1, 0.01))[0]!.moved.size).toBe(1);
});

test("the other direction is another wave, and so is much later", () => {
  expect(run(move("pin", 0, 0.1), move("dk", 1, -0.1))).toHaveLength(2);
  expect(run(move("pin", 0, 0.1), move("pin", horizon / 1000 + 1, 0.1))).toHaveLength(2);
});

test("a consensus moves nothing", () => {
  expect(run(move("consensus", 0, 0.5))).toEqual([]);
});

test("a venue counts once, copies together count once", () => {
  const [w] = run(move("pin", 0, 0.1), move("dk", 1, 0.1), move("dk", 2, 0.1), move("copy", 3, 0.1));
  expect(w!.moved.size).toBe(3);
  expect(independent(w!, [["copy", "dk"]])).toBe(2);
});

test("forecasts tell of waves that began before", () => {
  const list = [
    forecast({ id: "a", outcome: "hit", resolved_at: at(3), actual: 0.09 }),
    forecast({ id: "b", target: node("fd") }),
  ];
  const [w] = fromForecasts([], list);
  expect([...w!.moved.keys()]).toEqual([node("pin"), node("dk")]);
  expect(fromForecasts([w!], list)).toEqual([w]);
});

test("only what still travels is shown", () => {
  const waves = run(move("pin", 0, 0.1));
  expect(moving(waves, atMs(10), 5)).toHaveLength(1);
  expect(moving(waves, atMs(0) + horizon, 5)).toEqual([]);
});
