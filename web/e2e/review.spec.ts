// A service with one match that two venues spell so differently that nothing joins them.

import type { Links } from "../src/api/types";
import { ask, Server, until } from "./server";
import { expect, test } from "./test";

const line = (venue: string, event: string, home: string, away: string, selection: string, price: number) =>
  JSON.stringify({
    ts_source: new Date().toISOString(),
    bookmaker: venue,
    event_id: event,
    sport: "basketball",
    league: "nba",
    home,
    away,
    market: "h2h",
    selection,
    price,
  });
const match = (venue: string, event: string, home: string, away: string) =>
  ["home", "away"].map((side) => line(venue, event, home, away, side, 1.9));

test("a candidate is confirmed, is then among the confirmed, and goes back when withdrawn", async ({ page }, info) => {
  const own = await Server.start(
    "serve",
    ...["--set", `store.path=${info.outputPath("review.db")}`, "--set", "server.listen=127.0.0.1:0"],
    ...["--set", "access.anonymous_loopback=operator"],
  );
  const body = [
    ...match("polymarket", "p1", "Oakland Oaks", "Portland Pines"),
    ...match("kalshi", "k1", "The Oaks of Oakland", "Pines Portland FC"),
  ];
  const type = { "Content-Type": "application/x-ndjson" };
  const sent = await fetch(`${own.url}/v1/ticks`, { method: "POST", headers: type, body: body.join("\n") + "\n" });
  expect(sent.status).toBe(202);
  await until<Links>(own.url, "/v1/links?state=candidate", (l) => l.total === 1);

  await page.goto(`${own.url}/review`);
  const panel = page.getByRole("region", { name: "Same bet?" });
  const links = panel.getByRole("list", { name: "Links" });
  await expect(panel).toContainText("Nothing follows from a candidate until somebody confirms it.");
  await expect(links).toContainText("looks like identity, a guess");
  for (const title of ["Portland Pines @ Oakland Oaks", "Pines Portland FC @ The Oaks of Oakland"])
    await expect(links).toContainText(title);
  await panel.getByLabel("Why").fill("same game");
  await panel.getByRole("button", { name: "identity" }).focus();
  await page.keyboard.press("Enter");
  await expect(panel.getByText(/^Confirmed as identity/)).toBeVisible();
  await expect(panel).toContainText("No candidate");
  await panel.getByRole("button", { name: "confirmed" }).click();
  await expect(links).toContainText("identity, confirmed by");
  await expect(links).toContainText("“same game”");
  const [l] = (await ask<Links>(own.url, "/v1/links?state=confirmed")).links;
  expect([l!.relation, l!.note]).toEqual(["identity", "same game"]);
  await page.setViewportSize({ width: 390, height: 900 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

  await panel.getByRole("button", { name: "Withdraw" }).click();
  await expect(panel).toContainText("Nobody has confirmed a link yet.");
  await panel.getByRole("button", { name: "candidate" }).click();
  await expect(links).toContainText("looks like identity, a guess");
  await page.goto("about:blank"); // so that no page misses it
  await own.kill();
});
