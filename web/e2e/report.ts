import type { FullResult, Reporter, Suite, TestCase, TestError, TestResult } from "@playwright/test/reporter";

/** Says in few words how the specs went: what failed and why, what was skipped and why, and a count. */
export default class Report implements Reporter {
  #all: Suite | undefined;

  onBegin(_: unknown, all: Suite): void {
    this.#all = all;
  }

  onError(error: TestError): void {
    console.log("FAILED", error.stack ?? error.message ?? error.value, error.cause?.message ?? "");
  }

  onTestEnd(t: TestCase, r: TestResult): void {
    if (t.outcome() !== "unexpected") return;
    console.log(`FAILED ${name(t)}`);
    for (const e of r.errors) console.log(e.stack ?? e.message);
  }

  onEnd(result: FullResult): void {
    const count = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
    const skipped = new Map<string, number>();
    for (const t of this.#all?.allTests() ?? []) {
      count[t.outcome()]++;
      if (t.outcome() !== "skipped") continue;
      const why = t.annotations.find((a) => a.type === "skip")?.description ?? "not run";
      skipped.set(why, (skipped.get(why) ?? 0) + 1);
    }
    for (const [why, n] of skipped) console.log(`skipped ${n} specs: ${why}`);
    console.log(
      `browser: ${count.expected + count.flaky} specs passed, ${count.unexpected} failed, ${count.skipped} skipped in ${Math.round(result.duration / 1000)} s`,
    );
  }
}

const name = (t: TestCase): string => t.titlePath().filter(Boolean).join(" › ");
