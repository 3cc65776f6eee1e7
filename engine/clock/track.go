package clock

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
)

// Track checks what a source says of a venue's times: whether its event times are those of
// a poll, and how far they are from receipt. The zero value knows nothing.
type Track struct {
	last  odds.Time // newest instant
	gaps  []odds.Millis
	next  int // the gap that the next one takes the place of
	fresh int // gaps since the last look for a grid
	step  odds.Millis

	delays []odds.Millis // of the newest stamps
	nth    int           // the delay that the next one takes the place of
	least  []reach       // the least delay of each window, the newest last
}

// reach is the least delay of a window.
type reach struct {
	from  odds.Time
	least odds.Millis
}

const (
	mostGaps  = 64 // remembered
	leastGaps = 29 // 30 instants
	lookEvery = 16 // gaps
	// finestGrid is the finest grid that counts as one.
	finestGrid odds.Millis = 1000
	// jitter is how far from a multiple of the step a gap may be, in steps.
	jitter = 0.02
	// misfits is the share of gaps that may be anything: a poller starts anew, a row is wrong.
	misfits = 0.05

	mostDelays              = 64
	leastDelays             = 30
	drifts                  = 12 // windows that a drift is looked for in
	leastDrifts             = 6
	window      odds.Millis = 600_000
	// certainDrift is the share of the windows' variance that a drift must explain: a step half
	// way, a network route that changed, explains three quarters.
	certainDrift = 0.9
	// SkewLeast is the smallest difference from receipt that is told.
	SkewLeast odds.Millis = 250
)

// Tick takes the event time and the time of receipt of a quote, in event-time order.
func (t *Track) Tick(at, recv odds.Time) {
	if at == t.last {
		return
	}
	if t.last != 0 {
		t.gap(at.Sub(t.last))
	}
	t.last = at
	if recv == 0 {
		return
	}
	d := recv.Sub(at)
	if len(t.delays) < mostDelays {
		t.delays = append(t.delays, d)
	} else {
		t.delays[t.nth], t.nth = d, (t.nth+1)%mostDelays
	}
	if n := len(t.least); n > 0 && at.Sub(t.least[n-1].from) < window {
		t.least[n-1].least = min(t.least[n-1].least, d)
		return
	}
	if len(t.least) == drifts {
		t.least = t.least[:copy(t.least, t.least[1:])]
	}
	t.least = append(t.least, reach{at, d})
}

func (t *Track) gap(g odds.Millis) {
	if len(t.gaps) < mostGaps {
		t.gaps = append(t.gaps, g)
	} else {
		t.gaps[t.next], t.next = g, (t.next+1)%mostGaps
	}
	if t.fresh++; len(t.gaps) < leastGaps || t.fresh < lookEvery && len(t.gaps) > leastGaps {
		return
	}
	t.fresh = 0
	step := gridOf(t.gaps)
	if step == 0 && t.step != 0 { // one that was found is believed until most gaps speak against it
		sorted := slices.Sorted(slices.Values(t.gaps))
		if _, fits := fit(sorted, float64(t.step)); 2*fits >= len(sorted) {
			return
		}
	}
	t.step = step
}

// Step is the step of the grid on which the event times fall; 0 if they fall on none.
func (t *Track) Step() odds.Millis {
	if t == nil {
		return 0
	}
	return t.step
}

// Together reports whether the event times of both fall on one grid: the same steps at the
// same phase.
func (t *Track) Together(o *Track) bool {
	if t.Step() == 0 || o.Step() == 0 {
		return false
	}
	p := float64(t.step)
	off := math.Abs(math.Remainder(float64(t.last-o.last), p))
	return math.Abs(float64(t.step-o.step)) <= jitter*p && off <= jitter*p
}

// gridOf finds the largest step of which the gaps are integer multiples; 0 if there is none
// of a second or more.
//
// Random times are no grid: each of 29 gaps would have to fall into 4 % of the possible
// lengths. Times rounded to whole seconds are one, of a second.
func gridOf(gaps []odds.Millis) (step odds.Millis) {
	sorted := slices.Sorted(slices.Values(gaps))
	allowed := int(misfits * float64(len(sorted)))
	best := 0.0
	for _, g := range slices.Compact(slices.Clone(sorted[:allowed+1])) { // one of these fits
		for k := odds.Millis(1); g/k >= finestGrid && float64(g)/float64(k) > best; k++ {
			if p, n := fit(sorted, float64(g)/float64(k)); n >= len(sorted)-allowed && p > best {
				best = p
				break
			}
		}
	}
	return odds.Millis(math.Round(best))
}

