// A service of its own, whose prices, faults and end the specs decide.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type {
  Anomaly,
  BackupList,
  Faults,
  Feeds,
  Proofs,
  Readiness,
  Ready,
  RecentAnomalies,
  Scorecard,
} from "../src/api/types";
import { bytes, ms, stamp, words } from "../src/lib/format";
import { incidents } from "../src/lib/incidents";
import { Feeder } from "./feeder";
import { ask, Server, tell, until } from "./server";
import { expect, incidentRow, millis, plain, rows, test as base } from "./test";

/** A service with a folder for what it stores, and a market that is fed to it. */
class Own {
  readonly #folder = mkdtempSync(join(tmpdir(), "corrgraph-e2e-"));
  server!: Server;
  feeder!: Feeder;

  async start(address = "127.0.0.1:0"): Promise<void> {
    const settings = {
      "store.path": join(this.#folder, "own.db"),
      "backup.folder": join(this.#folder, "backups"),
      "server.listen": address,
      "access.anonymous_loopback": "admin",
      "chaos.enabled": "true",
      "chaos.schedule": "[]",
      "engine.decide_every": "10m",
    };
    this.server = await Server.start("serve", ...Object.entries(settings).flatMap(([k, v]) => ["--set", `${k}=${v}`]));
    await until<Ready>(this.url, "/readyz", (r) => r.ready);
  }

  get url(): string {
    return this.server.url;
  }

  /** Two hours of prices, in which the service learns who follows. */
  async learn(): Promise<void> {
    this.feeder = new Feeder(this.url, Date.now() - 3 * 3_600_000);
    await this.feeder.go(2 * 3_600_000);
    await this.#applied();
  }

  /** Arbitrage in an event, and a minute after it. Returns once the service has raised it. */
  async mistake(event: string): Promise<void> {
    await this.feeder.mistake(event);
    await this.feeder.go(60_000);
    await this.#applied();
    await until<RecentAnomalies>(this.url, "/v1/anomalies?kind=arbitrage&limit=200", (a) =>
      a.anomalies.some((x) => x.event_id === event),
    );
  }

  async #applied(): Promise<void> {
    await until<Scorecard>(
      this.url,
      "/v1/scorecard",
      (c) => ms(c.as_of) > this.feeder.now - 10_000 && c.overall.issued > 0,
    );
  }

  async end(): Promise<void> {
    await this.server.kill();
    rmSync(this.#folder, { recursive: true });
  }
}

const test = base.extend<object, { own: Own }>({
  own: [
    async ({}, use) => {
      const own = new Own();
      await own.start();
      await own.learn();
      await use(own);
      await own.end();
    },
    { scope: "worker" },
  ],
  url: async ({ own }, use) => use(own.url),
});
test.describe.configure({ mode: "default" }); // one service for all

const banner = (page: Page) => page.getByRole("status").first();
const anomalies = (page: Page) => page.getByRole("region", { name: "Anomalies" });

/** The incidents as a page shows them, each by what it is and when it was. */
const shown = async (page: Page) =>
  (await anomalies(page).locator("button[data-row]").allInnerTexts()).map((t) => plain(t).replace(/^\S+ /, ""));

const said = async (own: Own) =>
  incidents((await ask<RecentAnomalies>(own.url, "/v1/anomalies?limit=200")).anomalies)
    .slice(0, 60)
    .map(incidentRow);

/** The page has come to show what the API says; nothing changes meanwhile, for nobody sends prices. */
const agrees = (page: Page, own: Own) =>
  expect(async () => expect(await shown(page)).toEqual(await said(own))).toPass();

/** What moves next: who should follow whom. */
const next = async (page: Page) =>
  (await rows(page.getByRole("region", { name: "What moves next" }).locator("tbody tr")))
    .map((r) => r.link.toString())
    .sort();

async function newest(own: Own, event: string): Promise<Anomaly> {
  const { anomalies } = await ask<RecentAnomalies>(own.url, "/v1/anomalies?kind=arbitrage&limit=200");
  return anomalies.find((a) => a.event_id === event)!;
}

test("what people say of an anomaly is kept", async ({ page, own }) => {
  await own.mistake("m1");
  await page.goto("/");
  const incident = anomalies(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("button", { name: /arbitrage.*m1/ }) })
    .first();
  await incident.getByRole("button").first().click();
  const one = incident.getByRole("listitem").filter({ hasText: "arbitrage" }).first();

  await one.getByRole("button", { name: "Acknowledge" }).click();
  await expect(one).toContainText("acknowledged by anonymous@127.0.0.1");
  await expect(one.getByRole("button", { name: "Acknowledge" })).toBeDisabled();
  expect((await newest(own, "m1")).review?.acknowledged_by).toBe("anonymous@127.0.0.1");

  await one.getByRole("button", { name: "Wrong" }).click();
  await expect(one.getByRole("button", { name: "Wrong" })).toHaveAttribute("aria-pressed", "true");
  expect((await newest(own, "m1")).review?.verdict).toBe("false");

  const before = await shown(page);
  await one.getByRole("button", { name: "Mute for 1 h" }).click();
  await expect(incident).toHaveCount(0);
  expect((await newest(own, "m1")).review?.muted_by).toBe("anonymous@127.0.0.1");
  await agrees(page, own);
  expect((await shown(page)).length).toBeLessThan(before.length);
  await anomalies(page).getByText("Suppressed and muted").click();
  await expect(
    anomalies(page).locator("details li").filter({ hasText: "muted by anonymous@127.0.0.1 until" }).first(),
  ).toBeVisible();
});

test("only new incidents are announced", async ({ page, heard, own }) => {
  await page.goto("/");
  await agrees(page, own);
  const log = page.getByRole("log");
  await expect(log).toBeEmpty();
  await own.mistake("m2");
  // As the page first heard of it: more may have joined it since.
  await expect(async () => {
    const known = (await heard.all<RecentAnomalies>("/v1/anomalies?limit=200")).map((a) =>
      incidents(a.anomalies).find((i) => i.event === "m2"),
    );
    const i = known.find((t) => t !== undefined)!;
    expect(await log.innerText()).toContain(
      `New incident: ${i.severity.toLowerCase()}, ${words(i.kinds[0]!.kind)}, ${i.title}.`,
    );
  }).toPass();
});

test("a layer that fails is shown within two seconds", async ({ page, own }) => {
  // Seconds of the page's own clock, which stands but for those two.
  await page.clock.install({ time: Date.now() - 3_600_000 });
  await page.clock.pauseAt(Date.now());
  await page.goto("/");
  await expect(page.getByRole("link", { name: "● ready" })).toBeVisible();
  await expect(banner(page)).not.toContainText("Degraded");
  await tell(own.url, "POST", "/v1/faults", { kind: "kill-layer", layer: 3, duration_s: 3600 });
  await until<Ready>(own.url, "/readyz", (r) => r.health.status === "DEGRADED");
  await page.clock.runFor(2000);
  await expect(banner(page)).toContainText("Degraded: layer L3");
  await expect(banner(page)).toContainText("Drill: faults are injected on purpose (kill-layer)");
  await page.clock.resume();

  await page.goto("/readiness");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health.getByRole("listitem").filter({ hasText: "L3" })).toContainText("injected fault: kill-layer L3");
  await expect(health.getByRole("listitem").filter({ hasText: "L1" })).toContainText("● L1 healthy, hot");

  await page.goto("/backups");
  const { faults } = await ask<Faults>(own.url, "/v1/faults");
  const table = page.getByRole("region", { name: "Injected faults" }).locator("tbody tr");
  await expect
    .poll(async () => (await rows(table)).map((r) => r.cells.slice(0, 3)))
    .toEqual(faults.map((f) => [`▲ ${f.kind}`, `L${f.layer}`, f.who]));

  await tell(own.url, "DELETE", "/v1/faults");
  await expect(banner(page)).not.toContainText("Degraded");
});

