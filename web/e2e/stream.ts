import type { Forecast, Move } from "../src/api/types";
import { EventParser } from "../src/lib/sse";

/** What a listener beside the page hears from the stream. */
export class Stream implements AsyncDisposable {
  readonly moves: Move[] = [];
  readonly forecasts = new Map<string, Forecast>();
  readonly #ends = new AbortController();
  #done: Promise<void> = Promise.resolve();

  /** Returns once the server has said that it will tell everything from now on. */
  static async open(url: string): Promise<Stream> {
    const s = new Stream();
    const answer = await fetch(`${url}/v1/stream`, { signal: s.#ends.signal });
    await new Promise<void>((connected) => (s.#done = s.#listen(answer.body!, connected)));
    return s;
  }

  async #listen(body: ReadableStream<Uint8Array>, connected: () => void): Promise<void> {
    const [parser, text] = [new EventParser(), new TextDecoder()];
    try {
      for await (const chunk of body) {
        for (const e of parser.push(text.decode(chunk, { stream: true }))) {
          const data: unknown = JSON.parse(e.data);
          if (e.kind === "connected") connected();
          else if (e.kind === "move") this.moves.push(data as Move);
          else if (e.kind === "prediction" || e.kind === "outcome") this.forecasts.set((data as Forecast).id, data as Forecast);
        }
      }
    } catch {
      // closed, or the server is gone
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort();
    await this.#done;
  }
}
