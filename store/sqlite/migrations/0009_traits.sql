-- What more is known of an edge or family: JSON, see graph.Traits. NULL: nothing, as in
-- rows of other programs.
ALTER TABLE multi_layer_correlations ADD COLUMN traits TEXT;
ALTER TABLE families ADD COLUMN traits TEXT;

-- The sums of rows don't cover the new columns.
UPDATE multi_layer_correlations SET row_sum = NULL;
UPDATE families SET row_sum = NULL;
