package live

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

// BenchmarkPublication renews the views of 50 watched events after a tick of each, with links
// known, and reports the longest stretch in which the loop does nothing else. Each step counts
// as its shortest run, since other programs only add to it.
func BenchmarkPublication(b *testing.B) {
	const events, venues = 50, 8
	r := rand.New(rand.NewPCG(3, 4))
	value := make([]float64, events)
	at := noon
	tick := func() (all []*odds.Batch) {
		for i := range events {
			value[i] = 0.95*value[i] + 0.05*r.NormFloat64()
			ev := &odds.Event{ID: fmt.Sprint("m", i), Sport: "tennis", League: "atp", Home: fmt.Sprint("H", i), Away: fmt.Sprint("A", i)}
			for k := range venues {
				at = at.Add(50)
				home := 1 / (1 + math.Exp(-value[i]))
				all = append(all, &odds.Batch{Source: "feed", At: at, Updates: []odds.Update{{Event: ev, Venue: fmt.Sprint("v", k), Market: "h2h", Quotes: []odds.Quote{
					{Selection: ev.Home, Side: odds.Home, Line: math.NaN(), Main: true, Price: 1 / (home * 1.04)},
					{Selection: ev.Away, Side: odds.Away, Line: math.NaN(), Main: true, Price: 1 / ((1 - home) * 1.04)},
				}}}})
			}
		}
		return all
	}
	lp := New(Options{Engine: engine.Options{DecideEvery: 600_000}}).loop
	teach := engine.New(engine.Options{View: engine.Settled, DecideEvery: 600_000})
	for range 200 {
		for _, batch := range tick() {
			if err := teach.Apply(batch); err != nil {
				b.Fatal(err)
			}
			if v := teach.Verdicts(); v != nil {
				lp.change(func() { lp.e.Obey(v) })
			}
			lp.change(func() { lp.e.Tell([]*odds.Batch{batch}, 0) })
		}
	}
	lp.collect()
	edges := 0
	for id, s := range lp.pub.slots {
		s.wanted.Store(int64(time.Hour))
		lp.pub.renew(id, true)
		edges += len(s.view.Load().Layers[0])
	}
	if edges == 0 {
		b.Fatal("no links")
	}
	var best []time.Duration // of each step, over all runs
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		lp.change(func() { lp.e.Tell(tick(), 0) })
		lp.collect()
		b.StartTimer()
		for k, took := range stretches(lp.pub) {
			if k == len(best) {
				best = append(best, took)
			}
			best[k] = min(best[k], took)
		}
	}
	var all time.Duration
	for _, took := range best {
		all += took
	}
	b.ReportMetric(float64(slices.Max(best).Microseconds()), "µs/stretch")
	b.ReportMetric(float64(all.Microseconds()), "µs/all")
}

// stretches publishes, and returns how long each step took.
func stretches(p *publisher) (steps []time.Duration) {
	p.begin(true)
	for more := true; more; {
		start := time.Now()
		more = p.step()
		steps = append(steps, time.Since(start))
	}
	return steps
}
