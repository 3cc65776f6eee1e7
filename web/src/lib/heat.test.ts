import { expect, test } from "vitest";
import { cellKey, heat, type HeatFilter } from "./heat";
import { pair } from "./testing/samples";

const all: HeatFilter = { sport: "", market: "", phase: "", certain: false, grouped: false };

test("the square is the same read from both sides, with the sign turned", () => {
  const h = heat([pair("pin", "dk")], [], all);
  expect(h.cells.get(cellKey("pin", "dk"))).toMatchObject({ verdict: "leads", lag: 2000, low: 1500, high: 2500 });
  expect(h.cells.get(cellKey("dk", "pin"))).toMatchObject({ verdict: "follows", lag: -2000, low: -2500, high: -1500 });
});

test("who leads most comes first, copies stand together", () => {
  const pairs = [pair("pin", "dk"), pair("pin", "fd"), pair("pin", "copy"), pair("dk", "fd"), pair("fd", "copy")];
  expect(heat(pairs, [["copy", "dk"]], all).venues).toEqual(["pin", "dk", "fd", "copy"]);
  expect(heat(pairs, [["copy", "dk"]], { ...all, grouped: true }).venues).toEqual(["pin", "dk", "copy", "fd"]);
});

test("the most certain pair stands for the others", () => {
  const h = heat([pair("pin", "dk"), pair("dk", "pin", { league: "nba" })], [], all);
  expect(h.cells.get(cellKey("pin", "dk"))).toMatchObject({ verdict: "leads", more: 1 });
});

test("filters take league, market, phase and certainty", () => {
  const pairs = [
    pair("a", "b"),
    pair("a", "c", { discovered: false }),
    pair("a", "d", { market: "totals" }),
    pair("a", "e", { phase: "live" }),
    pair("a", "f", { simultaneous: true }),
  ];
  const rows = (f: Partial<HeatFilter>) =>
    heat(pairs, [], { ...all, ...f })
      .venues.filter((v) => v !== "a")
      .sort();
  expect(rows({ certain: true })).toEqual(["b", "d", "e", "f"]);
  expect(rows({ market: "totals" })).toEqual(["d"]);
  expect(rows({ phase: "live" })).toEqual(["e"]);
  expect(rows({ sport: "baseball_mlb" })).toHaveLength(5);
  expect(rows({ sport: "tennis" })).toEqual([]);
});
