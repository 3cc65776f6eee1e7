package sqlite

import (
	"encoding/binary"
	"math"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

var edgeTable = db.Table[graph.Edge]{
	Name: "multi_layer_correlations",
	Columns: `layer, event_id, source_node, target_node, correlation_type, correlation_score, latency_ms, expected_propagation, detected_at, confidence,
	lag_low_ms, lag_high_ms, n, p, q, discovered, simultaneous, copied, evidence, family, first_seen, trend, traits`,
	Walk: func(c *db.Cells, e *graph.Edge) {
		db.Number(c, &e.Layer)
		db.Text(c, &e.Event)
		db.Text(c, &e.Source)
		db.Text(c, &e.Target)
		db.Text(c, &e.Kind)
		c.Float(&e.Score)
		db.Number(c, &e.Lag)
		c.Float(&e.Beta)
		db.Number(c, &e.DetectedAt)
		c.Float(&e.Confidence)
		if !c.Writing { // the meaning of NULL in a row of another program
			e.LagLow, e.LagHigh, e.FirstSeen = e.Lag, e.Lag, e.DetectedAt
		}
		db.Number(c, &e.LagLow)
		db.Number(c, &e.LagHigh)
		db.Number(c, &e.N)
		c.Float(&e.P, &e.Q)
		c.Bool(&e.Discovered, &e.Simultaneous, &e.Copied)
		db.Text(c, &e.Evidence)
		db.Text(c, &e.Family)
		db.Number(c, &e.FirstSeen)
		trend(c, &e.Trend)
		c.JSON(&e.Traits)
	},
}

// ownEdge is one of our edges with its id, which marks it as ours.
type ownEdge struct {
	id   int64
	edge *graph.Edge
}

var ownEdgeTable = db.Table[ownEdge]{Name: edgeTable.Name, Summed: true, Columns: "correlation_id, severity_level, " + edgeTable.Columns, Walk: func(c *db.Cells, e *ownEdge) {
	db.Number(c, &e.id)
	band := e.edge.Band()
	db.Text(c, &band)
	edgeTable.Walk(c, e.edge)
}}

// trend packs a Trend, four bytes per field, or NULL if there is no history.
func trend(c *db.Cells, t *graph.Trend) {
	floats := [...]*float32{
		&t.ScoreNow, &t.ScoreMean, &t.ScoreSD, &t.LagNow, &t.LagMean, &t.LagSD, &t.LagShift, &t.BetaNow, &t.BetaMean, &t.BetaSD,
		&t.LeadNow, &t.LeadMean, &t.LeadSD, &t.CountNow, &t.CountMean, &t.CountSD, &t.WeekdayMean, &t.WeekdaySD,
	}
	const size = 4*len(floats) + 9
	var b []byte
	if c.Writing && *t != (graph.Trend{}) {
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
	c.Blob(&b)
	if c.Writing || len(b) != size {
		return
	}
	for i, f := range floats {
		*f = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	b = b[4*len(floats):]
	t.N, t.WeekdayN, t.OffHours = int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:])), b[8] != 0
}

var eventTable = db.Table[catalog.Event]{
	Name: "events", Summed: true,
	Columns: "event_id, sport, league, start_at, home, away, title, entities, first_seen, last_seen",
	Walk: func(c *db.Cells, e *catalog.Event) {
		db.Text(c, &e.ID)
		db.Text(c, &e.Sport)
		db.Text(c, &e.League)
		db.Number(c, &e.Start)
		db.Text(c, &e.Home)
		db.Text(c, &e.Away)
		db.Text(c, &e.Title)
		c.JSON(&e.Entities)
		db.Number(c, &e.FirstSeen)
		db.Number(c, &e.LastSeen)
	},
}

