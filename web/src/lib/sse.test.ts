import { expect, test } from "vitest";
import { EventParser, placeOf } from "./sse";

const text =
  'retry: 2000\n\nid: ab-1\nevent: move\ndata: {"a":1}\n\n: word\nid: ab-2\r\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\n';
const want = [
  { id: "ab-1", kind: "move", data: '{"a":1}' },
  { id: "ab-2", kind: "x", data: "1\n2" },
];

test("chunks may be cut anywhere", () => {
  for (let cut = 0; cut <= text.length; cut++) {
    const p = new EventParser();
    expect([...p.push(text.slice(0, cut)), ...p.push(text.slice(cut))]).toEqual(want);
  }
});

test("an event that is not whole is none", () => {
  expect(new EventParser().push("id: ab-3\ndata: x\n")).toEqual([]);
});

test("ids have a boot and a place", () => {
  expect(placeOf("be9772bb-70913")).toEqual({ boot: "be9772bb", place: 70913 });
  expect(placeOf("70913")).toBeNull();
});
