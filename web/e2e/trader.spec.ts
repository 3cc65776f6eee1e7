// The screen of what happens now shows what the API says.

import type { Edge, EventDetail, Events, Feeds, Forecast, Graph, RecentAnomalies, Scorecard } from "../src/api/types";
import { familyKey } from "../src/lib/forecasts";
import { clock, count, ms, percent, points, price, signed, small, words } from "../src/lib/format";
import { incidents } from "../src/lib/incidents";
import { lagText } from "../src/lib/lag";
import { label, parts } from "../src/lib/node";
import { busiest } from "./links";
import { Stream } from "./stream";
import { expect, millis, onBoth, plain, rows, test } from "./test";

onBoth(() => {
  test("feeds", async ({ page, market }) => {
    await page.goto("/");
    const strip = page.getByRole("group", { name: "Feeds" });
    await expect(async () => {
      const feeds = (await market.says<Feeds>("/v1/feeds")).feeds.filter((f) => f.venue === "");
      const shown = (await strip.getByRole("listitem").allInnerTexts()).map(plain);
      expect(shown).toHaveLength(feeds.length);
      for (const f of feeds) {
        const text = shown.find((s) => s.split(" ")[1] === f.source)!;
        if (f.age_ms === null) expect(text).toContain("not heard");
        else expect(millis(/[\d.]+ (?:ms|s|min|h|d)/.exec(text)![0])).toBeGreaterThanOrEqual(f.age_ms - 100);
        expect(text.match(/gaps (\d+)/)?.[1] ?? "0").toBe(String(f.missed));
      }
      const fresh = shown.filter((s) => s.startsWith("●")).length;
      await expect(strip.getByRole("link").first()).toHaveText(`Feeds ${fresh} of ${feeds.length} fresh`, { timeout: 1 });
    }).toPass();
  });

  test("moving now", async ({ page, market }) => {
    await using stream = await Stream.open(market.url);
    await page.goto("/");
    const list = page.getByRole("region", { name: "Moving now" }).getByRole("listitem");
    await expect(async () => {
      const shown = await rows(list);
      expect(shown.length).toBeGreaterThan(2);
      const { events } = await market.says<Events>("/v1/events?limit=200");
      for (const { cells, link } of shown) {
        const text = cells[0]!;
        const [event, node] = [link.get("event")!, link.get("node")!];
        const detail = await market.says<EventDetail>(`/v1/events/${encodeURIComponent(event)}`);
        const p = parts(node)!;
        const quotes = detail.quotes.filter((x) => x.market === p.market && x.selection === p.selection);
        const own = quotes.find((x) => x.node === node)!;
        expect(text).toContain(`${events.find((e) => e.event_id === event)!.title} · ${p.market} · ${p.selection}`);
        if (typeof own.price === "number") expect(text).toContain(price(own.price, "decimal"));
        // Somebody said that this price moved by so much at that time: a move, or a forecast made for it.
        const moves = [...detail.open, ...detail.settled, ...stream.forecasts.values()].filter((f) => f.source === node).map((f) => ({ at: f.issued_at, move: f.move }));
        const said = [...moves, ...stream.moves.filter((m) => m.node === node)].map((m) => `${points(m.move, own.fair_probability ?? 0.5)} at ${clock(ms(m.at), "utc")}`);
        const [, size, at] = /^[▲▼] (\S+ pp) .* first at ([\d:]+) /.exec(text)!;
        expect(said).toContain(`${size} at ${at}`);
        // Of all venues that price it, each has followed, or has not, or can't.
        const [, followed, venues] = /(\d+) of (\d+) followed/.exec(text)!;
        const waits = /not moved: (.*?)(?: · |$)/.exec(text)?.[1]?.split(", ") ?? [];
        const suspended = Number(/(\d+) suspended/.exec(text)?.[1] ?? 0);
        expect(Number(venues)).toBe(quotes.length - 1);
        expect(suspended).toBe(quotes.filter((x) => x.status !== "open").length);
        expect(1 + Number(followed) + waits.length + suspended).toBe(quotes.length);
      }
    }).toPass();
  });

  test("what moves next", async ({ page, market }) => {
    await using stream = await Stream.open(market.url);
    await page.goto("/");
    const panel = page.getByRole("region", { name: "What moves next" });
    await expect(async () => {
      const card = await market.says<Scorecard>("/v1/scorecard");
      const o = card.overall;
      expect(plain(await panel.getByRole("link").first().innerText())).toBe(`${percent(o.hit_rate)} of ${count(o.matured)} calls hit (chance ${percent(o.base_rate)})`);
      const families = new Map(card.families.map((f) => [familyKey(f), f]));
      const shown = await rows(panel.locator("tbody tr"));
      expect(shown.length).toBeGreaterThan(2);
      for (const { cells, link } of shown) {
        const [from, to] = [link.get("source")!, link.get("target")!];
        const target = parts(to)!;
        const detail = await market.says<EventDetail>(`/v1/events/${encodeURIComponent(target.event)}`);
        const fair = detail.quotes.find((x) => x.node === to)?.fair_probability ?? 0.5;
        const [what, , size, chance, record] = cells;
        expect(what).toContain(`${target.venue} ${target.market} · ${target.selection}`);
        const made = [...detail.open, ...detail.settled, ...stream.forecasts.values()].filter((f: Forecast) => f.source === from && f.target === to);
        const said = made.map((f) => {
          const r = families.get(f.family);
          const like = r && r.matured > 0 ? `${percent(r.hit_rate)} [${Math.round(100 * r.hit_low)}–${Math.round(100 * r.hit_high)}] of ${r.matured} like it` : "none yet";
          return [`${f.size > 0 ? "▲" : "▼"} ${points(f.size, fair)}`, percent(f.probability), like];
        });
        expect(said).toContainEqual([size, chance, record]);
      }
    }).toPass();
  });

  test("anomalies and those kept back", async ({ page, market }) => {
    await page.goto("/");
    const panel = page.getByRole("region", { name: "Anomalies" });
    await expect(async () => {
      const a = await market.says<RecentAnomalies>("/v1/anomalies?limit=200");
      const list = incidents(a.anomalies);
      const raised = a.anomalies.filter((x) => !x.suppressed && !x.review?.muted_by).length;
      expect(list.reduce((sum, i) => sum + i.anomalies.length, 0)).toBe(raised);
      const live = list.filter((i) => !i.over).length;
      expect(plain(await panel.locator("header").innerText())).toBe(`Anomalies ${live} on · ${list.length} incidents${a.suppressed ? ` · ${a.suppressed} kept back` : ""}`);
      const shown = (await panel.locator("button[data-row]").allInnerTexts()).map(plain);
      expect(shown.map((s) => s.replace(/^\S+ /, ""))).toEqual(
        list.slice(0, 60).map((i) => {
          const kinds = i.kinds.map((k) => words(k.kind) + (k.count > 1 ? ` ×${k.count}` : "")).join(", ");
          return `${i.severity} ${kinds} · ${i.title}${i.market ? ` · ${i.market}` : ""} ${i.over ? "over" : "on"} · ${clock(i.last, "utc")}`;
        }),
      );
    }).toPass();
    await panel.getByText("Kept back and muted").click();
    await expect(async () => {
      const all = await market.says<RecentAnomalies>("/v1/anomalies?limit=500&suppressed=true");
      const kept = all.anomalies.filter((x) => x.suppressed);
      expect(kept.length).toBe(all.suppressed);
      const shown = (await panel.locator("details li").allInnerTexts()).map(plain);
      expect(shown).toEqual(kept.slice(0, 100).map((x) => `${clock(ms(x.at), "utc")} ${words(x.kind)} ${x.title} · ${x.suppressed}`));
    }).toPass();
  });

  test("the graph and its table", async ({ page, market }) => {
    const { event, title, edges: links } = await busiest(market.url);
    const address = `/v1/events/${encodeURIComponent(event)}/graph?limit=300`;
    const focus = links.find((e) => e.layer === 1 && e.discovered)!.source;
    for (const certain of ["1", "0"]) {
      await page.goto(`/?${new URLSearchParams({ event, node: focus, certain })}`);
      const panel = page.getByRole("region", { name: "Graph" });
      const near = async () => {
        const all = (await market.says<Graph>(address)).layers.flatMap((l) => l.edges ?? []);
        const edges = all.filter((e) => certain === "0" || e.discovered || e.evidence === "external");
        const nodes = new Set(edges.filter((e) => e.source === focus || e.target === focus).flatMap((e) => [e.source, e.target]));
        const hidden = all.length - edges.length;
        return { nodes, edges: edges.filter((e) => nodes.has(e.source) && nodes.has(e.target)), hidden };
      };
      await expect(async () => {
        const { nodes, edges, hidden } = await near();
        const numbers = `${nodes.size} prices, ${edges.length} links`;
        expect(plain(await panel.locator("p.about").innerText())).toBe(`${title} around ${label(focus)} · ${numbers}${hidden ? `, ${hidden} not shown` : ""}`);
        await expect(panel.getByRole("img", { name: `Graph of ${nodes.size} prices and ${edges.length} links` })).toBeVisible({ timeout: 1 });
      }).toPass();
      await panel.getByRole("button", { name: "table" }).click();
      await expect(async () => {
        const { edges } = await near();
        const shown = (await rows(panel.locator("tbody tr"))).map((r) => r.cells.map((c) => c.replace(/(, )?expected to move$/, "")));
        expect(shown).toEqual(edges.toSorted((a, b) => a.layer - b.layer || Math.abs(b.correlation) - Math.abs(a.correlation)).map(edgeRow));
      }).toPass();
    }
  });
});

const edgeRow = (e: Edge): string[] => [
  `L${e.layer}`,
  label(e.source, e.event_id),
  label(e.target, e.event_id),
  lagText(e),
  signed(e.correlation, 2),
  e.beta.toFixed(2),
  count(e.n),
  small(e.q),
  percent(e.confidence),
  [e.simultaneous && "together", e.copied && "copied", !e.discovered && "not certain"].filter(Boolean).join(", "),
];
