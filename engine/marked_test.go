package engine

import (
	"testing"

	"corrgraph/detect"
	"corrgraph/odds"
)

// TestAnomaliesHaveMarks: at the end of a run what was raised and what was suppressed has marks,
// and no later report loses them.
func TestAnomaliesHaveMarks(t *testing.T) {
	e := New(Options{ScoreAtFinish: true})
	var found Collector
	with := map[detect.Key]bool{} // a report had marks
	var n News
	all := simulated(t, 120)
	for _, b := range all {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		e.Drain(&n)
		for i := range n.Anomalies {
			a := &n.Anomalies[i]
			found.anomaly(a)
			k := a.Key()
			if len(a.Evidence.Marks) == 0 && with[k] {
				t.Errorf("a report of %+v loses its marks", k)
			}
			with[k] = len(a.Evidence.Marks) > 0
		}
	}
	found.Finish(e)
	end := all[len(all)-1].At
	marked, priced, suppressed := map[string]int{}, 0, 0
	for i := range found.Anomalies {
		a := &found.Anomalies[i]
		switch a.Kind {
		case detect.OutlierQuote, detect.Desynchronisation, detect.HiddenEdge, detect.Arbitrage, detect.Value:
		default:
			if a.Evidence.Marks != nil {
				t.Errorf("%s has marks", a.Kind)
			}
			continue
		}
		told := max(a.At, a.Until) // at the latest, but for one that lasts
		if told.Add(600_000) > end {
			continue
		}
		if len(a.Evidence.Marks) == 0 || len(a.Evidence.Marks)%4 != 0 {
			t.Errorf("%s of %v has %d marks", a.Kind, a.Nodes, len(a.Evidence.Marks))
			continue
		}
		marked[a.Kind]++
		if a.Suppressed != "" {
			suppressed++
		}
		for _, m := range a.Evidence.Marks {
			if m.Price != nil && m.Fair != nil {
				priced++
			}
			if m.At != nil && *m.At < a.At.Add(m.AfterMs) || m.PriceAt != nil && *m.PriceAt > *m.At || m.Fair != nil && (*m.Fair <= 0 || *m.Fair >= 1) {
				t.Errorf("%s: %+v", a.Kind, m)
			}
		}
	}
	if len(marked) < 3 || suppressed == 0 || priced == 0 {
		t.Errorf("marked %v, %d suppressed, %d with both prices", marked, suppressed, priced)
	}
}

// TestLaterFormsKeepTheirMarks: what lasts longer than its marks take is told four times, raised
// once: at first, with its marks, when it is doubted, and at its end, both with its marks.
func TestLaterFormsKeepTheirMarks(t *testing.T) {
	e := New(Options{})
	ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
	var told []detect.Anomaly
	var n News
	step := func(seconds int, prices ...string) {
		quoteAll(t, e, ev, true, seconds, prices...)
		e.FlushLegs()
		e.Drain(&n)
		for _, a := range n.Anomalies {
			if a.Kind == detect.Arbitrage {
				told = append(told, a)
			}
		}
	}
	for seconds := 0; seconds <= 2000; seconds += 5 {
		step(seconds, "a 2.2", "b 1.9", "c 2.0", "d 2.0")
	}
	step(2005, "b 2.0")
	step(2010, "a 2.0")
	if len(told) != 4 || told[0].Evidence.Marks != nil || told[2].Evidence.Suspected == "" || told[3].Until == 0 {
		t.Fatalf("%d reports: %+v", len(told), told)
	}
	for _, a := range told[1:] {
		if a.Key() != told[0].Key() || len(a.Evidence.Marks) != 8 {
			t.Fatalf("%+v", a)
		}
		if m := a.Evidence.Marks[6]; m.AfterMs != 300_000 || *m.Price != 2.2 || m.Fair == nil || *m.At != told[0].At.Add(300_000) {
			t.Errorf("%+v", m)
		}
	}
}
