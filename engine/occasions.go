package engine

import (
	"cmp"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// together is what a venue's move says of one that moves together with it and has not moved
// yet, though the venue is not certain to lead it: it may answer within two polls, and where
// it leads itself, it seldom does. Between streams there is no such time.
func (s *forecasts) together(mv *board.Move, pair *family.Pair, target *board.Node) (l lead, ok bool) {
	f := pair.Family
	v := &f.Verdict
	if pair.Layer != odds.Direct || !v.Discovered || mv.Node.Consensus || target.Consensus || f.Slack() == 0 || madeAt(target, s.instant.at) != 0 {
		return l, false
	}
	beta := v.Link.Beta
	if v.Directed && beta != 0 { // the other way round
		beta = v.Link.Corr * v.Link.Corr / beta
	}
	l = lead{mv: mv, pair: pair, target: target, size: beta * mv.Inc.Raw * pair.Sign, together: true}
	l.from, l.to = answerTime(s.instant.at, mv.Node, target)
	return l, l.size != 0
}

// answerTime is when a follower read by polls may answer: with one of the next two, half a
// step late at most.
func answerTime(at odds.Time, leader, follower *board.Node) (from, to odds.Time) {
	step := coarser(leader, follower)
	return at.Add(1), at.Add(2*step + step/2)
}

// notLed is the family of the calls about a follower that nobody is certain to lead.
func notLed(like *graph.FamilyKey, follower *board.Node) string {
	k := *like
	k.Leader, k.Follower = "", follower.Book.Venue.Name
	return k.String()
}

// record is that of the family of a call.
func (s *forecasts) record(c *call, key string) *family.Record {
	if !c.together {
		return &c.pair.Family.Record
	}
	if r := s.chances.notLed[key]; r != nil {
		return r
	}
	return &family.Record{}
}

// watchedMost bounds the occasions of one selection at one instant.
const watchedMost = 64

// watch opens an occasion for each follower that could follow the large moves of an instant
// and is not called: polled, quoted, and not moved yet. Nobody is told of it, but what comes
// of it teaches how probable a move by half of the others' is. It has one open occasion or
// call at a time. Cost: O(venues) an occasion.
func (s *forecasts) watch(triggers []*board.Move) {
	by := map[place][]*board.Move{}
	var order []place
	for _, mv := range triggers {
		if n := mv.Node; n.Book != nil && n.Book.Source.Polled {
			k := place{n.Market, n.Sel, n.Live}
			if by[k] == nil {
				order = append(order, k)
			}
			by[k] = append(by[k], mv)
		}
	}
	for _, k := range order {
		movers := by[k]
		moves := make([]float64, len(movers))
		for i, mv := range movers {
			moves[i] = mv.Inc.Raw
		}
		middle := median(moves)
		if middle == 0 {
			continue
		}
		first := slices.MinFunc(movers, func(a, b *board.Move) int { return cmp.Compare(a.Node.ID, b.Node.ID) })
		opened := 0
		for _, b := range k.market.Books {
			n := b.Nodes[k.sel]
			if opened == watchedMost {
				break
			}
			if n != nil && n.Live == k.live && n.Open && b.Current() && b.Source.Polled && madeAt(n, s.instant.at) == 0 && !s.watched(n) {
				opened++
				s.occasion(first.Node, n, middle)
			}
		}
	}
}

// place is one selection of a market in one phase.
type place struct {
	market *board.Market
	sel    int
	live   bool
}

// watched reports whether a call of layer 1 about a node, or an occasion for one, is open.
func (s *forecasts) watched(n *board.Node) bool {
	w := s.waiting[n]
	return w != nil && slices.ContainsFunc(w.open, func(c *call) bool {
		return c.Layer == odds.Direct && (c.silent && s.instant.at <= c.To || !c.silent && !c.Answered(s.instant.at))
	})
}

// occasion opens one.
func (s *forecasts) occasion(leader, n *board.Node, middle float64) {
	p := ledger.Prediction{Layer: odds.Direct, Event: n.Event.ID, Target: n.ID, IssuedAt: s.instant.at, Size: middle, Least: middle / 2}
	p.From, p.To = answerTime(s.instant.at, leader, n)
	p.ID = ledger.ID(p.Layer, board.Phase(n.Live), "occasion", p.Target, p.IssuedAt)
	c := &call{silent: true, source: n, target: n, gaps: n.Gaps}
	c.about = s.look(n, &p)
	c.Open = ledger.NewOpen(p, n.Value)
	c.Until = c.To
	s.open.Push(c)
	s.await(c)
}
