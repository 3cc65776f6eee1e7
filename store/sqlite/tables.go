package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// table ties a type to the columns it is kept in: walk lists its fields in the
// order of columns, for writing and for reading.
type table[T any] struct {
	name    string
	columns string
	walk    func(c *cells, v *T)
}

// insert returns the statement that inserts one row. (Many rows in one INSERT
// save nothing: SQLite then journals each page, to be able to undo the statement.)
func (t table[T]) insert() statement {
	return statement{name: "insert_" + t.name, sql: "INSERT INTO " + t.name + " (" + t.columns + ") VALUES (" + marks(t.columns) + ")", deadline: commit}
}

// clear returns the statement that empties the table.
func (t table[T]) clear() statement {
	return statement{name: "clear_" + t.name, sql: "DELETE FROM " + t.name, deadline: commit}
}

// write inserts all rows. It needs a transaction around it to be fast and whole.
func (t table[T]) write(ctx context.Context, c *conn, rows []T) error {
	w := cells{writing: true}
	return c.execEach(ctx, t.insert(), len(rows), func(i int) ([]driver.Value, error) {
		w.v = w.v[:0]
		t.walk(&w, &rows[i])
		return w.v, w.err
	})
}

// read runs a SELECT of t's columns.
func (t table[T]) read(ctx context.Context, c *conn, s statement, args ...driver.Value) (out []T, err error) {
	err = c.query(ctx, s, func(row []driver.Value) error {
		var v T
		r := cells{v: row}
		t.walk(&r, &v)
		out = append(out, v)
		return r.err
	}, args...)
	return out, err
}

var edgeTable = table[graph.Edge]{
	"multi_layer_correlations",
	`layer, event_id, source_node, target_node, correlation_type, correlation_score, latency_ms, expected_propagation, detected_at, confidence,
	lag_low_ms, lag_high_ms, n, p, q, discovered, simultaneous, copied, evidence, family, first_seen, trend`,
	func(c *cells, e *graph.Edge) {
		number(c, &e.Layer)
		text(c, &e.Event)
		text(c, &e.Source)
		text(c, &e.Target)
		text(c, &e.Kind)
		c.float(&e.Score)
		number(c, &e.Lag)
		c.float(&e.Beta)
		number(c, &e.DetectedAt)
		c.float(&e.Confidence)
		if !c.writing { // what NULL means in a row of another program
			e.LagLow, e.LagHigh, e.FirstSeen = e.Lag, e.Lag, e.DetectedAt
		}
		number(c, &e.LagLow)
		number(c, &e.LagHigh)
		number(c, &e.N)
		c.float(&e.P)
		c.float(&e.Q)
		c.bool(&e.Discovered)
		c.bool(&e.Simultaneous)
		c.bool(&e.Copied)
		text(c, &e.Evidence)
		text(c, &e.Family)
		number(c, &e.FirstSeen)
		trend(c, &e.Trend)
	},
}

// ownEdge is an edge of ours with its id, which says that it is ours.
type ownEdge struct {
	id   int64
	edge *graph.Edge
}

var ownEdgeTable = table[ownEdge]{edgeTable.name, "correlation_id, severity_level, " + edgeTable.columns, func(c *cells, e *ownEdge) {
	number(c, &e.id)
	band := e.edge.Band()
	text(c, &band)
	edgeTable.walk(c, e.edge)
}}

