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

/** A link of it that is certain, from a price that moves first. */
export async function certain(url: string): Promise<{ source: string; target: string }> {
  const { edges } = await busiest(url);
  const { source, target } = edges.find((e) => e.layer === 1 && e.discovered && !e.simultaneous && !e.source.startsWith("consensus/"))!;
  return { source, target };
}
