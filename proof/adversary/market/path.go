package market

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// move is a change of a venue's log-odds, in ms since the start.
type move struct {
	at int64
	dx float64
}

// settle is when moves begin: by then every venue has shown its first price.
const settle = 5 * second

// shocks draws moves at random times, one in gap ms on average. Most are of 0.02 to 0.06
// times size; one in six is large, 0.1 to 0.2, as it takes such a move to make a forecast.
// Far from the start they tend back.
func shocks(r *rand.Rand, from, to, gap int64, size float64) (m []move) {
	x := 0.0
	for t := from + int64(r.ExpFloat64()*float64(gap)); t < to; t += 1 + int64(r.ExpFloat64()*float64(gap)) {
		dx := size * (0.02 + 0.04*r.Float64())
		if r.IntN(6) == 0 {
			dx = size * (0.1 + 0.1*r.Float64())
		}
		if r.Float64() < 0.5+x/2.4 {
			dx = -dx
		}
		m, x = append(m, move{t, dx}), x+dx
	}
	return m
}

// ideas draws moves of a venue's own that it takes back some minutes later.
func ideas(r *rand.Rand, to, gap int64) (m []move) {
	for _, out := range shocks(r, settle, to, gap, 1) {
		back := out.at + minute + int64(r.ExpFloat64()*4*minute)
		m = append(m, out, move{back, -out.dx})
	}
	return m
}

// follow repeats moves after a lag. One in ten is missed and made up for minutes later.
func follow(r *rand.Rand, m []move, lag func(at int64) int64) []move {
	out := make([]move, len(m))
	for i, x := range m {
		d := lag(x.at)
		if r.IntN(10) == 0 {
			d += 2*minute + r.Int64N(4*minute)
		}
		out[i] = move{x.at + d, x.dx}
	}
	return out
}

// about is a lag that varies by a sixth either way.
func about(r *rand.Rand, lag int64) func(int64) int64 {
	return func(int64) int64 { return lag - lag/6 + r.Int64N(lag/3+1) }
}

// within is a delay of up to most, by chance.
func within(r *rand.Rand, most int64) func(int64) int64 {
	return func(int64) int64 { return r.Int64N(most + 1) }
}

// delayed repeats every move.
func delayed(m []move, lag func(int64) int64) []move {
	out := make([]move, len(m))
	for i, x := range m {
		out[i] = move{x.at + lag(x.at), x.dx}
	}
	return out
}

// path is a venue's log-odds of one event over time.
type path struct {
	at []int64
	x  []float64 // from at on
}

// pathOf joins moves.
func pathOf(start float64, moves ...[]move) path {
	all := slices.Concat(moves...)
	slices.SortStableFunc(all, func(a, b move) int { return cmp.Compare(a.at, b.at) })
	p := path{at: []int64{0}, x: []float64{start}}
	for _, m := range all {
		start += m.dx
		if n := len(p.at) - 1; p.at[n] == m.at {
			p.x[n] = start
			continue
		}
		p.at, p.x = append(p.at, m.at), append(p.x, start)
	}
	return p
}

// value is the log-odds at a time.
func (p path) value(t int64) float64 {
	i, found := slices.BinarySearch(p.at, t)
	if !found {
		i--
	}
	return p.x[max(0, i)]
}
