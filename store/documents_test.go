package store

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

func TestDocumentsAreNamedAndSayWhatIsWrongWithOne(t *testing.T) {
	j := &Judgement{Check: graph.Mismatch{}, Opinions: map[string]graph.Opinion{"f": {}}}
	card := ledger.NewScorecard(nil, nil)
	docs, err := j.Documents(&card, map[string]any{"summary": map[string]int{"n": 3}, "mismatch": "of another"})
	if err != nil || len(docs) != 8 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	if string(docs["summary"]) != `{"n":3}` || !strings.HasPrefix(string(docs["second_opinion"]), `{"f":{`) {
		t.Errorf("%s, %s", docs["summary"], docs["second_opinion"])
	}
	var check graph.Mismatch
	if err := json.Unmarshal(docs["mismatch"], &check); err != nil {
		t.Errorf("a document of our own was replaced: %v", err)
	}
	if docs, err := j.Documents(&card, map[string]any{"odd": math.NaN()}); docs != nil || err == nil || !strings.HasPrefix(err.Error(), "document odd: ") {
		t.Errorf("%v, %v", docs, err)
	}
}

func TestResultsOfAnEventAreInOrder(t *testing.T) {
	edge := func(node odds.NodeID) graph.Edge { return graph.Edge{Source: node} }
	r := NewEventResults(catalog.Event{ID: "e"}, [4][]graph.Edge{{edge("a"), edge("b")}, nil, {edge("c")}, {edge("d")}}, nil, []detect.Anomaly{
		{Kind: "late", At: 9}, {Kind: "first of two", At: 5}, {Kind: "second of two", At: 5}, {Kind: "early", At: 1},
	})
	var nodes, kinds []string
	for _, e := range r.Edges {
		nodes = append(nodes, string(e.Source))
	}
	for _, a := range r.Anomalies {
		kinds = append(kinds, a.Kind)
	}
	if r.Event.ID != "e" || !slices.Equal(nodes, []string{"a", "b", "c", "d"}) || !slices.Equal(kinds, []string{"early", "first of two", "second of two", "late"}) {
		t.Errorf("edges by layer %v, anomalies by time %v", nodes, kinds)
	}
}

func TestForecastsOfOneInstantHaveOneOrder(t *testing.T) {
	all := []ledger.Prediction{
		{ID: "5", IssuedAt: 2, Family: "f", Source: "a", Target: "c"},
		{ID: "2", IssuedAt: 1, Family: "g"},
		{ID: "1", IssuedAt: 1, Family: "f"},
		{ID: "4", IssuedAt: 2, Family: "f", Source: "a", Target: "b", Outcome: ledger.Hit},
		{ID: "6", IssuedAt: 2, Family: "f", Source: "b"},
		{ID: "4", IssuedAt: 2, Family: "f", Source: "a", Target: "b", Outcome: ledger.Void},
		{ID: "3", IssuedAt: 2, Family: "e"},
	}
	got := inOrder(slices.Clone(all))
	s := ""
	for _, p := range got {
		s += p.ID
	}
	if s != "123456" || got[3].Outcome != ledger.Hit {
		t.Errorf("%s, of two the first: %v", s, got[3].Outcome)
	}
	slices.Reverse(all)
	s = ""
	for _, p := range inOrder(all) {
		s += p.ID
	}
	if s != "123456" {
		t.Errorf("from another order: %s", s)
	}
}

func TestARowCountsItsTexts(t *testing.T) {
	a := AuditRow{Operation: "abc", Subject: "de", Status: "f", Detail: "ghij", Actor: "kl", TraceID: "m"}
	if got := a.Size(); got != 64+6+2+1+4+2+1 {
		t.Errorf("%d bytes", got)
	}
	if got := (&AuditRow{}).Size(); got != 64 {
		t.Errorf("an empty row: %d bytes", got)
	}
}

func TestALogIsTakenStockOfAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: []AuditRow{row(5), row(9)}}
		a, stop := start(t, m, AuditorOptions{})
		synctest.Wait()
		if s := a.Stats(); s.AuditHeld != (AuditHeld{Rows: 2, Bytes: 140, Oldest: 5, Newest: 9}) || s.Written != 0 || s.Failures != 0 {
			t.Errorf("%+v", s)
		}
		a.mustLog(t, row(12))
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if s := a.Stats(); s.AuditHeld != m.held() || s.Written != 1 {
			t.Errorf("%+v, the log holds %+v", s, m.held())
		}
	})
}

func TestALogThatCannotBeReadAtTheStartIsWrittenNevertheless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: []AuditRow{row(5)}, broken: ErrFull}
		a, stop := start(t, m, AuditorOptions{})
		synctest.Wait()
		if s := a.Stats(); s.Failures != 1 || s.Rows != 0 {
			t.Errorf("%+v", s)
		}
		m.fail(nil)
		a.mustLog(t, row(7), row(8))
		pass(t, time.Second)
		synctest.Wait()
		if s := a.Stats(); s.Written != 2 || s.Rows != 2 || s.Oldest != 7 || s.Newest != 8 {
			t.Errorf("what was written: %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// An error of a sender's context is the sender's; the row is not kept.
func TestASenderThatLeavesIsToldWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAuditor(&memory{}, AuditorOptions{Queue: 1}) // nobody runs it yet
		a.mustLog(t, row(1))
		why := errors.New("hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		got := make(chan error, 1)
		go func() { got <- a.Log(ctx, row(2)) }()
		synctest.Wait()
		if s := a.Stats(); s.Waiting != 1 || len(got) != 0 {
			t.Errorf("%+v", s)
		}
		cancel(why)
		if err := <-got; !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := a.Run(ended); err != nil {
			t.Error(err)
		}
		if s := a.Stats(); s.Written != 1 || s.Waiting != 0 {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// Retries slow down, to fifty times the first wait at most.
func TestRetriesBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{broken: ErrFull}
		a, stop := start(t, m, AuditorOptions{Batch: 1, Retry: time.Second})
		a.mustLog(t, row(1))
		synctest.Wait()
		begun := a.Stats().Failures // the first look at the log, and the first write
		for _, c := range []struct {
			after time.Duration // since the last
			tries int64
		}{{time.Second, 1}, {2 * time.Second, 1}, {4 * time.Second, 1}, {8*time.Second - 1, 0}, {1, 1}, {16 * time.Second, 1}, {32 * time.Second, 1}, {50 * time.Second, 1}, {50 * time.Second, 1}, {50 * time.Second, 1}} {
			pass(t, c.after)
			synctest.Wait()
			if got := a.Stats().Failures; got != begun+c.tries {
				t.Errorf("%v later %d tries, want %d", c.after, got-begun, c.tries)
			}
			begun = a.Stats().Failures
		}
		m.fail(nil)
		if err := stop(); err != nil || len(m.rows) != 1 {
			t.Errorf("%v, %d rows", err, len(m.rows))
		}
	})
}
