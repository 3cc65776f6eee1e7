package family

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/engine/alike"
	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// regroup joins venues that move as one, over all pre-match markets of a league.
func (s *Families) regroup() {
	sums := alike.Leagues{}
	for _, f := range s.list {
		if f.Key.Layer == odds.Direct && !f.block && f.ev != nil && f.Key.Phase == board.Phase(false) {
			n, m := f.ev.Moves()
			r, share := f.ev.ZeroLag()
			sums.Add(board.LeagueKey(f.Key.Sport, f.Key.League), s.board.Venue(f.a).Index, s.board.Venue(f.b).Index, n+m, r, share)
		}
	}
	s.board.SetGroups(sums.Groups())
}

// Groups reports the venues that move as one, by league.
func (s *Families) Groups() (out []graph.Group) {
	names := s.board.VenueNames()
	leagues := map[string][2]string{}
	for _, ev := range s.board.Order {
		leagues[board.LeagueKey(ev.Sport, ev.League)] = [2]string{ev.Sport, ev.League}
	}
	for lg, g := range s.board.Groups() {
		for _, members := range g.Members() {
			var m []string
			for _, v := range members {
				m = append(m, names[v])
			}
			slices.Sort(m)
			out = append(out, graph.Group{Sport: leagues[lg][0], League: leagues[lg][1], Venues: m})
		}
	}
	slices.SortFunc(out, func(a, b graph.Group) int {
		return cmp.Or(cmp.Compare(a.Sport, b.Sport), cmp.Compare(a.League, b.League), slices.Compare(a.Venues, b.Venues))
	})
	return out
}

// scopes are the discovered families among which one may stand between two others: of one
// layer, league, market, phase and venue.
func (s *Families) scopes() map[graph.FamilyKey][]*Family {
	sets := map[graph.FamilyKey][]*Family{}
	for _, f := range s.list {
		if f.judged && f.Verdict.Discovered {
			in := f.Key
			in.Leader, in.Follower = "", ""
			sets[in] = append(sets[in], f)
		}
	}
	return sets
}

// markCopies marks the edge B–C of A→B, A→C, B–C as a copy if it vanishes once A's lagged
// part is removed.
func (s *Families) markCopies() {
	for _, f := range s.list {
		f.copied = false
	}
	for _, set := range s.scopes() {
		led := map[[2]string]*Family{}
		for _, f := range set {
			if f.Directed() {
				l, fo := f.ends()
				led[[2]string{l, fo}] = f
			}
		}
		for _, f := range set {
			f.copied = copiedIn(f, set, led)
		}
	}
}

func copiedIn(f *Family, set []*Family, led map[[2]string]*Family) bool {
	b, c := f.ends()
	v := &f.Verdict
	if v.Link.Corr == 0 {
		return false
	}
	z := v.Link.U / math.Sqrt(v.Link.V)
	n := int(math.Round(z*z/(v.Link.Corr*v.Link.Corr))) + 3
	for _, g := range set {
		a, x := g.ends()
		if !g.Directed() || g == f || a == b || a == c || x != b && x != c {
			continue
		}
		ab, ac := led[[2]string{a, b}], led[[2]string{a, c}]
		if ab == nil || ac == nil || ab.Verdict.Link.Lag > ac.Verdict.Link.Lag+f.ev.Axis.Resolution {
			continue
		}
		if leadlag.VanishesGiven(v.Link.Corr, ab.Verdict.Link.Corr, ac.Verdict.Link.Corr, n) {
			return true
		}
	}
	return false
}
