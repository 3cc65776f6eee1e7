package keep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the store's driver, used from outside

	"corrgraph/proof/readiness/lab"
	"corrgraph/store/sqlite"
)

// statement is one of the report's statements, or a test of its tables.
type statement struct {
	what, sql string
	refused   bool // must fail
}

// reportSQL returns the report's own SQL, verbatim, and tests of its promises about
// the tables.
func reportSQL() []statement {
	const insert = `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type, correlation_score,
		latency_ms, expected_propagation, detected_at, confidence) VALUES `
	return []statement{
		{"performance snapshot", `INSERT INTO audit_performance_metrics (
  timestamp,
  operation_type,
  p50_latency_us,
  p99_latency_us,
  throughput_rps,
  memory_mb,
  cpu_percent
) VALUES (
  1701974400000,
  'GRAPH_BUILD',
  2200,
  4800,
  450,
  256,
  45
);`, false},
		{"readiness gate", `SELECT 
  COUNT(*) as total_checks,
  SUM(CASE WHEN status = 'PASS' THEN 1 ELSE 0 END) as passed,
  SUM(CASE WHEN severity = 'CRITICAL' AND status = 'FAIL' THEN 1 ELSE 0 END) as blockers
FROM production_readiness_matrix
WHERE component = 'correlation-engine';`, false},
		{"a row of another program", insert + `(1, 'NBA-20240101-1200', 'source_node_x', 'target_node_x', 'cross_market', 0.5, 250, 0.1, 1701974400000, 0.95)`, false},
		{"a low row", insert + `(2, 'NBA-20240101-1200', 'source_node_y', 'target_node_y', 'cross_market', -0.5, 250, 0.1, 1701974400001, 0.5)`, false},
		{"candidates by band", `SELECT * FROM anomaly_candidates WHERE event_id = 'NBA-20240101-1200' AND severity_band = 'HIGH'`, false},
		{"a layer's strongest", `SELECT * FROM multi_layer_correlations WHERE layer = 1 AND event_id = 'NBA-20240101-1200' ORDER BY correlation_score DESC LIMIT 50`, false},
		{"out-edges of a node", `SELECT * FROM multi_layer_correlations WHERE source_node = 'source_node_x'`, false},
		{"a layer out of range", insert + `(5, 'NBA-20240101-1200', 'source_node_x', 'target_node_x', 't', 0.5, 1, 0, 1, 0.5)`, true},
		{"a score out of range", insert + `(1, 'NBA-20240101-1200', 'source_node_x', 'target_node_x', 't', 1.5, 1, 0, 1, 0.5)`, true},
		{"a confidence out of range", insert + `(1, 'NBA-20240101-1200', 'source_node_x', 'target_node_x', 't', 0.5, 1, 0, 1, 1.5)`, true},
	}
}

// SQL is the gate sql_compliance: it runs the report's statements on a fresh store.
func SQL(ctx context.Context, l *lab.Lab) (f lab.Finding, err error) {
	path := filepath.Join(l.Dir(), "sql.db")
	st, err := sqlite.Open(ctx, path, sqlite.Options{Create: true})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	if err := st.Close(); err != nil {
		return f, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String())
	if err != nil {
		return f, lab.NotRun("a driver: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return judgeSQL(ctx, db)
}

// judgeSQL runs every statement on a migrated store.
func judgeSQL(ctx context.Context, db *sql.DB) (f lab.Finding, err error) {
	var bad []string
	all := reportSQL()
	prepared := 0
	for _, s := range all {
		p, err := db.PrepareContext(ctx, s.sql)
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s does not prepare: %v", s.what, err))
			continue
		}
		prepared++
		rows, err := p.QueryContext(ctx)
		if err == nil {
			for rows.Next() { // the statement runs while its rows are read
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		if (err != nil) != s.refused {
			bad = append(bad, fmt.Sprintf("%s: refused %v, want %v: %v", s.what, err != nil, s.refused, err))
		}
		if err := p.Close(); err != nil {
			return f, err
		}
	}
	var n, band int
	err = db.QueryRowContext(ctx, `SELECT count(*), sum(severity_band = 'HIGH') FROM anomaly_candidates`).Scan(&n, &band)
	if err != nil || n != 2 || band != 1 {
		bad = append(bad, fmt.Sprintf("anomaly_candidates shows %d rows, %d HIGH, want 2 and 1: %v", n, band, err))
	}
	var version string
	if err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version); err != nil {
		return f, err
	}
	f.Pass, f.Measured = len(bad) == 0, fmt.Sprintf("%d statements fail", len(bad))
	f.Evidence = fmt.Sprintf("%d statements prepared and run on a fresh store, SQLite %s, store version %d", prepared, version, sqlite.Version())
	if len(bad) > 0 {
		f.Evidence += ": " + strings.Join(bad, "; ")
	}
	return f, nil
}
