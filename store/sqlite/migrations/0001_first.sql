-- The tables that other programs read and write. Their first columns are a
-- contract; ours follow, each with a default, so that an INSERT that names only
-- the contract's columns works.

CREATE TABLE multi_layer_correlations (
  correlation_id       INTEGER PRIMARY KEY,  -- negative: ours, replaced by every replay
  layer                INTEGER NOT NULL CHECK (layer IN (1, 2, 3, 4)),
  event_id             TEXT    NOT NULL CHECK (event_id <> ''),
  source_node          TEXT    NOT NULL CHECK (length(CAST(source_node AS BLOB)) BETWEEN 10 AND 128),
  target_node          TEXT    NOT NULL CHECK (length(CAST(target_node AS BLOB)) BETWEEN 10 AND 128),
  correlation_type     TEXT    NOT NULL,
  correlation_score    REAL    NOT NULL CHECK (correlation_score BETWEEN -1 AND 1),
  latency_ms           INTEGER NOT NULL CHECK (latency_ms BETWEEN 0 AND 1e15),
  expected_propagation REAL    NOT NULL CHECK (typeof(expected_propagation) = 'real'),
  detected_at          INTEGER NOT NULL CHECK (detected_at BETWEEN -1e15 AND 1e15),
  confidence           REAL    NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  severity_level       TEXT,
  lag_low_ms           INTEGER,              -- NULL: latency_ms
  lag_high_ms          INTEGER,              -- NULL: latency_ms
  n                    INTEGER NOT NULL DEFAULT 0,
  p                    REAL    NOT NULL DEFAULT 1,
  q                    REAL    NOT NULL DEFAULT 1,
  discovered           INTEGER NOT NULL DEFAULT 0,
  simultaneous         INTEGER NOT NULL DEFAULT 0,
  copied               INTEGER NOT NULL DEFAULT 0,
  evidence             TEXT    NOT NULL DEFAULT 'external',
  family               TEXT    NOT NULL DEFAULT '',
  first_seen           INTEGER,              -- NULL: detected_at
  trend                BLOB,                 -- NULL: no history
  severity_band        TEXT GENERATED ALWAYS AS
    (CASE WHEN confidence > 0.9 THEN 'HIGH' WHEN confidence > 0.6 THEN 'MEDIUM' ELSE 'LOW' END) STORED,
  abs_score            REAL GENERATED ALWAYS AS (abs(correlation_score)) STORED
);
-- One index for each question that is asked while someone waits.
CREATE INDEX correlations_by_band     ON multi_layer_correlations (event_id, severity_band);
CREATE INDEX correlations_by_score    ON multi_layer_correlations (layer, event_id, correlation_score DESC);
CREATE INDEX correlations_by_strength ON multi_layer_correlations (layer, event_id, abs_score DESC, detected_at DESC);
CREATE INDEX correlations_by_source   ON multi_layer_correlations (source_node);
CREATE INDEX correlations_by_target   ON multi_layer_correlations (target_node);
CREATE INDEX correlations_by_time     ON multi_layer_correlations (detected_at) WHERE evidence = 'external';

CREATE VIEW anomaly_candidates AS
SELECT correlation_id, layer, event_id, source_node, target_node, correlation_type, correlation_score, latency_ms,
       expected_propagation, detected_at, confidence, severity_level, severity_band
FROM multi_layer_correlations;

