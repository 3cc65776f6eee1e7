-- What a live service needs: who did what in the audit, a tick log that is read
-- in event-time order whatever the order of arrival, and results that are
-- replaced event by event.

ALTER TABLE audit_log ADD COLUMN actor    TEXT NOT NULL DEFAULT '';  -- name of a token, address or command
ALTER TABLE audit_log ADD COLUMN trace_id TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_time      ON audit_log (at);
CREATE INDEX audit_by_operation ON audit_log (operation, at);

-- How many bytes the rows of the audit hold, kept as they come and go: a sum
-- over a million rows would be too dear to ask for.
CREATE TABLE audit_size (bytes INTEGER NOT NULL) STRICT;
INSERT INTO audit_size SELECT coalesce(sum(64 + 2 * length(CAST(operation AS BLOB)) + length(CAST(subject AS BLOB)) +
  length(CAST(status AS BLOB)) + length(CAST(detail AS BLOB))), 0) FROM audit_log;

CREATE INDEX performance_by_operation ON audit_performance_metrics (operation_type, timestamp);

ALTER TABLE production_readiness_matrix ADD COLUMN threshold TEXT NOT NULL DEFAULT '';
ALTER TABLE production_readiness_matrix ADD COLUMN measured  TEXT NOT NULL DEFAULT '';
ALTER TABLE production_readiness_matrix ADD COLUMN runbook   TEXT NOT NULL DEFAULT '';

-- The order in which chunks are read, and all that their statistics need.
CREATE INDEX tick_log_by_time ON tick_log (from_at, session, seq, to_at, quotes, length(payload));

CREATE INDEX predictions_by_event ON predictions (event_id);

-- Rows of other programs, and a number that changes when one is changed or goes.
-- New rows show in the largest id; a trigger on INSERT would make each of them
-- five times as dear to whoever writes it.
CREATE INDEX correlations_external ON multi_layer_correlations (event_id, layer, detected_at) WHERE evidence = 'external';
CREATE TABLE external_version (version INTEGER NOT NULL) STRICT;
INSERT INTO external_version VALUES (0);
CREATE TRIGGER external_update AFTER UPDATE ON multi_layer_correlations WHEN old.evidence = 'external' OR new.evidence = 'external'
BEGIN UPDATE external_version SET version = version + 1; END;
CREATE TRIGGER external_delete AFTER DELETE ON multi_layer_correlations WHEN old.evidence = 'external'
BEGIN UPDATE external_version SET version = version + 1; END;
