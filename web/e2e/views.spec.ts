// Every other view shows what the API says.

import type {
  AuditPage,
  EdgeDetail,
  EventDetail,
  Events,
  Feeds,
  Leaders,
  Pair,
  Predictions,
  Propagation,
  RecentAnomalies,
  Score,
  Scorecard,
  ArbitrageWindows,
} from "../src/api/types";
import {
  baseRate,
  between,
  clock,
  count,
  ms,
  percent,
  price,
  signed,
  small,
  span,
  stamp,
  words,
} from "../src/lib/format";
import { past } from "../src/lib/arbitrage";
import { listed } from "../src/lib/feeds";
import { lagText } from "../src/lib/lag";
import { doubts, searched } from "../src/lib/traits";
import { newestCell } from "../src/lib/newest";
import { parts } from "../src/lib/node";
import { micros } from "../src/lib/performance";
import { certain } from "./links";
import { expect, onBoth, plain, rows, test } from "./test";

const ratio = (s: Pick<Score, "hit_rate" | "hit_low" | "hit_high">): string =>
  `${percent(s.hit_rate)} [${Math.round(100 * s.hit_low)}–${Math.round(100 * s.hit_high)}]`;

onBoth(() => {
  test("events", async ({ page, market, still }) => {
    await page.goto("/events");
    const table = page.getByRole("region", { name: "Events" });
    await still(async () => {
      const e = await market.says<Events>("/v1/events?limit=100");
      const shown = (await rows(table.locator("tbody tr"))).map((r) => r.cells.filter((_, i) => i !== 2));
      const sorted = (list: string[][]) => list.toSorted((a, b) => a.join().localeCompare(b.join()));
      expect(sorted(shown)).toEqual(
        sorted(
          e.events.map((r) => [
            r.title,
            [r.sport, r.league].filter(Boolean).join(" · "),
            count(r.quotes),
            String(r.markets),
            r.open_forecasts ? String(r.open_forecasts) : "–",
            r.anomalies_on ? `▲ ${r.anomalies_on}` : "–",
            r.start_time ? stamp(ms(r.start_time), "utc").slice(0, 16) : "–",
          ]),
        ),
      );
      expect(await table.locator(".foot").allInnerTexts()).toEqual([`${e.events.length} of ${e.total}`]);
    });
    await table.getByRole("link").first().click();
    const id = new URL(page.url()).searchParams.get("event")!;
    await still(async () => {
      const d = await market.says<EventDetail>(`/v1/events/${encodeURIComponent(id)}`);
      expect((await market.says<Events>("/v1/events?limit=100")).events.find((e) => e.event_id === id)!.title).toBe(
        d.title,
      );
      const shown = await rows(page.getByRole("table", { name: "Prices" }).locator("tbody tr"));
      expect(shown.map((r) => r.cells.filter((_, i) => i !== 5)).sort()).toEqual(
        d.quotes
          .map((x) => [
            x.market + (x.line === null ? "" : ` ${x.line}`),
            x.selection,
            x.venue,
            x.status === "open" && typeof x.price === "number" ? price(x.price, "decimal") : "–",
            x.fair_probability === null ? "–" : percent(x.fair_probability),
            x.status === "open" ? (x.stale ? "▲ stale" : x.in_play ? "in play" : "") : `▨ ${x.status}`,
          ])
          .sort(),
      );
    });
  });

  test("who leads, as a table", async ({ page, market, still }) => {
    await page.goto("/leaders?as=table");
    await still(async () => {
      const best = bestPairs((await market.says<Leaders>("/v1/leaders")).pairs);
      const shown = (await rows(page.getByRole("main").locator("tbody tr"))).map((r) => r.cells);
      expect(shown).toEqual(
        best.map((p) => [
          p.leader,
          p.follower,
          p.league,
          p.market,
          lagText(p),
          signed(p.correlation, 2),
          p.beta.toFixed(2),
          count(p.n),
          small(p.q),
          percent(p.confidence),
          newestCell(p),
          [verdict(p), ...doubts(p).filter((w) => w !== "not certain")].join(", "),
        ]),
      );
    });
  });

  test("who leads, square by square of the map", async ({ page, market, still }) => {
    await page.goto("/leaders");
    const map = page.getByRole("application");
    await map.focus();
    let tested = 0;
    for (const key of [
      "ArrowRight",
      "ArrowDown",
      "ArrowRight",
      "ArrowRight",
      "ArrowDown",
      "ArrowLeft",
      "ArrowDown",
      "ArrowUp",
    ]) {
      const before = page.url();
      await map.press(key);
      await expect(page).not.toHaveURL(before);
      const [row, column] = new URL(page.url()).searchParams.get("pair")!.split(" ") as [string, string];
      await still(async () => {
        const all = (await market.says<Leaders>("/v1/leaders")).pairs;
        const p = bestPairs(all).find((p) => [p.leader, p.follower].sort().join() === [row, column].sort().join());
        const detail = page.locator(".detail");
        const said = (await detail.allInnerTexts()).map(plain).join();
        if (!p) {
          expect(said).toContain("Choose a square");
          return;
        }
        const [heading] = await detail.locator("h3").allInnerTexts();
        const values = (await detail.locator("dd").allInnerTexts()).map(plain);
        const terms = new Map((await detail.locator("dt").allInnerTexts()).map((t, i) => [plain(t), values[i]]));
        expect(heading).toBe(
          [
            p.discovered && !p.simultaneous ? verdict(p) : verdict({ ...p, leader: row, follower: column }),
            ...doubts(p).filter((w) => w !== "not certain"),
          ].join(", "),
        );
        expect(terms.get("Lag")).toBe(
          lagText(p) +
            (p.resolution_ms >= 1000 ? `, read every ${p.resolution_ms / 1000} s` : "") +
            (searched(p) && `; ${searched(p)}`),
        );
        expect(terms.get("Correlation")).toBe(
          `${signed(p.correlation, 2)}, of ${count(p.n)} coincidences in ${p.pairs} pairs of prices`,
        );
        expect(terms.get("Certain")).toBe(
          `${percent(p.confidence)} (${p.band}), q ${small(p.q)} · that it exists q ${small(p.q_exist)} · its direction q ${small(p.q_direct)}`,
        );
        tested++;
      });
    }
    expect(tested).toBeGreaterThan(3);
  });

  test("a link", async ({ page, market, still }) => {
    const of = new URLSearchParams(await certain(market.url)).toString();
    await page.goto(`/edge?${of}`);
    const numbers = page.getByRole("region", { name: "Numbers" });
    await still(async () => {
      const d = await market.says<EdgeDetail>(`/v1/edges?${of}`);
      const e = d.edge;
      const values = (await numbers.locator("dd").allInnerTexts()).map(plain);
      const terms = new Map((await numbers.locator("dt").allInnerTexts()).map((t, i) => [plain(t), values[i]]));
      const said = (term: string) => terms.get(term);
      expect(said("Lag")).toContain(
        e.lag_low_ms === e.lag_high_ms ? span(e.lag_ms) : `${span(e.lag_ms)} (${between(e.lag_low_ms, e.lag_high_ms)})`,
      );
      expect(said("Correlation")).toBe(signed(e.correlation, 2));
      expect(said("Follows by")).toBe(`${percent(e.beta)} of the move (β)`);
      expect(said("Evidence")).toBe(`n ${count(e.n)}, from ${e.evidence}`);
      expect(said("Certainty")).toBe(`${percent(e.confidence)} (${e.band}), p ${small(e.p)}, q ${small(e.q)}`);
      if (d.family)
        expect(said("Its family")).toContain(
          `${d.family.key}: ${d.family.pairs} pairs, n ${count(d.family.n)}, z ${d.family.z.toFixed(1)}`,
        );
      if (d.trend.windows > 0) expect(said("Now and usually")).toContain(`over ${d.trend.windows} windows`);
    });
  });

  test("propagation", async ({ page, market, still }) => {
    const { source } = await certain(market.url);
    await page.goto(`/timeline?${new URLSearchParams({ source })}`);
    await still(async () => {
      const { paths } = await market.says<Propagation>(
        `/v1/propagation?${new URLSearchParams({ source, max_depth: "4" })}`,
      );
      expect(paths.length).toBeGreaterThan(0);
      const shown = (
        await page.getByRole("region", { name: "What would follow" }).locator(".line:not(.head)").allInnerTexts()
      ).map(plain);
      expect(shown).toHaveLength(Math.min(40, paths.length));
      const said = paths.map((p) => {
        const to = parts(p.hops.at(-1)!.target)!;
        const via = p.hops.length > 1 ? ` ⋯${p.hops.length - 1}` : "";
        return `${to.venue} ${to.market} · ${to.selection}${via} ${percent(p.confidence)} ×${p.impact.toFixed(2)} ${span(Math.max(0, p.lag_low_ms))} to ${span(p.lag_high_ms)}`;
      });
      expect(said).toEqual(expect.arrayContaining(shown));
    });
  });

  test("scorecard", async ({ page, market, still }) => {
    await page.goto("/scorecard");
    const panel = (name: string) => page.getByRole("region", { name });
    await still(async () => {
      const c = await market.says<Scorecard>("/v1/scorecard");
      const o = c.overall;
      const said = (await panel("Overall").locator("dd").allInnerTexts()).map(plain);
      const both = c.led.matured > 0 && c.others.matured > 0;
      const overall = [
        ratio(o),
        ...(both ? [ratio(c.led), `${ratio(c.others)} venues that only move together with the movers`] : []),
        `${baseRate(o)} the same rule at times of equal activity, n ${count(o.base_n)}`,
        `${count(o.matured)}: ✔ ${count(o.hits)} hit, ▲ ${count(o.late)} late, ✖ ${count(o.wrong_sign)} wrong direction, ✖ ${count(o.miss)} missed`,
        `${count(o.already_moved)} had already moved, ${count(o.void)} without a price, ${count(o.pending)} pending`,
        `${o.brier.toFixed(3)} always forecasting the base rate: ${o.brier_base.toFixed(3)}; lower is better`,
        `${span(o.lead_time_ms)} median of hits`,
      ];
      expect(said.slice(0, overall.length)).toEqual(overall);
      const bins = (await rows(panel("Is 70 %").locator("tbody tr"))).map((r) => r.cells);
      expect(bins).toEqual(
        c.calibration
          .filter((b) => b.n > 0)
          .map((b) => [
            percent(b.claimed),
            `${percent(b.rate)} [${Math.round(100 * b.rate_low)}–${Math.round(100 * b.rate_high)}]`,
            count(b.n),
          ]),
      );
      const rules = (await rows(panel("Against baselines").locator("tbody tr"))).map((r) => r.cells);
      const brier = (n: number, v: number) => (n ? v.toFixed(3) : "–");
      expect(rules).toEqual([
        ["corrgraph", ratio(o), count(o.matured), o.brier.toFixed(3)],
        ...Object.entries(c.rivals).map(([name, r]) => [
          words(name),
          r.calls ? ratio(r) : "none yet",
          count(r.calls),
          brier(r.calls, r.brier),
        ]),
        ...Object.entries(c.layers)
          .sort()
          .map(([name, l]) => [
            `Layer ${name}`,
            l.matured ? ratio(l) : "none yet",
            count(l.matured),
            brier(l.matured, l.brier),
          ]),
      ]);
      const families = (await rows(panel("By family").locator("tbody tr"))).map((r) => r.cells);
      expect(families).toEqual(
        c.families
          .toSorted((a, b) => b.matured - a.matured)
          .slice(0, 200)
          .map((f) => [
            `L${f.layer}`,
            `${f.leader || "others"} → ${f.follower}`,
            [f.league || f.sport, f.market, f.venue, f.phase === "live" ? "in play" : ""].filter(Boolean).join(" · "),
            f.matured ? ratio(f) : "none yet",
            baseRate(f),
            count(f.matured),
            brier(f.matured, f.brier),
            f.hits ? span(f.lead_time_ms) : "–",
          ]),
      );
      const leads = (await panel("Lead time of").getByRole("listitem").allInnerTexts()).map((t) =>
        Number(plain(t).split(" ").at(-1)!.replaceAll(",", "")),
      );
      expect(leads.reduce((a, b) => a + b)).toBe(c.overall.hits);
    });
  });

  test("arbitrage", async ({ page, market, still }) => {
    await page.goto("/arbitrage?past=1");
    const legs = (list: { selection: string; venue: string; line?: number | null; price: number; stake: number }[]) =>
      list
        .map((l) => {
          const line = l.line === null || l.line === undefined ? "" : ` ${l.line}`;
          return `${l.selection}${line} ${l.venue} ${price(l.price, "decimal")} stake ${percent(l.stake)}`;
        })
        .join(" ");
    const profit = (share: number) => `${(100 * share).toFixed(2)} %`;
    const signs = (list: string[]) => list.map((t) => `▲ ${t}`).join(" ");
    await still(async () => {
      const { windows, suppressed } = await market.says<ArbitrageWindows>("/v1/arbitrage?suppressed=true");
      const { anomalies } = await market.says<RecentAnomalies>(
        "/v1/anomalies?kind=arbitrage&suppressed=true&limit=200",
      );
      const raised = windows.filter((w) => !w.suppressed);
      const offers = raised.filter((w) => w.suspected.length === 0);
      const phantoms = raised.filter((w) => w.suspected.length > 0);
      const over = past(anomalies, windows);
      expect(windows.length - raised.length).toBe(suppressed);
      expect(over.length).toBeGreaterThan(3);
      expect(
        plain((await page.getByRole("region", { name: "Arbitrage" }).locator("header").allInnerTexts()).join()),
      ).toContain(`${offers.length} on · ${phantoms.length} suspected · ${suppressed} no offer`);
      const shown = await rows(page.getByRole("main").locator("tbody tr"));
      expect(
        shown.map((r) => [
          r.cells[1],
          r.cells[2]!.replace(/(▲ )?\S+ \S+ old/g, "")
            .replace(/\s+/g, " ")
            .trim(),
          r.cells[5],
        ]),
      ).toEqual(
        [
          ...[...offers, ...phantoms, ...windows.filter((w) => w.suppressed)].map((w) => [
            profit(w.profit) + (phantoms.includes(w) ? " suspected" : ""),
            legs(w.legs),
            signs(w.warnings) || "none known",
          ]),
          ...over.map((a) => {
            const bets = a.evidence.bets!.legs.map((b) => ({ ...b, ...parts(b.node)! }));
            const why = [a.suppressed && `not raised: ${a.suppressed}`, a.evidence.suspected].filter(
              (w) => !!w,
            ) as string[];
            return [profit(a.size), legs(bets), plain(`○ past: prices as they were reported ${signs(why)}`)];
          }),
        ].slice(0, 60),
      );
      for (const { cells } of shown.slice(0, windows.length)) expect(cells[2]).toMatch(/ old/);
    });
  });

  test("feeds in full", async ({ page, market, still }) => {
    await page.goto("/feeds");
    await still(async () => {
      const f = await market.says<Feeds>("/v1/feeds");
      const shown = (await rows(page.getByRole("main").locator("tbody tr"))).map((r) =>
        r.cells.filter((_, i) => i !== 2 && i !== 3),
      );
      expect(shown).toEqual(
        listed(f.feeds).map(({ feed: x, whole, venues }) => {
          return [
            x.source,
            venues.length === 1 ? venues[0] : `${venues.length} venues`,
            x.age_ms === null ? "–" : span(x.delay_ms),
            whole ? `${x.polled ? "polled, " : ""}${span(x.step_ms)}` : "",
            count(x.quotes),
            whole ? (x.missed > 0 ? `▲ ${x.missed}` : "0") : "",
            [
              ...Object.entries(x.refused).map(([r, n]) => `${words(r)} ${count(n)}`),
              ...(x.late > 0 ? [`${count(x.late)} shown, too late to be learnt from`] : []),
            ].join(", "),
          ];
        }),
      );
    });
  });

  test("audit log", async ({ page, heard, still }) => {
    await page.goto("/audit?operation=SCORECARD");
    await still(async () => {
      const a = await heard.last<AuditPage>("/v1/audit?operation=SCORECARD");
      expect(a.rows.length).toBeGreaterThan(0);
      const shown = (await rows(page.getByRole("main").locator("tbody tr"))).map((r) => r.cells);
      expect(shown).toEqual(
        a.rows.map((r) => [
          stamp(ms(r.at), "utc"),
          r.operation,
          r.subject,
          `● ${r.status}`,
          micros(r.took_us),
          r.actor,
          r.trace_id?.slice(0, 8) ?? "",
        ]),
      );
      expect(await page.getByText(`The log holds ${count(a.log.rows)} rows`).count()).toBe(1);
    });
  });
});

