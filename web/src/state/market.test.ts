import { expect, test } from "vitest";
import { at, atMs } from "../lib/testing/samples";
import type { Feeds, Ready, Time } from "../api/types";
import { Market } from "./market.svelte";

const wall = 1_800_000_000_000; // another year than that of the prices

/** A page that was told the time a moment ago. */
function told(time: Time, recorded = false): Market {
  const m = new Market();
  m.ready.value = { health: { time } } as Ready;
  m.feeds.value = { feeds: [], recorded } as unknown as Feeds;
  m.ready.at = m.feeds.at = wall;
  return m;
}

const replay = { state: "playing", speed: 10, first: at(0), from: at(0), last: at(3600) } as const;

test("ages count from the server's time, at its rate", () => {
  const live = told({ now: at(60), rate: 1, replay: null });
  expect([live.clock(wall), live.clock(wall + 3000), live.elapsed(wall + 3000)]).toEqual([atMs(60), atMs(63), 3000]);
  const played = told({ now: at(60), rate: 10, replay });
  expect([played.clock(wall), played.now(wall + 3000), played.elapsed(wall + 3000)]).toEqual([
    atMs(60),
    atMs(90),
    30_000,
  ]);
  const ended = told({ now: at(60), rate: 0, replay: { ...replay, state: "ended" } });
  expect([ended.now(wall + 86_400_000), ended.elapsed(wall + 86_400_000)]).toEqual([atMs(60), 0]);
  const recorded = told({ now: at(60), rate: 0, replay: null }, true);
  expect([recorded.clock(wall + 86_400_000), recorded.elapsed(wall + 86_400_000)]).toEqual([atMs(60), 0]);
});
