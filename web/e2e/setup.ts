// Two services that all specs read: a simulated market that goes on now, and a replay of
// real odds in which nothing changes any more.

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ready, Scorecard } from "../src/api/types";
import { run, Server, until } from "./server";

const recordings = new URL("../../../shared/data/the-odds-api-v4", import.meta.url).pathname;

export default async function setup(): Promise<() => Promise<void>> {
  if (process.env["E2E_DEMO"]) return async () => {}; // and E2E_MLB: services that run already
  const folder = mkdtempSync(join(tmpdir(), "corrgraph-e2e-"));
  const [demo, mlb] = await Promise.all([simulated(folder), replayed(folder)]);
  process.env["E2E_DEMO"] = demo.url;
  process.env["E2E_MLB"] = mlb?.url ?? "";
  return async () => {
    await Promise.all([demo.kill(), mlb?.kill()]);
    rmSync(folder, { recursive: true });
  };
}

async function simulated(folder: string): Promise<Server> {
  const s = await Server.start(
    "demo",
    "--minutes",
    "30",
    "--past", // two decisions, so that leaders are known and forecasts are settled
    "2h",
    "--db",
    join(folder, "demo.db"),
    "--serve",
    "yes",
    "--listen",
    "127.0.0.1:0",
  );
  // What is past comes at once; then event time is that of the clock.
  await until<Scorecard>(
    s.url,
    "/v1/scorecard",
    (c) => c.overall.matured > 0 && Date.now() - Date.parse(c.as_of) < 60_000,
  );
  await until<Ready>(s.url, "/readyz", (r) => r.ready);
  return s;
}

async function replayed(folder: string): Promise<Server | null> {
  const names = existsSync(recordings) ? readdirSync(recordings) : [];
  const files = names.filter((n) => n.startsWith("mlb_")).map((n) => join(recordings, n));
  if (files.length === 0) {
    if (process.env["CI"] === "true") throw new Error(`no recordings mlb_*.bz2 in ${recordings}`);
    return null;
  }
  const db = join(folder, "mlb.db");
  await run("replay", "--db", db, ...files);
  const s = await Server.start(
    "serve",
    "--set",
    `store.path=${db}`,
    "--set",
    "server.listen=127.0.0.1:0",
    "--set",
    "access.anonymous_loopback=admin",
  );
  await until<Ready>(s.url, "/readyz", (r) => r.ready);
  return s;
}
