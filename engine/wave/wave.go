// Package wave says where the present move of a price comes from, by what the venues have
// shown until now. It keeps nothing.
package wave

import (
	"slices"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate/origin"
	"corrgraph/series"
)

const (
	// back is how far back moves are looked at: no wave reaches further.
	back = odds.Millis(3_600_000)
	// most is how many moves of a venue are looked at.
	most = 32
)

// Place is one price of a market in one phase, at all venues.
type Place struct {
	Market *board.Market
	Sel    int
	Live   bool
}

// PlaceOf is that of a venue's series; false for a consensus, which moves after its members.
func PlaceOf(n *board.Node) (Place, bool) {
	return Place{n.Market, n.Sel, n.Live}, n.Book != nil
}

// Nodes are the series of a place, in the order in which their venues were first seen.
func (p Place) Nodes() (out []*board.Node) {
	for _, b := range p.Market.Books {
		if n := b.Nodes[p.Sel]; n != nil && n.Live == p.Live {
			out = append(out, n)
		}
	}
	return out
}

// Known is what is known of the venues of a place: of their groups, and by leading, which
// passes each family of layer 1 that a series leads. Leadership scores are left out: they
// cost a bootstrap.
func (p Place) Known(groups *series.Grouping, leading func(n *board.Node, yield func(*graph.Family))) *origin.Known {
	k := &origin.Known{Links: map[[2]string]origin.Link{}}
	var order []int
	members := map[int][]string{}
	for _, n := range p.Nodes() {
		leading(n, k.Add)
		g := groups.Of(n.Book.Venue.Index)
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], n.Book.Venue.Name)
	}
	for _, g := range order {
		if len(members[g]) > 1 {
			k.Groups = append(k.Groups, members[g])
		}
	}
	return k
}

// Seen is a wave and where it probably comes from.
type Seen struct {
	Wave origin.Wave
	From origin.Posterior
}

// Now finds the waves of a place in the last hour, oldest first, judged by what is known of
// its venues. Cost: O(n log n) for the moves of the hour, at most 32 of a venue.
func Now(p Place, now odds.Time, known *origin.Known) []Seen {
	var moves []origin.Move
	for _, n := range p.Nodes() {
		recent := series.Since(n.Moves(), now.Add(-back))
		for _, m := range recent[max(0, len(recent)-most):] {
			moves = append(moves, origin.Move{
				Arrival: origin.Arrival{Venue: n.Book.Venue.Name, At: m.At, Own: m.Stamp, Resolution: n.Book.Resolution(), Size: m.Raw}, Node: n.ID, RMS: n.RMS(),
			})
		}
	}
	waves := origin.Waves(moves, func(string) *origin.Known { return known })
	out := make([]Seen, len(waves))
	for i := range waves {
		out[i] = Seen{waves[i], origin.Of(waves[i].Arrivals(), known)}
	}
	return out
}

// Of is the newest of some waves that a venue has moved with, by its last move; nil if that
// belongs to none.
func Of(waves []Seen, venue string, move float64) *Seen {
	for i := range slices.Backward(waves) {
		w := &waves[i]
		if w.Wave.Size*move > 0 && slices.ContainsFunc(w.Wave.Moves, func(m origin.Move) bool { return m.Venue == venue }) {
			return w
		}
	}
	return nil
}

// P is how probable it is that a wave comes from a venue, or from one that moves as one with
// it; 0 if it is not in the wave.
func (s *Seen) P(venue string) float64 {
	for _, x := range s.From.Shares {
		if x.Venue == venue || slices.Contains(x.Group, venue) {
			return x.P
		}
	}
	return 0
}

// Evidence is what an anomaly says of a wave.
func (s *Seen) Evidence() *detect.Began {
	out := &detect.Began{Venue: s.From.Shares[0].Venue, P: s.From.Shares[0].P, Told: s.From.Told, Earliest: slices.Clone(s.From.Earliest)}
	for i := range s.Wave.Moves {
		out.ResolutionMs = max(out.ResolutionMs, s.Wave.Moves[i].Resolution)
	}
	return out
}
