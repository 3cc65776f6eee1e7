// A recording of another day that is played: every page tells its time, and nothing the wall clock's.

import { expect, test } from "@playwright/test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Health } from "../src/api/types";
import { Server, until } from "./server";

const begin = Date.UTC(2024, 2, 1, 18); // years ago: an age by the wall clock would be in days

/** An hour of prices of two venues, one of which follows the other by ten seconds. */
function recording(): string {
  const rows = ["ts_source,bookmaker,event_id,sport,home,away,market,selection,price"];
  for (let k = 0; k < 360; k++) {
    for (const [i, venue] of ["first", "second"].entries()) {
      const price = 2 + 0.3 * Math.sin((k - i) / 3) + 0.05 * Math.sin(7 * (k - i));
      const row = `${new Date(begin + k * 10_000).toISOString()},${venue},final,tennis,Ada,Bea,h2h`;
      rows.push(`${row},Ada,${price.toFixed(3)}`, `${row},Bea,${(price / (price - 1)).toFixed(3)}`);
    }
  }
  return rows.join("\n") + "\n";
}

test("every page tells the time of a recording that is played", async ({ page }) => {
  const dir = await mkdtemp(join(tmpdir(), "corrgraph-played-"));
  const file = join(dir, "ticks.csv");
  await writeFile(file, recording());
  const half = new Date(begin + 1_800_000).toISOString();
  const store = join(dir, "live.db");
  const server = await Server.start(
    "replay",
    "--serve",
    "--listen",
    "127.0.0.1:0",
    "--speed",
    "2",
    "--from",
    half,
    file,
    "--db",
    store,
  );
  try {
    await until<Health>(
      server.url,
      "/healthz",
      (h) => h.time.replay?.state === "playing" && Date.parse(h.as_of) > begin,
    );
    for (const path of ["/", "/events", "/leaders", "/scorecard", "/arbitrage", "/feeds"]) {
      await page.goto(server.url + path);
      await expect(page.getByText("▶ replayed at 2×", { exact: true })).toBeVisible();
      await expect(page.getByRole("status").first()).toContainText("Replayed at 2×, up to Fri 1 Mar 2024 18:59:50 UTC");
      await expect(page.locator("header time")).toHaveText(/^Fri 1 Mar 2024 18:\d\d:\d\d UTC$/);
      const said = await page.locator("#app").innerText();
      expect(said).not.toMatch(/\d [dh] (ago|old)|● live|STALE/);
    }
    await page.goto(`${server.url}/events`);
    await expect(page.getByRole("cell", { name: /^[\d.]+ m?s ago$/ }).first()).toBeVisible();
  } finally {
    await server.kill();
    await rm(dir, { recursive: true });
  }
});
