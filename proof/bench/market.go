package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

const (
	venuesPerEvent = 8
	// pairsPerEvent: every venue with every other, and with the consensus of the
	// others.
	pairsPerEvent = venuesPerEvent*(venuesPerEvent-1)/2 + venuesPerEvent
	moveEvery     = 20_000 // ms of event time between moves of one venue's price of one event
	chunk         = 2048   // updates made before any is applied
)

// market is a stream from one source. In every event one venue leads and the others
// follow with small errors when it is their turn; each update is a move.
type market struct {
	r      *rand.Rand
	at     odds.Time
	pace   float64 // updates per ms
	due    float64 // updates due by now
	events []*odds.Event
	latent []float64 // log-odds by event
	prices []float64 // log-odds shown, by event and venue
	venues [venuesPerEvent]string
	fed    int
	known  map[int]bool // see look
	hits   int
	buf    []*odds.Batch
	found  engine.Collector
}

func newMarket(events int) *market {
	w := &market{
		r: rand.New(rand.NewPCG(seed, uint64(events))), at: 1_750_000_000_000, pace: float64(events*venuesPerEvent) / moveEvery,
		latent: make([]float64, events), prices: make([]float64, events*venuesPerEvent), known: map[int]bool{},
	}
	for i := range events {
		w.events = append(w.events, &odds.Event{
			ID: fmt.Sprintf("event%07d", i), Sport: "baseball", League: "bench",
			Start: w.at.Add(86_400_000), Home: fmt.Sprintf("Home %07d", i), Away: fmt.Sprintf("Away %07d", i),
		})
	}
	for v := range w.venues {
		w.venues[v] = fmt.Sprintf("venue%d", v)
	}
	return w
}

// next returns the next update. The first updates cover every node in order; after
// that nodes are drawn at random.
func (w *market) next() *odds.Batch {
	node := w.fed
	if node >= len(w.prices) {
		node = w.r.IntN(len(w.prices))
		for w.due < 1 {
			w.at++
			w.due += w.pace
		}
		w.due--
	}
	w.fed++
	w.look(node / venuesPerEvent)
	ev, v := node/venuesPerEvent, node%venuesPerEvent
	if v == 0 { // the leader; the others follow its previous price
		w.latent[ev] = 0.95*w.latent[ev] + 0.05*w.r.NormFloat64()
	}
	w.prices[node] = math.Max(-2, math.Min(2, w.latent[ev]+0.005*w.r.NormFloat64()))
	const margin = 1.04
	home := 1 / (1 + math.Exp(-w.prices[node]))
	return &odds.Batch{Source: "bench", At: w.at, Recv: w.at, Updates: []odds.Update{{
		Event: w.events[ev], Venue: w.venues[v], Market: "h2h",
		Quotes: []odds.Quote{
			{Selection: "home", Side: odds.Home, Line: math.NaN(), Main: true, Price: 1 / (home * margin)},
			{Selection: "away", Side: odds.Away, Line: math.NaN(), Main: true, Price: 1 / ((1 - home) * margin)},
		},
	}}}
}

// feed applies updates up to a time, or a number of them, and returns the engine's
// time per update in the median chunk; making the updates is not timed.
func (w *market) feed(ctx context.Context, e *engine.Engine, until odds.Time, updates int, c *missCounter) (median time.Duration, err error) {
	var samples []time.Duration
	for w.at < until && updates > 0 {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		w.buf = w.buf[:0]
		for len(w.buf) < chunk && w.at < until && updates > 0 {
			w.buf = append(w.buf, w.next())
			updates--
		}
		if c != nil {
			c.run(true)
		}
		start := time.Now()
		for _, b := range w.buf {
			if err := e.Apply(b); err != nil {
				return 0, err
			}
		}
		samples = append(samples, time.Since(start)/time.Duration(len(w.buf)))
		if c != nil {
			c.run(false)
		}
		w.found.Collect(e)
	}
	slices.Sort(samples)
	return rank(samples, 0.5), nil
}

// check compares the engine's counts with the updates that were fed.
func (w *market) check(e *engine.Engine) error {
	c := e.Counts()
	switch pairs := len(w.events) * pairsPerEvent; {
	case c.Pairs[odds.Direct] != pairs:
		return fmt.Errorf("%d pairs are watched in layer 1, want %d", c.Pairs[odds.Direct], pairs)
	case c.Batches != w.fed || c.Quotes != 2*w.fed || c.Duplicates != 0:
		return fmt.Errorf("%d batches, %d quotes and %d duplicates were taken, want %d, %d and none", c.Batches, c.Quotes, c.Duplicates, w.fed, 2*w.fed)
	case c.Ticks < 2*w.fed*999/1000:
		return fmt.Errorf("%d ticks of %d quotes: nearly all must be moves", c.Ticks, c.Quotes)
	}
	for _, f := range e.Families() {
		if f.N == 0 {
			return fmt.Errorf("family %s has no evidence", f.Key)
		}
	}
	return nil
}

// eventCache is the number of resolved source events that the engine keeps before
// it drops them all.
const eventCache = 1 << 16

// look simulates the engine's only cache, of resolved source events.
func (w *market) look(event int) {
	if w.known[event] {
		w.hits++
		return
	}
	if len(w.known) > eventCache {
		clear(w.known)
	}
	w.known[event] = true
}

// finish makes the engine apply held-back changes and decide on everything, and
// returns the time in ms.
func (w *market) finish(e *engine.Engine) (ms float64) {
	start := time.Now()
	w.found.Finish(e)
	return float64(time.Since(start)) / 1e6
}
