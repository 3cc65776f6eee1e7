-- A prediction is a call: one of a follower at a time, however many leaders make it. Rows of
-- earlier versions, one a leader, have NULL here.
ALTER TABLE predictions ADD COLUMN line REAL;              -- of the follower's bet; NULL: it has none, or is not known
ALTER TABLE predictions ADD COLUMN known_at INTEGER;       -- when a subscriber could know, epoch ms
ALTER TABLE predictions ADD COLUMN least REAL;             -- half the median of the agreeing leaders' moves, signed like size
ALTER TABLE predictions ADD COLUMN p_half REAL;            -- stated chance that the follower moves so far in the interval
ALTER TABLE predictions ADD COLUMN half INTEGER;           -- 1 if it did, 0 if it did not; NULL: not known, or not yet
ALTER TABLE predictions ADD COLUMN leader_groups INTEGER;  -- independent groups of venues among the agreeing leaders
ALTER TABLE predictions ADD COLUMN leaders TEXT;           -- JSON array: node, family, move, agree, at
ALTER TABLE predictions ADD COLUMN revisions TEXT;         -- JSON array: at, p, p_half; the first is that of the issue
ALTER TABLE predictions ADD COLUMN p_league REAL;          -- running hit rate of the league when it was issued
ALTER TABLE predictions ADD COLUMN p_family REAL;          -- the speaking family's, shrunken to it

-- The sums of rows don't cover the new columns.
UPDATE predictions SET row_sum = NULL;
