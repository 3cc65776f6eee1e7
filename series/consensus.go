package series

import (
	"math"
	"slices"
)

// Member is one venue's present and previous value of a selection.
type Member struct {
	Group     int     // venues of one group count once
	Now, Prev float64 // log-odds
	Both      bool    // Prev is also a value, and the series is unbroken in between
}

// Panel is the venues that quote one selection, folded into groups, as the basis of its
// consensus. The zero value is ready to use; Load reuses it.
//
// The consensus is a robust mean over groups: each group counts once, with the mean of its
// venues. Groups further than 3 robust s.d. (1.4826·MAD, at least 0.02) from the median are
// pulled in to that distance (one step of Huber's M-estimator, 1964). For comparison with a
// venue, the venue's whole group is left out; otherwise the edge would be mechanical.
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
	calm   bool // no group reaches the clipping distance, whichever group is left out
}

// Load takes the members of a selection. Cost: O(n·groups).
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

// Level returns the consensus over all groups except leaveOut (−1: all), and the number of
// groups behind it; 0 groups means there is none.
func (p *Panel) Level(leaveOut int) (value float64, groups int) {
	return p.now.mean(leaveOut, &p.sorted)
}

// Move returns the consensus's move: now less before, over the members with both, so that
// joining and leaving venues do not move it.
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

// reachOf is the clipping distance for a median absolute deviation.
func reachOf(mad float64) float64 {
	const least = 0.02
	return 3 * math.Max(least, 1.4826*mad)
}

// clip returns the median and the clipping distance of all groups except leaveOut.
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
