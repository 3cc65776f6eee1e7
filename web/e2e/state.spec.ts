// The address holds all that is shown, filters narrow it down, and the keyboard reaches it.

import type { Page } from "@playwright/test";
import type { Edge, Events, Leaders, Moves, Scorecard } from "../src/api/types";
import { label } from "../src/lib/node";
import { busiest } from "./links";
import { ask } from "./server";
import { expect, onBoth, plain, rows, test } from "./test";

const table = async (page: Page) => (await rows(page.getByRole("main").locator("tbody tr"))).map((r) => r.cells);

test.describe("on a replay", () => {
  test.use({ on: "mlb" });

  test("find, hide, layers and certain", async ({ page, url }) => {
    const { event, edges } = await busiest(url);
    const focus = edges.find((e) => e.discovered && e.layer === 1)!.source;
    const panel = page.getByRole("region", { name: "Graph" });
    const wanted: [string, Record<string, string>, (e: Edge) => boolean, (e: Edge) => boolean][] = [
      ["everything", {}, () => true, () => true],
      [
        "one venue",
        { find: "venue:draftkings" },
        () => true,
        (e) => [e.source, e.target].some((n) => n.startsWith("draftkings/")),
      ],
      ["numbers", { find: "corr>0.3 lag<1min" }, () => true, (e) => Math.abs(e.correlation) > 0.3 && e.lag_ms < 60_000],
      [
        "a word, but not another",
        { find: "bovada -fanduel" },
        () => true,
        (e) => text(e).includes("bovada") && !text(e).includes("fanduel"),
      ],
      [
        "hidden",
        { hide: "venue:consensus" },
        (e) => !/^consensus\//.test(e.source) && !/^consensus\//.test(e.target),
        () => true,
      ],
      ["one layer", { layers: "1" }, (e) => e.layer === 1, () => true],
      ["certain alone", { certain: "1" }, (e) => e.discovered, () => true],
    ];
    const counts = new Set<number>();
    for (const [name, say, kept, found] of wanted) {
      await page.goto(`/?${new URLSearchParams({ event, node: focus, as: "table", certain: "0", ...say })}`);
      const left = edges.filter(kept);
      const near = new Set(
        left.filter((e) => e.source === focus || e.target === focus).flatMap((e) => [e.source, e.target]),
      );
      const expected = left.filter((e) => near.has(e.source) && near.has(e.target) && found(e));
      expect(expected.length, name).toBeGreaterThan(0);
      counts.add(expected.length);
      const ends = expected
        .map((e) => `L${e.layer} ${label(e.source, e.event_id)} > ${label(e.target, e.event_id)}`)
        .sort();
      await expect
        .poll(
          async () =>
            (await rows(panel.locator("tbody tr"))).map((r) => `${r.cells[0]} ${r.cells[1]} > ${r.cells[2]}`).sort(),
          name,
        )
        .toEqual(ends);
    }
    expect(counts.size).toBeGreaterThan(4); // the filters did filter
  });

  test("a filter that is none says why", async ({ page }) => {
    await page.goto("/");
    const find = page.getByLabel("Find links");
    await find.fill("colour>3");
    await expect(find).toHaveAttribute("aria-invalid", "true");
    await expect(find).toHaveAttribute("title", /"colour" can't be compared/);
  });

  test("leaders and families by filter", async ({ page, url }) => {
    const { pairs } = await ask<Leaders>(url, "/v1/leaders");
    await page.goto("/leaders?as=table");
    const of = (list: typeof pairs) => new Set(list.map((p) => [p.leader, p.follower].sort().join(" "))).size;
    await page.getByLabel("Market").selectOption("h2h");
    await expect.poll(async () => (await table(page)).length).toBe(of(pairs.filter((p) => p.market === "h2h")));
    await page.getByLabel("Phase").selectOption("live");
    await expect
      .poll(async () => (await table(page)).length)
      .toBe(of(pairs.filter((p) => p.market === "h2h" && p.phase === "live")));
    await page.getByRole("button", { name: "certain" }).click();
    await expect
      .poll(async () => (await table(page)).length)
      .toBe(of(pairs.filter((p) => p.market === "h2h" && p.phase === "live" && p.discovered)));
    await expect(page).toHaveURL(/market=h2h&phase=live&certain=1|as=table/);

    const card = await ask<Scorecard>(url, "/v1/scorecard");
    await page.goto("/scorecard");
    const families = page.getByRole("region", { name: "By family" });
    await families.getByLabel("Find families").fill("bovada");
    await families.getByLabel("Layer").selectOption("1");
    await families.getByLabel("Order").selectOption("brier");
    const some = card.families
      .filter((f) => f.layer === 1 && `${f.leader} ${f.follower}`.includes("bovada"))
      .toSorted((a, b) => a.brier - b.brier);
    await expect
      .poll(async () => (await rows(families.locator("tbody tr"))).map((r) => r.cells[1]))
      .toEqual(some.map((f) => `${f.leader || "others"} → ${f.follower}`));
  });

  test("events by name", async ({ page, url }) => {
    await page.goto("/events");
    await page.getByLabel("Find events").fill("yankees");
    const found = await ask<Events>(url, "/v1/events?q=yankees&limit=100");
    expect(found.events.length).toBeGreaterThan(0);
    await expect.poll(async () => (await table(page)).map((r) => r[0])).toEqual(found.events.map((e) => e.title));
  });

  test("an address opened elsewhere shows the same", async ({ page, browser, url }) => {
    const { event, edges } = await busiest(url);
    const edge = edges.find((e) => e.discovered && e.layer === 1)!;
    await page.goto("/");
    const panel = page.getByRole("region", { name: "Graph" });
    await page.goto(`/?${new URLSearchParams({ event, node: edge.source })}`);
    await panel.getByRole("button", { name: "L2" }).click();
    await panel.getByRole("button", { name: "1 hop" }).click();
    await panel.getByRole("button", { name: "table" }).click();
    await panel.getByLabel("Find links").fill("n>50");
    await page.keyboard.press("Escape");
    await page.keyboard.press("u");
    await page.keyboard.press("o");
    await page.getByRole("region", { name: "Anomalies" }).locator("button[data-row]").nth(1).click();
    const steps = [
      "/leaders?market=h2h&certain=1&pair=draftkings+mybookieag",
      `/edge?${new URLSearchParams({ source: edge.source, target: edge.target, shift: "60000", all: "1" })}`,
      "/scorecard?layer=1&find=fanduel&sort=brier",
      "/arbitrage?past=1",
      `/events?q=yankees&event=${event}`,
      "/feeds?source=baseball_mlb",
    ];
    for (const step of [page.url(), ...steps.map((s) => url + s)]) {
      if (step !== page.url()) await page.goto(step);
      const there = await (
        await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: "America/New_York" })
      ).newPage();
      await there.goto(page.url());
      await expect(async () => {
        const [a, b] = [await screen(page), await screen(there)];
        expect(a.length).toBeGreaterThan(20);
        expect(b).toEqual(a);
      }).toPass();
      expect(there.url()).toBe(page.url());
      await there.context().close();
    }
  });

  test("the graph is replayed step by step", async ({ page, browser, url }) => {
    const { event } = await busiest(url);
    await page.goto(`/?event=${event}`);
    const panel = page.getByRole("region", { name: "Graph" });
    const sign = panel.getByText(/REPLAY \d/);
    await expect(panel.getByRole("slider")).toBeEnabled();
    await expect(sign).toBeHidden();
    const seen = new Set<string>();
    for (let step = 0; step < 4; step++) {
      await page.keyboard.press("[");
      await expect(sign).toBeVisible();
      await expect.poll(() => seen.has(page.url())).toBe(false);
      seen.add(page.url());
      // Every step is an instant at which something moved, or links were decided anew.
      const at = new URL(page.url()).searchParams.get("at")!;
      const of = await ask<Moves>(url, `/v1/events/${event}/moves?from=${at}&to=${at}`);
      const who = of.moves.map((m) => m.node.split("/")[0]!);
      const decided = of.graphs.some((g) => Date.parse(g) === Date.parse(at));
      expect(who.length > 0 || decided).toBe(true);
      // Links may be decided at the instant of moves too small to be shown.
      const what = decided ? "links decided anew" : new RegExp(who.join("|"));
      await expect(panel.getByRole("group", { name: "Replay" })).toContainText(what);
      const after = await ask<Moves>(url, `/v1/events/${event}/moves?to=${at}&limit=1`);
      if (after.newer > 0)
        await expect(
          panel.getByRole("button", { name: `Back to now · ${after.newer.toLocaleString("en")} newer` }),
        ).toBeVisible();
    }
    const there = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await there.goto(page.url());
    await expect(there.getByRole("region", { name: "Graph" }).getByText(await sign.innerText())).toBeVisible();
    await there.context().close();
    await page.keyboard.press("]");
    await expect.poll(() => new URL(page.url()).searchParams.get("at")).not.toBeNull();
    await page.keyboard.press("Space");
    await expect(sign).toBeHidden();
    expect(new URL(page.url()).searchParams.has("at")).toBe(false);
  });

  test("back and forward", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "Scorecard" }).click();
    await expect(page).toHaveTitle("Scorecard · corrgraph");
    await page.getByRole("link", { name: "Who leads" }).click();
    await page.goBack();
    await expect(page).toHaveTitle("Scorecard · corrgraph");
    await page.goForward();
    await expect(page).toHaveTitle("Who leads · corrgraph");
  });

  test("every key does what the sheet says", async ({ page }) => {
    await page.goto("/audit");
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Keys" });
    await expect(sheet).toBeVisible();
    const explained = await sheet.locator("kbd").allInnerTexts();
    expect(explained).toEqual([
      "n",
      "g",
      "a",
      "e",
      "h",
      "t",
      "s",
      "p",
      "v",
      "r",
      "/",
      "j",
      "k",
      "Esc",
      "u",
      "o",
      "d",
      "Space",
      "[",
      "]",
      "?",
      "Enter",
    ]);
    await page.keyboard.press("Escape");
    await expect(sheet).toBeHidden();

    for (const [key, path] of [
      ["n", "/"],
      ["e", "/events"],
      ["h", "/leaders"],
      ["t", "/timeline"],
      ["s", "/scorecard"],
      ["p", "/correlation-performance"],
      ["v", "/review"],
      ["r", "/readiness"],
    ] as const) {
      await page.keyboard.press(key);
      await expect(page).toHaveURL((u) => u.pathname === path);
    }
    await page.keyboard.press("g");
    await expect(page.getByRole("region", { name: "Graph" })).toBeFocused();
    await page.keyboard.press("a");
    await expect(page.getByRole("region", { name: "Anomalies" })).toBeFocused();
    await expect(page.getByRole("region", { name: "Anomalies" }).locator("button[data-row]").nth(2)).toBeVisible();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await expect(page.getByRole("region", { name: "Anomalies" }).locator("button[data-row]").nth(1)).toBeFocused();
    await page.keyboard.press("k");
    await expect(page.getByRole("region", { name: "Anomalies" }).locator("button[data-row]").first()).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/incident=/);
    await page.keyboard.press("/");
    await expect(page.getByLabel("Find links")).toBeFocused();
    await page.keyboard.type("go"); // in a field, keys are letters
    await expect(page).toHaveURL((u) => u.pathname === "/" && u.searchParams.get("find") === "go");
    await page.keyboard.press("Escape");
    await expect(page.getByLabel("Find links")).not.toBeFocused();

    // Event time is 19:15:29 UTC, and 15:15:29 in New York.
    await expect(page.getByTitle("Event time of the newest price")).toHaveText("2026-08-08 19:15:29 UTC");
    await page.keyboard.press("u");
    await expect(page.getByTitle("Event time of the newest price")).toHaveText("2026-08-08 15:15:29");
    await expect(page).toHaveURL(/tz=local/);

    await page.goto("/events");
    await page.locator("tbody a").first().click();
    const price = page.getByRole("table", { name: "Prices" }).locator("tbody tr").first().locator("td").nth(3);
    const decimal = Number(await price.innerText());
    const formats = {
      american: decimal >= 2 ? /^\+\d{3,}$/ : /^−\d{3,}$/,
      fractional: /^\d+\/\d+$/,
      probability: new RegExp(`^${(100 / decimal).toFixed(0).slice(0, 1)}.*%$`),
      decimal: new RegExp(`^${decimal.toFixed(2)}`),
    };
    for (const [name, looks] of Object.entries(formats)) {
      await page.keyboard.press("o");
      await expect(page.getByRole("button", { name })).toBeVisible();
      await expect(price).toHaveText(looks);
    }

    const theme = () => page.evaluate(() => document.documentElement.dataset["theme"]);
    expect(await theme()).toBe("light"); // the system's
    for (const [choice, looks] of [
      ["dark", "dark"],
      ["light", "light"],
      ["system", "light"],
    ] as const) {
      await page.keyboard.press("d");
      await expect(page.getByRole("button", { name: choice, exact: true })).toBeVisible();
      expect(await theme()).toBe(looks);
    }
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(theme).toBe("dark");

    await page.keyboard.press(" ");
    await expect(page.getByText("paused")).toBeVisible();
    await page.keyboard.press(" ");
    await expect(page.getByText("paused")).toBeHidden();
  });
});

onBoth(() => {
  test("a banner says what the prices are", async ({ page, market }) => {
    await page.goto("/");
    for (const link of ["Now", "Events", "Scorecard", "Readiness"]) {
      await page.getByRole("link", { name: link, exact: true }).click();
      await expect(page.getByRole("status").first()).toContainText(
        market.name === "demo"
          ? "SIMULATED market: these prices are made up"
          : /Recorded data: the newest price is of \w+ \d+ \w+ \d+ .* That is "now" here/,
      );
    }
  });
});

/** What a page says, line by line, but for what counts on. */
async function screen(page: Page): Promise<string[]> {
  const lines = [await page.title(), ...(await page.locator("#app").innerText()).split("\n")]
    .map(plain)
    .filter(Boolean);
  return lines.map((l) =>
    l
      .replace(/[\d.]+ m?s\b/g, "")
      .replace(/[\d.]+ (min|h|d) (ago|old)/g, "")
      .replace(/now ✔.*?✖ \d+/, ""),
  );
}

const text = (e: Edge): string => `${e.source} ${e.target} ${e.source_name} ${e.target_name}`;
