import { expect, test } from "vitest";
import { incidents } from "./incidents";
import { anomaly, at, node } from "./testing/samples";

test("anomalies of one market that follow each other closely are one incident", () => {
  const list = incidents([
    anomaly({ at: at(0), until: at(10) }),
    anomaly({ at: at(100), until: at(110), kind: "arbitrage", severity: "HIGH" }),
    anomaly({ at: at(300), until: at(301) }),
  ]);
  expect(list.map((i) => i.anomalies.length)).toEqual([1, 2]);
  expect(list[1]).toMatchObject({ severity: "HIGH", over: true, venues: ["dk", "pin"] });
  expect(list[1]!.kinds).toEqual([
    { kind: "arbitrage", count: 1 },
    { kind: "hidden_edge", count: 1 },
  ]);
});

test("one that lasts keeps its incident open", () => {
  const list = incidents([anomaly({ at: at(0) }), anomaly({ at: at(9000), until: at(9001) })]);
  expect(list).toHaveLength(1);
  expect(list[0]!.over).toBe(false);
});

test("markets and matches stay apart", () => {
  const other = [node("pin", "totals"), node("dk", "totals")];
  expect(incidents([anomaly({}), anomaly({ nodes: other }), anomaly({ event_id: "m2" })])).toHaveLength(3);
});

test("an incident keeps its id as it grows", () => {
  const first = anomaly({ at: at(0), until: at(1) });
  const [before] = incidents([first]);
  const [after] = incidents([anomaly({ at: at(30), severity: "CRITICAL" }), first]);
  expect(after!.id).toBe(before!.id);
});

test("what was kept back is no incident", () => {
  expect(incidents([anomaly({ suppressed: "cooling down" })])).toEqual([]);
});
