import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listen, type Listener } from "./stream";

// What the listener heard, in order.
let heard: string[];
let asked: (string | undefined)[]; // the Last-Event-ID of every connection
let ends: AbortController;

const said = (id: string, kind: string, data: object) => `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
const hello = (id: string, resumed: boolean) => said(id, "connected", { as_of: "", resumed, heartbeat_ms: 15_000 });

const listener: Listener = {
  event: (kind, data) => {
    if (kind !== "connected") heard.push(`${kind} ${(data as { n: number }).n}`);
  },
  refresh: () => heard.push("refresh"),
  link: (state) => heard.push(state),
};

/** Answers connections one after another with these texts, or statuses, or not at all; then never again. */
function serve(...answers: (string | number)[]): void {
  vi.stubGlobal("fetch", (_: string, init: { headers: Record<string, string>; signal: AbortSignal }) => {
    asked.push(init.headers["Last-Event-ID"]);
    const answer = answers.shift();
    if (answer === undefined) {
      ends.abort();
      return Promise.reject(new Error("over"));
    }
    if (answer === "silence")
      return new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(new Error("aborted"))));
    return Promise.resolve(typeof answer === "number" ? new Response(null, { status: answer }) : new Response(answer));
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("sessionStorage", { getItem: () => null });
  [heard, asked, ends] = [[], [], new AbortController()];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function run(): Promise<void> {
  const done = listen("/v1/stream", listener, ends.signal);
  await vi.runAllTimersAsync();
  await done;
}

test("a broken connection goes on where it was: nothing is lost and nothing comes twice", async () => {
  serve(
    hello("a-4", false) + said("a-5", "move", { n: 5 }),
    hello("a-5", true) + said("a-5", "move", { n: 5 }) + said("a-6", "move", { n: 6 }),
  );
  await run();
  expect(asked).toEqual([undefined, "a-5", "a-6"]);
  expect(heard.filter((h) => h === "refresh" || h.startsWith("move"))).toEqual(["refresh", "move 5", "move 6"]);
});

test("another process has other numbers: all is read anew", async () => {
  serve(
    hello("a-4", false) + said("a-90", "move", { n: 90 }),
    hello("b-1", false) + said("b-1", "resync", {}) + said("b-2", "move", { n: 2 }),
  );
  await run();
  expect(asked).toEqual([undefined, "a-90", "b-2"]);
  expect(heard.filter((h) => h === "refresh").length).toBeGreaterThanOrEqual(2);
  expect(heard.at(-1 - heard.toReversed().findIndex((h) => h.startsWith("move")))).toBe("move 2");
});

test("a server that is away is asked again, and the listener knows", async () => {
  serve(hello("a-1", false), 503, hello("a-1", true));
  await run();
  expect(heard).toEqual(["connecting", "open", "refresh", "lost", "lost", "open", "lost"]);
});

test("a connection that nobody answers is given up", async () => {
  serve(hello("a-1", false), "silence", hello("a-1", true));
  await run();
  expect(asked).toEqual([undefined, "a-1", "a-1", "a-1"]);
  expect(heard).toEqual(["connecting", "open", "refresh", "lost", "lost", "open", "lost"]);
});

test("no access is told", async () => {
  serve(401);
  await run();
  expect(heard).toContain("refused");
});
