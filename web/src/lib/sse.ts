// Server-sent events as this server numbers them.

import { createParser } from "eventsource-parser";

/** One server-sent event; id and kind are empty where it has none. */
export interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

/** Returns a function that takes the next chunk of a stream, cut anywhere, and returns the
 * events that it completes. */
export function eventParser(): (chunk: string) => ServerEvent[] {
  const done: ServerEvent[] = [];
  const parser = createParser({ onEvent: ({ id = "", event = "", data }) => done.push({ id, kind: event, data }) });
  return (chunk) => {
    parser.feed(chunk);
    return done.splice(0);
  };
}

/** The place of an event among those of one boot of the server; null for foreign ids. */
export function placeOf(id: string): { boot: string; place: number } | null {
  const m = /^([^-]+)-(\d+)$/.exec(id);
  return m ? { boot: m[1]!, place: Number(m[2]) } : null;
}
