import { expect, test } from "vitest";
import type { Feed, Health, Measurement, Path } from "../api/types";
import { mix } from "./colour";
import { heard, listed, sources } from "./feeds";
import { ends, label, parts, selectionKey } from "./node";
import { notices, standing, type Situation } from "./notices";
import { overlay } from "./overlay";
import { micros, newest, refused, series } from "./performance";
import { samples, total } from "./prometheus";
import { axisEnd, fromPaths, runs } from "./timeline";
import { at, atMs, forecast, node } from "./testing/samples";

test("node ids are taken apart and unescaped", () => {
  expect(parts("pin/a%2Fb/h2h/home")).toEqual({ venue: "pin", event: "a/b", market: "h2h", selection: "home" });
  expect(parts("some-opaque-id")).toBeNull();
  expect(parts("50%/e/m/s")!.venue).toBe("50%");
  expect(selectionKey("pin/e/m/s")).toBe("e/m/s");
  expect([label("pin/e/m/s"), label("pin/e/m/s", "other"), label("opaque-id-12")]).toEqual([
    "pin · m · s",
    "pin · e · m · s",
    "opaque-id-12",
  ]);
  expect(ends("pin/e/m/s", "dk/e/m/s")).toEqual(["pin", "dk"]);
  expect(ends("pin/e/h2h/s", "pin/e/totals/s")).toEqual(["pin h2h", "pin totals"]);
});

test("colours mix, short forms too", () => {
  expect(mix("#000000", "#fff", 0.5)).toBe("#808080");
  expect(mix("#112233", "#445566", 0)).toBe("#112233");
});

const feed = (change: Partial<Feed>): Feed => ({
  source: "a",
  venue: "",
  polled: false,
  quotes: 1,
  refused: {},
  late: 0,
  last_tick: null,
  received_at: null,
  age_ms: 0,
  delay_ms: 0,
  step_ms: 20,
  missed: 0,
  clock_skew: "",
  stale_copy: "",
  ...change,
});

test("feeds are stale after a while, polled ones after polls", () => {
  expect(heard(feed({}), 31_000).state).toBe("stale");
  expect(heard(feed({ polled: true, step_ms: 60_000 }), 80_000).state).toBe("fresh");
  expect(heard(feed({ polled: true, step_ms: 60_000 }), 100_000).state).toBe("slow");
  expect(heard(feed({ age_ms: null }), 0)).toMatchObject({ age: null, state: "silent" });
});

test("a source of one venue stands on one line with it", () => {
  const list = listed([
    feed({}),
    feed({ venue: "v", delay_ms: 7 }),
    feed({ source: "b" }),
    feed({ source: "b", venue: "x" }),
    feed({ source: "b", venue: "y" }),
    feed({ source: "c" }),
  ]);
  expect(list.map((l) => [l.feed.source, l.whole, l.venues.join("+"), l.feed.delay_ms])).toEqual([
    ["a", true, "v", 7],
    ["b", true, "x+y", 0],
    ["b", false, "x", 0],
    ["b", false, "y", 0],
    ["c", true, "", 0],
  ]);
});

test("stale sources come first, venues are left out", () => {
  const list = sources([feed({}), feed({ source: "b", age_ms: 99_000 }), feed({ venue: "v" })], 0);
  expect(list.map((h) => h.feed.source)).toEqual(["b", "a"]);
});

const situation = (change: Partial<Situation>): Situation => ({
  link: "open",
  unreachable: false,
  ready: null,
  stale: false,
  recorded: false,
  asOf: atMs(0),
  now: atMs(1),
  ...change,
});
const health = (change: Partial<Health>): Situation["ready"] =>
  ({
    ready: true,
    reasons: [],
    health: {
      status: "HEALTHY",
      as_of: at(0),
      time: { now: at(1), rate: 1, replay: null },
      reasons: [],
      layers: [],
      store: { status: "HEALTHY", circuit: "closed", since: at(0) },
      memory_level: "normal",
      faults: [],
      ...change,
    },
  }) as Situation["ready"];

test("all is well: no banner", () => expect(notices(situation({ ready: health({}) }))).toEqual([]));

test("banners name what is wrong, gravest first", () => {
  const list = notices(
    situation({
      link: "lost",
      ready: health({ status: "DEGRADED", reasons: ["layer L4: switched off"], faults: ["kill-layer"] }),
    }),
  );
  expect(list.map((n) => n.level)).toEqual(["bad", "warn", "warn"]);
  expect(list[1]!.text).toContain("layer L4");
});

test("made-up prices say so", () =>
  expect(notices(situation({ ready: health({ simulated: true }) }))[0]!.text).toMatch(/^SIMULATED/));

test("old data are a recording, silence is stale", () => {
  expect(notices(situation({ now: atMs(3600), stale: true, recorded: true }))[0]!.text).toMatch(
    /^Recorded data: the newest price is of Fri 2 Jan 2026 00:00:00 UTC\. That is "now" here: ages count from there/,
  );
  expect(notices(situation({ now: atMs(3600), stale: true }))[0]!.text).toMatch(/^Stale/);
  expect(notices(situation({ now: atMs(60), stale: true }))[0]!.text).toMatch(/^Stale/);
  expect(notices(situation({ asOf: 0, stale: true }))).toEqual([]);
});

const replay = (state: "learning" | "playing" | "ended", speed = 10) => ({
  now: at(60),
  rate: state === "playing" ? speed : 0,
  replay: { state, speed, first: at(-3600), from: at(0), last: at(3600) },
});

