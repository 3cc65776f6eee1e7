// A small market whose prices are sent to a service: one venue moves first, others follow
// it, one goes its own way. The same calls send the same ticks.

const venues = { first: 0, near: 1500, far: 4000 } as const; // ms after the first
const loner = "loner";
const margin = 0.85; // so wide that no lag makes an arbitrage
const events = ["m1", "m2", "m3", "m4", "m5"];

export class Feeder {
  #now: number; // event time
  #lines: string[] = [];
  readonly #mistaken = new Set<string>();
  #random = 12345;
  readonly #fair = new Map(events.map((e) => [e, 0])); // log-odds of home

  constructor(
    readonly url: string,
    begin: number,
  ) {
    this.#now = begin;
  }

  get now(): number {
    return this.#now;
  }

  /** Lets so much event time pass, ms, and sends what happened. */
  async go(time: number): Promise<void> {
    const end = this.#now + time;
    for (; this.#now < end; this.#now += 10_000) {
      for (const [i, e] of events.entries()) {
        const at = this.#now + 1000 * i + Math.round(500 * this.#next());
        const fair = this.#fair.get(e)! + this.#step();
        this.#fair.set(e, fair * 0.9);
        for (const [venue, lag] of Object.entries(venues)) this.#say(venue, e, at + lag, fair);
        if (this.#next() < 0.5 && !this.#mistaken.has(e)) this.#say(loner, e, at + 700, 0.3 * this.#step());
      }
    }
    await this.send();
  }

  /** Lets event time pass until now. */
  async catchUp(): Promise<void> {
    await this.go(Date.now() - this.#now);
  }

  /** From now on one venue offers one side of an event far too well: arbitrage with another's other side. */
  async mistake(event: string): Promise<void> {
    this.#mistaken.add(event);
    this.#now += 10_000;
    this.#price(loner, event, this.#now, 3, 1.2);
    await this.send();
  }

  async send(): Promise<void> {
    const lines = this.#lines.splice(0).sort(); // each begins with its time
    for (let i = 0; i < lines.length; i += 8000) {
      const answer = await fetch(`${this.url}/v1/ticks`, {
        method: "POST",
        headers: { "Content-Type": "application/x-ndjson" },
        body: lines.slice(i, i + 8000).join("\n") + "\n",
      });
      if (answer.status !== 202) throw new Error(`ticks: ${answer.status} ${await answer.text()}`);
    }
  }

  #say(venue: string, event: string, at: number, logOdds: number): void {
    const home = 1 / (1 + Math.exp(-logOdds));
    this.#price(venue, event, at, margin / home, margin / (1 - home));
  }

  #price(venue: string, event: string, at: number, home: number, away: number): void {
    const of = {
      bookmaker: venue,
      event_id: event,
      sport: "tennis",
      league: "open",
      home: `Ann ${event}`,
      away: `Bea ${event}`,
      market: "h2h",
      source: "feeder",
    };
    for (const [selection, price] of Object.entries({ home, away })) {
      this.#lines.push(
        JSON.stringify({ ts_source: new Date(at).toISOString(), ...of, selection, price: Number(price.toFixed(4)) }),
      );
    }
  }

  /** A move of one size or twice it, to either side. */
  #step(): number {
    const size = this.#next() < 0.3 ? 0.16 : 0.08;
    return this.#next() < 0.5 ? size : -size;
  }

  #next(): number {
    this.#random = (1_103_515_245 * this.#random + 12_345) % 2 ** 31;
    return this.#random / 2 ** 31;
  }
}