test("gates, load tests and drills", async ({ page, own }) => {
  await page.goto("/readiness");
  await expect(page.getByRole("region", { name: "Readiness gates" })).toContainText("No gate has been run");
  await expect(page.getByRole("region", { name: "Load tests and drills" })).toContainText("None recorded yet");
  const gate = {
    description: "The log keeps what was acknowledged.",
    threshold: "0 lost",
    measured: "0 lost of 1,000",
    evidence: "12 kills",
    runbook: "docs/runbooks/log.md",
  };
  const gates = [
    {
      name: "durability",
      severity: "CRITICAL",
      status: "PASS",
      last_checked: new Date(Date.now() - 90_000).toISOString(),
      ...gate,
    },
    {
      name: "backups",
      severity: "HIGH",
      status: "FAIL",
      last_checked: new Date(Date.now() - 3_600_000).toISOString(),
      ...gate,
    },
    { name: "rehearsal", severity: "LOW", status: "PENDING", last_checked: null, ...gate, measured: "" },
  ];
  await tell(own.url, "POST", "/v1/readiness", { gates });
  for (const [kind, passed] of [
    ["loadtest", true],
    ["kill", false],
  ] as const) {
    await tell(own.url, "POST", "/v1/proofs", { kind, passed, summary: `what ${kind} measured`, report: {} });
  }
  await page.reload();
  const r = await ask<Readiness>(own.url, "/v1/readiness");
  expect(r.gates).toHaveLength(3);
  const table = page.getByRole("region", { name: "Readiness gates" });
  await expect(table).toContainText(
    `▲ not authorised ${r.passed} of ${r.total_checks} pass, ${r.failed} fail, ${r.pending} not run, ${r.blockers} block`,
  );
  const signs: Record<string, string> = { PASS: "●", FAIL: "■", PENDING: "○" };
  await expect(async () => {
    const list = (await rows(table.locator("tbody tr"))).map((x) => x.cells);
    expect(list.map((c) => c[2] === "–")).toEqual(r.gates.map((g) => !g.since));
    expect(list.map((c) => c.filter((_, i) => i !== 2 && i !== 6))).toEqual(
      r.gates.map((g) => [
        `${g.name} ${g.description}`,
        `${signs[g.status]} ${g.status}`,
        g.severity,
        g.threshold,
        `${g.measured || "–"} ${g.evidence}`,
        g.runbook,
      ]),
    );
  }).toPass();
  const { proofs } = await ask<Proofs>(own.url, "/v1/proofs");
  expect(proofs).toHaveLength(2);
  await expect(async () => {
    const list = (await rows(page.getByRole("region", { name: "Load tests and drills" }).locator("tbody tr"))).map(
      (x) => x.cells,
    );
    expect(list).toEqual(
      proofs.map((p) => [p.kind, p.passed ? "● kept" : "■ broken", p.summary, stamp(ms(p.made_at), "utc"), p.actor]),
    );
  }).toPass();
});