test.describe(() => {
  test.use({ on: "mlb" });

  test("propagation, as it happened", async ({ page, market, still }) => {
    const { source } = await certain(market.url);
    await page.goto(`/timeline?${new URLSearchParams({ source })}`);
    const happened = page.getByRole("region", { name: "What happened" });
    await still(async () => {
      const p = await market.says<Predictions>(`/v1/predictions?${new URLSearchParams({ node: source })}`);
      const own = [...p.open, ...p.settled].filter((f) => f.source === source);
      const times = [...new Set(own.map((f) => f.issued_at))].sort().reverse().slice(0, 4);
      expect(times.length).toBeGreaterThan(0);
      const heads = (await happened.locator("h3").allInnerTexts()).map(plain);
      expect(heads).toEqual(
        times.map(
          (at) => `${clock(ms(at), "utc")} moved ${signed(own.find((f) => f.issued_at === at)!.move, 3)} log-odds`,
        ),
      );
      expect(await happened.locator(".line:not(.head)").count()).toBe(
        own.filter((f) => times.includes(f.issued_at)).length,
      );
      for (const [word, outcome] of [
        ["hit", "hit"],
        ["late", "late"],
        ["missed", "miss"],
        ["wrong direction", "wrong_sign"],
        ["already moved", "already_moved"],
      ] as const) {
        const n = own.filter((f) => times.includes(f.issued_at) && f.outcome === outcome).length;
        expect(await happened.locator(".line", { hasText: word }).count()).toBe(n);
      }
    });
  });
});

