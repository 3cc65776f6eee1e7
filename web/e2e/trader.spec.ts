// The screen of what happens now shows what the API says.

import type { Edge, EventDetail, Events, Feeds, Graph, Moves, RecentAnomalies, Scorecard } from "../src/api/types";
import { expected, gain } from "../src/lib/bet";
import { familyKey } from "../src/lib/forecasts";
import { baseRate, clock, count, ms, percent, points, price, signed, small, words } from "../src/lib/format";
import { incidents } from "../src/lib/incidents";
import { lagText } from "../src/lib/lag";
import { doubts } from "../src/lib/traits";
import { label, parts, type NodeParts } from "../src/lib/node";
import { earliestElsewhere, fromMoves, originName, type Wave } from "../src/lib/waves";
import { busiest, surest } from "./links";
import { expect, incidentRow, millis, onBoth, plain, rows, test } from "./test";

onBoth(() => {
  test("feeds", async ({ page, heard, still }) => {
    await page.goto("/");
    const strip = page.getByRole("group", { name: "Feeds" });
    await still(async () => {
      const feeds = (await heard.last<Feeds>("/v1/feeds")).feeds.filter((f) => f.venue === "");
      const shown = (await strip.getByRole("listitem").allInnerTexts()).map(plain);
      expect(shown).toHaveLength(feeds.length);
      for (const f of feeds) {
        const text = shown.find((s) => s.split(" ")[1] === f.source)!;
        if (f.age_ms === null) expect(text).toContain("not heard");
        else expect(millis(/[\d.]+ (?:ms|s|min|h|d)/.exec(text)![0])).toBeGreaterThanOrEqual(f.age_ms - 100);
        expect(text.match(/gaps (\d+)/)?.[1] ?? "0").toBe(String(f.missed));
      }
      const fresh = shown.filter((s) => s.startsWith("●")).length;
      expect((await strip.getByRole("link").allInnerTexts())[0]).toBe(`Feeds ${fresh} of ${feeds.length} fresh`);
    });
  });

  test("moving now", async ({ page, heard, still }) => {
    await page.goto("/");
    const list = page.getByRole("region", { name: "Moving now" }).getByRole("listitem");
    await still(async () => {
      const shown = await rows(list);
      expect(shown.length).toBeGreaterThan(2);
      const { events } = await heard.last<Events>("/v1/events?limit=200");
      for (const { cells, link } of shown) {
        const text = cells[0]!;
        const [event, node] = [link.get("event")!, link.get("node")!];
        const p = parts(node)!;
        expect(text).toContain(`${events.find((e) => e.event_id === event)!.title} · ${p.market} · ${p.selection}`);
        // Two parts of the page read this event, one its waves: the row follows from one of the answers.
        const details = await heard.all<EventDetail>(detailOf(event));
        const waves = (await heard.all<Moves>(`${detailOf(event)}/moves`)).flatMap(fromMoves);
        const own = waves.filter((w) => w.origin === node);
        expect(
          [...details, null].some((d) => own.some((w) => travels(text, p, d, w))),
          text,
        ).toBe(true);
      }
    });
  });

  test("what moves next", async ({ page, heard, still }) => {
    await page.goto("/");
    const panel = page.getByRole("region", { name: "What moves next" });
    await still(async () => {
      const card = await heard.last<Scorecard>("/v1/scorecard");
      const o = card.overall;
      expect(plain((await panel.getByRole("link").allInnerTexts())[0]!)).toBe(
        `${percent(o.hit_rate)} of ${count(o.matured)} calls hit (base rate ${baseRate(o)})`,
      );
      const families = new Map(card.families.map((f) => [familyKey(f), f]));
      const shown = await rows(panel.locator("tbody tr"));
      expect(shown.length).toBeGreaterThan(2);
      const streamed = await heard.forecasts();
      for (const { cells, link } of shown) {
        const [from, to] = [link.get("source")!, link.get("target")!];
        const target = parts(to)!;
        const [what, , ...rest] = cells;
        expect(what).toContain(`${target.venue} ${target.market} · ${target.selection}`);
        const said = (await heard.all<EventDetail>(detailOf(target.event))).flatMap((d) => {
          const fair = d.quotes.find((x) => x.node === to)?.fair_probability ?? 0.5;
          const made = [...d.open, ...d.settled, ...streamed].filter((f) => f.source === from && f.target === to);
          return made.map((f) => {
            const r = families.get(f.family);
            const like =
              r && r.matured > 0
                ? `${percent(r.hit_rate)} [${Math.round(100 * r.hit_low)}–${Math.round(100 * r.hit_high)}] of ${r.matured} like it`
                : "none yet";
            const bet =
              f.bet && f.price !== null
                ? `${parts(f.bet)!.selection}${f.bet_line === null ? "" : ` ${f.bet_line}`} at ${price(f.price, "decimal")} ` +
                  `fair ${f.fair === null ? "–" : price(1 / f.fair, "decimal")} · ${f.ev === null ? expected(f) : `EV ${gain(f.ev)}`}`
                : "none";
            return [`${f.size > 0 ? "▲" : "▼"} ${points(f.size, fair)}`, percent(f.revised), like, bet];
          });
        });
        expect(said).toContainEqual(rest);
      }
    });
  });

  test("anomalies and suppressed ones", async ({ page, market, still }) => {
    await page.goto("/");
    const panel = page.getByRole("region", { name: "Anomalies" });
    await still(async () => {
      const a = await market.says<RecentAnomalies>("/v1/anomalies?limit=200");
      const list = incidents(a.anomalies);
      const raised = a.anomalies.filter((x) => !x.suppressed && !x.review?.muted_by).length;
      expect(list.reduce((sum, i) => sum + i.anomalies.length, 0)).toBe(raised);
      const live = list.filter((i) => !i.over).length;
      expect((await panel.locator("header").allInnerTexts()).map(plain)).toEqual([
        `Anomalies ${live} on · ${list.length} incidents${a.suppressed ? ` · ${a.suppressed} suppressed` : ""}`,
      ]);
      const shown = (await panel.locator("button[data-row]").allInnerTexts()).map(plain);
      expect(shown.map((s) => s.replace(/^\S+ /, ""))).toEqual(list.slice(0, 60).map(incidentRow));
    });
    await panel.getByText("Suppressed and muted").click();
    await still(async () => {
      const all = await market.says<RecentAnomalies>("/v1/anomalies?limit=500&suppressed=true");
      const kept = all.anomalies.filter((x) => x.suppressed);
      expect(kept.length).toBe(all.suppressed);
      const shown = (await panel.locator("details li").allInnerTexts()).map(plain);
      expect(shown).toEqual(
        kept.slice(0, 100).map((x) => `${clock(ms(x.at), "utc")} ${words(x.kind)} ${x.title} · ${x.suppressed}`),
      );
    });
  });

  test("the graph and its table", async ({ page, market, still }) => {
    const { event, title, edges: links } = await busiest(market.url);
    const address = `${detailOf(event)}/graph?limit=300`;
    const focus = surest(links).source;
    for (const certain of ["1", "0"]) {
      await page.goto(`/?${new URLSearchParams({ event, node: focus, certain })}`);
      const panel = page.getByRole("region", { name: "Graph" });
      const near = async () => {
        const all = (await market.says<Graph>(address)).layers.flatMap((l) => l.edges ?? []);
        const edges = all.filter((e) => certain === "0" || e.discovered || e.evidence === "external");
        const nodes = new Set(
          edges.filter((e) => e.source === focus || e.target === focus).flatMap((e) => [e.source, e.target]),
        );
        const hidden = all.length - edges.length;
        return { nodes, edges: edges.filter((e) => nodes.has(e.source) && nodes.has(e.target)), hidden };
      };
      await still(async () => {
        const { nodes, edges, hidden } = await near();
        const numbers = `${nodes.size} prices, ${edges.length} links`;
        expect((await panel.locator("p.about").allInnerTexts()).map(plain)).toEqual([
          `${title} around ${label(focus)} · ${numbers}${hidden ? `, ${hidden} not shown` : ""}`,
        ]);
        expect(
          await panel.getByRole("img", { name: `Graph of ${nodes.size} prices and ${edges.length} links` }).count(),
        ).toBe(1);
      });
      await panel.getByRole("button", { name: "table" }).click();
      await still(async () => {
        const { edges } = await near();
        const shown = (await rows(panel.locator("tbody tr"))).map((r) =>
          r.cells.map((c) =>
            c.replace(/(, )?expected to move$/, "").replace(/ [▲▼] (likely origin|earliest|\+\S+ \S+)$/, ""),
          ),
        );
        expect(shown).toEqual(
          edges.toSorted((a, b) => a.layer - b.layer || Math.abs(b.correlation) - Math.abs(a.correlation)).map(edgeRow),
        );
      });
    }
  });
});

