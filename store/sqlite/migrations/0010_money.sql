-- The bet on a call and what that was worth: JSON, see money.Bet. NULL: a row of an earlier
-- version.
ALTER TABLE predictions ADD COLUMN money TEXT;

-- The sums of rows don't cover the new column.
UPDATE predictions SET row_sum = NULL;
