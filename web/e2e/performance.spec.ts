import type { Page } from "@playwright/test";
import type { Performance } from "../src/api/types";
import { bytes, count } from "../src/lib/format";
import { micros, newest } from "../src/lib/performance";
import { samples, total } from "../src/lib/prometheus";
import { expect, onBoth, plain, rows, test } from "./test";

/** What every panel of the trader's screen shows once it holds numbers. */
const useful = [
  "[aria-label=Feeds] li b",
  "[aria-label='Moving now'] .spread",
  "[aria-label='What moves next'] td.n b",
  "#graph .about",
  "#anomalies button[data-row]",
];

onBoth(() => {
  // How long it takes depends on the machine; what it takes does not.
  test("the first useful paint waits for few answers and no poll", async ({ page }) => {
    // The page's clock stands but where it is told to go on: nothing polls.
    await page.clock.install({ time: Date.now() - 3_600_000 });
    await page.clock.pauseAt(Date.now());
    await page.addInitScript(countQuestions);
    await page.goto("/");
    let waited = 0; // ms of the page's clock
    for (await answered(page); !(await painted(page)) && waited < 1000; await answered(page)) {
      await page.clock.runFor(50);
      waited += 50;
    }
    const asked = await page.evaluate(() => window.questions.asked);
    expect(waited, `ms of timers before ${useful.join(", ")} are there`).toBeLessThanOrEqual(300);
    expect(asked.length, asked.join(", ")).toBeLessThanOrEqual(40);
  });

  test("performance", async ({ page, heard, still }) => {
    await page.goto("/correlation-performance");
    const panel = (name: string) => page.getByRole("region", { name });
    // It agrees once the first minute of measurements is over.
    await still(async () => {
      const table = newest((await heard.last<Performance>("/v1/performance")).rows);
      expect(table.length).toBeGreaterThan(3);
      const shown = (await rows(panel("The newest minute").locator("tbody tr"))).map((r) => r.cells);
      expect(shown).toEqual(
        table.map((m) => [m.operation, m.per_second.toFixed(2), micros(m.p50_us), micros(m.p99_us)]),
      );
      const all = samples(await heard.last<string>("/metrics"));
      const sum = (name: string) => total(all, name);
      const said = (await panel("Since the start").locator("dd").allInnerTexts()).map(plain);
      expect(said[0]).toMatch(new RegExp(`^${count(sum("corrgraph_shed_total"))}\\b`));
      expect(said[2]).toBe(count(sum("corrgraph_query_timeouts_total")));
      expect(said[4]).toBe(
        `${bytes(sum("corrgraph_memory_used_bytes"))} of ${bytes(sum("corrgraph_memory_budget_bytes"))}`,
      );
      const clients = sum("corrgraph_stream_clients");
      expect(said[7]).toBe(
        `${count(clients)} client${clients === 1 ? "" : "s"}, ${count(sum("corrgraph_stream_dropped_total"))} messages dropped`,
      );
      expect(
        await panel("Memory of the process")
          .getByRole("img", { name: bytes(sum("corrgraph_memory_budget_bytes")) })
          .count(),
      ).toBe(1);
    });
  });
});

declare global {
  interface Window {
    questions: { asked: string[]; open: number };
  }
}

const painted = (page: Page) => page.evaluate((all) => all.every((s) => document.querySelector(s)), useful);

/** Waits until the page has all answers, and has asked what follows from them. */
const answered = (page: Page) => expect.poll(() => page.evaluate(() => window.questions.open)).toBe(0);

/** Runs in the page before its own code and counts what it asks. The stream counts as
 * answered with its first words. */
function countQuestions(): void {
  const q: Window["questions"] = (window.questions = { asked: [], open: 0 });
  const close = () => {
    const { port1, port2 } = new MessageChannel(); // a task after the page's own: no timer, for those stand
    port1.onmessage = () => {
      q.open--;
      port1.close();
    };
    port2.postMessage(0);
  };
  const ask = window.fetch;
  window.fetch = (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input, location.href);
    q.asked.push(pathname + search);
    q.open++;
    const answer = ask(input, init);
    answer.catch(close);
    return answer;
  };
  for (const kind of ["json", "text"] as const) {
    const read = Response.prototype[kind];
    Response.prototype[kind] = function (this: Response) {
      return read.call(this).finally(close);
    };
  }
  const begun = new WeakSet<object>();
  const read = ReadableStreamDefaultReader.prototype.read;
  ReadableStreamDefaultReader.prototype.read = function (this: ReadableStreamDefaultReader) {
    const chunk = read.call(this);
    if (!begun.has(this)) void chunk.finally(close);
    begun.add(this);
    return chunk;
  } as typeof read;
}
