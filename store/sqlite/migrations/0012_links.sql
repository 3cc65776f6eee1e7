-- What people decided about bets of different venues, and about names: the newest decision on each.
CREATE TABLE links (
  link_id TEXT PRIMARY KEY,
  made_at INTEGER NOT NULL,                  -- wall clock, epoch ms
  actor   TEXT NOT NULL,
  body    TEXT NOT NULL,                     -- JSON
  row_sum INTEGER
) STRICT;
