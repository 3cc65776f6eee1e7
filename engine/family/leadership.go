package family

import (
	"cmp"
	"maps"
	"slices"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/leadlag/rank"
	"corrgraph/odds"
)

// Leadership ranks the venues of each league by the pairs of venues that are known to move
// together, whichever of them leads. Venues that move as one are one in it. It changes no
// verdict. Leagues without such pairs, or with fewer than 12 events of each, are left out.
func (s *Families) Leadership() (out []graph.Leadership) {
	type league struct{ sport, name string }
	of := map[league][]*Family{}
	for _, f := range s.list {
		v := &f.Verdict
		if f.Key.Layer == odds.Direct && !f.block && f.judged && f.ev != nil && v.QExist <= leadlag.Rate && !v.BelowFloor {
			of[league{f.Key.Sport, f.Key.League}] = append(of[league{f.Key.Sport, f.Key.League}], f)
		}
	}
	leagues := slices.SortedFunc(maps.Keys(of), func(a, b league) int {
		return cmp.Or(cmp.Compare(a.sport, b.sport), cmp.Compare(a.name, b.name))
	})
	groups := map[league][][]string{}
	for _, g := range s.Groups() {
		groups[league{g.Sport, g.League}] = append(groups[league{g.Sport, g.League}], g.Venues)
	}
	ranked := make([]graph.Leadership, len(leagues))
	s.each(len(leagues), func(i int, _ *leadlag.Scratch) {
		ranked[i] = ranking(of[leagues[i]], groups[leagues[i]], s.opt.Seed)
		ranked[i].Sport, ranked[i].League = leagues[i].sport, leagues[i].name
	})
	return slices.DeleteFunc(ranked, func(l graph.Leadership) bool { return len(l.Standings) == 0 })
}

func ranking(fams []*Family, groups [][]string, seed uint64) graph.Leadership {
	effects := make([]rank.Effect, len(fams))
	for i, f := range fams {
		effects[i] = rank.Effect{A: f.a, B: f.b, Stratum: f.Key.Market + "/" + f.Key.Phase}
		f.ev.Order(func(event uint64, lead, shared float64) {
			effects[i].Parts = append(effects[i].Parts, rank.Part{Event: event, Lead: lead, Shared: shared})
		})
	}
	r := rank.Of(effects, groups, seed)
	l := graph.Leadership{Leads: map[string]graph.Lead{}}
	for _, s := range r.Standings {
		l.Standings = append(l.Standings, graph.Standing(s))
	}
	if r.Loops > 0 {
		l.Unexplained = &r.Unexplained
	}
	for i, f := range fams {
		if lead, key := graph.Lead(r.Effects[i]), f.named(); lead != (graph.Lead{}) {
			if key.Leader != f.a {
				lead.Raw, lead.Shrunk = -lead.Raw, -lead.Shrunk
			}
			l.Leads[key.String()] = lead
		}
	}
	return l
}
