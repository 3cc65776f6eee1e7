package origin

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Horizon is how long a wave can be joined by venues of which nothing is known: three polls
// of a slow venue. Whoever is known to follow later than that may still join.
const Horizon odds.Millis = 180_000

// horizon is Horizon for moves of a resolution: at least three polls.
func horizon(resolution odds.Millis) odds.Millis { return max(Horizon, 3*resolution) }

const (
	// reach is how many horizons after its beginning a wave can be joined at most.
	reach = 5
	// least is the smallest move that begins a wave, about half a percentage point.
	least = 0.02
	// unusual begins a wave where the usual size is unknown.
	unusual = 0.05
	// usual is how many times its r.m.s. a move must have to begin a wave.
	usual = 2
	// joins is the share of the size of a wave by which a venue must move to be in it.
	joins = 0.5
)

// Move is a move of one selection at one venue.
type Move struct {
	Arrival
	Selection string // what is bet on: waves don't cross selections
	Node      odds.NodeID
	RMS       float64 // of the node's moves; 0 unknown
}

// Wave is one move of a selection as it travels.
type Wave struct {
	Selection string
	Size      float64 // of the move that showed it, log-odds
	Shown     odds.Time
	// Resolution is that of the move that showed it.
	Resolution odds.Millis
	Moves      []Move // the first of each venue, in order of time, then of venue
}

// Began is when the first venue of a wave moved, Last when the last one did.
func (w *Wave) Began() odds.Time { return w.Moves[0].At }

// Last is when the newest venue of a wave moved.
func (w *Wave) Last() odds.Time { return w.Moves[len(w.Moves)-1].At }

// Arrivals are the moves of a wave without what they were of.
func (w *Wave) Arrivals() []Arrival {
	out := make([]Arrival, len(w.Moves))
	for i := range w.Moves {
		out[i] = w.Moves[i].Arrival
	}
	return out
}

// Waves finds the waves in moves of any selections, by when they were shown. A wave is shown
// by a move of twice its usual size. What venues had moved the same way shortly before, in
// smaller steps, belongs to it; later moves join it while they can come from it. known says
// what is known of a selection. Cost: O(n log n) for n moves, and O(waves of the selection) for
// each.
func Waves(moves []Move, known func(selection string) *Known) []Wave {
	moves = slices.Clone(moves)
	slices.SortFunc(moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Selection, b.Selection), cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Node, b.Node))
	})
	of := map[string]*course{}
	var order []*course
	for i := range moves {
		m := &moves[i]
		c := of[m.Selection]
		if c == nil {
			c = &course{known: known(m.Selection)}
			of[m.Selection], order = c, append(order, c)
		}
		c.take(m)
	}
	var out []Wave
	for _, c := range order {
		c.rate()
		out = append(out, c.waves...)
	}
	for i := range out {
		slices.SortStableFunc(out[i].Moves, func(a, b Move) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Venue, b.Venue)) })
	}
	slices.SortStableFunc(out, func(a, b Wave) int {
		return cmp.Or(cmp.Compare(a.Shown, b.Shown), cmp.Compare(a.Selection, b.Selection))
	})
	return out
}

// course is the waves of one selection, oldest first.
type course struct {
	known *Known
	waves []Wave
	loose []*Move // recent moves that belong to no wave
	all   []*Move // by time
}

// take adds the next move.
func (c *course) take(m *Move) {
	c.all = append(c.all, m)
	for i := range slices.Backward(c.waves) {
		w := &c.waves[i]
		if w.Size*m.Size <= 0 || !c.joinable(w, m) {
			continue
		}
		if math.Abs(m.Size) >= joins*math.Abs(w.Size) && !w.has(m.Venue) {
			w.Moves = append(w.Moves, *m)
		} else if !w.has(m.Venue) {
			c.loose = append(c.loose, m)
		}
		return
	}
	if math.Abs(m.Size) < m.threshold() {
		c.loose = append(c.loose, m)
		return
	}
	c.begin(m)
}

func (m *Move) threshold() float64 {
	if m.RMS <= 0 {
		return unusual
	}
	return max(least, usual*m.RMS)
}

// joinable is whether m can come from w: within the horizon, or within the time in which its
// venue follows one of those in the wave.
func (c *course) joinable(w *Wave, m *Move) bool {
	since, h := m.At.Sub(w.Shown), horizon(max(w.Resolution, m.Resolution))
	if since < h {
		return true
	}
	if since >= max(reach*Horizon, h) {
		return false
	}
	for i := range w.Moves {
		a := &w.Moves[i]
		l, ok := c.known.Links[[2]string{a.Venue, m.Venue}]
		if ok && m.At.Sub(a.At) <= l.High+max(a.Resolution, m.Resolution) {
			return true
		}
	}
	return false
}

func (w *Wave) has(venue string) bool {
	return slices.ContainsFunc(w.Moves, func(m Move) bool { return m.Venue == venue })
}

// begin shows a wave by m, with what moved the same way before it.
func (c *course) begin(m *Move) {
	w := Wave{Selection: m.Selection, Size: m.Size, Shown: m.At, Resolution: m.Resolution}
	c.loose = slices.DeleteFunc(c.loose, func(o *Move) bool { return m.At.Sub(o.At) > horizon(max(m.Resolution, o.Resolution)) })
	sum := map[string]float64{}
	for _, o := range c.loose {
		sum[o.Venue] += o.Size
	}
	for _, o := range c.loose {
		if o.Venue == m.Venue || o.Size*m.Size <= 0 || w.has(o.Venue) || sum[o.Venue]*math.Copysign(1, m.Size) < joins*math.Abs(m.Size) {
			continue
		}
		first := *o
		first.Size = sum[o.Venue]
		w.Moves = append(w.Moves, first)
	}
	w.Moves = append(w.Moves, *m)
	c.loose = slices.DeleteFunc(c.loose, func(o *Move) bool { return w.has(o.Venue) && o.Size*m.Size > 0 })
	c.waves = append(c.waves, w)
}

// rate says of each move in a wave how often its venue makes another one like it.
func (c *course) rate() {
	type way struct {
		venue string
		up    bool
	}
	sizes := map[way][]float64{}
	for _, o := range c.all {
		k := way{o.Venue, o.Size > 0}
		sizes[k] = append(sizes[k], math.Abs(o.Size))
	}
	for _, s := range sizes {
		slices.Sort(s)
	}
	for i := range c.waves {
		w := &c.waves[i]
		for k := range w.Moves {
			m := &w.Moves[k]
			s := sizes[way{m.Venue, w.Size > 0}]
			less, _ := slices.BinarySearch(s, joins*math.Abs(w.Size))
			n := len(s) - less
			// A few moves say little of a rate: half a move is added to what was seen.
			span := max(c.all[len(c.all)-1].At.Sub(c.all[0].At), 2*horizon(m.Resolution))
			m.Rate = (float64(max(0, n-1)) + 0.5) / float64(span)
		}
	}
}