const detailOf = (event: string): string => `/v1/events/${encodeURIComponent(event)}`;

/** Whether a row of what moves now says what an answer about its event says, and a wave of it. */
function travels(text: string, p: NodeParts, d: EventDetail | null, w: Wave): boolean {
  const quotes = (d?.quotes ?? []).filter((x) => x.market === p.market && x.selection === p.selection);
  const own = quotes.find((x) => x.venue === p.venue);
  const origins = w.likely
    ? `likely origin: ${originName(w.likely)} ${w.likely.p.toFixed(2)}`
    : `origin can’t be told: ${w.origins
        .slice(0, 2)
        .map((o) => `${originName(o)} ${o.p.toFixed(2)}`)
        .join(", ")}`;
  const waits = quotes.filter((x) => x.status === "open" && !w.moved.has(x.node)).map((x) => x.venue);
  return [
    `${w.size > 0 ? "▲" : "▼"} ${points(w.size, own?.fair_probability ?? 0.5)}`,
    typeof own?.price === "number" ? price(own.price, "decimal") : "",
    origins + (earliestElsewhere(w) ? `; earliest seen: ${w.earliest.join(", ")}` : ""),
    d === null ? `${w.moved.size} moved` : `${w.moved.size} of ${Math.max(quotes.length, w.moved.size)} moved`,
    `since ${clock(w.started, "utc")}`,
    waits.length > 0 ? `not moved: ${waits.join(", ")}` : "",
    d === null ? "the other prices are not read yet" : "",
  ].every((x) => text.includes(x));
}

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
  [e.simultaneous && "together", ...doubts(e)].filter(Boolean).join(", "),
];
