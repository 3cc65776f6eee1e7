package money

import (
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
)

// LeastGroups is how many independent groups of other venues a fair probability needs.
const LeastGroups = 2

// Book is what one venue shows of a complete market of which one outcome wins.
type Book struct {
	Group  int         // venues of one group count once
	Line   float64     // of the outcome that is backed; NaN: none
	Worth  float64     // of that line, in log-odds
	Odds   []odds.Odds // of all outcomes
	Backed int         // the outcome, an index of Odds
}

// Want is what a fair probability is asked for.
type Want struct {
	Sport, Market string
	Line          float64 // of the bet; NaN: none
	Worth         float64 // of that line, in log-odds
	Convert       bool    // from other lines, if too few venues show this one
}

// Answer is a fair probability, or why there is none.
type Answer struct {
	Fair      *Fair
	Groups    int    // behind it
	Converted bool   // from other lines
	Lacks     string // why Fair is nil
}

// Find returns the fair probability of the others: by each method the median over groups of
// the median over a group's venues. Venues on the bet's own line speak, if they are of
// LeastGroups groups; else, if wanted, all do, those on other lines shifted by the worth of
// the difference in log-odds, but never across 3 or 7 points of American football. A book
// from which a method can't remove the margin is left out. Cost: O(books · iterations of
// odds.Devig).
func Find(books []Book, w Want) (a Answer) {
	same := slices.DeleteFunc(slices.Clone(books), func(b Book) bool { return !sameLine(b.Line, w.Line) })
	if a.Fair, a.Groups = fairOf(same, w.Worth); a.Fair != nil {
		return a
	}
	a.Lacks = NoOthers
	if !w.Convert || math.IsNaN(w.Line) {
		return a
	}
	crossed := false
	books = slices.DeleteFunc(slices.Clone(books), func(b Book) bool {
		c := Crosses(w.Sport, w.Market, b.Line, w.Line)
		crossed = crossed || c
		return c || math.IsNaN(b.Line)
	})
	if a.Fair, a.Groups = fairOf(books, w.Worth); a.Fair != nil {
		a.Converted, a.Lacks = true, ""
	} else if crossed {
		a.Lacks = KeyNumber
	}
	return a
}

func sameLine(a, b float64) bool { return a == b || a != a && b != b }

// Crosses reports whether a handicap of American football moves over or onto 3 or 7 points, on
// which matches end so often that no worth of a point holds there.
func Crosses(sport, market string, from, to float64) bool {
	if from == to || !strings.Contains(sport, "football") || !strings.HasPrefix(market, "spread") {
		return false
	}
	lo, hi := min(from, to), max(from, to)
	for _, key := range []float64{-7, -3, 3, 7} {
		if lo <= key && key <= hi {
			return true
		}
	}
	return false
}

var ways = [3]odds.Method{odds.Multiplicative, odds.Shin, odds.Power}

// fairOf is nil for fewer than LeastGroups groups.
func fairOf(books []Book, worth float64) (f *Fair, groups int) {
	by := map[int][][3]float64{}
	var order []int
	for i := range books {
		p, ok := books[i].fair(worth)
		if !ok {
			continue
		}
		g := books[i].Group
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], p)
	}
	if len(order) < LeastGroups {
		return nil, len(order)
	}
	var out [3]float64
	for way := range ways {
		over := make([]float64, 0, len(order))
		for _, g := range order {
			of := make([]float64, 0, len(by[g]))
			for _, p := range by[g] {
				of = append(of, p[way])
			}
			over = append(over, median(of))
		}
		out[way] = median(over)
	}
	return &Fair{out[0], out[1], out[2]}, len(order)
}

// fair is the probability of the backed outcome by the three ways, at a line of another worth.
func (b *Book) fair(worth float64) (p [3]float64, ok bool) {
	var room [8]odds.Prob
	for i, m := range ways {
		if m == odds.Shin && len(b.Odds) == 2 {
			m = odds.Additive // the same for two outcomes, without iterations
		}
		r, err := odds.Devig(m, b.Odds, room[:0])
		if err != nil {
			return p, false
		}
		p[i] = float64(r.Probs[b.Backed])
		if shift := b.Worth - worth; shift != 0 {
			p[i] = 1 / (1 + math.Exp(-math.Log(p[i]/(1-p[i]))-shift))
		}
	}
	return p, true
}

// median of at least one number, which it reorders.
func median(x []float64) float64 {
	slices.Sort(x)
	k := len(x) / 2
	if len(x)%2 == 1 {
		return x[k]
	}
	return (x[k-1] + x[k]) / 2
}