test("backups", async ({ page, own }) => {
  await tell(own.url, "POST", "/v1/backups");
  await page.goto("/backups");
  const panel = page.getByRole("region", { name: "Backups" });
  await expect(async () => {
    const b = await ask<BackupList>(own.url, "/v1/backups");
    expect(b.backups.length).toBeGreaterThan(0);
    const list = (await rows(panel.locator("tbody tr"))).map((x) => x.cells);
    expect(list).toEqual(b.backups.map((x) => [x.name, stamp(ms(x.at), "utc"), bytes(x.bytes)]));
    const lines = (await panel.locator("dd").allInnerTexts()).map(plain);
    expect(lines[0]).toContain(`(${stamp(ms(b.last_success!), "utc")})`);
    expect(lines[2]).toBe(String(b.failures));
  }).toPass();
});

test.describe(() => {
  // What a browser says while nobody answers, or a server that reads its log back.
  test.use({ allowed: /net::ERR_|503 .*\/readyz/ });

  test("goes on after kill -9 and a restart, without a reload", async ({ page, own, context }) => {
    await own.mistake("m3");
    await page.goto("/");
    await agrees(page, own);
    await page.evaluate(() => (document.body.dataset["opened"] = "once"));
    const before = await shown(page);

    await own.server.kill();
    await expect(banner(page)).toContainText("Disconnected");
    await expect(page.getByText("■ disconnected", { exact: true })).toBeVisible();
    expect(await shown(page)).toEqual(before);

    await own.start(new URL(own.url).host);
    // Its prices are an hour old, so they are not called live.
    await expect(page.getByText("◷ recorded", { exact: true })).toBeVisible();
    await expect(banner(page)).not.toContainText("Disconnected");
    await agrees(page, own);
    const log = await page.getByRole("log").innerText();

    await own.feeder.go(600_000);
    await own.mistake("m4");
    await own.mistake("m5");
    await agrees(page, own);
    expect(await shown(page)).not.toEqual(before);
    expect(await page.getByRole("log").innerText()).not.toBe(log);

    // It knows what a page knows that was opened only now: nothing is lost, nothing doubled.
    const fresh = await context.newPage();
    await fresh.goto(own.url);
    await agrees(fresh, own);
    await expect(async () => expect(await next(page)).toEqual(await next(fresh))).toPass();
    const strip = async (p: Page) =>
      (await p.getByRole("group", { name: "Feeds" }).getByRole("listitem").allInnerTexts()).map(plain);
    await expect(async () =>
      expect((await strip(page)).length).toBe(
        (await ask<Feeds>(own.url, "/v1/feeds")).feeds.filter((f) => f.venue === "").length,
      ),
    ).toPass();
    await own.feeder.catchUp();
    await expect(page.getByText("● live", { exact: true })).toBeVisible();
    expect(await page.evaluate(() => document.body.dataset["opened"])).toBe("once");
  });
});

test("silence makes everything stale", async ({ page, own }) => {
  await page.goto("/");
  const strip = page.getByRole("group", { name: "Feeds" });
  const texts = async () => ({ banner: await banner(page).innerText(), strip: plain(await strip.innerText()) });
  // While prices come, however slowly the page is drawn, there is a moment at which they are fresh.
  const current = () =>
    expect(async () => {
      await own.feeder.catchUp();
      const t = await texts();
      expect(t.banner).not.toMatch(/Recorded|Stale|Disconnected/);
      expect(t.strip).toMatch(/^Feeds [1-9] of [1-9] fresh ●/);
      expect(t.strip).not.toContain("STALE");
    }).toPass();
  await current();
  // Two minutes later, by the service's clock, nothing has come.
  await tell(own.url, "POST", "/v1/faults", { kind: "clock-skew", offset_ms: 120_000, duration_s: 3600 });
  await expect(async () => {
    const t = await texts();
    expect(t.banner).toMatch(/▲ Stale: no price has come for \S+ \S+\. Nothing here is current\./);
    const age = / 0 of [1-9] fresh ■ \S+ ([\d.]+ \S+) STALE/.exec(t.strip);
    expect(millis(age![1]!)).toBeGreaterThanOrEqual(120_000);
  }).toPass();
  await tell(own.url, "DELETE", "/v1/faults");
  await current();
});
