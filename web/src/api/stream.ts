// The event stream. After a restart of the server it resumes from the id of the last event
// if the server knows it; otherwise it reports that everything must be read again.

import { eventParser, placeOf, type ServerEvent } from "../lib/sse";
import { headers } from "./client";
import type { Messages } from "./types";

export type Link = "connecting" | "open" | "lost" | "refused";

export interface Listener {
  /** What happened; `data` is parsed. */
  event(kind: string, data: unknown): void;
  /** Everything read before may be outdated. Also called once at the start. */
  refresh(): void;
  link(state: Link, status: number): void;
}

const firstWait = 500;
const longestWait = 5000;

/** Listens until the signal is aborted. */
export async function listen(path: string, to: Listener, signal: AbortSignal): Promise<void> {
  const position = { id: "", boot: "", place: -1 };
  let wait = firstWait;
  let fresh = true;
  while (!signal.aborted) {
    to.link(fresh ? "connecting" : "lost", 0);
    try {
      const status = await once(path, position, to, signal, () => {
        wait = firstWait;
        fresh = false;
      });
      if (status === 401 || status === 403) to.link("refused", status);
    } catch {
      // no connection, or one that broke: the next turn tries again
    }
    await pause(wait, signal);
    wait = Math.min(longestWait, 2 * wait);
  }
}

interface Position {
  id: string;
  boot: string;
  place: number;
}

/** One connection, until it ends. Returns the status of the answer. */
async function once(
  path: string,
  at: Position,
  to: Listener,
  signal: AbortSignal,
  opened: () => void,
): Promise<number> {
  const silence = new AbortController();
  const ends = AbortSignal.any([signal, silence.signal]);
  // A connection can die silently, also before it is answered. The server sends something at
  // least every heartbeat.
  let patience = 40_000;
  let timer = setTimeout(() => silence.abort(), patience);
  try {
    const answer = await fetch(path, {
      headers: headers(at.id ? { "Last-Event-ID": at.id } : {}),
      signal: ends,
      cache: "no-store",
    });
    if (!answer.ok || !answer.body) return answer.status;
    const [reader, parser, text] = [answer.body.getReader(), eventParser(), new TextDecoder()];
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return answer.status;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), patience);
      for (const e of parser(text.decode(value, { stream: true }))) {
        const data: unknown = JSON.parse(e.data);
        if (e.kind === "connected") {
          const { heartbeat_ms, resumed } = data as Messages["connected"];
          opened();
          patience = 2.5 * heartbeat_ms;
          to.link("open", answer.status);
          if (!resumed) to.refresh();
        }
        take(e, data, at, to);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Passes on an event unless it came before. */
function take(e: ServerEvent, data: unknown, at: Position, to: Listener): void {
  const p = placeOf(e.id);
  if (!p) return;
  const again = p.boot === at.boot && p.place <= at.place;
  at.id = e.id;
  if (e.kind === "resync") {
    at.boot = p.boot;
    at.place = p.place;
    to.refresh();
    return;
  }
  const own = e.kind === "connected" || e.kind === "heartbeat" || e.kind === "gap" || e.kind === "bye";
  if (again && !own) return;
  at.boot = p.boot;
  at.place = again ? at.place : p.place;
  to.event(e.kind, data);
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal.addEventListener("abort", done);
  });
}
