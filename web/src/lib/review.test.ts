import { expect, test } from "vitest";
import { incidents } from "./incidents";
import { acknowledge, judge, mute, said } from "./review";
import { anomaly, at, node } from "./testing/samples";

test("an anomaly is named by its kind, event, last node and time; a mute by less", () => {
  const a = anomaly({});
  expect(acknowledge(a)).toEqual({
    action: "acknowledge",
    kind: "hidden_edge",
    event_id: "m1",
    node: node("dk"),
    at: at(0),
  });
  expect(judge(a, "false")).toMatchObject({ action: "verdict", verdict: "false", node: node("dk") });
  expect(mute(a)).toEqual({ action: "mute", kind: "hidden_edge", event_id: "m1", expires_in_s: 3600 });
  expect(acknowledge(anomaly({ nodes: [] })).node).toBe("");
});

test("what was said is said again", () => {
  expect(said(undefined, "utc")).toBe("");
  expect(said({ acknowledged_by: "kim", verdict: "true", verdict_by: "lee", note: "n" }, "utc")).toBe(
    "acknowledged by kim · right, says lee · “n”",
  );
  expect(said({ muted_by: "kim", muted_until: at(0) }, "utc")).toMatch(/^muted by kim until \d\d:/);
});

test("what is muted makes no incident", () => {
  expect(
    incidents([
      anomaly({ review: { muted_by: "kim" } }),
      anomaly({ kind: "late_follower", review: { acknowledged_by: "kim" } }),
    ]),
  ).toMatchObject([{ kinds: [{ kind: "late_follower" }] }]);
});
