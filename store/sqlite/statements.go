package sqlite

import "corrgraph/store/sqlite/db"

// auditRowSize is store.AuditRow.Size in SQL.
const auditRowSize = `64 + 2 * octet_length(operation) + octet_length(subject) + octet_length(status) + octet_length(detail) +
	octet_length(actor) + octet_length(trace_id)`

// limited returns a statement with the request's deadline if the caller limits its answer.
func (s *Store) limited(n name, limit int) db.Statement {
	st := s.table[n]
	if limit > 0 {
		st.Quick = true
		if !s.offline {
			st.Deadline = db.Request
		}
	}
	return st
}

// name identifies a statement in the table.
type name int

// The statements. Those that insert rows are named by their table, see db.Table.Insert.
const (
	asOf name = iota
	setAsOf
	devig
	setDevig
	clearDevig
	lastReview
	addReview
	reviews
	dropReview
	pruneReviews
	setLink
	dropLink
	links
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
	document
	documents

	externalEdges
	externalVersion
	probe
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
	dropChunk
	logStats
	reindexLog
	setHead
	identity
	listAside
	lastAside

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
	heldCheck
	checks
	names // their number
)

// inWindow selects the rows in each layer's window, which ends at ?1.
const inWindow = `detected_at <= ?1 AND detected_at > ?1 - CASE layer WHEN 1 THEN 3600000 WHEN 3 THEN 604800000 ELSE 86400000 END`

// auditMatch is the page of an audit search: at most ?5 rows from below the cursor (?2, ?3)
// down to the floor (?1, ?4); empty arguments match all.
const auditMatch = `(at, audit_id) >= (?1, ?4) AND (at, audit_id) < (?2, ?3) AND (?6 = '' OR actor = ?6) AND (?7 = '' OR status = ?7)
	AND (?8 = '' OR trace_id = ?8) AND (?9 = '' OR subject = ?9) ORDER BY at DESC, audit_id DESC LIMIT ?5`

// statements is the table of every statement that a Store runs on its own schema, besides
// those of db.Table. Elsewhere in the package only dump.go and check.go contain SQL.
func statements() [names]db.Statement {
	all := served()
	all[setLink] = db.Statement{Name: "set_link", SQL: `INSERT INTO links (` + linkTable.Written() + `) VALUES (` + db.Marks(linkTable.Written()) + `)
		ON CONFLICT (link_id) DO UPDATE SET ` + db.Updates(linkTable.Written()), Deadline: db.Commit}
	all[dropLink] = db.Statement{Name: "drop_link", SQL: `DELETE FROM links WHERE link_id = ?`, Deadline: db.Commit}
	all[links] = db.Statement{Name: "links", SQL: `SELECT ` + linkTable.Columns + ` FROM links ORDER BY made_at, link_id LIMIT ?`, Deadline: db.Listing}
	all[dropChunk] = db.Statement{Name: "drop_chunk", SQL: `DELETE FROM tick_log WHERE session = ? AND seq = ?`, Deadline: db.Commit}
	all[reindexLog] = db.Statement{Name: "reindex_log", SQL: `REINDEX tick_log`, Deadline: db.Upkeep}
	all[setHead] = db.Statement{Name: "set_head", SQL: `UPDATE tick_log SET from_at = ?3, to_at = ?4, quotes = ?5 WHERE session = ?1 AND seq = ?2`, Deadline: db.Commit}
	all[identity] = db.Statement{Name: "identity", SQL: `SELECT id FROM identity`, Deadline: db.Upkeep}
	all[listAside] = db.Statement{Name: "list_aside", SQL: `SELECT ` + quarantineTable.Columns + ` FROM quarantine ORDER BY session, seq`, Deadline: db.Upkeep}
	all[lastAside] = db.Statement{Name: "last_aside", SQL: `SELECT coalesce((SELECT max(session) FROM quarantine), 0),
		coalesce((SELECT max(seq) FROM quarantine WHERE session = (SELECT max(session) FROM quarantine)), 0)`, Deadline: db.Upkeep}
	return all
}

