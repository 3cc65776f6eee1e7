// Which part of an event's graph is drawn: what is near the focus, on lanes by layer. Pure.

import type { Edge, Layer } from "../api/types";
import { consensus, parts, selectionKey } from "./node";

/** No more nodes than this are drawn; what ranks lower is gathered in clusters. */
export const cap = 150;

export interface Node {
  id: string;
  lane: number; // 1 the focus's own selection, 2 other markets, 3 other matches, 4 other sports
  hops: number; // from the focus
  strength: number; // of its strongest link
  lead: number; // above 0 it leads more than it follows
  members: number; // 1; more in a cluster
}

export interface Neighbourhood {
  focus: string | null;
  nodes: Node[]; // clusters included
  edges: Edge[]; // between nodes that are drawn
  hidden: number; // links that the filter took out
}

export interface Wanted {
  focus: string; // empty: the strongest leader
  hops: number;
  layers: string; // digits of those shown: "1234"
  certain: boolean; // discovered ones alone, and those of other programs
  hide: (e: Edge) => boolean;
  most?: number; // nodes; cap when absent
}

/** All links of a graph, layers that failed left out. */
export const edgesOf = (layers: readonly Layer[]): Edge[] => layers.flatMap((l) => l.edges ?? []);

export const edgeKey = (e: Edge): string => `${e.layer} ${e.source} > ${e.target}`;

/** Finds the neighbourhood of a focus. */
export function neighbourhood(all: readonly Edge[], want: Wanted): Neighbourhood {
  const edges = all.filter(
    (e) =>
      want.layers.includes(String(e.layer)) &&
      (!want.certain || e.discovered || e.evidence === "external") &&
      !want.hide(e),
  );
  const focus = all.some((e) => e.source === want.focus || e.target === want.focus) ? want.focus : strongest(edges);
  if (focus === null) return { focus, nodes: [], edges: [], hidden: all.length - edges.length };
  const found = reach(edges, focus, want.hops);
  const ranked = [...found.values()].sort(
    (a, b) => a.hops - b.hops || b.strength - a.strength || a.id.localeCompare(b.id),
  );
  const most = want.most ?? cap;
  const drawn = ranked.length <= most ? ranked : ranked.slice(0, most - 8);
  const ids = new Set(drawn.map((n) => n.id));
  return {
    focus,
    nodes: [...drawn, ...clusters(ranked.slice(drawn.length))],
    edges: edges.filter((e) => ids.has(e.source) && ids.has(e.target)),
    hidden: all.length - edges.length,
  };
}

/** The node that leads the most, by correlation; of a price before a consensus. */
function strongest(edges: readonly Edge[]): string | null {
  const sums = new Map<string, number>();
  for (const e of edges) {
    const own = parts(e.source)?.venue === consensus ? 0.1 : 1;
    const weight = (own * Math.abs(e.correlation)) / (e.layer === 1 ? 1 : 4);
    sums.set(e.source, (sums.get(e.source) ?? 0) + (e.simultaneous ? 0 : weight) + 1e-9);
  }
  let best: string | null = null;
  for (const [id, sum] of sums) if (best === null || sum > sums.get(best)!) best = id;
  return best;
}

function reach(edges: readonly Edge[], focus: string, hops: number): Map<string, Node> {
  const beside = new Map<string, Edge[]>();
  for (const e of edges) {
    for (const end of [e.source, e.target]) {
      const list = beside.get(end);
      if (list) list.push(e);
      else beside.set(end, [e]);
    }
  }
  const found = new Map<string, Node>();
  let front = [focus];
  found.set(focus, node(focus, 1, 0, beside));
  for (let hop = 1; hop <= hops; hop++) {
    const next: string[] = [];
    for (const id of front) {
      for (const e of beside.get(id) ?? []) {
        const other = e.source === id ? e.target : e.source;
        if (found.has(other)) continue;
        found.set(other, node(other, lane(other, focus, Math.max(found.get(id)!.lane, e.layer)), hop, beside));
        next.push(other);
      }
    }
    front = next;
  }
  return found;
}

/** The lane of a node: what it is to the focus; of another match, the layer it was reached by. */
function lane(id: string, focus: string, layer: number): number {
  const [p, f] = [parts(id), parts(focus)];
  if (!p || !f) return layer;
  if (selectionKey(id) === selectionKey(focus)) return 1;
  if (p.event === f.event) return 2;
  return Math.max(3, layer);
}

function node(id: string, lane: number, hops: number, beside: ReadonlyMap<string, readonly Edge[]>): Node {
  let [strength, lead] = [0, 0];
  for (const e of beside.get(id) ?? []) {
    strength = Math.max(strength, Math.abs(e.correlation));
    if (!e.simultaneous) lead += e.source === id ? Math.abs(e.correlation) : -Math.abs(e.correlation);
  }
  return { id, lane, hops, strength, lead, members: 1 };
}

/** One node a lane for all that was not drawn there. */
function clusters(rest: readonly Node[]): Node[] {
  const of = new Map<number, Node>();
  for (const n of rest) {
    const c = of.get(n.lane);
    if (c) {
      c.members++;
      c.strength = Math.max(c.strength, n.strength);
    } else {
      of.set(n.lane, { ...n, id: `cluster:${n.lane}`, lead: -Infinity });
    }
  }
  return [...of.values()];
}

/** The links on the way from the focus to a node, by the fewest hops. */
export function pathTo(edges: readonly Edge[], focus: string, target: string): Set<string> {
  const from = new Map<string, Edge>();
  const queue = [focus];
  const seen = new Set(queue);
  for (let i = 0; i < queue.length && !seen.has(target); i++) {
    for (const e of edges) {
      const other = e.source === queue[i] ? e.target : e.target === queue[i] ? e.source : null;
      if (other === null || seen.has(other)) continue;
      seen.add(other);
      from.set(other, e);
      queue.push(other);
    }
  }
  const path = new Set<string>();
  for (let at = target; at !== focus;) {
    const e = from.get(at);
    if (!e) return new Set();
    path.add(edgeKey(e));
    at = e.source === at ? e.target : e.source;
  }
  return path;
}
