import { expect, test } from "vitest";
import type { Anomaly } from "../api/types";
import { marked } from "./marks";
import { anomaly, at, node } from "./testing/samples";

const mark = (venue: string, after_ms: number, price: number | null, fair: number | null) => ({
  node: node(venue),
  after_ms,
  was: price,
  fee: 0,
  at: at(0),
  price,
  price_at: null,
  fair,
  fair_at: null,
});

const withMarks = (marks: NonNullable<Anomaly["evidence"]["marks"]>): Anomaly => {
  const a = anomaly({});
  return { ...a, evidence: { ...a.evidence, marks } };
};

test("a line a price, with what is not known as a dash", () => {
  const a = withMarks([mark("dk", 5000, 3, 0.5), mark("pin", 5000, 1.9, null), mark("dk", 30_000, null, null)]);
  expect(marked(a, "decimal")).toEqual([
    "dk: after 5 s 3.00 (fair 2.00), after 30 s – (fair –)",
    "pin: after 5 s 1.90 (fair –)",
  ]);
});

test("nothing before they are complete", () => {
  expect(marked(anomaly({}), "decimal")).toEqual([]);
});
