// Every view in both themes and all widths, for everybody. The page fixture sees to it that
// none complains in the console, breaks the policy or asks anybody but the server.

import AxeBuilder from "@axe-core/playwright";
import { views } from "../src/lib/route";
import { certain } from "./links";
import { Server } from "./server";
import { expect, type Market, onBoth, test } from "./test";

/** Long lists are narrowed down: their rows are alike. So are the nodes of a large graph, and
 * the seconds in which it is drawn. */
const few = (on: Market["name"]): Record<string, Record<string, string>> => ({
  scorecard: { layer: "1", find: on === "demo" ? "mlb" : "bovada" },
  audit: { operation: "LEADERS" },
  stress: { nodes: "200", edges: "1000", seconds: "1" },
});

onBoth(() => {
  // No backups are configured for the replay, and the page asks for them.
  test.use({ allowed: /404 .*\/v1\/backups/ });

  for (const [name, view] of Object.entries(views)) {
    test(`${name} for everybody`, async ({ page, url, on }) => {
      const chosen = name === "edge" || name === "timeline" ? await certain(url) : few(on)[name];
      await page.goto(`${view.path}?${new URLSearchParams(chosen)}`);
      await expect(page.getByRole("main")).toHaveText(/\S/);
      await expect(page.getByText(/^Reading /)).toHaveCount(0);
      for (const theme of ["light", "dark"]) {
        if (theme === "dark") await page.keyboard.press("d");
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        const axe = new AxeBuilder({ page }).options({ resultTypes: ["violations"] });
        const { violations } = await (theme === "dark" ? axe.withRules("color-contrast") : axe).analyze(); // a theme is nothing but colours
        const grave = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
        expect(
          grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`),
          theme,
        ).toEqual([]);
      }
      expect(await page.evaluate(onlyColour), "conveyed by colour alone").toEqual([]);
      for (const width of [1440, 1024, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await expect
          .poll(() => page.evaluate(() => document.documentElement.scrollWidth), `at ${width} px`)
          .toBe(width);
      }
    });
  }
});

/** What only its colour tells: coloured places without a word or sign, and the same words
 * with the same neighbours in two colours. */
function onlyColour(): string[] {
  const found: string[] = [];
  const tones = new Map<string, string>();
  for (const e of document.querySelectorAll<HTMLElement>(".good, .warn, .bad")) {
    if (e.offsetWidth === 0 || getComputedStyle(e).visibility === "hidden") continue;
    const tone = ["good", "warn", "bad"].find((t) => e.classList.contains(t))!;
    const own = e.innerText.trim();
    if (own === "" && !e.matches("svg *"))
      found.push(`nothing but ${tone} in ${e.parentElement!.outerHTML.slice(0, 200)}`);
    const text = (e.closest("li, tr, dd, p") as HTMLElement | null)?.innerText ?? own;
    const was = tones.get(text + own);
    if (was && was !== tone) found.push(`${own} is both ${was} and ${tone}`);
    tones.set(text + own, tone);
  }
  return found;
}

test("the sheet of keys for everybody", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).include("dialog").analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
});

test("the policy lets nothing in", async ({ request }) => {
  const page = await request.get("/");
  const policy = page.headers()["content-security-policy"]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  const body = await page.text();
  expect([...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1])).toEqual(
    expect.arrayContaining([expect.stringMatching(/^\//)]),
  );
  expect(body).not.toMatch(/(?:src|href)="(?!\/)/);
});

test("nothing moves for those who want it still", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/");
  await expect(page.getByRole("region", { name: "Moving now" }).getByRole("listitem").nth(1)).toBeVisible();
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter(
        (e) => getComputedStyle(e).animationName !== "none" || getComputedStyle(e).transitionDuration !== "0s",
      ).length,
  );
  expect(moving).toBe(0);
});

test("a service without prices says what comes", async ({ page }, info) => {
  const empty = await Server.start(
    "serve",
    "--set",
    `store.path=${info.outputPath("empty.db")}`,
    "--set",
    "server.listen=127.0.0.1:0",
  );
  const wanted: Record<string, string> = {
    "/": "No price has arrived yet.",
    "/events": "No event is known yet",
    "/leaders": "No pair of venues has been judged yet.",
    "/leaders?as=table": "No new score was told of a match.",
    "/timeline": "No move that others follow has been seen yet.",
    "/edge": "Choose one in the graph",
    "/scorecard": "No forecast has been made yet.",
    "/arbitrage": "No arbitrage right now.",
    "/correlation-performance": "Nothing was measured in this span yet.",
    "/readiness": "No gate has been run against this instance.",
    "/feeds": "No source has sent a price yet.",
    "/review": "No candidate: no two bets of different venues look alike that are not joined already.",
  };
  for (const [path, text] of Object.entries(wanted)) {
    await page.goto(empty.url + path);
    await expect(page.getByRole("main")).toContainText(text);
  }
  await page.goto("about:blank"); // so that no page misses it
  await empty.kill();
});
