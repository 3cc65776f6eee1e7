import { expect, test } from "vitest";
import { expression } from "./find";
import { edge, node } from "./testing/samples";

const e = edge(node("pinnacle"), node("dk", "totals"), {
  lag_ms: 2500,
  n: 120,
  q: 0.01,
  confidence: 0.95,
  correlation: -0.7,
});

function holds(text: string): boolean {
  const x = expression(text);
  if (!x.ok) throw new Error(x.error);
  return x.test(e);
}

test.each([
  ["", true],
  ["PINN totals", true],
  ["pinn spreads", false],
  ["-spreads", true],
  ["-totals", false],
  ["venue:dk", true],
  ["venue:totals", false],
  ["from:pinn to:dk", true],
  ["lag>2s", true],
  ["lag>=2500ms lag<3s", true],
  ["n>200", false],
  ["q<0.05 conf>90%", true],
  ["corr>0.5", true],
  ["layer=1", true],
  ["-lag>2s", false],
])("%s", (text, want) => expect(holds(text)).toBe(want));

test.each([["size>3"], ["n>many"]])("%s is refused with a reason", (text) => {
  const x = expression(text);
  expect(x.ok).toBe(false);
});
