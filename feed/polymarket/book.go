package polymarket

import (
	"slices"
)

// one is the price 1 in millionths.
const one = 1_000_000

// level is one price of a book. Its rank is the price in millionths on the side of the bids and
// its negative on that of the asks, so that the best level has the highest rank.
type level struct {
	rank int32
	size float64
}

// ladder is one side of a book, best level last.
type ladder []level

// set changes a level; size 0 removes it. It returns by how many levels the ladder has grown, and
// whether there was room.
func (l *ladder) set(rank int32, size float64) (grown int, ok bool) {
	s := *l
	i := len(s)
	for i > 0 && s[i-1].rank >= rank { // changes are near the best price
		i--
		if len(s)-i > 8 {
			i, _ = slices.BinarySearchFunc(s[:i], rank, func(e level, r int32) int { return int(e.rank - r) })
			break
		}
	}
	found := i < len(s) && s[i].rank == rank
	switch {
	case size > 0 && found:
		s[i].size = size
	case size > 0:
		if len(s) >= mostLevels {
			return 0, false
		}
		*l = slices.Insert(s, i, level{rank, size})
		return 1, true
	case found:
		*l = slices.Delete(s, i, i+1)
		return -1, true
	}
	return 0, true
}

// fill replaces the ladder by an image in any order.
func (l *ladder) fill(levels []level) {
	*l = append((*l)[:0], levels...)
	if !slices.IsSortedFunc(*l, byRank) {
		slices.SortStableFunc(*l, byRank)
	}
	*l = slices.CompactFunc(*l, func(a, b level) bool { return a.rank == b.rank })
}

func byRank(a, b level) int { return int(a.rank - b.rank) }

// list returns the levels, best first.
func (l ladder) list() []Level {
	out := make([]Level, 0, len(l))
	for _, e := range slices.Backward(l) {
		out = append(out, Level{float64(max(e.rank, -e.rank)) / one, e.size})
	}
	return out
}

// book is that of a market's first token.
type book struct{ bids, asks ladder }

// clear empties the book and returns how many levels it had. Memory of a large one is given back.
func (b *book) clear() int {
	n := len(b.bids) + len(b.asks)
	*b = book{}
	return n
}

func (b *book) len() int { return len(b.bids) + len(b.asks) }

// top are the best prices of a book in millionths: 0 and one where a side is empty. The zero top
// is unknown.
type top struct{ bid, ask int32 }

func (b *book) top() top {
	t := top{0, one}
	if n := len(b.bids); n > 0 {
		t.bid = b.bids[n-1].rank
	}
	if n := len(b.asks); n > 0 {
		t.ask = -b.asks[n-1].rank
	}
	return t
}

func (t top) crossed() bool { return t.bid >= t.ask }

// mirrored is the top of the other token.
func (t top) mirrored() top { return top{one - t.ask, one - t.bid} }
