package family

import (
	"maps"
	"slices"

	"corrgraph/engine/board"
	"corrgraph/engine/rival"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Verdicts are what one Families found out about all families and pairs, for another one that
// watches the same series and decides nothing. They never change, and share no memory with
// the Families that made them but what never changes.
type Verdicts struct {
	families map[graph.FamilyKey]*finding
	own      map[pairKey]graph.Edge      // pairs discovered individually
	pages    map[string]map[pairKey]page // by event
	groups   map[string][][]string       // venues that move as one, by league
}

// finding is what is known of a family, with the evidence reduced to what people look at.
type finding struct {
	verdict   leadlag.Verdict
	judged    bool
	copied    bool
	changing  bool
	mediation mediation
	skewed    string
	stale     string
	found, at odds.Time
	name      string
	since     odds.Time
	baseline  *rival.Rule
	axis      *leadlag.Axis // nil before there is one
	report    graph.Family
	seen      [2][]leadlag.CurvePoint // correlogram by flow
	curve     []float64
}

// pairKey names a pair in the words of its series, which two Families have in common.
type pairKey struct {
	layer        odds.Layer
	a, b         odds.NodeID
	liveA, liveB bool
}

func keyOf(p *Pair) pairKey { return pairKey{p.Layer, p.A.ID, p.B.ID, p.A.Live, p.B.Live} }

// page is what only time tells of a pair.
type page struct {
	trend graph.Trend
	first odds.Time
	found bool
}

// Verdicts returns what is known now. Cost: O(families, pairs of events with new points in
// their trends, and one look at every pair).
func (s *Families) Verdicts() *Verdicts {
	v := &Verdicts{families: make(map[graph.FamilyKey]*finding, len(s.list)), own: make(map[pairKey]graph.Edge, len(s.found)), groups: s.named()}
	for _, f := range s.list {
		if f.judged || f.ev != nil {
			v.families[f.Key] = f.finding()
		}
	}
	for p, g := range s.found {
		v.own[keyOf(p)] = g
	}
	s.turnPages()
	v.pages = maps.Clone(s.pages)
	return v
}

// finding copies what is known of a family.
func (f *Family) finding() *finding {
	x := &finding{
		verdict: f.Verdict, judged: f.judged, copied: f.copied, changing: f.known.Changing(), mediation: f.mediation, skewed: f.skewed, stale: f.stale,
		found: f.found, at: f.at, name: f.name, curve: f.curve, since: f.since, baseline: f.baseline,
	}
	if f.ev == nil {
		return x
	}
	x.axis = f.ev.Axis
	for _, dir := range []leadlag.Flow{leadlag.AB, leadlag.BA} {
		x.seen[dir] = f.ev.Correlogram(dir)
	}
	x.report = f.Report()
	return x
}

// named is the groups in the words of their venues, in an order that does not depend on who was seen
// first: a restored engine numbers venues anew.
func (s *Families) named() map[string][][]string {
	out, names := map[string][][]string{}, s.board.VenueNames()
	for league, g := range s.board.Groups() {
		for _, members := range g.Members() {
			of := make([]string, len(members))
			for i, v := range members {
				of[i] = names[v]
			}
			slices.Sort(of)
			out[league] = append(out[league], of)
		}
		slices.SortFunc(out[league], slices.Compare)
	}
	return out
}

// turnPages writes the pages of the events in which a pair has a new point.
func (s *Families) turnPages() {
	if s.pages == nil {
		s.pages = map[string]map[pairKey]page{}
	}
	fresh := map[*board.Event]map[pairKey]page{}
	for ev := range s.advanced {
		fresh[ev] = map[pairKey]page{}
	}
	clear(s.advanced)
	for _, f := range s.list {
		for _, p := range f.pairs {
			if of := fresh[p.Event]; of != nil && (p.trend != nil || p.found) {
				x := page{first: p.first, found: p.found}
				if p.trend != nil {
					x.trend = p.trend.Summary()
				}
				of[keyOf(p)] = x
			}
		}
	}
	for ev, of := range fresh {
		s.pages[ev.ID] = of
	}
}

// Obey takes over what other Families, that decide, have found out. Pairs and families that
// only they know are passed over; those that only s knows are judged by nobody yet. Cost:
// O(families + markets with more venues than are paired).
func (s *Families) Obey(v *Verdicts) {
	s.rounds++
	s.obeyed = v
	for _, f := range s.list {
		f.obey(v.of(f.Key))
	}
	for _, ev := range s.board.Order {
		for _, m := range ev.Markets {
			s.rerank(m)
		}
	}
	s.join(v.groups)
}

// join sets the venue groups of all leagues, given by their names.
func (s *Families) join(by map[string][][]string) {
	groups := make(map[string]*series.Grouping, len(by))
	for league, all := range by {
		g := &series.Grouping{}
		for _, members := range all {
			first := s.board.Venue(members[0])
			for _, name := range members {
				if v := s.board.Venue(name); v != nil && first != nil {
					g.Join(first.Index, v.Index)
				}
			}
		}
		groups[league] = g
	}
	s.board.SetGroups(groups)
}

// of is what is known of a family, which may be nothing.
func (v *Verdicts) of(key graph.FamilyKey) *finding {
	if x := v.families[key]; x != nil {
		return x
	}
	return &finding{}
}

// obey takes over what was found out.
func (f *Family) obey(x *finding) {
	f.told = x
	f.Verdict, f.judged, f.copied, f.mediation, f.skewed, f.stale = x.verdict, x.judged, x.copied, x.mediation, x.skewed, x.stale
	f.found, f.at, f.name, f.curve, f.since, f.baseline = x.found, x.at, x.name, x.curve, x.since, x.baseline
}

// axis is how the family's lags are divided; nil without one yet.
func (f *Family) axis() *leadlag.Axis {
	switch {
	case f.told != nil:
		return f.told.axis
	case f.ev == nil:
		return nil
	}
	return f.ev.Axis
}

// changing reports whether a known edge is about to be another one.
func (f *Family) changing() bool {
	if f.told != nil {
		return f.told.changing
	}
	return f.known.Changing()
}

// correlogram is that of a flow; nil without an axis.
func (f *Family) correlogram(dir leadlag.Flow) []leadlag.CurvePoint {
	switch {
	case f.told != nil:
		return f.told.seen[dir]
	case f.ev == nil:
		return nil
	}
	return f.ev.Correlogram(dir)
}

// discovered returns the edge of a pair that was discovered individually.
func (s *Families) discovered(p *Pair) (g graph.Edge, ok bool) {
	if s.obeyed != nil {
		g, ok = s.obeyed.own[keyOf(p)]
		return g, ok
	}
	g, ok = s.found[p]
	return g, ok
}

// dated completes an edge with what only time tells of its pair. Without verdicts the pair itself
// knows.
func (v *Verdicts) dated(p *Pair, g *graph.Edge) {
	g.FirstSeen = p.first
	if v == nil {
		if p.trend != nil {
			g.Trend = p.trend.Summary()
		}
		return
	}
	x := v.pages[p.Event.ID][keyOf(p)]
	if g.Trend = x.trend; x.found {
		g.FirstSeen = x.first
	}
}
