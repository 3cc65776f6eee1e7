package family

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Thresholds at which venues of a league count as one.
const (
	groupCorr       = 0.85 // zero-lag correlation
	groupShare      = 0.85 // share of their moves that must coincide
	groupCoincident = 20   // coinciding moves required
)

// sameness accumulates how closely two venues of a league move together.
type sameness struct {
	a, b                 *board.Venue
	corr, share, n, both float64
}

func (x *sameness) one() bool {
	return x.n > 0 && x.corr/x.n >= groupCorr && x.share/x.n >= groupShare && x.both >= groupCoincident
}

// regroup joins venues that move as one: zero-lag correlation and share of coinciding moves
// are both at least 0.85, over all pre-match markets of a league.
func (s *Families) regroup() {
	for lg, sums := range s.sameness() {
		var one []*sameness
		for _, x := range sums {
			if x.one() {
				one = append(one, x)
			}
		}
		slices.SortFunc(one, func(x, y *sameness) int {
			return cmp.Or(cmp.Compare(x.a.Index, y.a.Index), cmp.Compare(x.b.Index, y.b.Index))
		})
		g := &board.Grouping{}
		for _, x := range one {
			g.Join(x.a.Index, x.b.Index)
		}
		s.board.SetGroups(lg, g)
	}
}

// sameness adds up the pre-match families of every two venues, by league.
func (s *Families) sameness() map[string]map[[2]*board.Venue]*sameness {
	out := map[string]map[[2]*board.Venue]*sameness{}
	for _, f := range s.list {
		if f.Key.Layer != odds.Direct || f.block || f.ev == nil || f.Key.Phase != board.Phase(false) {
			continue
		}
		lg := board.LeagueKey(f.Key.Sport, f.Key.League)
		if out[lg] == nil {
			out[lg] = map[[2]*board.Venue]*sameness{}
		}
		k := [2]*board.Venue{s.board.Venue(f.a), s.board.Venue(f.b)}
		x := out[lg][k]
		if x == nil {
			x = &sameness{a: k[0], b: k[1]}
			out[lg][k] = x
		}
		a, b := f.ev.Moves()
		r, share := f.ev.ZeroLag()
		n := float64(a + b)
		x.corr, x.share, x.n, x.both = x.corr+n*r, x.share+n*share, x.n+n, x.both+share*n/2
	}
	return out
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

// markCopies marks the edge B–C of A→B, A→C, B–C as a copy if it vanishes once A's lagged
// part is removed.
func (s *Families) markCopies() {
	type scope struct {
		layer             odds.Layer
		sport, league, mk string
		phase, venue      string
	}
	sets := map[scope][]*Family{}
	for _, f := range s.list {
		f.copied = false
		if f.judged && f.Verdict.Discovered {
			k := f.Key
			in := scope{k.Layer, k.Sport, k.League, k.Market, k.Phase, k.Venue}
			sets[in] = append(sets[in], f)
		}
	}
	for _, set := range sets {
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
