package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
)

// ScalePoint is an engine with a number of watched pairs, fed with a stream. Every
// event has 8 venues, hence 36 pairs of layer 1: pairs grow with events, while a
// node keeps 9 partners. Every venue's price of every event moves each 20 s of
// event time on average, at any size. One venue leads.
type ScalePoint struct {
	Pairs  int `json:"pairs"`
	Events int `json:"events"`
	Nodes  int `json:"nodes"` // venues' series; the 9 consensus series per event are extra
	Ticks  int `json:"ticks"` // timed ticks: quotes that changed, two per update

	NsPerTick    float64 `json:"ns_per_tick"`    // between decisions
	Predictions  int     `json:"predictions"`    // issued up to the last decision
	DecideMs     float64 `json:"decide_ms"`      // one decision over all families and pairs, including changes that the engine held back
	BytesPerPair float64 `json:"bytes_per_pair"` // live heap, with MovesPerNode of history
	MovesPerNode float64 `json:"moves_per_node"` // in memory when the heap was measured
	EventHits    float64 `json:"event_hit_rate"` // of the engine's only cache, source event → event, simulated by its rule
	CacheMisses  float64 `json:"cache_misses"`   // of the CPU, per tick; 0 unless Counted
	Counted      bool    `json:"misses_counted"` // the machine has such counters
	Note         string  `json:"note,omitempty"` // why a size was skipped or misses were not counted
	Left         bool    `json:"left,omitempty"` // the size was skipped; all but Pairs is 0
}

// MaxScaleBytes limits the heap of [Scaling]: a size that needs more is skipped.
const MaxScaleBytes = 8 << 30

// Scaling feeds engines with about the given numbers of watched pairs, ascending.
// It returns one point each, and the exponent of time per tick against pairs: the
// slope of the least-squares line through the logarithms, 0 if fewer than two sizes
// were measured. An exponent of 0 means that the cost of a tick does not depend on
// the number of pairs, 1 that it is proportional. A size expected to exceed
// [MaxScaleBytes], judged by the size before it, is skipped and says so. Wrong
// counts of pairs, quotes or moves are errors. Cost: about 30 updates per node;
// minutes and gigabytes at a million pairs.
func Scaling(ctx context.Context, sizes []int) (points []ScalePoint, exponent float64, err error) {
	points = []ScalePoint{}
	bytesPerPair := 0.0
	for _, size := range sizes {
		// The collector lets the heap double before it runs.
		if need := 2 * bytesPerPair * float64(size); need > MaxScaleBytes {
			points = append(points, ScalePoint{
				Pairs: size, Left: true,
				Note: fmt.Sprintf("skipped: needs about %.1f GiB, the limit is %d", need/(1<<30), MaxScaleBytes>>30),
			})
			continue
		}
		p, err := scalePoint(ctx, size)
		if err != nil {
			return points, 0, fmt.Errorf("%d pairs: %w", size, err)
		}
		bytesPerPair = p.BytesPerPair
		points = append(points, p)
	}
	return points, fitExponent(points), nil
}

// fitExponent fits ln(time per tick) = c + exponent·ln(pairs).
func fitExponent(points []ScalePoint) float64 {
	var n, x, y, xx, xy float64
	for _, p := range points {
		if !p.Left {
			u, v := math.Log(float64(p.Pairs)), math.Log(p.NsPerTick)
			n, x, y, xx, xy = n+1, x+u, y+v, xx+u*u, xy+u*v
		}
	}
	if d := n*xx - x*x; n >= 2 && d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

// Phases of a run in event time. The engine counts evidence from its first decision
// on; afterwards lags up to the end of the far bins fill up.
const (
	decideEvery odds.Millis = 3_600_000
	beforeFirst odds.Millis = 300_000
	fillUp      odds.Millis = 240_000
	mostTicks               = 300_000 // timed updates
)

func scalePoint(ctx context.Context, pairs int) (p ScalePoint, err error) {
	before := heap()
	e := engine.New(engine.Options{Seed: seed, DecideEvery: decideEvery, ScoreAtFinish: true})
	w := newMarket(max(1, (pairs+pairsPerEvent/2)/pairsPerEvent))
	boundary := (w.at/odds.Time(decideEvery) + 1) * odds.Time(decideEvery)
	w.at = boundary.Add(-beforeFirst)
	feed := func(until odds.Time, updates int, c *missCounter) (time.Duration, error) {
		return w.feed(ctx, e, until, updates, c)
	}
	if _, err := feed(boundary.Add(fillUp), math.MaxInt, nil); err != nil {
		return p, err
	}
	p = ScalePoint{Events: len(w.events), Nodes: len(w.prices), MovesPerNode: float64(w.fed)/float64(len(w.prices)) - 1}
	p.BytesPerPair = float64(heap()-before) / float64(e.Counts().Pairs[odds.Direct])

	c, why := newMissCounter()
	if why != nil {
		p.Note = why.Error()
	} else {
		defer c.close()
	}
	start := w.fed
	one, err := feed(boundary.Add(decideEvery-60_000), mostTicks, c)
	if err != nil {
		return p, err
	}
	p.Ticks = 2 * (w.fed - start)
	p.NsPerTick = float64(one) / 2
	if c != nil {
		n, err := c.read()
		if err != nil {
			return p, err
		}
		p.CacheMisses, p.Counted = float64(n)/float64(p.Ticks), true
	}
	p.DecideMs = w.finish(e)
	if err := w.check(e); err != nil {
		return p, err
	}
	p.Pairs = e.Counts().Pairs[odds.Direct]
	p.EventHits = float64(w.hits) / float64(w.fed)
	p.Predictions = len(w.found.Predictions)
	return p, nil
}

// heap returns the size of the live heap in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
