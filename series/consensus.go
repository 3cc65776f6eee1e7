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
}

// fold is one population of group values. Its slices are reused.
type fold struct {
	ids    []int
	at     []int // by group: its index in ids, if ids has the group there (a sparse set: Briggs and Torczon, 1993)
	values []float64
	counts []float64
	sum    float64
	calm   bool      // no group reaches the clipping distance, whichever group is left out
	sorted []float64 // values
	about  []about   // by median: leaving out one group gives three at most
}

// about is what is clipped about one median.
type about struct {
	median float64
	off    []float64 // distances from it, ascending
	sums   []clipped // by reach: leaving out one group gives three at most
}

// clipped is the sum of all values, each pulled in to reach.
type clipped struct{ reach, sum float64 }

// Load takes the members of a selection, whose groups are 0 or more. Cost: O(n log n); and
// the first question of each kind costs O(n log n), all others O(log n).
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
		f.settle()
	}
}

// Level returns the consensus over all groups except leaveOut (−1: all), and the number of
// groups behind it; 0 groups means there is none.
func (p *Panel) Level(leaveOut int) (value float64, groups int) {
	return p.now.mean(leaveOut)
}

// Move returns the consensus's move: now less before, over the members with both, so that
// joining and leaving venues do not move it.
func (p *Panel) Move(leaveOut int) (move float64, groups int) {
	a, n := p.then.mean(leaveOut)
	b, _ := p.before.mean(leaveOut)
	return a - b, n
}

func (f *fold) reset() {
	f.ids, f.values, f.counts, f.about = f.ids[:0], f.values[:0], f.counts[:0], f.about[:0]
}

// index returns the index of a group, or -1.
func (f *fold) index(group int) int {
	if group < 0 || group >= len(f.at) {
		return -1
	}
	if k := f.at[group]; k < len(f.ids) && f.ids[k] == group {
		return k
	}
	return -1
}

func (f *fold) add(group int, v float64) {
	k := f.index(group)
	if k < 0 {
		for len(f.at) <= group {
			f.at = append(f.at, 0)
		}
		f.at[group] = len(f.ids)
		f.ids, f.values, f.counts = append(f.ids, group), append(f.values, v), append(f.counts, 1)
		return
	}
	f.counts[k]++
	f.values[k] += (v - f.values[k]) / f.counts[k]
}

func (f *fold) settle() {
	f.sum = 0
	for _, v := range f.values {
		f.sum += v
	}
	n := len(f.values)
	f.calm = false
	s := append(f.sorted[:0], f.values...)
	f.sorted = s
	slices.Sort(s)
	if n <= 3 {
		return
	}
	// Leaving one group out moves the median by at most slack, and of n
	// deviations the median of those left is at least that of the n − 1 smallest.
	med := median(s)
	slack := math.Max(med-median(s[:n-1]), median(s[1:])-med)
	off := f.around(med).off
	f.calm = off[n-1]+slack <= reachOf(median(off[:n-1])-slack)
}

// reachOf is the clipping distance for a median absolute deviation.
func reachOf(mad float64) float64 {
	const least = 0.02
	return 3 * math.Max(least, 1.4826*mad)
}

// around returns what is clipped about a median.
func (f *fold) around(med float64) *about {
	for i := range f.about {
		if f.about[i].median == med {
			return &f.about[i]
		}
	}
	if len(f.about) < cap(f.about) {
		f.about = f.about[:len(f.about)+1]
	} else {
		f.about = append(f.about, about{})
	}
	a := &f.about[len(f.about)-1]
	a.median, a.off, a.sums = med, a.off[:0], a.sums[:0]
	for _, v := range f.sorted {
		a.off = append(a.off, math.Abs(v-med))
	}
	slices.Sort(a.off)
	return a
}

// clip pulls one value in.
func (a *about) clip(v, reach float64) float64 {
	return a.median + math.Max(-reach, math.Min(reach, v-a.median))
}

// sum adds up all values, pulled in.
func (a *about) sum(values []float64, reach float64) (sum float64) {
	for _, s := range a.sums {
		if s.reach == reach {
			return s.sum
		}
	}
	for _, v := range values {
		sum += a.clip(v, reach)
	}
	a.sums = append(a.sums, clipped{reach, sum})
	return sum
}

func (f *fold) mean(leaveOut int) (float64, int) {
	k := f.index(leaveOut)
	if k < 0 {
		return f.all()
	}
	own, n := f.values[k], len(f.values)-1
	switch {
	case n == 0:
		return 0, 0
	case f.calm || n == 1:
		return (f.sum - own) / float64(n), n
	}
	a := f.around(medianBut(f.sorted, own))
	reach := reachOf(medianBut(a.off, math.Abs(own-a.median)))
	return (a.sum(f.values, reach) - a.clip(own, reach)) / float64(n), n
}

// all is the mean over all groups.
func (f *fold) all() (float64, int) {
	n := len(f.values)
	switch {
	case n == 0:
		return 0, 0
	case f.calm || n == 1:
		return f.sum / float64(n), n
	}
	a := f.around(median(f.sorted))
	return a.sum(f.values, reachOf(median(a.off))) / float64(n), n
}

// medianBut is the median of at least two sorted values without one of them.
func medianBut(sorted []float64, out float64) float64 {
	gap, _ := slices.BinarySearch(sorted, out)
	at := func(i int) float64 {
		if i >= gap {
			i++
		}
		return sorted[i]
	}
	n := len(sorted) - 1
	if n%2 == 1 {
		return at(n / 2)
	}
	return (at(n/2-1) + at(n/2)) / 2
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
