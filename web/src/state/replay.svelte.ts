// The graph of the past: which instant is looked at, and what is known of it.

import { api, reply } from "../api/client";
import type { EventDetail, Moves } from "../api/types";
import { ms } from "../lib/format";
import { expectedAt, graphAt, marks, stepAt, steps, type Mark, type Step } from "../lib/replay";
import { fromMoves } from "../lib/waves";
import type { AppState } from "./app.svelte";
import { Resource } from "./resource.svelte";

/** How many moves a page holds, and how far it extends beyond an instant before their
 * density is known, ms. */
const most = 1000;
const beyond = 300_000;

const iso = (at: number): string => new Date(at).toISOString();

export class Replay {
  readonly #app: Pick<AppState, "clock" | "market" | "router">;
  /** The event, when it is known. */
  #event = $state("");
  #to: number | null = null; // end of the page of moves; null: the newest page

  constructor(app: Pick<AppState, "clock" | "market" | "router">) {
    this.#app = app;
  }

  readonly moves = new Resource<Moves>();
  /** Asked how many moves are newer than the instant. */
  readonly later = new Resource<Moves>((signal) => this.#ask({ limit: 1, to: iso(this.at ?? 0) }, signal));
  readonly detail = new Resource<EventDetail>((signal) =>
    reply(api.GET("/v1/events/{id}", { params: { path: { id: this.#event } }, signal })),
  );

  /** The instant that is looked at; null is now. */
  readonly at: number | null = $derived.by(() => {
    const at = this.#app.router.view === "trader" ? ms(this.#app.router.params("trader").at) : NaN;
    return Number.isNaN(at) ? null : at;
  });
  readonly #page = $derived(this.moves.value?.moves ?? []);
  readonly #waves = $derived(this.moves.value ? fromMoves(this.moves.value) : []);
  readonly steps: readonly Step[] = $derived(
    steps(this.#waves, this.moves.value?.graphs ?? [], ms(this.#page[0]?.at ?? "") || Infinity),
  );
  /** Where the instant is among the steps; their number is now. */
  readonly place: number = $derived(this.at === null ? this.steps.length : Math.max(0, stepAt(this.steps, this.at)));
  /** The instant of the graph that is to be shown; null: now; undefined: not known yet. */
  readonly graph: string | null | undefined = $derived.by(() => {
    if (this.at === null) return null;
    const { value, error } = this.moves;
    if (!value && !error) return undefined;
    return graphAt(value?.graphs ?? [], this.at) ?? iso(this.at);
  });

  /** Prices that have moved. */
  readonly moved: ReadonlyMap<string, Mark> = $derived.by(() => {
    if (this.at !== null) return marks(this.#waves, this.#event, this.at);
    const { clock, market } = this.#app;
    return marks(market.waves, this.#event, market.now(clock.now));
  });
  /** Prices that a forecast says will move and that have not yet. */
  readonly expected: ReadonlySet<string> = $derived.by(() => {
    // At the end of time only what has no answer is left.
    if (this.at === null) return expectedAt(this.#app.market.forecasts.values(), this.#event, Number.MAX_SAFE_INTEGER);
    const d = this.detail.value;
    return expectedAt(d ? [...d.settled, ...d.open] : [], this.#event, this.at);
  });

  /** Turns to an event. */
  turn(event: string): void {
    this.#event = event;
    this.#to = null;
    this.detail.value = this.later.value = null;
    this.moves.reset((signal) => this.#ask({ limit: most, to: this.#to === null ? "" : iso(this.#to) }, signal));
  }

  #ask(query: { limit: number; to: string }, signal: AbortSignal): Promise<Moves> {
    return reply(api.GET("/v1/events/{id}/moves", { params: { path: { id: this.#event }, query }, signal }));
  }

  stop(): void {
    for (const r of [this.moves, this.detail, this.later]) r.stop();
  }

  /** Looks at an instant; null is now. */
  go(at: number | null): void {
    if (at !== null) {
      this.#app.router.set("trader", { event: this.#event, at: iso(at) });
      return;
    }
    this.#app.clock.paused = false;
    this.#to = null;
    this.#app.router.set("trader", { at: "" });
  }

  /** Goes to the next step, or back to the one before; reads on where the page ends. */
  async step(by: 1 | -1): Promise<void> {
    const at = this.at;
    if (at === null && by > 0) return;
    if (at === null) await this.#read(null);
    else if (this.#next(at, by) === undefined) await this.#read(at);
    if (this.moves.error) return;
    const next = this.#next(at ?? Infinity, by);
    if (next !== undefined || by > 0) this.go(next ?? null);
  }

  #next(at: number, by: 1 | -1): number | undefined {
    return (by > 0 ? this.steps.find((s) => s.at > at) : this.steps.findLast((s) => s.at < at))?.at;
  }

  /** Reads the page around an instant, unless it is here; null is the newest. */
  async #read(at: number | null): Promise<void> {
    const page = this.#page;
    const since = this.moves.value?.remembered_from;
    if (at !== null && since) at = Math.max(at, ms(since)); // before that there is nothing
    const half = page.length > 1 ? (ms(page.at(-1)!.at) - ms(page[0]!.at)) / 2 : beyond;
    this.#to = at === null || at + half >= this.#app.market.asOf ? null : at + half;
    await this.moves.load();
  }

  /** Reads the page around the instant if it lies outside the one that is here. */
  cover(): void {
    const m = this.moves.value;
    if (this.at === null || !m) return;
    const early = m.older > 0 && m.moves.length > 0 && this.at < ms(m.moves[0]!.at);
    if (early || (this.#to !== null && this.at > this.#to)) void this.#read(this.at);
  }

  /** Holds the graph where it is now, or goes on from wherever it is held. */
  pause(): void {
    const held = this.#app.clock.paused || this.at !== null;
    if (this.#app.router.view === "trader") this.go(held ? null : this.#app.market.asOf || Date.now());
    this.#app.clock.paused = !held;
  }
}