// served are the statements of a store that is in order.
func served() [names]db.Statement {
	edge := "SELECT " + edgeTable.Columns + " FROM multi_layer_correlations "
	return [names]db.Statement{
		asOf:       {Name: "as_of", SQL: `SELECT coalesce(max(value), 0) FROM state WHERE name = 'as_of'`, Deadline: db.Request},
		lastReview: {Name: "last_review", SQL: `SELECT coalesce(max(review_id), 0) FROM reviews`, Deadline: db.Commit},
		addReview:  {Name: "add_review", SQL: `INSERT INTO reviews (` + reviewTable.Written() + `) VALUES (` + db.Marks(reviewTable.Written()) + `)`, Deadline: db.Commit},
		reviews: {Name: "reviews", SQL: `SELECT * FROM (SELECT ` + reviewTable.Columns + ` FROM reviews
			WHERE expires_at = 0 OR expires_at > ?1 ORDER BY review_id DESC LIMIT ?2) ORDER BY review_id`, Deadline: db.Listing},
		pruneReviews: {Name: "prune_reviews", SQL: `DELETE FROM reviews WHERE expires_at > 0 AND expires_at <= ?`, Deadline: db.Commit},
		dropReview:   {Name: "drop_review", SQL: `DELETE FROM reviews WHERE review_id = ?`, Deadline: db.Commit},
		setProof: {Name: "set_proof", SQL: `INSERT INTO proofs (` + proofTable.Written() + `) VALUES (` + db.Marks(proofTable.Written()) + `)
			ON CONFLICT (kind) DO UPDATE SET ` + db.Updates(proofTable.Written()), Deadline: db.Commit},
		proofs:    {Name: "proofs", SQL: `SELECT ` + proofTable.Columns + ` FROM proofs ORDER BY kind`, Deadline: db.Listing},
		tryWrite:  {Name: "try_write", SQL: `INSERT INTO state (name, value) VALUES ('try', 0) ON CONFLICT (name) DO NOTHING`, Deadline: db.Pruning},
		undoWrite: {Name: "undo_write", SQL: `DELETE FROM state WHERE name = 'try'`, Deadline: db.Pruning},
		setAsOf:   {Name: "set_as_of", SQL: `INSERT INTO state (name, value, mirror) VALUES ('as_of', ?1, ~?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value, mirror = excluded.mirror`, Deadline: db.Commit},
		devig: {Name: "devig", SQL: `SELECT coalesce((SELECT value FROM state WHERE name = 'devig'), 0),
			EXISTS (SELECT 1 FROM state WHERE name = 'as_of') OR EXISTS (SELECT 1 FROM tick_log WHERE quotes > 0)`, Deadline: db.Upkeep},
		setDevig:   {Name: "set_devig", SQL: `INSERT INTO state (name, value, mirror) VALUES ('devig', ?1, ~?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value, mirror = excluded.mirror`, Deadline: db.Upkeep},
		clearDevig: {Name: "clear_devig", SQL: `DELETE FROM state WHERE name = 'devig'`, Deadline: db.Upkeep},
		now: {Name: "now", SQL: `SELECT max(coalesce((SELECT value FROM state WHERE name = 'as_of'), 0),
			CAST(coalesce((SELECT max(detected_at) FROM multi_layer_correlations WHERE evidence = 'external'), 0) AS INTEGER))`, Deadline: db.Request},
		events: {Name: "events", SQL: `SELECT ` + eventTable.Columns + ` FROM events ORDER BY rowid`, Deadline: db.Listing},
		// The distinct values of the index's first column, one search each.
		foreignEvents: {Name: "foreign_events", SQL: `WITH RECURSIVE e (id) AS (SELECT min(event_id) FROM multi_layer_correlations
			UNION ALL SELECT (SELECT min(event_id) FROM multi_layer_correlations WHERE event_id > e.id) FROM e WHERE e.id IS NOT NULL)
			SELECT id FROM e WHERE id IS NOT NULL AND id NOT IN (SELECT event_id FROM events)`, Deadline: db.Listing},
		knowsEvent:        {Name: "knows_event", SQL: `SELECT EXISTS (SELECT 1 FROM events WHERE event_id = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE event_id = ?1)`, Deadline: db.Request},
		knowsNode:         {Name: "knows_node", SQL: `SELECT EXISTS (SELECT 1 FROM multi_layer_correlations WHERE source_node = ?1) OR EXISTS (SELECT 1 FROM multi_layer_correlations WHERE target_node = ?1)`, Deadline: db.Request},
		edges:             {Name: "edges", SQL: edge + `ORDER BY correlation_id LIMIT ?`, Deadline: db.Listing},
		edgesOfEvent:      {Name: "edges_of_event", SQL: edge + `WHERE event_id = ? ORDER BY correlation_id LIMIT ?`, Deadline: db.Listing},
		edgesOfLayer:      {Name: "edges_of_layer", SQL: edge + `WHERE layer = ? ORDER BY correlation_id LIMIT ?`, Deadline: db.Listing},
		edgesOfEventLayer: {Name: "edges_of_event_layer", SQL: edge + `WHERE layer = ? AND event_id = ? ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, Deadline: db.Listing},
		edgesOfNode:       {Name: "edges_of_node", SQL: edge + `WHERE source_node = ?1 OR target_node = ?1 ORDER BY correlation_id LIMIT ?2`, Deadline: db.Listing},
		strongest: {Name: "strongest", SQL: edge + `WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?
			ORDER BY abs_score DESC, detected_at DESC, correlation_id LIMIT ?`, Deadline: db.Request},
		countLayer:  {Name: "count_layer", SQL: `SELECT count(*) FROM multi_layer_correlations WHERE layer = ? AND event_id = ? AND detected_at > ? AND detected_at <= ?`, Deadline: db.Request},
		eventWindow: {Name: "event_window", SQL: edge + `WHERE event_id = ?2 AND layer IN (1, 2, 3, 4) AND ` + inWindow + ` ORDER BY correlation_id`, Deadline: db.Listing},
		storeWindow: {Name: "store_window", SQL: edge + `NOT INDEXED WHERE ` + inWindow + ` ORDER BY correlation_id`, Deadline: db.Listing},
		outEdges:    {Name: "out_edges", SQL: edge + `WHERE source_node = ?2 AND ` + inWindow + ` ORDER BY correlation_id`, Deadline: db.Request},
		candidates: {Name: "candidates", SQL: edge + `WHERE event_id = ?2 AND severity_band = ?3 AND evidence = 'external' AND ` + inWindow + `
			ORDER BY correlation_id`, Deadline: db.Request},
		families:         {Name: "families", SQL: `SELECT ` + familyTable.Columns + ` FROM families ORDER BY rowid`, Deadline: db.Request},
		groups:           {Name: "groups", SQL: `SELECT ` + groupTable.Columns + ` FROM venue_groups ORDER BY rowid`, Deadline: db.Request},
		anomalies:        {Name: "anomalies", SQL: `SELECT ` + anomalyTable.Columns + ` FROM anomalies WHERE confidence >= ? ORDER BY anomaly_id`, Deadline: db.Listing},
		anomaliesOfEvent: {Name: "anomalies_of_event", SQL: `SELECT ` + anomalyTable.Columns + ` FROM anomalies WHERE event_id = ? AND confidence >= ? ORDER BY anomaly_id`, Deadline: db.Request},
		predictions:      {Name: "predictions", SQL: `SELECT ` + predictionTable.Columns + ` FROM predictions ORDER BY rowid`, Deadline: db.Listing},
		document:         {Name: "document", SQL: `SELECT body FROM documents WHERE name = ?`, Deadline: db.Request},
		documents:        {Name: "documents", SQL: `SELECT name FROM documents ORDER BY name`, Deadline: db.Listing},

		externalEdges: {Name: "external_edges", SQL: edge + `WHERE event_id = ?2 AND layer = ?3 AND evidence = 'external' AND ` + inWindow + ` ORDER BY correlation_id`, Deadline: db.Request},
		externalVersion: {Name: "external_version", SQL: `SELECT version, coalesce((SELECT max(correlation_id) FROM multi_layer_correlations WHERE correlation_id >= 0), 0),
			coalesce((SELECT max(detected_at) FROM multi_layer_correlations WHERE evidence = 'external'), 0) FROM external_version`, Deadline: db.Request},
		probe: {Name: "probe", SQL: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n`, Deadline: db.Request},

		contents: {Name: "contents", SQL: `SELECT coalesce((SELECT value FROM state WHERE name = 'as_of'), 0), (SELECT count(*) FROM events),
			(SELECT count(*) FROM multi_layer_correlations), (SELECT count(*) FROM families), (SELECT count(*) FROM predictions),
			(SELECT count(*) FROM tick_log), (SELECT coalesce(sum(quotes), 0) FROM tick_log), (SELECT count(*) FROM audit_log)`, Deadline: db.Upkeep},

		clearEdges: {Name: "clear_edges", SQL: `DELETE FROM multi_layer_correlations WHERE correlation_id < 0 AND evidence <> 'external'`, Deadline: db.Commit},
		lowestEdge: {Name: "lowest_edge", SQL: `SELECT coalesce(min(correlation_id), 0) FROM multi_layer_correlations WHERE correlation_id < 0`, Deadline: db.Commit},
		// The unary plus makes the planner use the event's index.
		dropEdges: {Name: "drop_edges", SQL: `DELETE FROM multi_layer_correlations WHERE correlation_id IN (SELECT correlation_id FROM multi_layer_correlations
			WHERE event_id = ?1 AND +correlation_id < 0 AND evidence <> 'external' LIMIT ?2)`, Deadline: db.Commit},
		dropAnomalies:   {Name: "drop_anomalies", SQL: `DELETE FROM anomalies WHERE anomaly_id IN (SELECT anomaly_id FROM anomalies WHERE event_id = ?1 LIMIT ?2)`, Deadline: db.Commit},
		dropPredictions: {Name: "drop_predictions", SQL: `DELETE FROM predictions WHERE rowid IN (SELECT rowid FROM predictions WHERE event_id = ?1 LIMIT ?2)`, Deadline: db.Commit},
		dropEvent:       {Name: "drop_event", SQL: `DELETE FROM events WHERE event_id = ?`, Deadline: db.Commit},
		setEvent: {Name: "set_event", SQL: `INSERT INTO events (` + eventTable.Written() + `) VALUES (` + db.Marks(eventTable.Written()) + `)
			ON CONFLICT (event_id) DO UPDATE SET ` + db.Updates(eventTable.Written()), Deadline: db.Commit},
		setFamily:   {Name: "set_family", SQL: `INSERT OR REPLACE INTO families (rowid, ` + familyTable.Written() + `) VALUES (?,` + db.Marks(familyTable.Written()) + `)`, Deadline: db.Commit},
		cutFamilies: {Name: "cut_families", SQL: `DELETE FROM families WHERE rowid IN (SELECT rowid FROM families WHERE rowid > ?1 LIMIT ?2)`, Deadline: db.Commit},
		setDocument: {Name: "set_document", SQL: `INSERT INTO documents (` + documentTable.Written() + `) VALUES (` + db.Marks(documentTable.Written()) + `)
			ON CONFLICT (name) DO UPDATE SET ` + db.Updates(documentTable.Written()), Deadline: db.Commit},
		dropDocument: {Name: "drop_document", SQL: `DELETE FROM documents WHERE name = ?`, Deadline: db.Commit},

		firstChunk: {Name: "first_chunk", SQL: `SELECT coalesce((SELECT min(session) FROM tick_log), 0),
			coalesce((SELECT min(seq) FROM tick_log WHERE session = (SELECT min(session) FROM tick_log)), 0)`, Deadline: db.Upkeep},
		lastChunk: {Name: "last_chunk", SQL: `SELECT coalesce((SELECT max(session) FROM tick_log), 0),
			coalesce((SELECT max(seq) FROM tick_log WHERE session = (SELECT max(session) FROM tick_log)), 0)`, Deadline: db.Commit},
		readChunk: {Name: "read_chunk", SQL: `SELECT session, seq, from_at, to_at, quotes, length(payload), payload FROM tick_log
			WHERE (session, seq) >= (?, ?) ORDER BY session, seq LIMIT ?`, Deadline: db.Upkeep},
		listChunks: {Name: "list_chunks", SQL: `SELECT session, seq, from_at, to_at, quotes, length(payload), NULL FROM tick_log
			WHERE (session, seq) >= (?, ?) ORDER BY session, seq LIMIT ?`, Deadline: db.Upkeep},
		dropChunks: {Name: "drop_chunks", SQL: `DELETE FROM tick_log WHERE (session, seq) < (?, ?)`, Deadline: db.Pruning},
		logStats: {Name: "log_stats", SQL: `SELECT count(*), coalesce(sum(length(payload)), 0), coalesce(sum(quotes), 0), coalesce(min(from_at), 0), coalesce(max(to_at), 0)
			FROM tick_log INDEXED BY tick_log_by_time`, Deadline: db.Listing},

		auditTail: {Name: "audit_tail", SQL: `SELECT audit_id, ` + auditTable.Columns + ` FROM audit_log ORDER BY audit_id DESC LIMIT ?`, Deadline: db.Request},
		// A search reads a limited number of rows; its end is found in the index alone.
		auditFloor: {Name: "audit_floor", SQL: `SELECT at, audit_id FROM audit_log WHERE at >= ?1 AND (at, audit_id) < (?2, ?3) ORDER BY at DESC, audit_id DESC LIMIT 1 OFFSET ?4`, Deadline: db.Request},
		auditFloorOf: {Name: "audit_floor_of", SQL: `SELECT at, audit_id FROM audit_log WHERE operation = ?5 AND at >= ?1 AND (at, audit_id) < (?2, ?3)
			ORDER BY at DESC, audit_id DESC LIMIT 1 OFFSET ?4`, Deadline: db.Request},
		auditAt:       {Name: "audit_at", SQL: `SELECT at FROM audit_log WHERE audit_id = ?`, Deadline: db.Request},
		auditSearch:   {Name: "audit_search", SQL: `SELECT audit_id, ` + auditTable.Columns + ` FROM audit_log WHERE ` + auditMatch, Deadline: db.Request},
		auditSearchOf: {Name: "audit_search_of", SQL: `SELECT audit_id, ` + auditTable.Columns + ` FROM audit_log WHERE operation = ?10 AND ` + auditMatch, Deadline: db.Request},
		auditHeld: {Name: "audit_held", SQL: `SELECT coalesce((SELECT max(audit_id) FROM audit_log) - (SELECT min(audit_id) FROM audit_log) + 1, 0),
			(SELECT bytes FROM audit_size), coalesce((SELECT min(at) FROM audit_log), 0), coalesce((SELECT max(at) FROM audit_log), 0)`, Deadline: db.Listing},
		auditOldest: {Name: "audit_oldest", SQL: `SELECT audit_id, at, ` + auditRowSize + ` FROM audit_log ORDER BY audit_id LIMIT ?`, Deadline: db.Pruning},
		auditSize: {Name: "audit_size", SQL: `UPDATE audit_size SET bytes = max(0, bytes + ?1), mirror = ~max(0, bytes + ?1)
			WHERE mirror IS NULL OR mirror = ~bytes`, Deadline: db.Commit},
		pruneAudit: {Name: "prune_audit", SQL: `DELETE FROM audit_log WHERE audit_id <= ?`, Deadline: db.Pruning},
		prunePerformance: {Name: "prune_performance", SQL: `DELETE FROM audit_performance_metrics WHERE metric_id IN
			(SELECT metric_id FROM audit_performance_metrics WHERE timestamp < ?1 ORDER BY timestamp LIMIT ?2)`, Deadline: db.Pruning},
		performance: {Name: "performance", SQL: `SELECT ` + performanceTable.Columns + ` FROM audit_performance_metrics WHERE timestamp >= ? AND timestamp <= ?
			ORDER BY timestamp DESC, metric_id DESC LIMIT ?`, Deadline: db.Request},
		performanceOf: {Name: "performance_of", SQL: `SELECT ` + performanceTable.Columns + ` FROM audit_performance_metrics WHERE timestamp >= ?1 AND timestamp <= ?2
			AND operation_type = ?4 ORDER BY timestamp DESC, metric_id DESC LIMIT ?3`, Deadline: db.Request},
		setCheck: {Name: "set_check", SQL: `INSERT INTO production_readiness_matrix (` + checkTable.Written() + `) VALUES (` + db.Marks(checkTable.Written()) + `)
			ON CONFLICT (component, check_name) DO UPDATE SET ` + db.Updates(checkTable.Written()), Deadline: db.Commit},
		heldCheck: {Name: "held_check", SQL: `SELECT since FROM production_readiness_matrix WHERE component = ? AND check_name = ? AND status = ?`, Deadline: db.Commit},
		checks:    {Name: "checks", SQL: `SELECT ` + checkTable.Columns + ` FROM production_readiness_matrix WHERE component = ? ORDER BY check_name`, Deadline: db.Request},
	}
}
