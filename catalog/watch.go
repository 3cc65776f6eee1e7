package catalog

import (
	"cmp"
	"slices"
	"strings"

	"corrgraph/odds"
)

// Caps bound the pairs that each layer watches. What they leave out is counted.
type Caps struct {
	// Venues is how many of a selection's most active venues are paired with
	// one another in layer 1. Zero means 16.
	Venues int
	// Markets is how many of an event's most active markets are paired with one
	// another in layer 2, for each venue. Zero means 40.
	Markets int
	// SameSport is how many neighbours an event has through one team or player
	// in layer 3. Zero means 16.
	SameSport int
	// OtherSport is how many neighbours an event has through one other entity
	// in layer 4. Zero means 8.
	OtherSport int
}

func (c Caps) defaults() Caps {
	return Caps{cmp.Or(c.Venues, 16), cmp.Or(c.Markets, 40), cmp.Or(c.SameSport, 16), cmp.Or(c.OtherSport, 8)}
}

// LeftOut counts pairs that a layer could have watched and does not.
type LeftOut struct {
	Layer  odds.Layer
	Reason string
	Pairs  int
}

// Counts says how many pairs are watched in each layer, and how many are not and
// why. The zero value is empty.
type Counts struct {
	Watched [odds.CrossSport + 1]int // by layer
	LeftOut []LeftOut                // by layer, then reason
}

func (c *Counts) watch(l odds.Layer, n int) { c.Watched[l] += n }

func (c *Counts) leave(l odds.Layer, reason string, n int) {
	if n == 0 {
		return
	}
	i, ok := slices.BinarySearchFunc(c.LeftOut, LeftOut{l, reason, 0}, func(a, b LeftOut) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Reason, b.Reason))
	})
	if !ok {
		c.LeftOut = slices.Insert(c.LeftOut, i, LeftOut{l, reason, 0})
	}
	c.LeftOut[i].Pairs += n
}

// Add adds d to c.
func (c *Counts) Add(d Counts) {
	for l, n := range d.Watched {
		c.Watched[l] += n
	}
	for _, o := range d.LeftOut {
		c.leave(o.Layer, o.Reason, o.Pairs)
	}
}

func (c Counts) clone() Counts {
	c.LeftOut = slices.Clone(c.LeftOut)
	return c
}

// Pair is two nodes that a layer watches, in no particular direction.
type Pair struct{ A, B odds.NodeID }

// Quoted is one node and how often it has ticked.
type Quoted struct {
	Node  odds.NodeID
	Ticks int
}

// WatchVenues returns the layer-1 pairs of one selection: each venue's node
// with the consensus, and all pairs among the most active venues (ties go to the
// lower node id). consensus may be empty. The order of venues does not matter
// and is not changed. Cost: O(n log n + cap²).
func (c Caps) WatchVenues(venues []Quoted, consensus odds.NodeID) ([]Pair, Counts) {
	c = c.defaults()
	nodes := mostActive(venues)
	var pairs []Pair
	if consensus != "" {
		for _, n := range nodes {
			pairs = append(pairs, Pair{n.Node, consensus})
		}
	}
	active := nodes[:min(len(nodes), c.Venues)]
	for i := range active {
		for j := range i {
			pairs = append(pairs, Pair{active[j].Node, active[i].Node})
		}
	}
	var counts Counts
	counts.watch(odds.Direct, len(pairs))
	counts.leave(odds.Direct, "not among the most active venues of the selection", choose2(len(nodes))-choose2(len(active)))
	return pairs, counts
}

// Selection is one outcome of a market at one venue, or of its consensus.
type Selection struct {
	Market string // with its @line where it is an alternate one
	Name   string
	Side   odds.Side
	Quoted
}

// WatchMarkets returns the layer-2 pairs of one event at one venue (or on the
// consensus): one independent selection of each market with one of each other
// market. Lines of one market are one market here, for they move together by
// construction. Ties in activity go to the lower node id. The order of
// selections does not matter and is not changed. Cost: O(n log n + cap²).
func (c Caps) WatchMarkets(selections []Selection) ([]Pair, Counts) {
	c = c.defaults()
	var lines []Quoted
	market := map[odds.NodeID]string{}
	for _, m := range byMarket(selections) {
		s := Representative(m)
		lines = append(lines, s.Quoted)
		market[s.Node], _, _ = strings.Cut(s.Market, "@")
	}
	lines = mostActive(lines)
	active := lines[:min(len(lines), c.Markets)]
	var pairs []Pair
	for i := range active {
		for j := range i {
			if market[active[j].Node] != market[active[i].Node] {
				pairs = append(pairs, Pair{active[j].Node, active[i].Node})
			}
		}
	}
	var counts Counts
	counts.watch(odds.CrossMarket, len(pairs))
	counts.leave(odds.CrossMarket, "two lines of one market", choose2(len(active))-len(pairs))
	counts.leave(odds.CrossMarket, "not among the most active markets of the event", choose2(len(lines))-choose2(len(active)))
	return pairs, counts
}

// byMarket groups selections by market and line, markets in order of name.
func byMarket(selections []Selection) (markets [][]Selection) {
	sorted := slices.Clone(selections)
	slices.SortStableFunc(sorted, func(a, b Selection) int { return cmp.Compare(a.Market, b.Market) })
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j].Market == sorted[i].Market {
			j++
		}
		markets = append(markets, sorted[i:j])
		i = j
	}
	return markets
}

// Representative returns the selection that stands for a whole market: home,
// over or yes, else the first by name. market holds at least one selection.
func Representative(market []Selection) Selection {
	return slices.MinFunc(market, compareStanding)
}

// Independent returns the n − 1 selections of an n-way market that hold all its
// information, best standing first: of two-way markets the Representative, of
// others all but the draw, or all but the last by name. Of a single selection it
// is that one. The market is not changed.
func Independent(market []Selection) []Selection {
	sorted := slices.SortedFunc(slices.Values(market), compareStanding)
	if len(sorted) < 2 {
		return sorted
	}
	return sorted[:len(sorted)-1]
}

// compareStanding puts home, over and yes first, the draw last, and orders the
// rest by side and name.
func compareStanding(a, b Selection) int {
	return cmp.Or(cmp.Compare(standing(a.Side), standing(b.Side)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Node, b.Node))
}

func standing(s odds.Side) int {
	switch s {
	case odds.Home, odds.Over, odds.Yes:
		return 0
	case odds.Draw:
		return 3
	case odds.OtherSide:
		return 2
	default:
		return 1
	}
}

func mostActive(nodes []Quoted) []Quoted {
	return slices.SortedFunc(slices.Values(nodes), func(a, b Quoted) int {
		return cmp.Or(cmp.Compare(b.Ticks, a.Ticks), cmp.Compare(a.Node, b.Node))
	})
}

func choose2(n int) int { return n * (n - 1) / 2 }
