package sqlite

import (
	"math"
	"strings"
	"testing"

	"corrgraph/detect"
	"corrgraph/store"
	"corrgraph/store/storetest"
)

// changed is a store with a row in every table, after another program ran sql.
func changed(t *testing.T, sql string) string {
	t.Helper()
	path := full(t)
	script(t, path, sql)
	return path
}

func TestChangedRowsAreNamed(t *testing.T) {
	for sql, where := range map[string]string{
		"UPDATE events SET home = home || '?'":                                                       "events",
		"UPDATE families SET beta = beta + 1":                                                        "families",
		"UPDATE venue_groups SET league = 'x'":                                                       "venue_groups",
		"UPDATE multi_layer_correlations SET severity_level = 'x' WHERE row_sum NOTNULL":             "multi_layer_correlations",
		"UPDATE multi_layer_correlations SET evidence = 'external' WHERE row_sum NOTNULL":            "multi_layer_correlations",
		"UPDATE anomalies SET size = size + 1":                                                       "anomalies",
		"UPDATE predictions SET p = p / 2":                                                           "predictions",
		"UPDATE documents SET body = '{}'":                                                           "documents",
		"UPDATE audit_log SET status = 'FAILED'":                                                     "audit_log",
		"UPDATE audit_log SET row_sum = row_sum + 1":                                                 "audit_log",
		"UPDATE audit_log SET detail = CAST(detail AS BLOB)":                                         "audit_log",
		"UPDATE audit_performance_metrics SET cpu_percent = 99":                                      "audit_performance_metrics",
		"UPDATE production_readiness_matrix SET since = since + 1":                                   "production_readiness_matrix",
		"UPDATE reviews SET note = 'nobody looked'":                                                  "reviews",
		"UPDATE proofs SET passed = 1 - passed":                                                      "proofs",
		"UPDATE state SET value = value + 1 WHERE name = 'as_of'":                                    "state",
		"UPDATE audit_size SET bytes = bytes + (1 << 40)":                                            "audit_size",
		"UPDATE reviews SET row_sum = NULL; UPDATE audit_log SET row_sum = NULL WHERE audit_id < 20": "",
	} {
		found, err := Check(t.Context(), changed(t, sql), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Kind != store.FindRow || f.Where != where || !f.Harm {
				t.Errorf("%s: %s", sql, f)
			}
		}
		if (len(found) > 0) != (where != "") || len(found) > 9 {
			t.Errorf("%s: %d findings", sql, len(found))
		}
	}
}

func TestRowsOfOtherProgramsNeedNoSum(t *testing.T) {
	s := open(t, Options{})
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 5, 2, 2)); err != nil {
		t.Fatal(err)
	}
	script(t, s.Path(), `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type, correlation_score,
		latency_ms, expected_propagation, detected_at, confidence, severity_level) VALUES (1, 'theirs', 'node-of-theirs-1', 'node-of-theirs-2', 'x', 0.5, 7, 1.0, 5, 0.7, 'odd')`)
	edges, err := s.Edges(t.Context(), store.EdgeFilter{Event: "theirs"})
	if err != nil || len(edges) != 1 || edges[0].Score != 0.5 {
		t.Fatalf("%+v, %v", edges, err)
	}
	if found, err := s.CheckPages(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestSumsHoldWhateverTheValues(t *testing.T) {
	s := open(t, Options{})
	r := storetest.Sample(1, 5, 2, 2)
	for i, x := range []float64{math.Copysign(0, -1), 1, 1e300, math.SmallestNonzeroFloat64, math.MaxInt64} {
		r.Anomalies = append(r.Anomalies, detect.Anomaly{Kind: "a\x00\xff", Event: "é\u2028", Size: x, Confidence: float64(i)})
	}
	if err := s.WriteResults(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if found, err := s.CheckPages(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestAWrongSizeOfTheAuditIsCountedAnew(t *testing.T) {
	path := full(t)
	held := func(path string) store.AuditHeld {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Examine(t.Context()); err != nil {
			t.Fatal(err)
		}
		h, err := s.AuditHeld(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := held(path)
	script(t, path, "UPDATE audit_size SET bytes = bytes + (1 << 40)")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Examine(t.Context())
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Detail, "counted anew") {
		t.Fatalf("%v, %v", found, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := held(path); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) > 0 {
		t.Errorf("afterwards %v, %v", found, err)
	}
}

func TestAStoreOfTheVersionBeforeSumsIsUpgraded(t *testing.T) {
	path := full(t)
	var drop string
	for table := range strings.FieldsSeq(`multi_layer_correlations audit_log audit_performance_metrics production_readiness_matrix events families venue_groups
		anomalies predictions documents quarantine reviews proofs`) {
		drop += "ALTER TABLE " + table + " DROP COLUMN row_sum; "
	}
	for column := range strings.FieldsSeq("line known_at least p_half half leader_groups leaders revisions p_league p_family money") {
		drop += "ALTER TABLE predictions DROP COLUMN " + column + "; "
	}
	script(t, path, drop+"DROP TABLE links; ALTER TABLE state DROP COLUMN mirror; ALTER TABLE audit_size DROP COLUMN mirror; ALTER TABLE multi_layer_correlations DROP COLUMN traits; ALTER TABLE families DROP COLUMN traits; PRAGMA user_version = 6")
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) > 0 {
		t.Fatalf("before: %v, %v", found, err)
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Audit(t.Context(), []store.AuditRow{{At: 9, Operation: "x", Status: "OK"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) > 0 {
		t.Errorf("after: %v, %v", found, err)
	}
	script(t, path, "UPDATE audit_log SET status = 'FAILED' WHERE at = 9")
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) != 1 {
		t.Errorf("changed: %v, %v", found, err)
	}
}

func TestAStoreOfTheVersionBeforeLinksIsCheckedAndUpgraded(t *testing.T) {
	path := full(t)
	script(t, path, "DROP TABLE links; PRAGMA user_version = 11")
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) > 0 {
		t.Fatalf("before: %v, %v", found, err)
	}
	script(t, path, "UPDATE proofs SET passed = 1 - passed")
	if found, err := Check(t.Context(), path, ""); err != nil || len(found) != 1 {
		t.Errorf("a changed row of the version before: %v, %v", found, err)
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetLink(t.Context(), store.Link{ID: "x", Actor: "ann", Body: "{}"}); err != nil {
		t.Error(err)
	}
	if all, err := s.Links(t.Context(), 9); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}