CREATE TABLE audit_log (
  audit_id  INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,                -- wall clock, epoch ms
  operation TEXT    NOT NULL,
  subject   TEXT    NOT NULL DEFAULT '',     -- event, node, file…
  layer     INTEGER NOT NULL DEFAULT 0,      -- 0: none
  status    TEXT    NOT NULL,
  detail    TEXT    NOT NULL DEFAULT '',
  took_us   INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE audit_performance_metrics (
  metric_id      INTEGER PRIMARY KEY,
  timestamp      INTEGER NOT NULL,           -- wall clock, epoch ms
  operation_type TEXT    NOT NULL,
  p50_latency_us REAL    NOT NULL,
  p99_latency_us REAL    NOT NULL,
  throughput_rps REAL    NOT NULL,
  memory_mb      REAL    NOT NULL,
  cpu_percent    REAL    NOT NULL,
  component      TEXT    NOT NULL DEFAULT 'correlation-engine'
);
CREATE INDEX performance_by_time ON audit_performance_metrics (timestamp);

CREATE TABLE production_readiness_matrix (
  component    TEXT    NOT NULL,
  check_name   TEXT    NOT NULL,
  severity     TEXT    NOT NULL,
  status       TEXT    NOT NULL,
  description  TEXT    NOT NULL DEFAULT '',
  last_checked INTEGER,                      -- wall clock, epoch ms; NULL never
  evidence     TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (component, check_name)
);

-- What a replay concludes. Every one of these is replaced by the next replay.

CREATE TABLE events (
  event_id   TEXT PRIMARY KEY,
  sport      TEXT NOT NULL, league TEXT NOT NULL,
  start_at   INTEGER NOT NULL,               -- epoch ms; 0 unknown
  home       TEXT NOT NULL, away TEXT NOT NULL, title TEXT NOT NULL,
  entities   TEXT NOT NULL,                  -- JSON array of entity ids
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE families (
  family      TEXT PRIMARY KEY,
  layer       INTEGER NOT NULL, sport TEXT NOT NULL, league TEXT NOT NULL, market TEXT NOT NULL,
  phase       TEXT NOT NULL, venue TEXT NOT NULL, leader TEXT NOT NULL, follower TEXT NOT NULL,
  pairs       INTEGER NOT NULL,
  correlation REAL NOT NULL, beta REAL NOT NULL,
  lag_ms      INTEGER NOT NULL, lag_low_ms INTEGER NOT NULL, lag_high_ms INTEGER NOT NULL,
  n           INTEGER NOT NULL,
  z           REAL NOT NULL, inflation REAL NOT NULL, p REAL NOT NULL, q REAL NOT NULL, d REAL NOT NULL,
  p_exist     REAL NOT NULL, q_exist REAL NOT NULL, p_direct REAL NOT NULL, q_direct REAL NOT NULL,
  conf_exist  REAL NOT NULL, confidence REAL NOT NULL,
  discovered  INTEGER NOT NULL, simultaneous INTEGER NOT NULL, copied INTEGER NOT NULL,
  resolution_ms INTEGER NOT NULL, detected_at INTEGER NOT NULL, first_found INTEGER NOT NULL,
  zero_lag    REAL NOT NULL, coincide REAL NOT NULL
) STRICT;

CREATE TABLE venue_groups (
  sport TEXT NOT NULL, league TEXT NOT NULL,
  venues TEXT NOT NULL,                      -- JSON array
  PRIMARY KEY (sport, league, venues)
) STRICT;

CREATE TABLE anomalies (
  anomaly_id INTEGER PRIMARY KEY,            -- order of the answer
  kind       TEXT NOT NULL, layer INTEGER NOT NULL, event_id TEXT NOT NULL,
  nodes      TEXT NOT NULL,                  -- JSON array, leader first
  at         INTEGER NOT NULL, until INTEGER NOT NULL,
  severity   TEXT NOT NULL, band TEXT NOT NULL, confidence REAL NOT NULL, size REAL NOT NULL,
  evidence   TEXT NOT NULL,                  -- JSON object
  suppressed TEXT NOT NULL
) STRICT;
CREATE INDEX anomalies_by_event ON anomalies (event_id, confidence);

CREATE TABLE predictions (
  prediction_id TEXT PRIMARY KEY,
  family      TEXT NOT NULL, layer INTEGER NOT NULL, event_id TEXT NOT NULL,
  source_node TEXT NOT NULL, target_node TEXT NOT NULL,
  issued_at   INTEGER NOT NULL, arrive_from INTEGER NOT NULL, arrive_to INTEGER NOT NULL,
  move        REAL NOT NULL, size REAL NOT NULL, p REAL NOT NULL, confidence REAL NOT NULL,
  outcome     TEXT NOT NULL, resolved_at INTEGER NOT NULL, actual REAL NOT NULL, lead_time_ms INTEGER NOT NULL,
  base        REAL NOT NULL, base_n INTEGER NOT NULL,
  rivals      TEXT NOT NULL                  -- JSON object
) STRICT;

CREATE TABLE ambiguities (
  ambiguity_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, name TEXT NOT NULL,
  candidates TEXT NOT NULL,                  -- JSON array
  why  TEXT NOT NULL
) STRICT;

CREATE TABLE documents (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL                         -- JSON
) STRICT;

CREATE TABLE state (
  name  TEXT PRIMARY KEY,                    -- as_of: newest event time of the last replay
  value INTEGER NOT NULL
) STRICT;

-- The recording itself, in chunks of package packed. Never rewritten.
CREATE TABLE tick_log (
  session INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
  quotes  INTEGER NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT;
