package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

// BenchmarkView renews views as a service does: after a tick of each event, with families that
// are known.
func BenchmarkView(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	e := New(Options{})
	const events, venues = 10, 8
	var of []*odds.Event
	for i := range events {
		of = append(of, &odds.Event{ID: fmt.Sprint("m", i), Sport: "tennis", League: "atp", Home: fmt.Sprint("H", i), Away: fmt.Sprint("A", i)})
	}
	value := make([]float64, events)
	at := odds.Time(1_780_000_000_000)
	tick := func(i int) {
		at = at.Add(500)
		value[i] = 0.95*value[i] + 0.05*r.NormFloat64()
		for k := range venues {
			at = at.Add(300)
			home := 1 / (1 + math.Exp(-value[i]))
			err := e.Apply(&odds.Batch{Source: fmt.Sprint("v", k), At: at, Updates: []odds.Update{{
				Event: of[i], Venue: fmt.Sprint("v", k), Market: "h2h", Quotes: []odds.Quote{
					{Selection: of[i].Home, Side: odds.Home, Line: math.NaN(), Main: true, Price: 1 / (home * 1.04)},
					{Selection: of[i].Away, Side: odds.Away, Line: math.NaN(), Main: true, Price: 1 / ((1 - home) * 1.04)},
				},
			}}})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	for range 400 {
		for i := range events {
			tick(i)
		}
	}
	e.Finish()
	all := [4]bool{true, true, true, true}
	var news News
	edges := 0
	for _, ev := range e.Events() {
		v, _ := e.View(ev.ID, all)
		for _, l := range v.Layers {
			edges += len(l)
		}
	}
	if edges == 0 {
		b.Fatal("no edges")
	}
	b.ReportMetric(float64(edges)/events, "edges/event")
	ids := e.Events()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		tick(n % events)
		e.Drain(&news)
		id := ids[n%events].ID
		n++
		b.StartTimer()
		e.View(id, all)
	}
	b.ReportMetric(float64(edges)/events, "edges/event")
}
