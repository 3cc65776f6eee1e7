package sqlite

import (
	"context"
	"strings"
	"time"

	"corrgraph/store"
)

// statement is one SQL statement and how long it may take, waiting for locks and
// reading of rows included.
type statement struct {
	sql      string
	deadline time.Duration
}

// Deadlines. Whatever serves a request has the first one.
const (
	request = 50 * time.Millisecond
	listing = 10 * time.Second // commands that list or load whole tables, the reader of the log
	commit  = 30 * time.Second // bulk commits, one statement of them
	pruning = time.Second      // one small step
	upkeep  = 10 * time.Minute // migration, backup
)

func (s statement) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.deadline, store.ErrDeadline)
}

// limited returns a statement as a request runs it, when the caller bounds its
// answer: with the request's deadline.
func (s *Store) limited(n name, limit int) statement {
	st := s.table[n]
	if limit > 0 && !s.offline {
		st.deadline = request
	}
	return st
}

// name of a statement in the table.
type name int

// The statements. Those that insert rows of a table are named by the table, see
// table.insert.
const (
	storeKind name = iota
	begin
	commitTx
	rollback
	backup

	asOf
	setAsOf
	now
	events
	foreignEvents
	knowsEvent
	knowsNode
	edges
	edgesOfEvent
	edgesOfLayer
	edgesOfEventLayer
	edgesOfNode
	strongest
	countLayer
	eventWindow
	storeWindow
	outEdges
	candidates
	families
	groups
	anomalies
	anomaliesOfEvent
	predictions
	ambiguities
	document
	documents

	clearEdges
	lowestEdge
	lastChunk
	lastSession
	sessions
	chunk
	pruneAudit
	prunePerformance
	auditTail
	setCheck
	checks
	names // how many there are
)

// inWindow keeps the rows of each layer's window, which ends at ?1.
const inWindow = `detected_at <= ?1 AND detected_at > ?1 - CASE layer WHEN 1 THEN 3600000 WHEN 3 THEN 604800000 ELSE 86400000 END`

