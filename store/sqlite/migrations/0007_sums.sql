-- A sum of its other columns in each row that this program writes, so that a flipped bit is found:
-- SQLite has none. NULL is a row of another program or of an earlier version, and is not checked.
ALTER TABLE multi_layer_correlations    ADD COLUMN row_sum INTEGER;
ALTER TABLE audit_log                   ADD COLUMN row_sum INTEGER;
ALTER TABLE audit_performance_metrics   ADD COLUMN row_sum INTEGER;
ALTER TABLE production_readiness_matrix ADD COLUMN row_sum INTEGER;
ALTER TABLE events                      ADD COLUMN row_sum INTEGER;
ALTER TABLE families                    ADD COLUMN row_sum INTEGER;
ALTER TABLE venue_groups                ADD COLUMN row_sum INTEGER;
ALTER TABLE anomalies                   ADD COLUMN row_sum INTEGER;
ALTER TABLE predictions                 ADD COLUMN row_sum INTEGER;
ALTER TABLE documents                   ADD COLUMN row_sum INTEGER;
ALTER TABLE quarantine                  ADD COLUMN row_sum INTEGER;
ALTER TABLE reviews                     ADD COLUMN row_sum INTEGER;
ALTER TABLE proofs                      ADD COLUMN row_sum INTEGER;

-- Numbers that statements change in place have their complement beside them instead.
ALTER TABLE state      ADD COLUMN mirror INTEGER;  -- ~value
ALTER TABLE audit_size ADD COLUMN mirror INTEGER;  -- ~bytes
