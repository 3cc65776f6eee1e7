package sameness

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"corrgraph/odds"
)

// request is what one source sends at once.
type request struct {
	at      odds.Time // the clock when it is sent
	batches []*odds.Batch
}

// grid is how often a source sends.
const grid = 100

// onGrid is the first time at or after another at which sources send.
func onGrid(at odds.Time) odds.Time { return (at + grid - 1) / grid * grid }

// schedule says when everything arrives. Another seed gives another interleaving: each source
// keeps its own order and stays within its delay. Some requests are sent once more minutes
// later.
func (m *market) schedule(seed uint64) (all []request) {
	for k := range m.sources {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		all = append(all, m.sources[k].schedule(r, m.from)...)
	}
	slices.SortStableFunc(all, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	return all
}

func (s *source) schedule(r *rand.Rand, from odds.Time) (all []request) {
	now, slow := odds.Ever, 0.5
	for _, b := range s.ticks {
		slow = max(0, min(1, slow+0.2*r.NormFloat64()))
		takes := 0.2 + 0.8*slow
		if b.At < from {
			takes = 1 // a hello, before anything else
		}
		at := max(now, onGrid(b.At.Add(odds.Millis(takes*float64(s.delay)))))
		if n := len(all); n > 0 && at == now {
			all[n-1].batches = append(all[n-1].batches, b)
			continue
		}
		now, all = at, append(all, request{at, []*odds.Batch{b}})
	}
	for _, q := range all {
		if r.IntN(50) == 0 {
			q.at = q.at.Add(odds.Millis(1+r.IntN(300)) * second)
			all = append(all, q)
		}
	}
	return all
}

// inOrder says when the batches of a recording arrive that is sent while it happens.
func inOrder(of []*odds.Batch) (all []request) {
	for _, b := range of {
		if n := len(all); n > 0 && all[n-1].at == b.At {
			all[n-1].batches = append(all[n-1].batches, b)
			continue
		}
		all = append(all, request{b.At, []*odds.Batch{b}})
	}
	return all
}

// atOnce sends the batches of a recording one request after the other.
func atOnce(of []*odds.Batch, at odds.Time) (all []request) {
	for part := range slices.Chunk(of, 100) {
		all = append(all, request{at, part})
	}
	return all
}
