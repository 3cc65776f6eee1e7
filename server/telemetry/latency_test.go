package telemetry

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestWindowSaysWhatHappened(t *testing.T) {
	l := NewLatency(epoch, Usage{CPU: time.Second})
	for i := 1; i <= 1000; i++ {
		l.Observe("GRAPH_BUILD", time.Duration(i)*time.Microsecond)
	}
	l.Observe("PROPAGATION", -time.Second)
	l.Observe("INGEST", time.Hour)
	w := l.Snapshot(epoch.Add(10*time.Second), Usage{CPU: 6 * time.Second, Memory: 123})
	if w.From != epoch || w.To != epoch.Add(10*time.Second) || w.CPU != 50 || w.Memory != 123 || len(w.Operations) != 3 {
		t.Fatalf("window %+v", w)
	}
	g := w.Operations[0]
	near := func(d, want time.Duration) bool { return d >= want && float64(d) <= 1.01*float64(want) }
	if g.Operation != "GRAPH_BUILD" || g.Count != 1000 || g.PerSecond != 100 || g.Max != time.Millisecond ||
		!near(g.P50, 500*time.Microsecond) || !near(g.P99, 990*time.Microsecond) {
		t.Errorf("graph build %+v", g)
	}
	if i := w.Operations[1]; i.Operation != "INGEST" || i.Max != time.Hour || i.P99 < longest || i.P99 > time.Hour {
		t.Errorf("an hour is %+v", i)
	}
	if p := w.Operations[2]; p.Max != 0 || p.P50 != 0 || p.Count != 1 {
		t.Errorf("a clock set back gave %+v", p)
	}
}

func TestEachObservationIsInOneWindow(t *testing.T) {
	l := NewLatency(epoch, Usage{})
	const writers, each = 4, 5000
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				l.Observe("INGEST", time.Microsecond)
			}
		})
	}
	var total int64
	add := func(w Window) {
		for _, o := range w.Operations {
			total += o.Count
		}
	}
	for i := range 50 {
		add(l.Snapshot(epoch.Add(time.Duration(i)*time.Second), Usage{}))
	}
	wg.Wait()
	add(l.Snapshot(epoch.Add(time.Hour), Usage{}))
	if total != writers*each {
		t.Errorf("%d observations in all windows, want %d", total, writers*each)
	}
	if w := l.Snapshot(epoch.Add(2*time.Hour), Usage{}); len(w.Operations) != 0 {
		t.Errorf("an idle window has %+v", w.Operations)
	}
}

func TestOperationsAreBounded(t *testing.T) {
	l := NewLatency(epoch, Usage{})
	for i := range 1000 {
		l.Observe(fmt.Sprint("OP", i), time.Millisecond)
	}
	w := l.Snapshot(epoch, Usage{})
	if len(w.Operations) != MaxOperations+1 || w.CPU != 0 {
		t.Fatalf("%d operations, CPU %v", len(w.Operations), w.CPU)
	}
	for _, o := range w.Operations {
		if o.PerSecond != 0 || o.Operation == OtherOperation && o.Count != 1000-MaxOperations {
			t.Errorf("%+v", o)
		}
	}
}

func TestReadUsage(t *testing.T) {
	u, err := ReadUsage()
	if err != nil || u.CPU <= 0 || u.Memory < 1<<20 {
		t.Errorf("usage %+v, error %v", u, err)
	}
}
