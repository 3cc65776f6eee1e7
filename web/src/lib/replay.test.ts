import { expect, test } from "vitest";
import { expectedAt, graphAt, marks, markText, stepAt, steps } from "./replay";
import { at, atMs, forecast, node, wave } from "./testing/samples";
import { fromMoves, horizon } from "./waves";

// A wave of three venues that probably came from the second, and one the other way later.
const waves = fromMoves({
  event_id: "m1",
  waves: [
    wave(
      [
        ["pin", 0],
        ["dk", 2],
        ["fd", 5],
      ],
      [
        ["dk", 0.6],
        ["pin", 0.3],
      ],
    ),
    wave([["dk", 60]], [["dk", 0.95]], -0.2),
  ],
});

test("the picture changes where a wave begins, where one is joined and where links are renewed", () => {
  const all = steps(waves, [at(1), at(5), at(30)], atMs(0));
  expect(all.map((s) => [s.at, s.moved.map((m) => m.node), s.begins, s.links])).toEqual([
    [atMs(0), [node("pin")], true, false],
    [atMs(2), [node("dk")], false, false],
    [atMs(5), [node("fd")], false, true],
    [atMs(30), [], false, true],
    [atMs(60), [node("dk")], true, false],
  ]);
  expect([-1, 0, 4.9, 5, 999].map((s) => stepAt(all, atMs(s)))).toEqual([-1, 0, 1, 2, 4]);
});

test("without moves there are no steps", () => {
  expect(steps([], [at(0), at(1)], Infinity)).toEqual([]);
});

test("what had moved is what had moved until then, in which direction and how long after the earliest", () => {
  const seen = (s: number) => Object.fromEntries(marks(waves, "m1", atMs(s)));
  const pin = { up: true, after: 0, origin: false };
  expect(seen(-1)).toEqual({});
  expect(seen(2)).toEqual({ [node("pin")]: pin, [node("dk")]: { up: true, after: 2000, origin: true } });
  expect(seen(60)).toEqual({
    [node("pin")]: pin,
    [node("fd")]: { up: true, after: 5000, origin: false },
    [node("dk")]: { up: false, after: 0, origin: true },
  });
  expect(seen(60 + horizon / 1000)).toEqual({});
  expect(marks(waves, "m2", atMs(9)).size).toBe(0);
});

test("marks are words", () => {
  const mark = { up: true, after: 0, origin: false };
  expect([mark, { ...mark, origin: true }, { ...mark, up: false, after: 2100 }].map(markText)).toEqual([
    "▲ earliest",
    "▲ likely origin",
    "▼ +2.1 s",
  ]);
});

test("a price is expected from the forecast until its answer was known", () => {
  const list = [
    forecast({ target: "hit", outcome: "hit", resolved_at: at(3) }),
    forecast({ target: "missed", outcome: "miss", resolved_at: at(6) }), // due from 2 s to 6 s, late until 10 s
    forecast({ target: "void", outcome: "void" }),
    forecast({ target: "had moved", outcome: "already_moved", resolved_at: at(0) }),
    forecast({ target: "open" }),
    forecast({ target: "of another match", event_id: "m2" }),
  ];
  const seen = (s: number) => [...expectedAt(list, "m1", atMs(s))];
  expect(seen(-0.001)).toEqual([]);
  expect(seen(0)).toEqual(["hit", "missed", "void", "open"]);
  expect(seen(3)).toEqual(["missed", "void", "open"]);
  expect(seen(10)).toEqual(["open"]);
});

test("links are those of the newest graph of then, or of the oldest that is remembered", () => {
  const graphs = [at(10), at(20)];
  expect([0, 10, 19, 20, 99].map((s) => graphAt(graphs, atMs(s)))).toEqual([at(10), at(10), at(10), at(20), at(20)]);
  expect(graphAt([], atMs(0))).toBeUndefined();
});