// trend packs a Trend, four bytes a field and NULL where there is no history.
func trend(c *cells, t *graph.Trend) {
	floats := [...]*float32{
		&t.ScoreNow, &t.ScoreMean, &t.ScoreSD, &t.LagNow, &t.LagMean, &t.LagSD, &t.LagShift, &t.BetaNow, &t.BetaMean, &t.BetaSD,
		&t.LeadNow, &t.LeadMean, &t.LeadSD, &t.CountNow, &t.CountMean, &t.CountSD, &t.WeekdayMean, &t.WeekdaySD,
	}
	const size = 4*len(floats) + 9
	var b []byte
	if c.writing && *t != (graph.Trend{}) {
		b = make([]byte, 0, size)
		for _, f := range floats {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(*f))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.N))
		b = binary.LittleEndian.AppendUint32(b, uint32(t.WeekdayN))
		off := byte(0)
		if t.OffHours {
			off = 1
		}
		b = append(b, off)
	}
	c.blob(&b)
	if c.writing || len(b) != size {
		return
	}
	for i, f := range floats {
		*f = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	b = b[4*len(floats):]
	t.N, t.WeekdayN, t.OffHours = int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:])), b[8] != 0
}

var eventTable = table[catalog.Event]{
	"events",
	"event_id, sport, league, start_at, home, away, title, entities, first_seen, last_seen",
	func(c *cells, e *catalog.Event) {
		text(c, &e.ID)
		text(c, &e.Sport)
		text(c, &e.League)
		number(c, &e.Start)
		text(c, &e.Home)
		text(c, &e.Away)
		text(c, &e.Title)
		c.json(&e.Entities)
		number(c, &e.FirstSeen)
		number(c, &e.LastSeen)
	},
}

var familyTable = table[graph.Family]{
	"families",
	`family, layer, sport, league, market, phase, venue, leader, follower, pairs, correlation, beta, lag_ms, lag_low_ms, lag_high_ms,
	n, z, inflation, p, q, d, p_exist, q_exist, p_direct, q_direct, conf_exist, confidence, discovered, simultaneous, copied,
	resolution_ms, detected_at, first_found, zero_lag, coincide`,
	func(c *cells, f *graph.Family) {
		key := f.Key.String()
		text(c, &key)
		k := &f.Key
		number(c, &k.Layer)
		for _, p := range [...]*string{&k.Sport, &k.League, &k.Market, &k.Phase, &k.Venue, &k.Leader, &k.Follower} {
			text(c, p)
		}
		number(c, &f.Pairs)
		c.float(&f.Score)
		c.float(&f.Beta)
		number(c, &f.Lag)
		number(c, &f.LagLow)
		number(c, &f.LagHigh)
		number(c, &f.N)
		for _, p := range [...]*float64{
			&f.Z, &f.Inflation, &f.P, &f.Q, &f.D, &f.PExist, &f.QExist, &f.PDirect, &f.QDirect, &f.ConfExist, &f.Confidence,
		} {
			c.float(p)
		}
		c.bool(&f.Discovered)
		c.bool(&f.Simultaneous)
		c.bool(&f.Copied)
		number(c, &f.Resolution)
		number(c, &f.DetectedAt)
		number(c, &f.FirstFound)
		c.float(&f.ZeroLag)
		c.float(&f.Coincide)
	},
}

var groupTable = table[store.Group]{"venue_groups", "sport, league, venues", func(c *cells, g *store.Group) {
	text(c, &g.Sport)
	text(c, &g.League)
	c.json(&g.Venues)
}}

var anomalyTable = table[detect.Anomaly]{
	"anomalies",
	"kind, layer, event_id, nodes, at, until, severity, band, confidence, size, evidence, suppressed",
	func(c *cells, a *detect.Anomaly) {
		text(c, &a.Kind)
		number(c, &a.Layer)
		text(c, &a.Event)
		c.json(&a.Nodes)
		number(c, &a.At)
		number(c, &a.Until)
		text(c, &a.Severity)
		text(c, &a.Band)
		c.float(&a.Confidence)
		c.float(&a.Size)
		c.json(&a.Evidence)
		text(c, &a.Suppressed)
	},
}