var familyTable = db.Table[graph.Family]{
	Name: "families", Summed: true,
	Columns: `family, layer, sport, league, market, phase, venue, leader, follower, pairs, correlation, beta, lag_ms, lag_low_ms, lag_high_ms,
	n, z, inflation, p, q, d, p_exist, q_exist, p_direct, q_direct, conf_exist, confidence, discovered, simultaneous, copied,
	resolution_ms, detected_at, first_found, zero_lag, coincide, traits`,
	Walk: func(c *db.Cells, f *graph.Family) {
		key := f.Key.String()
		db.Text(c, &key)
		k := &f.Key
		db.Number(c, &k.Layer)
		for _, p := range [...]*string{&k.Sport, &k.League, &k.Market, &k.Phase, &k.Venue, &k.Leader, &k.Follower} {
			db.Text(c, p)
		}
		db.Number(c, &f.Pairs)
		c.Float(&f.Score, &f.Beta)
		db.Number(c, &f.Lag)
		db.Number(c, &f.LagLow)
		db.Number(c, &f.LagHigh)
		db.Number(c, &f.N)
		for _, p := range [...]*float64{
			&f.Z, &f.Inflation, &f.P, &f.Q, &f.D, &f.PExist, &f.QExist, &f.PDirect, &f.QDirect, &f.ConfExist, &f.Confidence,
		} {
			c.Float(p)
		}
		c.Bool(&f.Discovered, &f.Simultaneous, &f.Copied)
		db.Number(c, &f.Resolution)
		db.Number(c, &f.DetectedAt)
		db.Number(c, &f.FirstFound)
		c.Float(&f.ZeroLag, &f.Coincide)
		c.JSON(&struct {
			*graph.Traits
			Newest *graph.Newest `json:"newest"`
		}{&f.Traits, &f.Newest})
	},
}

var groupTable = db.Table[store.Group]{Name: "venue_groups", Summed: true, Columns: "sport, league, venues", Walk: func(c *db.Cells, g *store.Group) {
	db.Text(c, &g.Sport)
	db.Text(c, &g.League)
	c.JSON(&g.Venues)
}}

// anomalyEvidence is the evidence of an anomaly as stored. Strength came later than the
// table; rows without it have 0.
type anomalyEvidence struct {
	detect.Evidence
	Strength float64 `json:"strength,omitempty"`
}

var anomalyTable = db.Table[detect.Anomaly]{
	Name: "anomalies", Summed: true,
	Columns: "kind, layer, event_id, nodes, at, until, severity, band, confidence, size, evidence, suppressed",
	Walk: func(c *db.Cells, a *detect.Anomaly) {
		db.Text(c, &a.Kind)
		db.Number(c, &a.Layer)
		db.Text(c, &a.Event)
		c.JSON(&a.Nodes)
		db.Number(c, &a.At)
		db.Number(c, &a.Until)
		db.Text(c, &a.Severity)
		db.Text(c, &a.Band)
		c.Float(&a.Confidence, &a.Size)
		stored := anomalyEvidence{a.Evidence, a.Strength}
		if c.JSON(&stored); !c.Writing {
			a.Evidence, a.Strength = stored.Evidence, stored.Strength
		}
		db.Text(c, &a.Suppressed)
	},
}

var predictionTable = db.Table[ledger.Prediction]{
	Name: "predictions", Unique: "prediction_id", Summed: true,
	Columns: `prediction_id, family, layer, event_id, source_node, target_node, issued_at, arrive_from, arrive_to, move, size, p, confidence,
	outcome, resolved_at, actual, lead_time_ms, base, base_n, rivals,
	line, known_at, least, p_half, half, leader_groups, leaders, revisions, p_league, p_family, money`,
	Walk: func(c *db.Cells, p *ledger.Prediction) {
		db.Text(c, &p.ID)
		db.Text(c, &p.Family)
		db.Number(c, &p.Layer)
		db.Text(c, &p.Event)
		db.Text(c, &p.Source)
		db.Text(c, &p.Target)
		db.Number(c, &p.IssuedAt)
		db.Number(c, &p.From)
		db.Number(c, &p.To)
		c.Float(&p.Move, &p.Size, &p.P, &p.Confidence)
		db.Text(c, &p.Outcome)
		db.Number(c, &p.ResolvedAt)
		c.Float(&p.Actual)
		db.Number(c, &p.LeadTime)
		c.Float(&p.Base)
		db.Number(c, &p.BaseN)
		c.JSON(&p.Baselines)
		p.Lined = c.Maybe(&p.Line, p.Lined)
		db.Number(c, &p.KnownAt)
		c.Float(&p.Least, &p.PHalf)
		p.Half = ledger.TruthOf(c.Known(p.Half != ledger.Unknown, p.Half == ledger.Yes))
		db.Number(c, &p.Groups)
		c.JSON(&p.Leaders)
		c.JSON(&p.Revisions)
		c.Float(&p.PLeague, &p.PFamily)
		c.JSON(&p.Money)
	},
}

