// Whole values of the API for tests, of which each test changes what it is about.

import type {
  Anomaly,
  Edge,
  EventDetail,
  EventRow,
  Events,
  Forecast,
  Graph,
  Move,
  Pair,
  Quote,
  Score,
  Scorecard,
} from "../../api/types";

/** An instant so many seconds after the beginning of the test. */
export const at = (seconds: number): string => new Date(1_767_312_000_000 + 1000 * seconds).toISOString();
export const atMs = (seconds: number): number => Date.parse(at(seconds));

export const node = (venue: string, market = "h2h", event = "m1", selection = "home"): string =>
  `${venue}/${event}/${market}/${selection}`;

export const anomaly = (change: Partial<Anomaly>): Anomaly => ({
  kind: "hidden_edge",
  meaning: "",
  layer: 1,
  event_id: "m1",
  title: "B @ A",
  nodes: [node("pin"), node("dk")],
  at: at(0),
  until: null,
  severity: "LOW",
  band: "HIGH",
  confidence: 0.9,
  size: 0.1,
  strength: 1,
  evidence: { text: "", now: 0, usual: 0, spread: 0, n: 0 },
  ...change,
});

export const edge = (source: string, target: string, change: Partial<Edge> = {}): Edge => ({
  layer: 1,
  event_id: "m1",
  source,
  target,
  source_name: source,
  target_name: target,
  type: "",
  lag_ms: 2000,
  lag_low_ms: 1500,
  lag_high_ms: 2500,
  correlation: 0.8,
  beta: 0.9,
  n: 100,
  p: 0,
  q: 0.01,
  confidence: 0.95,
  band: "HIGH",
  discovered: true,
  simultaneous: false,
  copied: false,
  evidence: "family",
  detected_at: at(0),
  first_seen: null,
  in_window: true,
  ...change,
});

export const forecast = (change: Partial<Forecast>): Forecast => ({
  id: "f",
  family: "",
  layer: 1,
  event_id: "m1",
  title: "B @ A",
  source: node("pin"),
  target: node("dk"),
  source_name: "",
  target_name: "",
  issued_at: at(0),
  arrive_from: at(2),
  arrive_to: at(6),
  move: 0.1,
  size: 0.08,
  probability: 0.7,
  confidence: 0.9,
  outcome: "pending",
  resolved_at: null,
  actual: 0,
  lead_time_ms: 0,
  ...change,
});

export const move = (venue: string, seconds: number, by: number, change: Partial<Move> = {}): Move => ({
  node: node(venue),
  event_id: "m1",
  at: at(seconds),
  move: by,
  value: 0,
  price: 2,
  rms: 0.03,
  ...change,
});

export const pair = (leader: string, follower: string, change: Partial<Pair> = {}): Pair => ({
  leader,
  follower,
  sport: "baseball",
  league: "mlb",
  market: "h2h",
  phase: "pre",
  lag_ms: 2000,
  lag_low_ms: 1500,
  lag_high_ms: 2500,
  resolution_ms: 20,
  correlation: 0.8,
  beta: 0.9,
  n: 100,
  pairs: 3,
  p: 0,
  q: 0.01,
  confidence: 0.95,
  band: "HIGH",
  simultaneous: false,
  copied: false,
  discovered: true,
  direction: 5,
  q_exist: 0.01,
  q_direct: 0.01,
  zero_lag_correlation: 0.1,
  coinciding_share: 0.1,
  first_found: null,
  judged_at: at(0),
  hayashi_yoshida: null,
  ...change,
});

export const quote = (venue: string, change: Partial<Quote> = {}): Quote => ({
  node: node(venue),
  venue,
  market: "h2h",
  selection: "home",
  line: null,
  price: 2,
  fair_probability: 0.5,
  status: "open",
  stale: false,
  in_play: false,
  age_ms: 0,
  changed_at: at(0),
  seen_at: at(0),
  resolution_ms: 20,
  ...change,
});

const match = {
  event_id: "m1",
  title: "B @ A",
  home: "A",
  away: "B",
  sport: "tennis",
  league: "open",
  entities: [],
  first_seen: at(0),
  last_seen: at(0),
  start_time: null,
};

export const detail = (change: Partial<EventDetail> = {}): EventDetail => ({
  ...match,
  as_of: at(0),
  complete: true,
  stale: false,
  odds_format: "decimal",
  version: 1,
  open: [],
  settled: [],
  quotes: [],
  ...change,
});

export const row = (change: Partial<EventRow> = {}): EventRow => ({
  ...match,
  anomalies_on: 0,
  last_quote: at(0),
  markets: 1,
  open_forecasts: 0,
  quotes: 6,
  ...change,
});

export const events = (...rows: EventRow[]): Events => ({
  as_of: at(0),
  complete: true,
  stale: false,
  events: rows,
  total: rows.length,
});

export const graph = (edges: Edge[], change: Partial<Graph> = {}): Graph => ({
  as_of: at(0),
  complete: true,
  stale: false,
  event_id: "m1",
  title: "B @ A",
  status: "OK",
  version: 1,
  layers: [1, 2, 3, 4].map((layer) => ({
    layer,
    name: `L${layer}`,
    status: "OK",
    left_out: 0,
    refused: 0,
    edges: edges.filter((e) => e.layer === layer),
  })),
  ...change,
});

export const score = (change: Partial<Score> = {}): Score => ({
  already_moved: 0,
  base_n: 1000,
  base_rate: 0.2,
  brier: 0.1,
  brier_base: 0.2,
  hit_high: 0.8,
  hit_low: 0.6,
  hit_rate: 0.7,
  hits: 700,
  issued: 1000,
  late: 100,
  lead_time_ms: 2000,
  matured: 1000,
  miss: 100,
  pending: 0,
  void: 0,
  wrong_sign: 100,
  ...change,
});

export const scorecard = (change: Partial<Scorecard> = {}): Scorecard =>
  ({
    as_of: at(0),
    complete: true,
    stale: false,
    calibration: [],
    families: [],
    layers: {},
    lead_times: [],
    overall: score(),
    since: at(0),
    ...change,
  }) as Scorecard;
