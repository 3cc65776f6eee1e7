package waves

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
	"corrgraph/proof/simulate"
)

// Truth is what truly moved, by node, oldest first. Its Add is a simulation's Tell.
type Truth map[odds.NodeID][]simulate.Step

// Add takes a true move.
func (t Truth) Add(s simulate.Step) { t[s.Node] = append(t[s.Node], s) }

// Origin is the venue whose own moves make up most of what a wave shows: each true move
// counts for the venue that made it first, however it came to be seen. It is empty if none
// of the wave's moves is one of the truth, as where a market reopens.
func (t Truth) Origin(w *Found) string {
	of := map[string]float64{}
	for i := range w.Moves {
		m := &w.Moves[i]
		own := map[string]float64{}
		for _, s := range t.between(m.Node, m.At.Add(-max(finest, m.Resolution)), m.At) {
			own[s.Cause] += s.Size * m.Size
		}
		if v := largest(own); v != "" {
			of[v] += math.Abs(m.Size)
		}
	}
	return largest(of)
}

// finest is how long a stream may take to show a move, in milliseconds.
const finest = 20

// between are the true moves of a node after from, up to and including to.
func (t Truth) between(n odds.NodeID, from, to odds.Time) []simulate.Step {
	after := func(at odds.Time) int {
		i, _ := slices.BinarySearchFunc(t[n], at+1, func(s simulate.Step, at odds.Time) int { return cmp.Compare(s.At, at) })
		return i
	}
	return t[n][after(from):after(to)]
}

// largest is the key of the largest value above 0, the first by name of equal ones.
func largest(of map[string]float64) (best string) {
	most := 0.0
	for _, k := range slices.Sorted(maps.Keys(of)) {
		if of[k] > most {
			best, most = k, of[k]
		}
	}
	return best
}

// Report is how often the origin was right, among waves of which somebody knows it and
// that more than one venue, or group, was in.
type Report struct {
	Waves, Events int
	Earliest      float64 // share in which the earliest stamp is that of the origin; of venues with equal stamps each counts in part
	Likely        float64 // share in which the most probable venue is the origin
	Low, High     float64 // 95 % interval of Likely − Earliest, by event
	Told          int     // waves in which one venue is more probable than all others
	ToldRight     float64 // the share of those in which it is the origin
	Stated        float64 // mean probability of the most probable
	Brier         float64 // of that probability
	Reliability   [5]Bin  // by fifths of the probability of the most probable
	First, Named  map[string]float64
}

// Bin sets a stated probability beside what came of it.
type Bin struct {
	Stated, Came float64
	N            int
}

// Judge compares waves with their origin; those of which right knows none, and those with one
// venue, are left out.
func Judge(found []Found, right func(*Found) string) Report {
	r := Report{First: map[string]float64{}, Named: map[string]float64{}}
	gain := map[string][2]float64{} // by event: sum and number
	for i := range found {
		w := &found[i]
		if len(w.Shares) < 2 {
			continue
		}
		truth := right(w)
		if truth == "" {
			continue
		}
		first, likely := 0.0, 0.0
		for _, v := range w.Earliest {
			r.First[v] += 1 / float64(len(w.Earliest))
			if w.same(v, truth) {
				first += 1 / float64(len(w.Earliest))
			}
		}
		top := &w.Shares[0]
		r.Named[top.Venue]++
		if w.same(top.Venue, truth) {
			likely = 1
		}
		r.add(top.P, likely, w.Told)
		r.Earliest += first
		g := gain[w.Event]
		gain[w.Event] = [2]float64{g[0] + likely - first, g[1] + 1}
	}
	r.Events = len(gain)
	r.mean(gain)
	return r
}

// same reports whether two venues are one, or move as one.
func (w *Found) same(a, b string) bool {
	return a == b || slices.ContainsFunc(w.Known.Groups, func(g []string) bool { return slices.Contains(g, a) && slices.Contains(g, b) })
}

func (r *Report) add(p, likely float64, told bool) {
	r.Waves++
	r.Likely += likely
	r.Stated += p
	r.Brier += (p - likely) * (p - likely)
	if told {
		r.Told++
		r.ToldRight += likely
	}
	b := &r.Reliability[min(4, int(5*p))]
	b.Stated, b.Came, b.N = b.Stated+p, b.Came+likely, b.N+1
}

// mean turns sums into means, with the interval of a ratio over events.
func (r *Report) mean(gain map[string][2]float64) {
	n := max(1, float64(r.Waves))
	r.Earliest, r.Likely, r.Stated, r.Brier = r.Earliest/n, r.Likely/n, r.Stated/n, r.Brier/n
	r.ToldRight /= max(1, float64(r.Told))
	for i := range r.Reliability {
		b := &r.Reliability[i]
		b.Stated, b.Came = b.Stated/max(1, float64(b.N)), b.Came/max(1, float64(b.N))
	}
	d, sum := r.Likely-r.Earliest, 0.0
	for _, k := range slices.Sorted(maps.Keys(gain)) {
		x := gain[k][0] - d*gain[k][1]
		sum += x * x
	}
	se := math.Sqrt(sum) / n
	r.Low, r.High = d-1.96*se, d+1.96*se
}

// String is one line, and one of the reliability.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d waves of %d events: earliest %.3f, likely %.3f (gain [%+.3f, %+.3f]); told %d, right %.3f; stated %.3f, Brier %.3f;", r.Waves, r.Events, r.Earliest, r.Likely, r.Low, r.High, r.Told, r.ToldRight, r.Stated, r.Brier)
	for _, x := range r.Reliability {
		if x.N > 0 {
			fmt.Fprintf(&b, " %.2f→%.2f (%d)", x.Stated, x.Came, x.N)
		}
	}
	return b.String()
}
