package day

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// book is one that shows prices of all games.
type book struct {
	name  string
	lag   time.Duration // behind the leader; of followers alone
	share float64       // of the leader's moves that it copies; 0: it follows nobody
}

// leader is the first of books, and loner the last one: it follows nobody and nobody follows it.
const leader, loner = 0, 4

// books are the venues of the market.
var books = [...]book{
	{name: "pinnacle"},
	{name: "polymarket", lag: 3 * time.Second, share: 0.7},
	{name: "kalshi", lag: 8 * time.Second, share: 0.7},
	{name: "circa", lag: 14 * time.Second, share: 0.7},
	{name: "betonline"},
}

// bookOf returns the number of a book; -1: there is none of that name.
func bookOf(name string) int {
	return slices.IndexFunc(books[:], func(b book) bool { return b.name == name })
}

// lagOf is how much later one book moves than another one; ok is false if neither follows the
// other, and who is later moves first if it is negative.
func lagOf(first, then string) (lag time.Duration, ok bool) {
	a, b := bookOf(first), bookOf(then)
	if a < 0 || b < 0 || a == loner || b == loner || a == b {
		return 0, false
	}
	return books[b].lag - books[a].lag, true
}

// step is a move of one book in one game.
type step struct {
	at         time.Duration // since the market opened
	game, book int
	move       float64 // log-odds of the home side
}

// farthest is how far from even a price goes, in log-odds: chances from 0.19 to 0.81.
const farthest = 1.45

// planned draws all moves of a market in order of time: in each game the leader moves every so
// often on average, and every book on its own a third as often.
func planned(seed uint64, games int, length, every time.Duration) (all []step) {
	for g := range games {
		r := rand.New(rand.NewPCG(seed, uint64(g)+1))
		for _, s := range alone(r, length, every) {
			all = append(all, step{s.at, g, leader, s.move})
			for k := leader + 1; k < loner; k++ {
				jitter := 1 + 0.1*max(-2, min(2, r.NormFloat64()))
				at := s.at + time.Duration(float64(books[k].lag)*jitter).Round(time.Millisecond)
				if r.Float64() < books[k].share {
					all = append(all, step{at, g, k, s.move})
				}
			}
		}
		for k := leader + 1; k <= loner; k++ {
			for _, s := range alone(r, length, 3*every) {
				all = append(all, step{s.at, g, k, s.move})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.game, b.game), cmp.Compare(a.book, b.book))
	})
	return slices.DeleteFunc(all, func(s step) bool { return s.at >= length })
}

// alone draws a walk that tends back to even.
func alone(r *rand.Rand, length, every time.Duration) (all []step) {
	x := 0.0
	for at := settling; ; {
		at += time.Duration(r.ExpFloat64() * float64(every)).Round(time.Millisecond)
		if at >= length {
			return all
		}
		move := 0.1 + 0.08*math.Abs(r.NormFloat64())
		if r.Float64() < 0.5+0.5*x/farthest {
			move = -move
		}
		move = max(-farthest-x, min(farthest-x, move))
		x += move
		all = append(all, step{at: at, move: move})
	}
}

// settling is how long nothing moves at first: everybody shows even prices and is connected.
const settling = time.Minute

// cents is a chance in hundredths at a value in log-odds.
func cents(x float64) int { return int(math.Round(100 * chance(x))) }

func chance(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