/** The pair that stands for two venues: the API lists the most certain first. */
function bestPairs(all: readonly Pair[]): Pair[] {
  const best = new Map<string, Pair>();
  for (const p of all) {
    const key = [p.leader, p.follower].sort().join(" ");
    if (!best.has(key)) best.set(key, p);
  }
  return [...best.values()];
}

function verdict(p: Pair): string {
  if (!p.discovered) return `nothing certain between ${p.leader} and ${p.follower}`;
  return p.simultaneous ? `${p.leader} and ${p.follower} move together` : `${p.leader} moves before ${p.follower}`;
}

test("events stay where they are", async ({ page, heard, still }) => {
  await page.goto("/events");
  const table = async () =>
    (await rows(page.getByRole("region", { name: "Events" }).locator("tbody tr"))).map((r) => r.cells[0]);
  const listed = async () => (await heard.all<Events>("/v1/events?limit=100")).map((a) => a.events.map((e) => e.title));
  // The API has since listed them in another order, and the page has them where they were.
  await still(async () => {
    const [all, shown] = [await listed(), await table()];
    const [first, newest] = [all[0]!, all.at(-1)!];
    const kept = (list: readonly (string | undefined)[]) =>
      list.filter((t) => first.includes(t!) && newest.includes(t!));
    expect(kept(first).length).toBeGreaterThan(3);
    expect(kept(shown)).toEqual(kept(first));
    expect(kept(newest)).not.toEqual(kept(first));
  });
});
