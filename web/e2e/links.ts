import type { Edge, Events, Graph } from "../src/api/types";
import { ask } from "./server";

export interface Busiest {
  event: string;
  title: string;
  edges: Edge[];
}

/** The event with the most prices, and all its links. */
export async function busiest(url: string): Promise<Busiest> {
  const e = (await ask<Events>(url, "/v1/events?limit=200")).events.toSorted((a, b) => b.quotes - a.quotes)[0]!;
  const graph = await ask<Graph>(url, `/v1/events/${encodeURIComponent(e.event_id)}/graph?limit=300`);
  return { event: e.event_id, title: e.title, edges: graph.layers.flatMap((l) => l.edges ?? []) };
}

/** The link that will last longest in a market that goes on: the one with most evidence, from
 * a price that moves first. */
export function surest(edges: readonly Edge[]): Edge {
  const fit = edges.filter(
    (e) => e.layer === 1 && e.discovered && !e.simultaneous && !e.source.startsWith("consensus/"),
  );
  return fit.toSorted((a, b) => b.confidence - a.confidence || b.n - a.n)[0]!;
}

/** That link of the busiest event. */
export async function certain(url: string): Promise<{ source: string; target: string }> {
  const { source, target } = surest((await busiest(url)).edges);
  return { source, target };
}