// statements is the table: every statement that a Store runs on its own schema
// besides the pragmas of opening. Nothing else in the package holds SQL.
func statements() [names]statement {
	edge := "SELECT " + edgeTable.columns + " FROM multi_layer_correlations "
	return [names]statement{
		storeKind: {`SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`, listing},
		begin:     {`BEGIN IMMEDIATE`, commit},
		commitTx:  {`COMMIT`, commit},
		rollback:  {`ROLLBACK`, commit},
		backup:    {`VACUUM INTO ?`, upkeep},

		asOf:    {`SELECT coalesce(max(value), 0) FROM state WHERE name = 'as_of'`, request},
		setAsOf: {`INSERT INTO state (name, value) VALUES ('as_of', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, commit},
		now: {`SELECT max(coalesce((SELECT value FROM state WHERE name = 'as_of'), 0),
			CAST(coalesce((SELECT max(detected_at) FROM multi_layer_correlations WHERE evidence = 'external'), 0) AS INTEGER))`, request},
		events: {`SELECT ` + eventTable.columns + ` FROM events ORDER BY rowid`, listing},
		// The distinct values of the index's first column, one search each.
		foreignEvents: {`WITH RECURSIVE e (id) AS (SELECT min(event_id) FROM multi_layer_correlations
			UNION ALL SELECT (SELECT min(event_id) FROM multi_layer_correlations WHERE event_id > e.id) FROM e WHERE e.id IS NOT NULL)
			SELECT id FROM e WHERE id IS NOT NULL AND id NOT IN (SELECT event_id FROM events)`, listing},
		knowsEvent:        {`SELECT EXISTS (SELECT 1 FROM events WHERE event_id = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE event_id = ?1)`, request},
		knowsNode:         {`SELECT EXISTS (SELECT 1 FROM multi_layer_correlations WHERE source_node = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE target_node = ?1)`, request},
		edges:             {edge + `ORDER BY correlation_id LIMIT ?`, listing},
		edgesOfEvent:      {edge + `WHERE event_id = ? ORDER BY correlation_id LIMIT ?`, listing},
		edgesOfLayer:      {edge + `WHERE layer = ? ORDER BY correlation_id LIMIT ?`, listing},
		edgesOfEventLayer: {edge + `WHERE layer = ? AND event_id = ? ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, listing},
		edgesOfNode:       {edge + `WHERE source_node = ?1 OR target_node = ?1 ORDER BY correlation_id LIMIT ?2`, listing},
		strongest: {edge + `WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?
			ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, request},
		countLayer:  {`SELECT count(*) FROM multi_layer_correlations WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?`, request},
		eventWindow: {edge + `WHERE event_id = ?2 AND layer IN (1, 2, 3, 4) AND ` + inWindow + ` ORDER BY correlation_id`, listing},
		storeWindow: {edge + `NOT INDEXED WHERE ` + inWindow + ` ORDER BY correlation_id`, listing},
		outEdges:    {edge + `WHERE source_node = ?2 AND ` + inWindow + ` ORDER BY correlation_id`, request},
		candidates: {edge + `WHERE event_id = ?2 AND severity_band = ?3 AND evidence = 'external' AND ` + inWindow + `
			ORDER BY correlation_id`, request},
		families:         {`SELECT ` + familyTable.columns + ` FROM families ORDER BY rowid`, request},
		groups:           {`SELECT ` + groupTable.columns + ` FROM venue_groups ORDER BY rowid`, request},
		anomalies:        {`SELECT ` + anomalyTable.columns + ` FROM anomalies WHERE confidence >= ? ORDER BY anomaly_id`, listing},
		anomaliesOfEvent: {`SELECT ` + anomalyTable.columns + ` FROM anomalies WHERE event_id = ? AND confidence >= ? ORDER BY anomaly_id`, request},
		predictions:      {`SELECT ` + predictionTable.columns + ` FROM predictions ORDER BY rowid`, listing},
		ambiguities:      {`SELECT ` + ambiguityTable.columns + ` FROM ambiguities ORDER BY ambiguity_id`, listing},
		document:         {`SELECT body FROM documents WHERE name = ?`, request},
		documents:        {`SELECT name FROM documents ORDER BY name`, request},

		clearEdges:  {`DELETE FROM multi_layer_correlations WHERE correlation_id < 0 AND evidence <> 'external'`, commit},
		lowestEdge:  {`SELECT coalesce(min(correlation_id), 0) FROM multi_layer_correlations WHERE correlation_id < 0`, commit},
		lastChunk:   {`SELECT coalesce(max(seq), 0) FROM tick_log WHERE session = ?`, commit},
		lastSession: {`SELECT coalesce(max(session), 0) FROM tick_log`, request},
		sessions:    {`SELECT session, max(seq) FROM tick_log GROUP BY session ORDER BY session`, listing},
		chunk:       {`SELECT payload FROM tick_log WHERE session = ? AND seq = ?`, listing},
		pruneAudit: {`DELETE FROM audit_log WHERE audit_id IN (SELECT audit_id FROM (SELECT audit_id, at FROM audit_log ORDER BY audit_id LIMIT ?3)
			WHERE at < ?1 OR audit_id <= (SELECT max(audit_id) FROM audit_log) - ?2)`, pruning},
		prunePerformance: {`DELETE FROM audit_performance_metrics WHERE metric_id IN
			(SELECT metric_id FROM audit_performance_metrics WHERE timestamp < ?1 ORDER BY timestamp LIMIT ?2)`, pruning},
		auditTail: {`SELECT ` + auditTable.columns + ` FROM audit_log ORDER BY audit_id DESC LIMIT ?`, request},
		setCheck: {`INSERT INTO production_readiness_matrix (` + checkTable.columns + `) VALUES (` + marks(checkTable.columns) + `)
			ON CONFLICT (component, check_name) DO UPDATE SET severity = excluded.severity, status = excluded.status,
			description = excluded.description, last_checked = excluded.last_checked, evidence = excluded.evidence`, commit},
		checks: {`SELECT ` + checkTable.columns + ` FROM production_readiness_matrix WHERE component = ? ORDER BY check_name`, request},
	}
}

// marks returns a question mark for each of the comma-separated columns.
func marks(columns string) string {
	return strings.TrimSuffix(strings.Repeat("?,", strings.Count(columns, ",")+1), ",")
}
