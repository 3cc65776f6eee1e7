// Names for the types that are made from the OpenAPI document, and for what the stream
// says, which that document describes in words only.

import type { components } from "./schema";

type Schemas = components["schemas"];

/** The document marks every list as possibly null; the API sends an empty one. */
type Solid<T> = [T] extends [(infer E)[] | null]
  ? Solid<E>[]
  : T extends object
    ? { [K in keyof T]: Solid<T[K]> }
    : T;

export type Anomaly = Solid<Schemas["Anomaly"]>;
export type RecentAnomalies = Solid<Schemas["RecentAnomalies"]>;
export type AuditPage = Solid<Schemas["AuditPage"]>;
export type BackupList = Solid<Schemas["BackupList"]>;
export type Edge = Solid<Schemas["Edge"]>;
export type EdgeDetail = Solid<Schemas["EdgeDetail"]>;
export type EventDetail = Solid<Schemas["EventDetail"]>;
export type EventRow = Solid<Schemas["EventRow"]>;
export type Events = Solid<Schemas["Events"]>;
export type FamilyScore = Solid<Schemas["FamilyScore"]>;
export type Faults = Solid<Schemas["Faults"]>;
export type Feed = Solid<Schemas["Feed"]>;
export type Feeds = Solid<Schemas["Feeds"]>;
export type Forecast = Solid<Schemas["Forecast"]>;
export type Gate = Solid<Schemas["Gate"]>;
/** A layer that failed has null for edges. */
export type Layer = Omit<Solid<Schemas["Layer"]>, "edges"> & { edges: Edge[] | null };
export type Graph = Omit<Solid<Schemas["Graph"]>, "layers"> & { layers: Layer[] };
export type Health = Solid<Schemas["Health"]>;
export type Leaders = Solid<Schemas["Leaders"]>;
export type Measurement = Solid<Schemas["Measurement"]>;
export type Moves = Solid<Schemas["Moves"]>;
export type Pair = Solid<Schemas["Pair"]>;
export type Path = Solid<Schemas["Path"]>;
export type Performance = Solid<Schemas["Performance"]>;
export type Predictions = Solid<Schemas["Predictions"]>;
export type Problem = Solid<Schemas["Problem"]>;
export type Proofs = Solid<Schemas["Proofs"]>;
export type Propagation = Solid<Schemas["Propagation"]>;
export type Quote = Solid<Schemas["Quote"]>;
export type Readiness = Solid<Schemas["Readiness"]>;
/** Health is always there, whatever the document says. */
export type Ready = Omit<Solid<Schemas["Ready"]>, "health"> & { health: Health };
/** What a person says of an anomaly. */
export type ReviewRequest = Schemas["ReviewRequest"];
export type Reviewed = Solid<Schemas["Reviewed"]>;
export type Score = Solid<Schemas["Score"]>;
export type Scorecard = Solid<Schemas["Scorecard"]>;
/** A window of arbitrage. */
export type SureWin = Solid<Schemas["Window"]>;
export type SureWins = Solid<Schemas["Windows"]>;

/** A price that moved, as the stream has it. */
export interface Move {
  node: string;
  event_id: string;
  at: string;
  move: number; // log-odds since the last message about this node
  value: number; // after it
  price: number | null; // null: of a consensus
  rms: number; // of the node's moves before; 0 unknown
}
