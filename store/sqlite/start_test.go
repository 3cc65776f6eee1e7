package sqlite

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// A start reads what it went on from. On a machine that is slow to answer, it takes long;
// it once ended at the 50 ms that a request may take, after it had read the whole log.
func TestASlowStoreOnlyMakesTheStartSlow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(t.Context(), path, Options{Create: true, Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range odds.Time(3) {
		if _, err := s.Log().Append(t.Context(), marked(1+i, "a")); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	const each = 20 * time.Second // of every statement
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s, err := Open(t.Context(), path, Options{Durable: true, Delay: func(bool) time.Duration { return each }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for name, step := range map[string]func() error{
			"de-vig method": func() error { return s.UseDevig(context.Background(), odds.Multiplicative) },
			"tick log": func() error {
				n := 0
				for _, err := range ticklog.ByTime(context.Background(), s.Log()) {
					if err != nil {
						return err
					}
					n++
				}
				if n != 3 {
					t.Errorf("%d of 3 batches were read back", n)
				}
				return nil
			},
			"first chunk": func() error { _, err := s.Log().First(context.Background()); return err },
		} {
			if err := step(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took := time.Since(begun); took < 5*each {
			t.Errorf("the start took %v: nothing was slow", took)
		}
	})
}

// Every statement has one of the declared deadlines, and the one of a request only if a
// request waits for it.
func TestEveryStatementHasADeclaredDeadline(t *testing.T) {
	var classes []time.Duration
	for _, d := range db.Classes() {
		classes = append(classes, d)
	}
	asked := []name{
		asOf, now, knowsEvent, knowsNode, strongest, countLayer, outEdges, candidates, families, groups, anomaliesOfEvent, document,
		externalEdges, externalVersion, probe, auditTail, auditFloor, auditFloorOf, auditAt, auditSearch, auditSearchOf,
		performance, performanceOf, checks,
	}
	for n, st := range statements() {
		if !slices.Contains(classes, st.Deadline) {
			t.Errorf("%s: %v is no declared deadline", st.Name, st.Deadline)
		}
		if waits := slices.Contains(asked, name(n)); (st.Deadline == db.Request) != waits {
			t.Errorf("%s: a request waits for it: %v, its deadline is %v", st.Name, waits, st.Deadline)
		}
	}
}
