import { expect, test } from "vitest";
import { distance, fills, shift, toScreen, whole, zoomed } from "./view";

const size = { width: 400, height: 200 };
const near = (p: { x: number; y: number }, x: number, y: number) => {
  expect(p.x).toBeCloseTo(x);
  expect(p.y).toBeCloseTo(y);
};

test("the graph fills the screen but for its rim, its floor at the bottom", () => {
  near(toScreen({ x: 0, y: 0 }, whole, size), 18, 182);
  near(toScreen({ x: 1, y: 1 }, whole, size), 382, 18);
});

test("zooming keeps what is under the pointer, and has limits", () => {
  const p = { x: 0.3, y: 0.8 };
  const at = toScreen(p, whole, size);
  const v = zoomed(zoomed(whole, 2, at), 1.5, at);
  expect(v.zoom).toBe(3);
  near(toScreen(p, v, size), at.x, at.y);
  expect(zoomed(v, 100, at)).toEqual(zoomed(zoomed(v, 100, at), 2, at));
});

test("a shifted picture shows what would have been drawn", () => {
  const [drawn, view] = [zoomed(whole, 1.5, { x: 10, y: 20 }), { zoom: 2, x: -30, y: 7 }];
  const [s, p] = [shift(drawn, view), toScreen({ x: 0.4, y: 0.6 }, drawn, size)];
  const want = toScreen({ x: 0.4, y: 0.6 }, view, size);
  near({ x: p.x * s.zoom + s.x, y: p.y * s.zoom + s.y }, want.x, want.y);
});

test("a picture fills the screen as far as its margin reaches", () => {
  const margin = { width: 40, height: 20 };
  expect(fills({ zoom: 1, x: 40, y: -20 }, margin, size)).toBe(true);
  expect(fills({ zoom: 1, x: 41, y: 0 }, margin, size)).toBe(false);
  expect(fills({ zoom: 1, x: 0, y: -21 }, margin, size)).toBe(false);
  expect(fills({ zoom: 0.7, x: 0, y: 0 }, margin, size)).toBe(false);
});

test("a line ends at its ends", () => {
  expect(distance({ x: 5, y: 3 }, { x: 0, y: 0 }, { x: 10, y: 0 })).toBe(3);
  expect(distance({ x: 14, y: 3 }, { x: 0, y: 0 }, { x: 10, y: 0 })).toBe(5);
  expect(distance({ x: 3, y: 4 }, { x: 0, y: 0 }, { x: 0, y: 0 })).toBe(5);
});
