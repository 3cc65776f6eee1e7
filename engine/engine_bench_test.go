package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

// benchMarket makes updates of one two-way market at eight venues for many events; every
// update moves.
type benchMarket struct {
	rng    *rand.Rand
	at     odds.Time
	events []*odds.Event
}

func newBenchMarket(events int) *benchMarket {
	m := &benchMarket{rng: rand.New(rand.NewPCG(8, uint64(events))), at: 1_750_000_000_000}
	for i := range events {
		m.events = append(m.events, &odds.Event{
			ID: fmt.Sprintf("event%05d", i), Sport: "baseball", League: "mlb",
			Start: m.at.Add(86_400_000), Home: fmt.Sprintf("Home %05d", i), Away: fmt.Sprintf("Away %05d", i),
		})
	}
	return m
}

// update is one venue's new prices for one event.
func (m *benchMarket) update(event, venue int) odds.Update {
	p := 0.5 + 0.2*(m.rng.Float64()-0.5)
	return odds.Update{Event: m.events[event], Venue: fmt.Sprintf("venue%d", venue), Market: "h2h", Quotes: []odds.Quote{
		{Selection: "home", Side: odds.Home, Line: math.NaN(), Price: 1 / (1.04 * p)},
		{Selection: "away", Side: odds.Away, Line: math.NaN(), Price: 1 / (1.04 * (1 - p))},
	}}
}

// stream returns a batch with one update, 20 s after the last one of the same venue and
// event.
func (m *benchMarket) stream() *odds.Batch {
	m.at = m.at.Add(odds.Millis(max(1, 20_000/(8*len(m.events)))))
	return &odds.Batch{Source: "stream", At: m.at, Recv: m.at, Updates: []odds.Update{m.update(m.rng.IntN(len(m.events)), m.rng.IntN(8))}}
}

// poll returns a batch with all venues of all events, five minutes after the last.
func (m *benchMarket) poll() *odds.Batch {
	m.at = m.at.Add(300_000)
	b := &odds.Batch{Source: "poll", At: m.at, Recv: m.at, Polled: true}
	for e := range m.events {
		for v := range 8 {
			b.Updates = append(b.Updates, m.update(e, v))
		}
	}
	return b
}

// BenchmarkApply applies one batch; ns/tick divides by the quotes that changed. It includes
// the decisions that become due. Making the batch is not timed.
func BenchmarkApply(b *testing.B) {
	for _, c := range []struct {
		name   string
		events int
		next   func(*benchMarket) *odds.Batch
		warm   int
	}{
		{"stream/events=10", 10, (*benchMarket).stream, 20_000},
		{"stream/events=200", 200, (*benchMarket).stream, 100_000},
		{"poll/events=15", 15, (*benchMarket).poll, 60},
	} {
		b.Run(c.name, func(b *testing.B) {
			m, e := newBenchMarket(c.events), New(Options{})
			var news News
			apply := func(batch *odds.Batch) {
				if err := e.Apply(batch); err != nil {
					b.Fatal(err)
				}
				e.Drain(&news)
			}
			for range c.warm {
				apply(c.next(m))
			}
			before := e.Counts().Ticks
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				batch := c.next(m)
				b.StartTimer()
				apply(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(1, e.Counts().Ticks-before)), "ns/tick")
		})
	}
}

// BenchmarkDecide judges the evidence of 60 polls of 15 events.
func BenchmarkDecide(b *testing.B) {
	m, e := newBenchMarket(15), New(Options{})
	for range 60 {
		if err := e.Apply(m.poll()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		e.decide(e.Now())
	}
}

// BenchmarkSample takes what the check of a decision rests on, in one league of 12,500 events
// at eight venues: 450,000 pairs.
func BenchmarkSample(b *testing.B) {
	m, e := newBenchMarket(12_500), New(Options{})
	for range 9 {
		if err := e.Apply(m.poll()); err != nil {
			b.Fatal(err)
		}
	}
	e.decide(e.Now())
	b.ReportMetric(float64(e.Counts().Pairs[odds.Direct]), "pairs")
	b.ReportAllocs()
	for b.Loop() {
		e.families.Sample(e.Now())
	}
}
