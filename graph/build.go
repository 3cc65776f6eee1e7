package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"corrgraph/odds"
)

// LayerSource returns the edges of one layer of the event being built. It may return edges
// older than the layer's window; Build leaves them out. The snapshot points at what it
// keeps, so nobody may modify the edges afterwards. With [Workers] it is called from several
// goroutines at once.
type LayerSource func(ctx context.Context, layer odds.Layer) ([]Edge, error)

// FromEdges returns a source that serves edges from memory, by layer number less one.
func FromEdges(layers [4][]Edge) LayerSource {
	return func(_ context.Context, l odds.Layer) ([]Edge, error) { return layers[l-1], nil }
}

// Mode selects where the layers of a graph are built.
type Mode string

// The modes of building.
const (
	Inline  Mode = "inline"  // one after the other, on the caller's goroutine
	Workers Mode = "workers" // one goroutine per layer
)

// Options tune [Build]. The zero value is the default.
type Options struct {
	// Mode is Inline by default. Sources that wait (a store) gain from Workers; sources in
	// memory gain little and take a second core.
	Mode Mode
	// Off lists layers not to build: they are nil but not failed. None by default.
	Off [4]bool
}

// ErrPanic marks a layer whose source panicked.
var ErrPanic = errors.New("panic")

// Build assembles the four layers of an event as of asOf, each with the edges detected
// inside its window and not after asOf. If a layer's source fails, panics, or was not
// started before ctx ended, the layer is nil and the reason is in Snapshot.Errors; other
// layers are not affected. Build waits for all sources, so one that can block must respect
// ctx. Cost: a look at each edge; O(n log n) only if many are equally strong.
func Build(ctx context.Context, event string, asOf odds.Time, source LayerSource, o Options) *Snapshot {
	s := &Snapshot{Event: event, AsOf: asOf}
	one := func(i int) {
		if !o.Off[i] {
			s.Layers[i], s.Errors[i] = load(ctx, odds.Layers[i], asOf, source)
		}
	}
	if o.Mode == Workers {
		var wg sync.WaitGroup
		for i := range odds.Layers {
			wg.Go(func() { one(i) })
		}
		wg.Wait()
	} else {
		for i := range odds.Layers {
			one(i)
		}
	}
	return s
}

func load(ctx context.Context, layer odds.Layer, asOf odds.Time, source LayerSource) (l *LayerEdges, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, err = nil, fmt.Errorf("layer %d: %w: %v", layer, ErrPanic, r)
		}
	}()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("layer %d: %w", layer, context.Cause(ctx))
	}
	edges, err := source(ctx, layer)
	if err != nil {
		return nil, fmt.Errorf("layer %d: %w", layer, err)
	}
	return arrange(edges, layer, asOf)
}

// key sorts edges without moving them, since each takes several cache lines.
type key struct {
	strength float64 // |Score|, in [0, 1]
	at       int32
}

func arrange(edges []Edge, layer odds.Layer, asOf odds.Time) (*LayerEdges, error) {
	l := &LayerEdges{oldest: asOf}
	oldest := asOf.Add(-layer.Window())
	keys := make([]key, 0, len(edges))
	for i := range edges {
		e := &edges[i]
		switch {
		case e.Layer != layer:
			return nil, fmt.Errorf("layer %d: its source returned an edge of layer %d (%s → %s)", layer, e.Layer, e.Source, e.Target)
		case !e.inRange():
			l.Refused++
		case e.DetectedAt >= oldest && e.DetectedAt <= asOf:
			keys = append(keys, key{math.Abs(e.Score), int32(i)})
			l.oldest = min(l.oldest, e.DetectedAt)
		}
	}
	l.Edges = make([]*Edge, len(keys))
	for i, k := range strongestFirst(edges, keys) {
		l.Edges[i] = &edges[k.at]
	}
	return l, nil
}

// strongestFirst returns the keys in the order of [LayerEdges]. It deals them into as many
// steps of strength as there are keys and compares only those of one step: linear unless
// strengths crowd together.
func strongestFirst(edges []Edge, keys []key) []key {
	n := len(keys)
	step := func(k key) int { return n - int(k.strength*float64(n)) }
	next := make([]int32, n+2) // where the next key of a step goes
	for _, k := range keys {
		next[step(k)+1]++
	}
	for i := range n + 1 {
		next[i+1] += next[i]
	}
	out := make([]key, n)
	for _, k := range keys {
		at := &next[step(k)]
		out[*at] = k
		*at++
	}
	from := int32(0)
	for _, to := range next[:n+1] { // by now each has become the end of its step
		if to-from > 1 {
			slices.SortFunc(out[from:to], func(a, b key) int {
				if a.strength != b.strength {
					return cmp.Compare(b.strength, a.strength)
				}
				return tie(edges, a.at, b.at)
			})
		}
		from = to
	}
	return out
}

// inRange is false for NaNs and for numbers JSON cannot represent, which rows of another
// program may hold.
func (e *Edge) inRange() bool {
	return math.Abs(e.Score) <= 1 && e.Confidence >= 0 && e.Confidence <= 1 &&
		math.Abs(e.Beta) <= math.MaxFloat64 && math.Abs(e.P) <= 1 && math.Abs(e.Q) <= 1
}

// tie orders edges of equal strength; the source's order decides last.
func tie(edges []Edge, i, j int32) int {
	a, b := &edges[i], &edges[j]
	return cmp.Or(
		strings.Compare(string(a.Source), string(b.Source)),
		strings.Compare(string(a.Target), string(b.Target)),
		strings.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Lag, b.Lag),
		cmp.Compare(b.DetectedAt, a.DetectedAt),
		cmp.Compare(i, j))
}
