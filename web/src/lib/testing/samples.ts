// Whole values of the API for tests, of which each test changes what it is about.

import type { Anomaly, Edge, Forecast, Move, Pair } from "../../api/types";

/** An instant so many seconds after the beginning of the test. */
export const at = (seconds: number): string => new Date(1_767_312_000_000 + 1000 * seconds).toISOString();
export const atMs = (seconds: number): number => Date.parse(at(seconds));

export const node = (venue: string, market = "h2h", event = "m1", selection = "home"): string => `${venue}/${event}/${market}/${selection}`;

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
