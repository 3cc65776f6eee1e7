// What is known of the market now: answers of the API, kept current by the stream.

import { api, readiness, reply } from "../api/client";
import { listen, type Link } from "../api/stream";
import type {
  Connections,
  Events,
  Feeds,
  Forecast,
  Leaders,
  Messages,
  Ready,
  RecentAnomalies,
  Scorecard,
  Time,
} from "../api/types";
import { kept } from "../lib/forecasts";
import { ms } from "../lib/format";
import { fromMoves, type Wave } from "../lib/waves";
import { Resource, poll } from "./resource.svelte";

/** Events whose forecasts are read at the beginning, those with open ones first; the
 * stream brings all later ones. */
const mostAsked = 12;
const mostForecasts = 2000;
/** What the stream says is shown at this interval, ms. */
const flushEvery = 250;
/** An incomplete answer is read again after this long, ms. */
const partly = 1000;
/** The waves of an event are read again at most this often, ms, from so long before now on, and
 * those of so many events are kept, the newest. */
const wavesEvery = 1000;
const wavesBack = 3_600_000;
const mostWaving = 12;
/** Event time is assumed to go on this long after it was last reported, ms. */
const goesOn = 20_000;

export class Market {
  link: Link = $state("connecting");
  refusal = $state(0); // status of a refused stream
  /** Waves of the events that moved last, by when they were noticed. */
  waves: readonly Wave[] = $state.raw([]);
  forecasts: ReadonlyMap<string, Forecast> = $state.raw(new Map());
  lastGraph: { event: string; version: number } = $state.raw({ event: "", version: 0 });
  missed = $state(0); // messages that this page was too slow for

  readonly ready = new Resource<Ready>(readiness);
  readonly feeds = new Resource<Feeds>((signal) => reply(api.GET("/v1/feeds", { signal })));
  readonly connections = new Resource<Connections>((signal) => reply(api.GET("/v1/connections", { signal })));
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
  #waving = new Map<string, readonly Wave[]>(); // by event, the one asked for last at the end
  #moved = new Set<string>(); // events of which waves are to be read
  #reading: ReturnType<typeof setTimeout> | undefined;
  #changed = new Map<string, Forecast>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Listens and asks until the function that it returns is called. */
  start(): () => void {
    const ends = new AbortController();
    const polls = [
      poll(() => this.ready.load(), 1000),
      poll(() => this.feeds.load(), 2000),
      poll(() => this.connections.load(), 5000),
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
      for (const r of [
        this.ready,
        this.feeds,
        this.connections,
        this.events,
        this.anomalies,
        this.leaders,
        this.scorecard,
      ])
        r.stop();
      clearTimeout(this.#timer);
      clearTimeout(this.#again);
      clearTimeout(this.#reading);
    };
  }

  /** The newest event time reported; 0 before any. */
  get asOf(): number {
    return this.#asOf;
  }

  /** Whether the prices are of another day: no clock goes on from there. */
  get recorded(): boolean {
    return this.feeds.value?.recorded ?? false;
  }

  /** What time it is for prices, as the server said last; null before it did. */
  get #time(): Time | null {
    return this.ready.value?.health.time ?? null;
  }

  /** The recording that is played; null if none is. */
  get replay(): Time["replay"] {
    return this.#time?.replay ?? null;
  }

  /** The server's time for prices at an instant of the wall clock. */
  clock(wall: number): number {
    const t = this.#time;
    return t ? ms(t.now) + t.rate * Math.max(0, wall - this.ready.at) : wall;
  }

  /** How much of that time has passed since the answer about feeds, ms; none where it stands. */
  elapsed(wall: number): number {
    return (this.recorded ? 0 : (this.#time?.rate ?? 1)) * Math.max(0, wall - this.feeds.at);
  }

  /** Event time at an instant of the wall clock: it goes on between two reports of it, but
   * not that of a recording. One that is played has a clock. */
  now(wall: number): number {
    if (this.replay) return Math.max(this.#asOf, this.clock(wall));
    if (this.recorded && this.#asOf > 0) return this.#asOf;
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
    for (const e of (this.events.value?.events ?? []).slice(0, mostWaving / 2)) this.#moved.add(e.event_id);
    void this.#readWaves();
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
      this.#soon();
    } catch {
      // the event is over, or the server is busy: the stream brings what comes next
    }
  }

  /** Reads the waves of the events that moved since the last time. */
  async #readWaves(): Promise<void> {
    const moved = [...this.#moved].slice(-mostWaving);
    this.#moved.clear();
    await Promise.allSettled(moved.map((e) => this.#waves(e)));
    this.#reading = this.#moved.size > 0 ? setTimeout(() => void this.#readWaves(), wavesEvery) : undefined;
  }

  /** Reads the waves of an event: who moved, and where they probably came from. */
  async #waves(event: string): Promise<void> {
    const from = new Date(Math.max(0, this.#asOf - wavesBack)).toISOString();
    const m = await reply(
      api.GET("/v1/events/{id}/moves", { params: { path: { id: event }, query: { from, limit: 2000 } } }),
    );
    this.#waving.delete(event);
    this.#waving.set(event, fromMoves(m));
    for (const id of this.#waving.keys()) {
      if (this.#waving.size <= mostWaving) break;
      this.#waving.delete(id);
    }
    this.waves = [...this.#waving.values()].flat();
  }

  #event(kind: string, data: unknown): void {
    switch (kind) {
      case "move":
        this.#learn(ms((data as Messages["move"]).at));
        this.#moved.add((data as Messages["move"]).event_id);
        this.#reading ??= setTimeout(() => void this.#readWaves(), wavesEvery);
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
      case "continuity":
        this.connections.soon(250);
        break;
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
    if (this.#changed.size === 0) return;
    const all = new Map(this.forecasts);
    for (const [id, f] of this.#changed) all.set(id, f);
    this.#changed.clear();
    this.forecasts = kept(all, this.now(Date.now()), mostForecasts);
  }
}
