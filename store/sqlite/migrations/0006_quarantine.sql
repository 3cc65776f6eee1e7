-- Chunks of the tick log that could not be read, moved here as they were: the log
-- reads on without them, and nothing is thrown away.
CREATE TABLE quarantine (
  session  INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  from_at  INTEGER NOT NULL, to_at INTEGER NOT NULL,
  quotes   INTEGER NOT NULL,
  payload  BLOB,
  sources  TEXT    NOT NULL,                 -- JSON array: those that can be made out
  why      TEXT    NOT NULL,
  found_at INTEGER NOT NULL,                 -- wall clock, epoch ms
  PRIMARY KEY (session, seq)
) STRICT;

-- Tells this store from any other, for the mark that is kept beside it. No result
-- depends on it.
CREATE TABLE identity (id BLOB NOT NULL) STRICT;
INSERT INTO identity VALUES (randomblob(16));
