-- What people made of anomalies: seen, muted for a while, right or wrong.
CREATE TABLE reviews (
  review_id  INTEGER PRIMARY KEY,
  action     TEXT    NOT NULL CHECK (action IN ('acknowledge', 'mute', 'verdict')),
  kind       TEXT    NOT NULL DEFAULT '',    -- empty in a mute: every kind
  event_id   TEXT    NOT NULL DEFAULT '',    -- empty in a mute: every event
  node       TEXT    NOT NULL DEFAULT '',    -- last node of the anomaly; empty in a mute: every node
  at         INTEGER NOT NULL DEFAULT 0,     -- of the anomaly; 0 in a mute
  verdict    TEXT    NOT NULL DEFAULT '',    -- true, false or unsure
  note       TEXT    NOT NULL DEFAULT '',
  actor      TEXT    NOT NULL,
  made_at    INTEGER NOT NULL,               -- wall clock, epoch ms
  expires_at INTEGER NOT NULL DEFAULT 0      -- 0: never
) STRICT;
CREATE INDEX reviews_by_expiry ON reviews (expires_at);

-- The newest result of each kind of proof that is run beside the service.
CREATE TABLE proofs (
  kind    TEXT PRIMARY KEY,                  -- load, chaos…
  made_at INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  passed  INTEGER NOT NULL,
  summary TEXT NOT NULL,
  body    TEXT NOT NULL                      -- JSON
) STRICT;