// doc is a named document.
type doc struct{ name, body string }

var documentTable = db.Table[doc]{Name: "documents", Summed: true, Columns: "name, body", Walk: func(c *db.Cells, d *doc) {
	db.Text(c, &d.name)
	db.Text(c, &d.body)
}}

// logRow is a chunk with its place.
type logRow struct {
	place
	chunk *ticklog.Chunk
}

var logTable = db.Table[logRow]{Name: "tick_log", Columns: "session, seq, from_at, to_at, quotes, payload", Walk: func(c *db.Cells, r *logRow) {
	db.Number(c, &r.session)
	db.Number(c, &r.seq)
	db.Number(c, &r.chunk.From)
	db.Number(c, &r.chunk.To)
	db.Number(c, &r.chunk.Quotes)
	c.Blob(&r.chunk.Payload)
}}

var auditTable = db.Table[store.AuditRow]{Name: "audit_log", Summed: true, Columns: "at, operation, subject, layer, status, detail, took_us, actor, trace_id", Walk: func(c *db.Cells, a *store.AuditRow) {
	db.Number(c, &a.At)
	db.Text(c, &a.Operation)
	db.Text(c, &a.Subject)
	db.Number(c, &a.Layer)
	db.Text(c, &a.Status)
	db.Text(c, &a.Detail)
	us := a.Took.Microseconds()
	db.Number(c, &us)
	if !c.Writing {
		a.Took = time.Duration(us) * time.Microsecond
	}
	db.Text(c, &a.Actor)
	db.Text(c, &a.TraceID)
}}

// heldAudit reads an audit row with its id.
var heldAudit = db.Table[store.AuditRow]{Name: auditTable.Name, Columns: "audit_id, " + auditTable.Columns, Walk: func(c *db.Cells, a *store.AuditRow) {
	db.Number(c, &a.ID)
	auditTable.Walk(c, a)
}}

var performanceTable = db.Table[store.Performance]{
	Name: "audit_performance_metrics", Summed: true,
	Columns: "timestamp, operation_type, p50_latency_us, p99_latency_us, throughput_rps, memory_mb, cpu_percent, component",
	Walk: func(c *db.Cells, p *store.Performance) {
		db.Number(c, &p.At)
		db.Text(c, &p.Operation)
		p50, p99 := micros(p.P50), micros(p.P99)
		c.Float(&p50, &p99)
		if !c.Writing {
			p.P50, p.P99 = time.Duration(p50*1e3), time.Duration(p99*1e3)
		}
		c.Float(&p.PerSecond, &p.MemoryMB, &p.CPU)
		db.Text(c, &p.Component)
	},
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

var checkTable = db.Table[store.Check]{
	Name: "production_readiness_matrix", Summed: true,
	Columns: "component, check_name, severity, status, description, last_checked, evidence, threshold, measured, runbook, since",
	Walk: func(c *db.Cells, k *store.Check) {
		db.Text(c, &k.Component)
		db.Text(c, &k.Name)
		db.Text(c, &k.Severity)
		db.Text(c, &k.Status)
		db.Text(c, &k.Description)
		db.Number(c, &k.LastChecked)
		db.Text(c, &k.Evidence)
		db.Text(c, &k.Threshold)
		db.Text(c, &k.Measured)
		db.Text(c, &k.Runbook)
		db.Number(c, &k.Since)
	},
}