// fit counts the gaps, which are sorted, that are multiples of a step, and makes the step
// exact by them.
func fit(gaps []odds.Millis, step float64) (exact float64, fits int) {
	var sum, steps float64
	for _, g := range gaps {
		m := math.Round(float64(g) / step)
		if m < 1 || math.Abs(float64(g)-m*step) > jitter*step {
			continue
		}
		sum, steps, fits = sum+float64(g), steps+m, fits+1
		step = sum / steps
	}
	return step, fits
}

// Skew is what is wrong with a clock. Its zero value is nothing.
type Skew struct {
	Ahead odds.Millis // how far the stamps are ahead of receipt
	Drift odds.Millis // how far the delay went, for sure, within the last two hours or less
}

// String says it in words; empty if nothing is wrong.
func (s Skew) String() string {
	var f []string
	if s.Ahead != 0 {
		f = append(f, fmt.Sprintf("%.1f s ahead of receipt", s.Ahead.Std().Seconds()))
	}
	if s.Drift != 0 {
		f = append(f, fmt.Sprintf("drifts: its delay changed by %+.1f s within two hours", s.Drift.Std().Seconds()))
	}
	return strings.Join(f, ", ")
}

// Skewed tells what is wrong with the clock of stamps of a resolution.
func (t *Track) Skewed(resolution odds.Millis) (s Skew) {
	if t == nil || len(t.delays) < leastDelays {
		return s
	}
	limit := max(SkewLeast, resolution)
	if m := median(t.delays); -m > limit {
		s.Ahead = -m
	}
	if d := t.drift(); d > limit || -d > limit {
		s.Drift = d
	}
	return s
}

func median(ds []odds.Millis) odds.Millis {
	s := slices.Sorted(slices.Values(ds))
	return s[len(s)/2]
}

// drift is how far a straight line through the least delays went; 0 if they follow none.
// Networks delay by more or less: only the least delay shows the clock.
func (t *Track) drift() odds.Millis {
	w := t.least[:max(0, len(t.least)-1)] // the newest window is not over
	if len(w) < leastDrifts {
		return 0
	}
	var mx, my, xx, xy, yy float64
	for _, p := range w {
		mx, my = mx+float64(p.from-w[0].from)/float64(len(w)), my+float64(p.least)/float64(len(w))
	}
	for _, p := range w {
		x, y := float64(p.from-w[0].from)-mx, float64(p.least)-my
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
	}
	if xx == 0 || yy == 0 || xy*xy < certainDrift*xx*yy {
		return 0
	}
	return odds.Millis(xy / xx * float64(w[len(w)-1].from-w[0].from))
}

// trackKey names a source's word on a venue.
type trackKey struct{ source, venue string }

func (k trackKey) compare(o trackKey) int {
	return cmp.Or(cmp.Compare(k.source, o.source), cmp.Compare(k.venue, o.venue))
}

// Tracks holds the track of every venue of every source: several pollers may share a
// source's name.
type Tracks map[trackKey]*Track

// Of finds or adds a track; nil if that would be more than most.
func (c Tracks) Of(source, venue string, most int) *Track {
	k := trackKey{source, venue}
	t := c[k]
	if t == nil && len(c) < most {
		t = &Track{}
		c[k] = t
	}
	return t
}

// Step is the coarsest step of a source's venues; 0 if none has one.
func (c Tracks) Step(source string) (step odds.Millis) {
	for k, t := range c {
		if k.source == source {
			step = max(step, t.step)
		}
	}
	return step
}

// Each calls f for every track, by source and venue.
func (c Tracks) Each(f func(source, venue string, t *Track)) {
	keys := make([]trackKey, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, trackKey.compare)
	for _, k := range keys {
		f(k.source, k.venue, c[k])
	}
}
