package series

import (
	"math"
	"slices"
)

// Member is one venue's present and previous value of a selection.
type Member struct {
	Group     int     // venues of one group count once
	Now, Prev float64 // log-odds
	Both      bool    // Prev is a value too, with nothing broken in between
}

// Panel is the venues that quote one selection, folded into groups: the ground
// of its consensus. Its zero value is ready; it is reused by Load.
//
// The consensus is a robust mean over groups: each group counts once, with the
// mean of its venues, and groups further than 3 robust s.d. (1.4826·MAD, never
// less than 0.02) from the median are drawn in to that distance (one step of
// Huber's M-estimator, 1964). Set against a venue, the venue's whole group is
// left out, or the edge would be mechanical.
type Panel struct {
	now, then, before fold
	sorted            []float64
}

// fold is one population of group values.
type fold struct {
	ids    []int
	values []float64
	counts []float64
	sum    float64
	calm   bool // nothing reaches the clipping distance, whoever is left out
}

// Load takes the members of a selection. Cost O(n·groups).
func (p *Panel) Load(m []Member) {
	p.now.reset()
	p.then.reset()
	p.before.reset()
	for i := range m {
		p.now.add(m[i].Group, m[i].Now)
		if m[i].Both {
			p.then.add(m[i].Group, m[i].Now)
			p.before.add(m[i].Group, m[i].Prev)
		}
	}
	for _, f := range []*fold{&p.now, &p.then, &p.before} {
		f.settle(&p.sorted)
	}
}

// Level returns the consensus over the groups but leaveOut (−1: all), and how
// many groups it rests on; 0 of them means that there is none.
func (p *Panel) Level(leaveOut int) (value float64, groups int) {
	return p.now.mean(leaveOut, &p.sorted)
}

// Move returns how far the consensus moved: now less before, over the members
// that have both, so that a venue that comes or goes moves nothing.
func (p *Panel) Move(leaveOut int) (move float64, groups int) {
	a, n := p.then.mean(leaveOut, &p.sorted)
	b, _ := p.before.mean(leaveOut, &p.sorted)
	return a - b, n
}

func (f *fold) reset() { f.ids, f.values, f.counts = f.ids[:0], f.values[:0], f.counts[:0] }

func (f *fold) add(group int, v float64) {
	k := slices.Index(f.ids, group)
	if k < 0 {
		f.ids, f.values, f.counts = append(f.ids, group), append(f.values, v), append(f.counts, 1)
		return
	}
	f.counts[k]++
	f.values[k] += (v - f.values[k]) / f.counts[k]
}

func (f *fold) settle(buf *[]float64) {
	f.sum = 0
	for _, v := range f.values {
		f.sum += v
	}
	n := len(f.values)
	f.calm = false
	if n <= 3 {
		return
	}
	// Leaving one group out moves the median by at most slack, and of n
	// deviations the median of those left is at least that of the n − 1 smallest.
	s := append((*buf)[:0], f.values...)
	*buf = s
	slices.Sort(s)
	med := median(s)
	slack := math.Max(med-median(s[:n-1]), median(s[1:])-med)
	for i, v := range s {
		s[i] = math.Abs(v - med)
	}
	slices.Sort(s)
	f.calm = s[n-1]+slack <= reachOf(median(s[:n-1])-slack)
}

// reachOf is the clipping distance of a median absolute deviation.
func reachOf(mad float64) float64 {
	const least = 0.02
	return 3 * math.Max(least, 1.4826*mad)
}

// clip returns the median and the clipping distance of the groups but leaveOut.
func (f *fold) clip(leaveOut int, buf *[]float64) (med, reach float64) {
	s := (*buf)[:0]
	for i, v := range f.values {
		if f.ids[i] != leaveOut {
			s = append(s, v)
		}
	}
	*buf = s
	if len(s) == 0 {
		return 0, 0
	}
	slices.Sort(s)
	med = median(s)
	for i, v := range s {
		s[i] = math.Abs(v - med)
	}
	slices.Sort(s)
	return med, reachOf(median(s))
}

func (f *fold) mean(leaveOut int, buf *[]float64) (float64, int) {
	sum, n := f.sum, len(f.values)
	if k := slices.Index(f.ids, leaveOut); k >= 0 {
		sum, n = sum-f.values[k], n-1
	}
	if n == 0 {
		return 0, 0
	}
	if f.calm || n == 1 {
		return sum / float64(n), n
	}
	med, reach := f.clip(leaveOut, buf)
	sum = 0
	for i, v := range f.values {
		if f.ids[i] != leaveOut {
			sum += med + math.Max(-reach, math.Min(reach, v-med))
		}
	}
	return sum / float64(n), n
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
