package sqlite

import (
	"context"
	"strings"
	"time"

	"corrgraph/store"
)

// statement is one SQL statement and how long it may take, waiting for a
// connection and for locks and reading of rows included.
type statement struct {
	name     string // for metrics and the log of slow statements
	sql      string
	deadline time.Duration
	quick    bool // an index search that someone waits for; see Store.read
}

// undo is the name of the one statement that faults spare.
const undo = "rollback"

// Deadlines. Whatever serves a request has the first one.
const (
	request = 50 * time.Millisecond
	listing = 10 * time.Second // commands that list or load whole tables, the reader of the log, statistics of it
	commit  = 30 * time.Second // commits, one statement of them
	pruning = time.Second      // one small step
	upkeep  = 10 * time.Minute // migration, backup, checking a backup
)

func (s statement) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.deadline, store.ErrDeadline)
}

// limited returns a statement as a request runs it, when the caller bounds its
// answer: with the request's deadline.
func (s *Store) limited(n name, limit int) statement {
	st := s.table[n]
	if limit > 0 {
		st.quick = true
		if !s.offline {
			st.deadline = request
		}
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

	asOf
	setAsOf
	devig
	setDevig
	clearDevig
	lastReview
	addReview
	reviews
	dropReview
	setProof
	proofs
	tryWrite
	undoWrite
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

	externalEdges
	externalVersion
	probe
	integrity
	contents

	clearEdges
	lowestEdge
	dropEdges
	dropAnomalies
	dropPredictions
	dropEvent
	setEvent
	setFamily
	cutFamilies
	setDocument
	dropDocument

	firstChunk
	lastChunk
	readChunk
	listChunks
	dropChunks
	logStats

	auditTail
	auditFloor
	auditFloorOf
	auditAt
	auditSearch
	auditSearchOf
	auditHeld
	auditOldest
	auditSize
	pruneAudit
	prunePerformance
	performance
	performanceOf
	setCheck
	checks
	names // how many there are
)

// inWindow keeps the rows of each layer's window, which ends at ?1.
const inWindow = `detected_at <= ?1 AND detected_at > ?1 - CASE layer WHEN 1 THEN 3600000 WHEN 3 THEN 604800000 ELSE 86400000 END`

// auditMatch is the page of an audit search: from below the cursor (?2, ?3) down to
// the floor (?1, ?4), at most ?5 rows; empty arguments match all.
const auditMatch = `(at, audit_id) >= (?1, ?4) AND (at, audit_id) < (?2, ?3) AND (?6 = '' OR actor = ?6) AND (?7 = '' OR status = ?7)
	AND (?8 = '' OR trace_id = ?8) AND (?9 = '' OR subject = ?9) ORDER BY at DESC, audit_id DESC LIMIT ?5`

// statements is the table: every statement that a Store runs on its own schema
// besides the pragmas of opening. Nothing else in the package holds SQL.
func statements() [names]statement {
	edge := "SELECT " + edgeTable.columns + " FROM multi_layer_correlations "
	return [names]statement{
		storeKind: {name: "store_kind", sql: `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`, deadline: listing},
		begin:     {name: "begin", sql: `BEGIN IMMEDIATE`, deadline: commit},
		commitTx:  {name: "commit_tx", sql: `COMMIT`, deadline: commit},
		rollback:  {name: "rollback", sql: `ROLLBACK`, deadline: commit},

		asOf:       {name: "as_of", sql: `SELECT coalesce(max(value), 0) FROM state WHERE name = 'as_of'`, deadline: request},
		lastReview: {name: "last_review", sql: `SELECT coalesce(max(review_id), 0) FROM reviews`, deadline: commit},
		addReview:  {name: "add_review", sql: `INSERT INTO reviews (` + reviewTable.columns + `) VALUES (` + marks(reviewTable.columns) + `)`, deadline: commit},
		reviews: {name: "reviews", sql: `SELECT * FROM (SELECT ` + reviewTable.columns + ` FROM reviews
			WHERE expires_at = 0 OR expires_at > ?1 ORDER BY review_id DESC LIMIT ?2) ORDER BY review_id`, deadline: listing},
		dropReview: {name: "drop_review", sql: `DELETE FROM reviews WHERE review_id = ?`, deadline: commit},
		setProof: {name: "set_proof", sql: `INSERT INTO proofs (` + proofTable.columns + `) VALUES (` + marks(proofTable.columns) + `)
			ON CONFLICT (kind) DO UPDATE SET made_at = excluded.made_at, actor = excluded.actor, passed = excluded.passed,
			summary = excluded.summary, body = excluded.body`, deadline: commit},
		proofs:    {name: "proofs", sql: `SELECT ` + proofTable.columns + ` FROM proofs ORDER BY kind`, deadline: listing},
		tryWrite:  {name: "try_write", sql: `INSERT INTO state (name, value) VALUES ('try', 0) ON CONFLICT (name) DO NOTHING`, deadline: pruning},
		undoWrite: {name: "undo_write", sql: `DELETE FROM state WHERE name = 'try'`, deadline: pruning},
		setAsOf:   {name: "set_as_of", sql: `INSERT INTO state (name, value) VALUES ('as_of', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, deadline: commit},
		// The method, 0 where none is noted, and whether anything depends on it.
		devig: {name: "devig", sql: `SELECT coalesce((SELECT value FROM state WHERE name = 'devig'), 0),
			EXISTS (SELECT 1 FROM tick_log) OR EXISTS (SELECT 1 FROM state WHERE name = 'as_of')`, deadline: commit},
		setDevig:   {name: "set_devig", sql: `INSERT INTO state (name, value) VALUES ('devig', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, deadline: commit},
		clearDevig: {name: "clear_devig", sql: `DELETE FROM state WHERE name = 'devig'`, deadline: commit},
		now: {name: "now", sql: `SELECT max(coalesce((SELECT value FROM state WHERE name = 'as_of'), 0),
			CAST(coalesce((SELECT max(detected_at) FROM multi_layer_correlations WHERE evidence = 'external'), 0) AS INTEGER))`, deadline: request},
		events: {name: "events", sql: `SELECT ` + eventTable.columns + ` FROM events ORDER BY rowid`, deadline: listing},
		// The distinct values of the index's first column, one search each.
		foreignEvents: {name: "foreign_events", sql: `WITH RECURSIVE e (id) AS (SELECT min(event_id) FROM multi_layer_correlations
			UNION ALL SELECT (SELECT min(event_id) FROM multi_layer_correlations WHERE event_id > e.id) FROM e WHERE e.id IS NOT NULL)
			SELECT id FROM e WHERE id IS NOT NULL AND id NOT IN (SELECT event_id FROM events)`, deadline: listing},
		knowsEvent:        {name: "knows_event", sql: `SELECT EXISTS (SELECT 1 FROM events WHERE event_id = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE event_id = ?1)`, deadline: request},
		knowsNode:         {name: "knows_node", sql: `SELECT EXISTS (SELECT 1 FROM multi_layer_correlations WHERE source_node = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE target_node = ?1)`, deadline: request},
		edges:             {name: "edges", sql: edge + `ORDER BY correlation_id LIMIT ?`, deadline: listing},
		edgesOfEvent:      {name: "edges_of_event", sql: edge + `WHERE event_id = ? ORDER BY correlation_id LIMIT ?`, deadline: listing},
		edgesOfLayer:      {name: "edges_of_layer", sql: edge + `WHERE layer = ? ORDER BY correlation_id LIMIT ?`, deadline: listing},
		edgesOfEventLayer: {name: "edges_of_event_layer", sql: edge + `WHERE layer = ? AND event_id = ? ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, deadline: listing},
		edgesOfNode:       {name: "edges_of_node", sql: edge + `WHERE source_node = ?1 OR target_node = ?1 ORDER BY correlation_id LIMIT ?2`, deadline: listing},
		strongest: {name: "strongest", sql: edge + `WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?
			ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, deadline: request},
		countLayer:  {name: "count_layer", sql: `SELECT count(*) FROM multi_layer_correlations WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?`, deadline: request},
		eventWindow: {name: "event_window", sql: edge + `WHERE event_id = ?2 AND layer IN (1, 2, 3, 4) AND ` + inWindow + ` ORDER BY correlation_id`, deadline: listing},
		storeWindow: {name: "store_window", sql: edge + `NOT INDEXED WHERE ` + inWindow + ` ORDER BY correlation_id`, deadline: listing},
		outEdges:    {name: "out_edges", sql: edge + `WHERE source_node = ?2 AND ` + inWindow + ` ORDER BY correlation_id`, deadline: request},
		candidates: {name: "candidates", sql: edge + `WHERE event_id = ?2 AND severity_band = ?3 AND evidence = 'external' AND ` + inWindow + `
			ORDER BY correlation_id`, deadline: request},
		families:         {name: "families", sql: `SELECT ` + familyTable.columns + ` FROM families ORDER BY rowid`, deadline: request},
		groups:           {name: "groups", sql: `SELECT ` + groupTable.columns + ` FROM venue_groups ORDER BY rowid`, deadline: request},
		anomalies:        {name: "anomalies", sql: `SELECT ` + anomalyTable.columns + ` FROM anomalies WHERE confidence >= ? ORDER BY anomaly_id`, deadline: listing},
		anomaliesOfEvent: {name: "anomalies_of_event", sql: `SELECT ` + anomalyTable.columns + ` FROM anomalies WHERE event_id = ? AND confidence >= ? ORDER BY anomaly_id`, deadline: request},
		predictions:      {name: "predictions", sql: `SELECT ` + predictionTable.columns + ` FROM predictions ORDER BY rowid`, deadline: listing},
		ambiguities:      {name: "ambiguities", sql: `SELECT ` + ambiguityTable.columns + ` FROM ambiguities ORDER BY ambiguity_id`, deadline: listing},
		document:         {name: "document", sql: `SELECT body FROM documents WHERE name = ?`, deadline: request},
		documents:        {name: "documents", sql: `SELECT name FROM documents ORDER BY name`, deadline: listing},

		externalEdges: {name: "external_edges", sql: edge + `WHERE event_id = ?2 AND layer = ?3 AND evidence = 'external' AND ` + inWindow + ` ORDER BY correlation_id`, deadline: request},
		externalVersion: {name: "external_version", sql: `SELECT version, coalesce((SELECT max(correlation_id) FROM multi_layer_correlations WHERE correlation_id >= 0), 0),
			coalesce((SELECT max(detected_at) FROM multi_layer_correlations WHERE evidence = 'external'), 0) FROM external_version`, deadline: request},
		probe: {name: "probe", sql: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n`, deadline: request},

		integrity: {name: "integrity", sql: `SELECT integrity_check FROM pragma_integrity_check`, deadline: upkeep},
		contents: {name: "contents", sql: `SELECT coalesce((SELECT value FROM state WHERE name = 'as_of'), 0), (SELECT count(*) FROM events),
			(SELECT count(*) FROM multi_layer_correlations), (SELECT count(*) FROM families), (SELECT count(*) FROM predictions),
			(SELECT count(*) FROM tick_log), (SELECT coalesce(sum(quotes), 0) FROM tick_log), (SELECT count(*) FROM audit_log)`, deadline: upkeep},

		clearEdges: {name: "clear_edges", sql: `DELETE FROM multi_layer_correlations WHERE correlation_id < 0 AND evidence <> 'external'`, deadline: commit},
		lowestEdge: {name: "lowest_edge", sql: `SELECT coalesce(min(correlation_id), 0) FROM multi_layer_correlations WHERE correlation_id < 0`, deadline: commit},
		// The unary plus keeps the planner with the event's index.
		dropEdges: {name: "drop_edges", sql: `DELETE FROM multi_layer_correlations WHERE correlation_id IN (SELECT correlation_id FROM multi_layer_correlations
			WHERE event_id = ?1 AND +correlation_id < 0 AND evidence <> 'external' LIMIT ?2)`, deadline: commit},
		dropAnomalies:   {name: "drop_anomalies", sql: `DELETE FROM anomalies WHERE anomaly_id IN (SELECT anomaly_id FROM anomalies WHERE event_id = ?1 LIMIT ?2)`, deadline: commit},
		dropPredictions: {name: "drop_predictions", sql: `DELETE FROM predictions WHERE rowid IN (SELECT rowid FROM predictions WHERE event_id = ?1 LIMIT ?2)`, deadline: commit},
		dropEvent:       {name: "drop_event", sql: `DELETE FROM events WHERE event_id = ?`, deadline: commit},
		setEvent: {name: "set_event", sql: `INSERT INTO events (` + eventTable.columns + `) VALUES (` + marks(eventTable.columns) + `)
			ON CONFLICT (event_id) DO UPDATE SET ` + updates(eventTable.columns), deadline: commit},
		setFamily:    {name: "set_family", sql: `INSERT OR REPLACE INTO families (rowid, ` + familyTable.columns + `) VALUES (?,` + marks(familyTable.columns) + `)`, deadline: commit},
		cutFamilies:  {name: "cut_families", sql: `DELETE FROM families WHERE rowid IN (SELECT rowid FROM families WHERE rowid > ?1 LIMIT ?2)`, deadline: commit},
		setDocument:  {name: "set_document", sql: `INSERT INTO documents (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body`, deadline: commit},
		dropDocument: {name: "drop_document", sql: `DELETE FROM documents WHERE name = ?`, deadline: commit},

		firstChunk: {name: "first_chunk", sql: `SELECT coalesce((SELECT min(session) FROM tick_log), 0),
			coalesce((SELECT min(seq) FROM tick_log WHERE session = (SELECT min(session) FROM tick_log)), 0)`, deadline: request},
		lastChunk: {name: "last_chunk", sql: `SELECT coalesce((SELECT max(session) FROM tick_log), 0),
			coalesce((SELECT max(seq) FROM tick_log WHERE session = (SELECT max(session) FROM tick_log)), 0)`, deadline: request},
		readChunk: {name: "read_chunk", sql: `SELECT session, seq, from_at, to_at, quotes, length(payload), payload FROM tick_log
			WHERE (session, seq) >= (?, ?) ORDER BY session, seq LIMIT ?`, deadline: listing},
		listChunks: {name: "list_chunks", sql: `SELECT session, seq, from_at, to_at, quotes, length(payload), NULL FROM tick_log
			WHERE (session, seq) >= (?, ?) ORDER BY session, seq LIMIT ?`, deadline: listing},
		dropChunks: {name: "drop_chunks", sql: `DELETE FROM tick_log WHERE (session, seq) < (?, ?)`, deadline: pruning},
		logStats: {name: "log_stats", sql: `SELECT count(*), coalesce(sum(length(payload)), 0), coalesce(sum(quotes), 0), coalesce(min(from_at), 0), coalesce(max(to_at), 0)
			FROM tick_log INDEXED BY tick_log_by_time`, deadline: listing},

		auditTail: {name: "audit_tail", sql: `SELECT audit_id, ` + auditTable.columns + ` FROM audit_log ORDER BY audit_id DESC LIMIT ?`, deadline: request},
		// A search looks at so many rows; where it stops is found in the index alone.
		auditFloor: {name: "audit_floor", sql: `SELECT at, audit_id FROM audit_log WHERE at >= ?1 AND (at, audit_id) < (?2, ?3) ORDER BY at DESC, audit_id DESC LIMIT 1 OFFSET ?4`, deadline: request},
		auditFloorOf: {name: "audit_floor_of", sql: `SELECT at, audit_id FROM audit_log WHERE operation = ?5 AND at >= ?1 AND (at, audit_id) < (?2, ?3)
			ORDER BY at DESC, audit_id DESC LIMIT 1 OFFSET ?4`, deadline: request},
		auditAt:       {name: "audit_at", sql: `SELECT at FROM audit_log WHERE audit_id = ?`, deadline: request},
		auditSearch:   {name: "audit_search", sql: `SELECT audit_id, ` + auditTable.columns + ` FROM audit_log WHERE ` + auditMatch, deadline: request},
		auditSearchOf: {name: "audit_search_of", sql: `SELECT audit_id, ` + auditTable.columns + ` FROM audit_log WHERE operation = ?10 AND ` + auditMatch, deadline: request},
		auditHeld: {name: "audit_held", sql: `SELECT coalesce((SELECT max(audit_id) FROM audit_log) - (SELECT min(audit_id) FROM audit_log) + 1, 0),
			(SELECT bytes FROM audit_size), coalesce((SELECT min(at) FROM audit_log), 0), coalesce((SELECT max(at) FROM audit_log), 0)`, deadline: request},
		auditOldest: {name: "audit_oldest", sql: `SELECT audit_id, at, 64 + 2 * octet_length(operation) + octet_length(subject) + octet_length(status) + octet_length(detail) +
			octet_length(actor) + octet_length(trace_id) FROM audit_log ORDER BY audit_id LIMIT ?`, deadline: pruning},
		auditSize:  {name: "audit_size", sql: `UPDATE audit_size SET bytes = max(0, bytes + ?)`, deadline: commit},
		pruneAudit: {name: "prune_audit", sql: `DELETE FROM audit_log WHERE audit_id <= ?`, deadline: pruning},
		prunePerformance: {name: "prune_performance", sql: `DELETE FROM audit_performance_metrics WHERE metric_id IN
			(SELECT metric_id FROM audit_performance_metrics WHERE timestamp < ?1 ORDER BY timestamp LIMIT ?2)`, deadline: pruning},
		performance: {name: "performance", sql: `SELECT ` + performanceTable.columns + ` FROM audit_performance_metrics WHERE timestamp >= ? AND timestamp <= ?
			ORDER BY timestamp DESC, metric_id DESC LIMIT ?`, deadline: request},
		performanceOf: {name: "performance_of", sql: `SELECT ` + performanceTable.columns + ` FROM audit_performance_metrics WHERE timestamp >= ?1 AND timestamp <= ?2
			AND operation_type = ?4 ORDER BY timestamp DESC, metric_id DESC LIMIT ?3`, deadline: request},
		setCheck: {name: "set_check", sql: `INSERT INTO production_readiness_matrix (` + checkTable.columns + `) VALUES (` + marks(checkTable.columns) + `)
			ON CONFLICT (component, check_name) DO UPDATE SET ` + strings.Replace(updates(checkTable.columns), "= excluded.since",
			"= CASE production_readiness_matrix.status WHEN excluded.status THEN production_readiness_matrix.since ELSE excluded.since END", 1), deadline: commit},
		checks: {name: "checks", sql: `SELECT ` + checkTable.columns + ` FROM production_readiness_matrix WHERE component = ? ORDER BY check_name`, deadline: request},
	}
}

// marks returns a question mark for each of the comma-separated columns.
func marks(columns string) string {
	return strings.TrimSuffix(strings.Repeat("?,", strings.Count(columns, ",")+1), ",")
}

// updates returns the assignments of an upsert of columns.
func updates(columns string) string {
	var set []string
	for c := range strings.SplitSeq(columns, ",") {
		c = strings.TrimSpace(c)
		set = append(set, c+" = excluded."+c)
	}
	return strings.Join(set, ", ")
}
