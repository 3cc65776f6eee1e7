// Package copies finds venues that republish another venue's old prices.
//
// What a venue shows of a market is compared with what others showed there before. A venue
// is a stale copy of another one if almost all that it shows the other has shown, some of it
// long ago, and the other does not repeat it in turn. Two venues that show the same at the
// same time are no case of it: they are a group.
//
// Nothing here is safe for concurrent use.
package copies

import (
	"math"
	"slices"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

const (
	// memory is how long what a venue showed is remembered, and most how much of it.
	memory odds.Millis = 15 * 60_000
	most               = 64
	// old is how long ago a venue must have left what another one shows now, for that to be an
	// old price: a follower, too, is late.
	old odds.Millis = 60_000

	leastChanges = 60   // of a venue, before it is judged
	leastOld     = 5    // of them, to old prices
	oldShare     = 0.02 // the same as a share
	sameShare    = 0.95 // of its changes, to what the other has shown
	backShare    = 0.5  // of the other's changes, to what it has shown: below
	mostChanges  = 4096 // counted; beyond, older ones count half
	judgeEvery   = 16   // changes
)

// Shown is what one venue shows and has shown of one market.
type Shown struct{ seen []seen }

type seen struct {
	what uint64
	to   odds.Time // when it was last shown; Never while it is
}

// Show takes what the venue shows from now on; 0 is nothing. It reports whether that is new.
func (s *Shown) Show(at odds.Time, what uint64) bool {
	if n := len(s.seen); n > 0 && s.seen[n-1].to == odds.Never {
		if s.seen[n-1].what == what {
			return false
		}
		s.seen[n-1].to = at
	}
	if what == 0 {
		return false
	}
	from := 0
	for from < len(s.seen) && (len(s.seen)-from >= most || at.Sub(s.seen[from].to) > memory) {
		from++
	}
	s.seen = append(s.seen[:copy(s.seen, s.seen[from:])], seen{what, odds.Never})
	return true
}

// Any reports whether the venue has shown anything.
func (s *Shown) Any() bool { return len(s.seen) > 0 }

// when returns when the venue last showed it: Never while it does, 0 if it did not.
func (s *Shown) when(at odds.Time, what uint64) odds.Time {
	for i := len(s.seen) - 1; i >= 0; i-- {
		x := &s.seen[i]
		if x.to != odds.Never && at.Sub(x.to) > memory {
			break
		}
		if x.what == what {
			return x.to
		}
	}
	return 0
}

// What identifies prices and their lines; 0 if there is no price that can be taken (0 or NaN).
func What(prices, lines []float64) uint64 {
	h, open := uint64(14695981039346656037), false
	for k, price := range prices {
		if price > 0 {
			open = true
			for _, x := range [...]uint64{uint64(k), math.Float64bits(price), math.Float64bits(lines[k])} {
				h = (h ^ x) * 1099511628211
				h ^= h >> 29
			}
		}
	}
	if !open {
		return 0
	}
	return h | 1
}

// Tally counts whose prices venues show. The zero value is empty.
type Tally struct {
	changes map[int]int // by venue
	same    map[[2]int]pair
	found   map[int]int // copies and whom they copy, as last judged
}

// pair counts what one venue shows of what another has shown.
type pair struct{ all, old int }

// Change counts what a venue shows newly, in a market that had another price of its before.
func (t *Tally) Change(venue int) {
	if t.changes == nil {
		t.changes, t.same, t.found = map[int]int{}, map[[2]int]pair{}, map[int]int{}
	}
	if t.changes[venue]%judgeEvery == judgeEvery-1 {
		delete(t.found, venue)
		if other, ok := t.judge(venue); ok {
			t.found[venue] = other
		}
	}
	if t.changes[venue]++; t.changes[venue] > mostChanges {
		t.changes[venue] /= 2
		for k, p := range t.same {
			if k[0] == venue {
				t.same[k] = pair{p.all / 2, p.old / 2}
			}
		}
	}
}

// Compare counts whether another venue has shown it before.
func (t *Tally) Compare(venue, other int, shown *Shown, at odds.Time, what uint64) {
	to := shown.when(at, what)
	if to == 0 {
		return
	}
	k := [2]int{venue, other}
	p := t.same[k]
	p.all++
	if to != odds.Never && at.Sub(to) >= old {
		p.old++
	}
	t.same[k] = p
}

// Of returns the venue whose old prices a venue republishes.
func (t *Tally) Of(venue int) (other int, ok bool) {
	other, ok = t.found[venue]
	return other, ok
}

// judge finds whom a venue copies: of several the one it repeats most, the first of equals.
func (t *Tally) judge(venue int) (other int, ok bool) {
	n, best := t.changes[venue], 0
	if n < leastChanges {
		return 0, false
	}
	for k, p := range t.same {
		back := t.same[[2]int{k[1], venue}]
		switch {
		case k[0] != venue || float64(p.all) < sameShare*float64(n) || p.old < leastOld || float64(p.old) < oldShare*float64(n):
		case float64(back.all) >= backShare*float64(t.changes[k[1]]):
		case !ok || p.all > best || p.all == best && k[1] < other:
			other, best, ok = k[1], p.all, true
		}
	}
	return other, ok
}

// State saves what was shown, or restores it.
func (s *Shown) State(c *state.Coder) {
	state.Slice(c, &s.seen, func(x *seen) { c.Values(&x.what, &x.to) })
}

// State saves the counts, or restores them into an empty tally.
func (t *Tally) State(c *state.Coder) {
	if c.Reading() {
		t.changes, t.same, t.found = map[int]int{}, map[[2]int]pair{}, map[int]int{}
	}
	state.Map(c, t.changes, func(a, b int) int { return a - b }, func(v, n *int) { c.Values(v, n) })
	state.Map(c, t.found, func(a, b int) int { return a - b }, func(v, of *int) { c.Values(v, of) })
	state.Map(c, t.same, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }, func(k *[2]int, p *pair) {
		c.Values(&k[0], &k[1], &p.all, &p.old)
	})
}
