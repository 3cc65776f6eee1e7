// The address of every view and all that it shows. Pure: addresses in, values out.

import { oddsFormats, type OddsFormat, type Zone } from "./format";

/** What the screens share: how instants and prices are written. */
export interface Shared {
  tz: Zone;
  odds: OddsFormat;
}

export const sharedDefaults: Shared = { tz: "utc", odds: "decimal" };

/** All views, their addresses, and the parameters of each with their defaults. A test in Go
 * reads the addresses: they are those that the server answers with the app. */
export const views = {
  trader: {
    path: "/",
    title: "Now",
    params: {
      event: "",
      node: "",
      layers: "1234",
      find: "",
      hide: "",
      certain: "1",
      hops: "1",
      as: "graph",
      incident: "",
      at: "",
    },
  },
  events: { path: "/events", title: "Events", params: { q: "", sport: "", event: "" } },
  leaders: {
    path: "/leaders",
    title: "Who leads",
    params: { sport: "", market: "", phase: "", groups: "1", certain: "0", as: "map", pair: "" },
  },
  timeline: { path: "/timeline", title: "Propagation", params: { source: "", target: "", depth: "4" } },
  edge: { path: "/edge", title: "Link", params: { source: "", target: "", shift: "", all: "" } },
  scorecard: { path: "/scorecard", title: "Scorecard", params: { layer: "", find: "", sort: "matured" } },
  arbitrage: { path: "/arbitrage", title: "Arbitrage", params: { past: "0", min: "0" } },
  performance: { path: "/correlation-performance", title: "Performance", params: { op: "", span: "1h" } },
  readiness: { path: "/readiness", title: "Readiness", params: {} },
  feeds: { path: "/feeds", title: "Feeds", params: { source: "" } },
  review: { path: "/review", title: "Review", params: { state: "candidate", venue: "" } },
  audit: {
    path: "/audit",
    title: "Audit",
    params: { operation: "", actor: "", status: "", subject: "", trace_id: "", from: "", to: "" },
  },
  backups: { path: "/backups", title: "Backups & faults", params: {} },
  stress: { path: "/stress", title: "Stress", params: { nodes: "2000", edges: "10000", seed: "1", seconds: "10" } },
} as const satisfies Record<string, { path: string; title: string; params: Record<string, string> }>;

export type View = keyof typeof views;
/** Parameters of a view; all are strings, as in an address. */
export type Params<V extends View> = { -readonly [K in keyof (typeof views)[V]["params"]]: string };

export interface Route {
  view: View | null; // null: there is no such page
  params: Record<string, string>;
  shared: Partial<Shared>; // only what the address says
}

/** Reads an address. What a view does not know is dropped. */
export function parse(pathname: string, search: string): Route {
  const q = new URLSearchParams(search);
  const shared: Partial<Shared> = {};
  const tz = q.get("tz");
  if (tz === "utc" || tz === "local") shared.tz = tz;
  const odds = oddsFormats.find((f) => f === q.get("odds"));
  if (odds) shared.odds = odds;
  const view = (Object.keys(views) as View[]).find((v) => views[v].path === pathname) ?? null;
  const params: Record<string, string> = view ? { ...views[view].params } : {};
  for (const name of Object.keys(params)) params[name] = q.get(name) ?? params[name]!;
  return { view, params, shared };
}

/** The address of a view; what is as by default is left out. */
export function href<V extends View>(view: V, params: Partial<Params<V>>, shared: Shared): string {
  const q = new URLSearchParams();
  const known: Record<string, string> = views[view].params;
  for (const [name, value] of Object.entries(params as Record<string, string>)) {
    if (name in known && value !== known[name]) q.set(name, value);
  }
  for (const name of ["tz", "odds"] as const) {
    if (shared[name] !== sharedDefaults[name]) q.set(name, shared[name]);
  }
  const query = q.toString();
  return views[view].path + (query ? `?${query}` : "");
}
