// @vitest-environment happy-dom
import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { show, stateAt } from "../lib/testing/page";
import { anomaly, at, atMs, eventMark, reaction } from "../lib/testing/samples";
import { incidents } from "../lib/incidents";
import Incident from "./Incident.svelte";
import Shown from "./Told.svelte";

const lines = () => screen.getAllByRole("listitem").map((l) => l.textContent!.replace(/\s+/g, " ").trim());
const time = (seconds: number) => at(seconds).slice(11, 19);

test("what was told, newest first, and what each venue did about a score", () => {
  const reactions = [
    reaction({}),
    reaction({ venue: "dk", how: "suspended", low_ms: 0, high_ms: 400 }),
    reaction({ venue: "kalshi", how: "censored", low_ms: 120_000, high_ms: 120_000, why: "horizon" }),
  ];
  const marks = [eventMark({ at: at(0), value: "0-0", was: "" }), eventMark({ reactions })];
  show(Shown, { marks }, stateAt("/events", atMs(0)));
  expect(lines()).toEqual([
    `${time(60)} score 0-1 (was 0-0) pin h2h +1.0 s · dk h2h suspended +0.4 s · kalshi h2h no reaction within 120 s`,
    `${time(0)} score 0-0`,
  ]);
  expect(screen.getByText(/only differences between venues on the same score mean something/)).toBeTruthy();
});

test("nothing where nothing was told, and nothing about reactions where there is none", async () => {
  const change = show(Shown, { marks: [] as ReturnType<typeof eventMark>[] }, stateAt("/events", atMs(0)));
  expect(screen.queryByRole("region")).toBeNull();
  await change({ marks: [eventMark({ kind: "period", value: "Q4", was: "Q3" })] });
  expect(lines()).toEqual([`${time(60)} period Q4 (was Q3)`]);
  expect(screen.queryByText(/differences/)).toBeNull();
});

test("a long match shows its newest marks first, all if asked", async () => {
  const marks = Array.from({ length: 14 }, (_, i) => eventMark({ at: at(i), value: `0-${i + 1}`, was: `0-${i}` }));
  show(Shown, { marks }, stateAt("/events", atMs(0)));
  expect(lines()).toHaveLength(6);
  expect(lines()[0]).toBe(`${time(13)} score 0-14 (was 0-13)`);
  await fireEvent.click(screen.getByRole("button", { name: "Show all 14" }));
  expect(lines()).toHaveLength(14);
});

test("an anomaly says after which score it came", () => {
  const plain = anomaly({});
  const because = { kind: "score" as const, value: "1-0", was: "0-0", at: at(0) };
  const [incident] = incidents([{ ...plain, evidence: { ...plain.evidence, cause: because } }]);
  show(Incident, { incident: incident!, open: true, toggle: () => {} }, stateAt("/", atMs(0)));
  expect(screen.getByText(`after score 1-0 at ${time(0)}`)).toBeTruthy();
  expect(screen.getByRole("button", { expanded: true }).textContent).toContain("· after score 1-0");
});

test("an anomaly without a cause names none", () => {
  show(Incident, { incident: incidents([anomaly({})])[0]!, open: true, toggle: () => {} }, stateAt("/", atMs(0)));
  expect(screen.getByText(/confidence 90 %/)).toBeTruthy();
  expect(screen.queryByText(/after score/)).toBeNull();
});