test("a recording that is played says so, and no age of another day", () => {
  const text = (state: "learning" | "playing" | "ended") =>
    notices(situation({ ready: health({ time: replay(state) }), recorded: true, now: atMs(60) })).map((n) => n.text);
  expect(text("learning")).toEqual([
    "Replayed: it learns from what was before Fri 2 Jan 2026 00:00:00 UTC, from when on it plays at 10×. Every age is of its time.",
  ]);
  expect(text("playing")[0]).toMatch(
    /^Replayed at 10×, up to Fri 2 Jan 2026 01:00:00 UTC\. Every age here is of that time/,
  );
  expect(text("ended")[0]).toMatch(/^Replayed: the recording has ended\. It stays Fri 2 Jan 2026 00:01:00 UTC\./);
  expect(
    notices(situation({ ready: health({ time: replay("playing") }), stale: true, now: atMs(300) })).map(
      (n) => n.text,
    )[1],
  ).toBe("Stale: no price has come for 5 min. Nothing here is current.");
});

test("two series on one axis, the first shifted", () => {
  const o = overlay(
    [{ at: at(0), value: 1 }],
    [
      { at: at(1), value: 5 },
      { at: at(2), value: 6 },
    ],
    2000,
  );
  expect(o.x.map((t) => t - atMs(0) / 1000)).toEqual([1, 2]);
  expect(o.leader).toEqual([null, 1]);
  expect(o.follower).toEqual([5, 6]);
});

test("forecasts of one move are one run", () => {
  const list = runs(
    node("pin"),
    [
      forecast({ id: "a", outcome: "hit", resolved_at: at(3) }),
      forecast({ id: "b", target: node("fd") }),
      forecast({ id: "c", issued_at: at(50) }),
      forecast({ id: "d", source: node("x") }),
    ],
    atMs(1),
  );
  expect(list.map((r) => r.lanes.length)).toEqual([1, 2]);
  expect(list[1]!.lanes.find((l) => l.target === node("dk"))).toMatchObject({
    from: 2000,
    to: 6000,
    arrived: 3000,
    phase: "hit",
  });
});

test("paths are sorted by arrival, and the axis ends on a round number", () => {
  const path = (target: string, lag: number): Path => ({
    hops: [{ source: "a", target, layer: 1, lag_ms: lag, beta: 1, confidence: 1, score: 1 }],
    lag_ms: lag,
    lag_low_ms: lag,
    lag_high_ms: lag,
    impact: 1,
    confidence: 1,
    weight: 1,
    opposing: 0,
  });
  const lanes = fromPaths([path("b", 9000), path("c", 2000)]);
  expect(lanes.map((l) => l.target)).toEqual(["c", "b"]);
  expect(axisEnd(lanes, 0)).toBe(10_000);
});

test("nothing is called live before the server knows whether it is", () => {
  const word = (link: Situation["link"], complete: boolean, recorded: boolean) =>
    standing(link, { complete, recorded })[1];
  expect(word("open", true, false)).toBe("live");
  expect(word("open", true, true)).toBe("recorded");
  expect(word("open", false, false)).toBe("catching up");
  expect(standing("open", null)[1]).toBe("connecting");
  const now = (state: "learning" | "playing" | "ended", speed?: number) =>
    standing("open", { complete: true, recorded: false }, replay(state, speed).replay)[1];
  expect([now("learning"), now("playing"), now("playing", 0), now("ended")]).toEqual([
    "learning what was before",
    "replayed at 10×",
    "replayed at full speed",
    "recording ended",
  ]);
  expect([word("connecting", true, false), word("lost", true, true), word("refused", false, false)]).toEqual([
    "connecting",
    "disconnected",
    "no access",
  ]);
});

test("measurements by operation over time", () => {
  const m = (operation: string, s: number, p99: number): Measurement => ({
    at: at(s),
    operation,
    p50_us: 1,
    p99_us: p99,
    per_second: p99,
    memory_mb: 1,
    cpu_percent: 1,
  });
  const s = series([m("B", 60, 2), m("A", 0, 1), m("A", 60, 3)], (x) => x.p99_us);
  expect([...s.of]).toEqual([
    ["A", [1, 3]],
    ["B", [null, 2]],
  ]);
  expect(
    newest([m("A", 0, 9), m("A", 60, 3), m("B", 60, 5), m("C", 0, 5), m("SHED", 60, 5)]).map((x) => [
      x.operation,
      x.p99_us,
    ]),
  ).toEqual([
    ["B", 5],
    ["A", 3],
  ]);
  expect(newest([])).toEqual([]);
  const guards = refused([m("A", 0, 9), m("A", 60, 3), m("SHED", 60, 5)]);
  expect([guards.x.length, guards.of.get("SHED"), guards.of.get("CIRCUIT_OPEN")]).toEqual([2, [0, 5], [0, 0]]);
  expect([0.9, 229, 24_000, 6.4e6].map(micros)).toEqual(["0.9 µs", "229 µs", "24 ms", "6.4 s"]);
});

test("metrics are read from their text form", () => {
  const all = samples('# HELP x\nx_total{what="a b",l="q\\"q"} 3\nx_total 4\ny 1e+3\n\nnonsense');
  expect(total(all, "x_total")).toBe(7);
  expect(all[0]!.labels).toEqual({ what: "a b", l: 'q"q' });
});
