// What all specs stand on: the two markets, and a page that is watched.

import { test as base, expect, type Locator, type Page } from "@playwright/test";
import { clock, words } from "../src/lib/format";
import type { Incident } from "../src/lib/incidents";
import { Heard } from "./heard";
import { ask } from "./server";

export { expect };

/** Answers have deadlines, 50 ms of the store and a second of the engine, which a busy
 * machine may miss. The page asks again: what it then shows is held against the API. */
const late = /503 .*\/v1\//;

/** Everything a page does that it should not: complaints in the console, a breach of the
 * policy among them, and requests beyond the server's origin. */
function watch(page: Page, allowed: RegExp): string[] {
  const wrong: string[] = [];
  const say = (text: string) => {
    if (!allowed.test(text) && !late.test(text)) wrong.push(text);
  };
  page.on("console", (m) => {
    if (m.type() === "error") say(`${m.text()} (${m.location().url})`);
  });
  page.on("pageerror", (e) => say(String(e)));
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (url.protocol !== "data:" && url.origin !== new URL(page.url() === "about:blank" ? r.url() : page.url()).origin)
      say(`asked ${r.url()}`);
  });
  return wrong;
}

export interface Market {
  name: "demo" | "mlb";
  url: string;
  /** What the API says: of a market that goes on, what it said to this page; of one in
   * which nothing changes, what it says to anybody now. */
  says<T>(address: string): Promise<T>;
}

interface Fixtures {
  on: Market["name"];
  url: string;
  market: Market;
  heard: Heard;
  /** Checks what the page shows, held still, against what it has heard; lets it go on and
   * checks again until all of it agrees. A check must not wait for anything itself. */
  still: (check: () => Promise<void>) => Promise<void>;
  allowed: RegExp; // in the console, where a spec breaks something
}

export const test = base.extend<Fixtures>({
  on: ["demo", { option: true }],
  allowed: [/^$/, { option: true }],
  page: async ({ page, allowed }, use) => {
    const wrong = watch(page, allowed);
    await use(page);
    expect(wrong).toEqual([]);
  },
  heard: async ({ page }, use) => use(await Heard.by(page)),
  still: async ({ heard }, use) => use((check) => expect(() => heard.held(check)).toPass()),
  url: async ({ on }, use) => {
    const url = process.env[on === "demo" ? "E2E_DEMO" : "E2E_MLB"] ?? "";
    test.skip(url === "", "no recordings of real odds in ../shared/data");
    await use(url);
  },
  baseURL: async ({ url }, use) => use(url),
  market: async ({ on, url, heard }, use) =>
    use({ name: on, url, says: async (address) => (on === "mlb" ? ask(url, address) : heard.last(address)) }),
});

/** Runs specs on both markets. */
export function onBoth(specs: () => void): void {
  for (const on of ["demo", "mlb"] as const) {
    test.describe(on, () => {
      test.use({ on });
      specs();
    });
  }
}

/** A text with single spaces. */
export const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

/** An incident as a line of its list says it. */
export function incidentRow(i: Incident): string {
  const kinds = i.kinds.map((k) => words(k.kind) + (k.count > 1 ? ` ×${k.count}` : "")).join(", ");
  return `${i.severity} ${kinds} · ${i.title}${i.market ? ` · ${i.market}` : ""}${i.suspected ? " · suspected" : ""} ${i.over ? "over" : "on"} · ${clock(i.last, "utc")}`;
}

export interface Row {
  cells: string[];
  link: URLSearchParams; // of its first link
}

/** Rows of a table or list as they are shown, all read at one instant. */
export async function rows(where: Locator): Promise<Row[]> {
  const list = await where.evaluateAll((all) =>
    all.map((row) => ({
      cells: row.matches("tr")
        ? [...row.children].map((c) => (c as HTMLElement).innerText)
        : [(row as HTMLElement).innerText],
      link: row.querySelector("a")?.search ?? "",
    })),
  );
  return list.map((r) => ({ cells: r.cells.map(plain), link: new URLSearchParams(r.link) }));
}

/** The milliseconds of a span as the dashboard writes it: "2.4 s". */
export function millis(span: string): number {
  const [value, unit] = span.split(" ") as [string, keyof typeof units];
  return Number(value) * units[unit];
}
const units = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
