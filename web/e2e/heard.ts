// What a page has heard from the API, and how to hold it still.

import type { Page } from "@playwright/test";
import type { Forecast, Move } from "../src/api/types";
import { eventParser } from "../src/lib/sse";

interface Recorder {
  answers: { address: string; body: unknown }[];
  streamed: string[];
  hold(): Promise<void>;
  release(): void;
}
declare global {
  interface Window {
    recorder: Recorder;
  }
}

/** Everything a page has heard from the API since it was loaded. An answer counts from the moment
 * at which the page's own code has it. */
export class Heard {
  private constructor(private readonly page: Page) {}

  static async by(page: Page): Promise<Heard> {
    await page.addInitScript(record);
    return new Heard(page);
  }

  /** All answers from an address, oldest first. More of its query may follow. */
  all<T>(address: string): Promise<T[]> {
    return this.#answers<T>(address, Infinity);
  }

  /** The newest answer from an address. */
  async last<T>(address: string): Promise<T> {
    const [newest] = await this.#answers<T>(address, 1);
    if (newest === undefined) throw new Error(`the page has had no answer from ${address} yet`);
    return newest;
  }

  /** So many of the newest answers; no others leave the page, where they may be many and long. */
  async #answers<T>(address: string, most: number): Promise<T[]> {
    const longer = address + (address.includes("?") ? "&" : "?");
    const found = await this.page.evaluate(
      ([a, b, n]) =>
        window.recorder.answers
          .filter((x) => x.address === a || x.address.startsWith(b))
          .slice(-n)
          .map((x) => x.body),
      [address, longer, most] as const,
    );
    return found as T[];
  }

  /** The moves that the stream reported. */
  async moves(): Promise<Move[]> {
    return (await this.#events()).filter((e) => e.kind === "move").map((e) => JSON.parse(e.data) as Move);
  }

  /** The forecasts that the stream reported, in every state that it reported them in. */
  async forecasts(): Promise<Forecast[]> {
    return (await this.#events())
      .filter((e) => e.kind === "prediction" || e.kind === "outcome")
      .map((e) => JSON.parse(e.data) as Forecast);
  }

  async #events() {
    return eventParser()(await this.page.evaluate(() => window.recorder.streamed.join("")));
  }

  /** Runs a check while the page is held: its clock stands and nothing reaches it, so that
   * what it shows follows from what it has heard, however long the check takes. */
  async held<T>(check: () => Promise<T>): Promise<T> {
    await this.page.evaluate(() => window.recorder.hold());
    try {
      return await check();
    } finally {
      await this.page.evaluate(() => window.recorder.release());
    }
  }
}

/** Runs in the page before its own code. Bodies of answers and chunks of the stream pass
 * through here on their way to that code; while the page is held they wait. */
function record(): void {
  let release = (): void => {};
  let gate: Promise<void> | null = null;
  const passed = async () => {
    while (gate) await gate;
  };
  const now = Date.now;
  const answers: Recorder["answers"] = [];
  const streamed: string[] = [];

  for (const kind of ["json", "text"] as const) {
    const read = Response.prototype[kind];
    Response.prototype[kind] = async function (this: Response) {
      const body = (await read.call(this)) as string; // or what its JSON says
      await passed();
      const { pathname, search } = new URL(this.url);
      answers.push({
        address: pathname + search,
        body: kind === "text" && /json/.test(this.headers.get("content-type") ?? "") ? JSON.parse(body) : body,
      });
      return body;
    };
  }
  const read = ReadableStreamDefaultReader.prototype.read;
  const text = new TextDecoder();
  ReadableStreamDefaultReader.prototype.read = async function (this: ReadableStreamDefaultReader<Uint8Array>) {
    const chunk = await read.call(this);
    await passed();
    if (chunk.value instanceof Uint8Array) streamed.push(text.decode(chunk.value, { stream: true }));
    return chunk;
  } as typeof read;

  window.recorder = {
    answers,
    streamed,
    hold: () => {
      const at = now();
      Date.now = () => at;
      gate = new Promise((resolve) => (release = resolve));
      // The page shows what the stream says every quarter of a second. Timers run in the order
      // in which they are due, however late, so that this one comes after that.
      return new Promise((resolve) => setTimeout(resolve, 300));
    },
    release: () => {
      Date.now = now;
      gate = null;
      release();
    },
  };
}
