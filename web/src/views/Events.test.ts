// @vitest-environment happy-dom
import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs, detail, doubt, events, quote, row } from "../lib/testing/samples";
import Events from "./Events.svelte";

const text = (e: Element) => e.textContent!.replace(/\s+/g, " ").trim();

test("prices in doubt say so beside their venue, in words and colour, since when and why", async () => {
  const quotes = [quote("dk", { price: null, status: "unknown" }), quote("pin")];
  const doubts = [doubt("dk"), doubt("kalshi", { market: "totals", state: "stale", why: "silent for 2 min" })];
  serve({ "/v1/events": events(row()), "/v1/events/m1": detail({ quotes, doubts }) });
  show(Events, {}, stateAt("/events?event=m1", atMs(5)));
  const rows = within(await screen.findByRole("table", { name: "Prices" }))
    .getAllByRole("row")
    .slice(1);
  const since = at(0).slice(11, 16);
  expect(rows.map(text)).toEqual([
    expect.stringContaining(`dk■ gap since ${since} – connection lost`),
    expect.not.stringContaining("since"),
    expect.stringContaining(`kalshi▲ stale since ${since} – silent for 2 min`),
  ]);
  expect(screen.getAllByText(/gap since/)[0]!.className).toContain("bad");
  expect(screen.getAllByText(/stale since/)[0]!.className).toContain("warn");
  expect(screen.getByText(/Not to be relied on/).parentElement!.textContent).toContain("dk, kalshi");
});

test("without a doubt nothing is said of one", async () => {
  serve({ "/v1/events": events(row()), "/v1/events/m1": detail({ quotes: [quote("pin")] }) });
  show(Events, {}, stateAt("/events?event=m1", atMs(5)));
  await screen.findByRole("table", { name: "Prices" });
  expect(document.body.textContent).not.toMatch(/relied on|since/);
});
