import { expect, test } from "vitest";
import { newestCell, newestText } from "./newest";
import { pair } from "./testing/samples";

const newest = {
  events: 9,
  since: "2026-08-08T19:00:00Z",
  correlation: 0.4,
  correlation_low: 0.3,
  correlation_high: 0.5,
  lead: -0.1,
  lead_low: -0.2,
  lead_high: 0.001,
};

test("the newest fifth says whether the verdict still holds, and that it decides nothing", () => {
  expect(newestCell(pair("a", "b"))).toBe("–");
  expect(newestText(pair("a", "b"))).toBe("too few matches to say, or too many to keep apart");
  expect(newestCell(pair("a", "b", { newest }))).toBe("−0.10 (−0.20 to 0.00)");
  expect(newestCell(pair("a", "b", { newest, simultaneous: true }))).toBe("+0.40 (+0.30 to +0.50)");
  expect(newestText(pair("a", "b", { newest }))).toBe(
    "of the newest 9 matches alone: correlation +0.40 (+0.30 to +0.50), net lead −0.10 (−0.20 to 0.00); it is shown and decides nothing",
  );
});
