import { api, reply } from "../api/client";
import type { EventDetail } from "../api/types";
import { Resource } from "./resource.svelte";

/** How long an event's quotes are recent enough for counting its venues. */
const good = 15_000;
const most = 24;

/** Events with their quotes, each read on demand. */
export class Details {
  #of = new Map<string, { resource: Resource<EventDetail>; asked: number }>();

  /** The newest that is known of an event; asks if that is nothing or old. */
  of(event: string, now: number): EventDetail | null {
    let d = this.#of.get(event);
    if (!d) {
      d = {
        resource: new Resource<EventDetail>((signal) =>
          reply(api.GET("/v1/events/{id}", { params: { path: { id: event } }, signal })),
        ),
        asked: 0,
      };
      this.#of.set(event, d);
      if (this.#of.size > most) this.#of.delete(this.#of.keys().next().value!);
    }
    if (now - d.asked > good) {
      d.asked = now;
      d.resource.soon(0);
    }
    return d.resource.value;
  }

  /** Cancels all requests that run or wait. */
  stop(): void {
    for (const d of this.#of.values()) d.resource.stop();
  }
}
