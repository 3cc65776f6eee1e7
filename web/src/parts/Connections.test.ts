// @vitest-environment happy-dom
import { screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs } from "../lib/testing/samples";
import type { Connections } from "../api/types";
import Shown from "./Connections.svelte";

const answer: Connections = {
  connections: [
    {
      venue: "polymarket",
      state: "refused",
      since: at(0),
      again: at(300),
      error: "the key is unknown",
      sessions: 1,
      connections: 0,
      frames: 1234,
      bytes: 5,
      quotes: 7,
      last_frame: null,
      delay_ms: 0,
      markets: { gap: 1 },
      unread: 0,
      unread_last: "",
      unknown: {},
      quota: { credits: 12 },
      skipped: {},
      skipped_last: "",
      markers: 0,
      recorded: 0,
      record_error: "",
    },
  ],
  doubted: [
    {
      venue: "polymarket",
      market: "0x1",
      title: "Oak @ Pine",
      event_id: "e",
      name: "h2h",
      state: "gap",
      why: "connection lost",
      since: at(1),
      heard: null,
    },
  ],
  more: 3,
};
const cells = () => screen.getAllByRole("cell").map((c) => c.textContent!.replace(/\s+/g, " ").trim());

test("how a venue stands, and which markets are in doubt since when and why", async () => {
  serve({ "/v1/connections": answer });
  const state = stateAt("/feeds", atMs(61));
  await state.market.connections.load();
  show(Shown, {}, state);
  expect(cells()).toEqual([
    ...["polymarket", "■ refused", "61 s", "1 gap", "1,234", "7", "–", "credits 12", "the key is unknown"],
    ...["polymarket", "Oak @ Pine", "h2h", "▲ gap", "60 s", "connection lost"],
  ]);
  expect(screen.getByText(/no forecast, arbitrage or alert rests on these markets · 3 more/)).toBeTruthy();
});

test("nothing where ticks are sent by others", () => {
  serve({});
  show(Shown, {}, stateAt("/feeds", atMs(1)));
  expect(screen.queryAllByRole("cell")).toEqual([]);
});
