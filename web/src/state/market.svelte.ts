// What is known of the market now: answers of the API, kept current by the stream.

import { api, readiness, reply } from "../api/client";
import { listen, type Link } from "../api/stream";
import type { Events, Feeds, Forecast, Leaders, Messages, Move, Ready, RecentAnomalies, Scorecard } from "../api/types";
import { kept } from "../lib/forecasts";
import { ms } from "../lib/format";
import { fromForecasts, withMove, type Wave } from "../lib/waves";
import { Resource, poll } from "./resource.svelte";

/** Events whose forecasts are read at the beginning, those with open ones first; the
 * stream brings all later ones. */
const mostAsked = 12;
const mostForecasts = 2000;
/** What the stream says is shown at this interval, ms. */
const flushEvery = 250;
/** An incomplete answer is read again after this long, ms. */
const partly = 1000;
/** Event time is assumed to go on this long after it was last reported, ms. */
const goesOn = 20_000;

export class Market {
  link: Link = $state("connecting");
  refusal = $state(0); // status of a refused stream
  waves: readonly Wave[] = $state.raw([]);
  forecasts: ReadonlyMap<string, Forecast> = $state.raw(new Map());
  lastGraph: { event: string; version: number } = $state.raw({ event: "", version: 0 });
  missed = $state(0); // messages that this page was too slow for

  readonly ready = new Resource<Ready>(readiness);
  readonly feeds = new Resource<Feeds>((signal) => reply(api.GET("/v1/feeds", { signal })));
  readonly events = new Resource<Events>((signal) =>
    reply(api.GET("/v1/events", { params: { query: { limit: 200 } }, signal })),
  );
  readonly anomalies = new Resource<RecentAnomalies>((signal) =>
    reply(api.GET("/v1/anomalies", { params: { query: { limit: 200 } }, signal })),
  );
  readonly leaders = new Resource<Leaders>((signal) => reply(api.GET("/v1/leaders", { signal })));
  readonly scorecard = new Resource<Scorecard>((signal) => reply(api.GET("/v1/scorecard", { signal })));

  #asOf = $state(0); // event time
  #asOfAt = $state(0); // wall clock at which it was learned
  #moves: Move[] = [];
  #changed = new Map<string, Forecast>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Listens and asks until the function that it returns is called. */
  start(): () => void {
    const ends = new AbortController();
    const polls = [
      poll(() => this.ready.load(), 1000),
      poll(() => this.feeds.load(), 2000),
      poll(() => this.events.load(), 5000),
      poll(() => this.scorecard.load(), 15_000),
    ];
    void listen(
      "/v1/stream",
      {
        event: (kind, data) => this.#event(kind, data),
        refresh: () => void this.#refresh(),
        link: (state, status) => {
          this.link = state;
          this.refusal = status;
        },
      },
      ends.signal,
    );
    return () => {
      ends.abort();
      polls.forEach((stop) => stop());
      for (const r of [this.ready, this.feeds, this.events, this.anomalies, this.leaders, this.scorecard]) r.stop();
      clearTimeout(this.#timer);
      clearTimeout(this.#again);
    };
  }

  /** The newest event time reported; 0 before any. */
  get asOf(): number {
    return this.#asOf;
  }

  /** Event time at an instant of the wall clock: it goes on between two reports of it. */
  now(wall: number): number {
    return this.#asOf === 0 ? wall : this.#asOf + Math.min(goesOn, Math.max(0, wall - this.#asOfAt));
  }

  async #refresh(): Promise<void> {
    clearTimeout(this.#again);
    void this.feeds.load();
    const all = [this.events, this.anomalies, this.leaders, this.scorecard];
    const [events, ...others] = all.map((r) => r.load());
    await events;
    const asked = (this.events.value?.events ?? [])
      .toSorted((a, b) => Number(b.open_forecasts > 0) - Number(a.open_forecasts > 0))
      .slice(0, mostAsked);
    await Promise.all(asked.map((e) => this.#open(e.event_id)));
    this.#flush();
    await Promise.all(others);
    // A server that has just started reads its log back first, and its answers are incomplete until then.
    if (all.some((r) => r.value?.complete === false)) this.#again = setTimeout(() => void this.#refresh(), partly);
  }

  /** Reads the forecasts that are open in an event. */
  async #open(event: string): Promise<void> {
    try {
      const detail = await reply(api.GET("/v1/events/{id}", { params: { path: { id: event } } }));
      this.#learn(ms(detail.as_of));
      const recent = [...detail.settled.slice(0, 60), ...detail.open];
      for (const f of recent) this.#changed.set(f.id, f);
      this.waves = fromForecasts(this.waves, recent);
      this.#soon();
    } catch {
      // the event is over, or the server is busy: the stream brings what comes next
    }
  }

  #event(kind: string, data: unknown): void {
    switch (kind) {
      case "move":
        this.#learn(ms((data as Messages["move"]).at));
        this.#moves.push(data as Messages["move"]);
        this.#soon();
        break;
      case "prediction":
      case "outcome":
        this.#changed.set((data as Messages["prediction"]).id, data as Messages["prediction"]);
        this.#soon();
        break;
      case "anomaly":
        this.anomalies.soon(1000);
        break;
      case "graph": {
        const g = data as Messages["graph"];
        this.#learn(ms(g.as_of));
        this.lastGraph = { event: g.event_id, version: g.version };
        break;
      }
      case "decision":
        this.leaders.soon(500);
        this.scorecard.soon(500);
        break;
      case "gap":
        this.#gap(data as Messages["gap"]);
        break;
      case "connected":
      case "heartbeat":
        this.#learn(ms((data as Messages["heartbeat"]).as_of));
        break;
    }
  }

  #gap(g: Messages["gap"]): void {
    if (g.scope === "stream") {
      this.missed += g.missed;
      void this.#refresh();
    } else {
      this.feeds.soon(0);
    }
  }

  #learn(asOf: number): void {
    if (!(asOf > this.#asOf)) return;
    this.#asOf = asOf;
    this.#asOfAt = Date.now();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#flush(), flushEvery);
  }

  /** Shows what the stream has said since the last time. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let waves = this.waves;
    for (const m of this.#moves) waves = withMove(waves, m);
    this.waves = waves;
    this.#moves = [];
    if (this.#changed.size === 0) return;
    const all = new Map(this.forecasts);
    for (const [id, f] of this.#changed) all.set(id, f);
    this.#changed.clear();
    this.forecasts = kept(all, this.now(Date.now()), mostForecasts);
  }
}