var predictionTable = table[ledger.Prediction]{
	"predictions",
	`prediction_id, family, layer, event_id, source_node, target_node, issued_at, arrive_from, arrive_to, move, size, p, confidence,
	outcome, resolved_at, actual, lead_time_ms, base, base_n, rivals`,
	func(c *cells, p *ledger.Prediction) {
		text(c, &p.ID)
		text(c, &p.Family)
		number(c, &p.Layer)
		text(c, &p.Event)
		text(c, &p.Source)
		text(c, &p.Target)
		number(c, &p.IssuedAt)
		number(c, &p.From)
		number(c, &p.To)
		c.float(&p.Move)
		c.float(&p.Size)
		c.float(&p.P)
		c.float(&p.Confidence)
		text(c, &p.Outcome)
		number(c, &p.ResolvedAt)
		c.float(&p.Actual)
		number(c, &p.LeadTime)
		c.float(&p.Base)
		number(c, &p.BaseN)
		c.json(&p.Baselines)
	},
}

var ambiguityTable = table[store.Ambiguity]{"ambiguities", "kind, name, candidates, why", func(c *cells, a *store.Ambiguity) {
	text(c, &a.Kind)
	text(c, &a.Name)
	c.json(&a.Candidates)
	text(c, &a.Why)
}}

// doc is a named document.
type doc struct{ name, body string }

var documentTable = table[doc]{"documents", "name, body", func(c *cells, d *doc) {
	text(c, &d.name)
	text(c, &d.body)
}}

// logRow is a chunk in its place.
type logRow struct {
	place
	chunk *ticklog.Chunk
}

var logTable = table[logRow]{"tick_log", "session, seq, from_at, to_at, quotes, payload", func(c *cells, r *logRow) {
	number(c, &r.session)
	number(c, &r.seq)
	number(c, &r.chunk.From)
	number(c, &r.chunk.To)
	number(c, &r.chunk.Quotes)
	c.blob(&r.chunk.Payload)
}}

var auditTable = table[store.AuditRow]{"audit_log", "at, operation, subject, layer, status, detail, took_us, actor, trace_id", func(c *cells, a *store.AuditRow) {
	number(c, &a.At)
	text(c, &a.Operation)
	text(c, &a.Subject)
	number(c, &a.Layer)
	text(c, &a.Status)
	text(c, &a.Detail)
	us := a.Took.Microseconds()
	number(c, &us)
	if !c.writing {
		a.Took = time.Duration(us) * time.Microsecond
	}
	text(c, &a.Actor)
	text(c, &a.TraceID)
}}

// heldAudit reads an audit row with its id.
var heldAudit = table[store.AuditRow]{auditTable.name, "audit_id, " + auditTable.columns, func(c *cells, a *store.AuditRow) {
	number(c, &a.ID)
	auditTable.walk(c, a)
}}

var performanceTable = table[store.Performance]{
	"audit_performance_metrics",
	"timestamp, operation_type, p50_latency_us, p99_latency_us, throughput_rps, memory_mb, cpu_percent, component",
	func(c *cells, p *store.Performance) {
		number(c, &p.At)
		text(c, &p.Operation)
		p50, p99 := micros(p.P50), micros(p.P99)
		c.float(&p50)
		c.float(&p99)
		if !c.writing {
			p.P50, p.P99 = time.Duration(p50*1e3), time.Duration(p99*1e3)
		}
		c.float(&p.PerSecond)
		c.float(&p.MemoryMB)
		c.float(&p.CPU)
		text(c, &p.Component)
	},
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

var checkTable = table[store.Check]{
	"production_readiness_matrix",
	"component, check_name, severity, status, description, last_checked, evidence, threshold, measured, runbook, since",
	func(c *cells, k *store.Check) {
		text(c, &k.Component)
		text(c, &k.Name)
		text(c, &k.Severity)
		text(c, &k.Status)
		text(c, &k.Description)
		number(c, &k.LastChecked)
		text(c, &k.Evidence)
		text(c, &k.Threshold)
		text(c, &k.Measured)
		text(c, &k.Runbook)
		number(c, &k.Since)
	},
}
