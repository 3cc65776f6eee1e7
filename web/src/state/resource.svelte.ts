import type { ApiError } from "../api/client";

/** Failures that pass by themselves: no connection, too many requests, busy. */
const passing = [0, 429, 503];
const retryAfter = 3000;

/** Something read from the API: the newest answer, and why the last request failed. An
 * older answer stays while requests fail. */
export class Resource<T> {
  value: T | null = $state.raw(null);
  error: ApiError | null = $state.raw(null);
  at = $state(0); // wall clock of the newest answer
  #ask: ((signal: AbortSignal) => Promise<T>) | null; // null: nothing to ask yet
  #running: AbortController | null = null;
  #done: Promise<void> = Promise.resolve(); // when what runs, and what follows it, is answered
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: ((signal: AbortSignal) => Promise<T>) | null = null) {
    this.#ask = ask;
  }

  /** Asks now. While a request runs, at most one more is queued; the promise is for that one. */
  load(): Promise<void> {
    if (this.#running) this.#again = true;
    else if (this.#ask) this.#done = this.#run(this.#ask);
    return this.#done;
  }

  async #run(ask: (signal: AbortSignal) => Promise<T>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const run = (this.#running = new AbortController());
    do {
      this.#again = false;
      try {
        const value = await ask(run.signal);
        if (run.signal.aborted) return;
        this.value = value;
        this.error = null;
        this.at = Date.now();
      } catch (cause) {
        if (run.signal.aborted) return;
        this.error = cause as ApiError;
        if (passing.includes(this.error.status)) this.soon(retryAfter);
      }
    } while (this.#again);
    this.#running = null;
  }

  /** Asks within some milliseconds, once for all who want it meanwhile. */
  soon(within: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined; // a request that is running already does not clear it
      void this.load();
    }, within);
  }

  /** Forgets everything and asks something else from now on. */
  reset(ask: (signal: AbortSignal) => Promise<T>): void {
    this.stop();
    this.#ask = ask;
    this.value = null;
    this.error = null;
    this.at = 0;
    void this.load();
  }

  /** Cancels the running request and the queued one. */
  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#again = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Asks at an interval while the page is visible, until the returned function is called. */
export function poll(ask: () => unknown, every: number): () => void {
  ask();
  const timer = setInterval(() => {
    if (!document.hidden) ask();
  }, every);
  return () => clearInterval(timer);
}
