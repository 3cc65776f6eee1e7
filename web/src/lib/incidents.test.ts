import { expect, test } from "vitest";
import { incidents, announcing, unannounced } from "./incidents";
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

test("suppressed anomalies form no incident", () => {
  expect(incidents([anomaly({ suppressed: "cooling down" })])).toEqual([]);
});

test("an incident is suspected if all of it is", () => {
  const phantom = anomaly({});
  phantom.evidence = { ...phantom.evidence, suspected: "suspected phantom" };
  expect(incidents([phantom])[0]!.suspected).toBe(true);
  expect(incidents([phantom, anomaly({})])[0]!.suspected).toBe(false);
});

test("an incident is new until it is announced, over or not", () => {
  const old = anomaly({ at: at(0), until: at(1) });
  const lasting = anomaly({ at: at(5), event_id: "m2" });
  const announced = announcing(incidents([old, lasting]));
  const fresh = (...all: Parameters<typeof anomaly>[0][]) =>
    unannounced(incidents([old, lasting, ...all.map(anomaly)]), announced).map((i) => i.event);
  expect(fresh()).toEqual([]);
  expect(fresh({ at: at(60), event_id: "m2", kind: "arbitrage" })).toEqual([]); // the same incident grows
  expect(fresh({ at: at(60), event_id: "m3" })).toEqual(["m3"]);
  expect(fresh({ at: at(60), until: at(61), event_id: "m3" })).toEqual(["m3"]); // it began and ended between two looks
  expect(fresh({ at: at(-60), until: at(-50), event_id: "m3" })).toEqual([]); // it has come into view
  expect(fresh({ at: at(-60), event_id: "m3" })).toEqual(["m3"]);
  // The list is cut at its old end: an incident whose first anomaly fell off is the one it was.
  const grown = [anomaly({ at: at(0) }), anomaly({ at: at(10) })];
  expect(unannounced(incidents(grown.slice(1)), announcing(incidents(grown)))).toEqual([]);
});
