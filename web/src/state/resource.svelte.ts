import type { ApiError } from "../api/client";

/** Something read from the API: the newest answer, whether one is awaited, and why the
 * last question failed. An older answer stays while a new question fails. */
export class Resource<T> {
  value: T | null = $state.raw(null);
  error: ApiError | null = $state.raw(null);
  at = $state(0); // wall clock of the newest answer
  loading = $state(false);
  #ask: ((signal: AbortSignal) => Promise<T>) | null; // null: nothing to ask yet
  #running: AbortController | null = null;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: ((signal: AbortSignal) => Promise<T>) | null = null) {
    this.#ask = ask;
  }

  /** Asks now. While a question runs, one more follows it at most. */
  async load(): Promise<void> {
    if (!this.#ask) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const run = (this.#running = new AbortController());
    this.loading = true;
    try {
      const value = await this.#ask(run.signal);
      if (run.signal.aborted) return;
      this.value = value;
      this.error = null;
      this.at = Date.now();
    } catch (cause) {
      if (run.signal.aborted) return;
      this.error = cause as ApiError;
    }
    this.#running = null;
    this.loading = false;
    if (this.#again) {
      this.#again = false;
      void this.load();
    }
  }

  /** Asks within some milliseconds, once for all who want it meanwhile. */
  soon(within: number): void {
    this.#timer ??= setTimeout(() => void this.load(), within);
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

  /** Drops the question that runs and those that wait. */
  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#again = false;
    this.loading = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Asks again and again, while the page can be seen, until the function it returns is called. */
export function poll(ask: () => unknown, every: number): () => void {
  ask();
  const timer = setInterval(() => {
    if (!document.hidden) ask();
  }, every);
  return () => clearInterval(timer);
}
