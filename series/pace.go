package series

import (
	"corrgraph/internal/state"
	"corrgraph/odds"
)

// leastPace is how many intervals between stamps must be known before they are relied on,
// and mostPace how many are remembered.
const (
	leastPace = 4
	mostPace  = 16
)

// Pace learns how far apart a venue's own stamps of a market usually are: their median, so
// that one long gap or a burst of updates does not matter. The zero value knows nothing.
type Pace struct {
	stamp odds.Time // newest
	usual float64   // median interval so far, ms
	n     int
}

// Add notes a stamp; repeating one says nothing. Each interval moves the median towards it
// by a step that shrinks while the history grows.
func (p *Pace) Add(stamp odds.Time) {
	if stamp <= p.stamp {
		return
	}
	d := float64(stamp.Sub(p.stamp))
	known := p.stamp != 0
	p.stamp = stamp
	if !known {
		return
	}
	p.n = min(p.n+1, mostPace)
	step := 1 + 1/float64(p.n)
	switch {
	case p.n == 1:
		p.usual = d
	case d > p.usual:
		p.usual = min(d, p.usual*step)
	case d < p.usual:
		p.usual = max(d, p.usual/step)
	}
}

// Interval is the usual distance of two stamps; 0 unknown.
func (p *Pace) Interval() odds.Millis {
	if p.n < leastPace {
		return 0
	}
	return odds.Millis(p.usual)
}

// State saves or restores p.
func (p *Pace) State(c *state.Coder) { c.Values(&p.stamp, &p.usual, &p.n) }
