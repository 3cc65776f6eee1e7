// Names for the types that are made from the OpenAPI document, and for what the stream
// says, which that document describes in words only.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Ambiguities = Schemas["Ambiguities"];
export type Ambiguity = Schemas["Ambiguity"];
export type Anomaly = Schemas["Anomaly"];
export type RecentAnomalies = Schemas["RecentAnomalies"];
export type AuditPage = Schemas["AuditPage"];
export type BackupList = Schemas["BackupList"];
export type Edge = Schemas["Edge"];
export type EdgeDetail = Schemas["EdgeDetail"];
export type EventDetail = Schemas["EventDetail"];
/** What was told of a match, and how venues reacted to it. */
export type EventMark = Schemas["EventMark"];
export type Doubt = EventDetail["doubts"][number];
export type EventRow = Schemas["EventRow"];
export type Events = Schemas["Events"];
export type FamilyScore = Schemas["FamilyScore"];
export type Faults = Schemas["Faults"];
export type Feed = Schemas["Feed"];
export type Feeds = Schemas["Feeds"];
export type Connections = Schemas["Connections"];
export type Connection = Connections["connections"][number];
export type Forecast = Schemas["Forecast"];
export type Gate = Schemas["Gate"];
export type Graph = Schemas["Graph"];
export type Health = Schemas["Health"];
export type Time = Schemas["Time"];
export type Layer = Schemas["Layer"];
export type Leaders = Schemas["Leaders"];
/** How two bets of venues are related, and who says so. */
export type Link = Schemas["Link"];
export type LinkQuestion = Schemas["Question"];
export type Links = Schemas["Links"];
export type Measurement = Schemas["Measurement"];
export type Moves = Schemas["Moves"];
export type Pair = Schemas["Pair"];
export type Path = Schemas["Path"];
export type Performance = Schemas["Performance"];
export type Predictions = Schemas["Predictions"];
export type Problem = Schemas["Problem"];
export type Proofs = Schemas["Proofs"];
export type Propagation = Schemas["Propagation"];
export type Quote = Schemas["Quote"];
export type ReactionPair = Schemas["ReactionPair"];
export type ReactionRow = Schemas["ReactionRow"];
export type Reactions = Schemas["Reactions"];
export type Readiness = Schemas["Readiness"];
export type Ready = Schemas["Ready"];
/** What a person says of an anomaly. */
export type ReviewRequest = Schemas["ReviewRequest"];
export type Reviewed = Schemas["Reviewed"];
export type Score = Schemas["Score"];
export type Scorecard = Schemas["Scorecard"];
/** A leg of an arbitrage that was reported, and a price behind an anomaly. */
export type Bet = Schemas["Bet"];
export type Tick = Schemas["Tick"];
/** A window of arbitrage. */
export type ArbitrageWindow = Schemas["Window"];
export type ArbitrageWindows = Schemas["Windows"];

/** A move of a price, as the stream reports it. */
export type Move = Schemas["Move"] & {
  event_id: string;
  value: number; // log-odds after it
  price: number | null; // null: of a consensus
};

/** What the stream says, by kind of message; other kinds say only that something must be
 * read again. */
export interface Messages {
  connected: { as_of: string; resumed: boolean; heartbeat_ms: number };
  heartbeat: { as_of: string };
  move: Move;
  prediction: Forecast;
  outcome: Forecast;
  graph: { event_id: string; version: number; as_of: string };
  gap: { scope: string; missed: number };
}
