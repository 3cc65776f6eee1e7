import { expect, test } from "vitest";
import { rate } from "./frames";

test("one slow frame among twenty is the worst, two show in the fifth percentile", () => {
  const drawn = (gaps: number[]) => gaps.reduce((at, gap) => [...at, at.at(-1)! + gap], [0]);
  const even = Array.from({ length: 18 }, () => 20);
  expect(rate(drawn([...even, 20, 100]))).toEqual({ median: 50, p5: 50, worst: 10, frames: 20 });
  expect(rate(drawn([...even, 200, 100]))).toEqual({ median: 50, p5: 10, worst: 5, frames: 20 });
});

test("one frame has no rate", () => expect(rate([5])).toBeNull());
