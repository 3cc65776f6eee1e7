package origin

import (
	"corrgraph/graph"
	"corrgraph/odds"
)

// Place names where something is known: a league's market before or in play.
type Place struct{ Sport, League, Market, Phase string }

// KnownOf gathers what families, leadership scores and groups say of a place.
func KnownOf(at Place, families []graph.Family, ranked []graph.Leadership, groups []graph.Group) *Known {
	k := &Known{Links: map[[2]string]Link{}, Scores: map[string]float64{}}
	for i := range families {
		f := &families[i]
		if f.Key.Layer == odds.Direct && at == (Place{f.Key.Sport, f.Key.League, f.Key.Market, f.Key.Phase}) {
			k.Add(f)
		}
	}
	for _, l := range ranked {
		if l.Sport == at.Sport && l.League == at.League {
			for _, s := range l.Standings {
				k.Scores[s.Venue] = s.Score
			}
		}
	}
	for _, g := range groups {
		if g.Sport == at.Sport && g.League == at.League {
			k.Groups = append(k.Groups, g.Venues)
		}
	}
	return k
}

// Add takes what a family of layer 1 says. Families without a leader, copied ones and those
// below the floor say nothing of who was first. k.Links must not be nil.
func (k *Known) Add(f *graph.Family) {
	if !f.Discovered || f.Simultaneous || f.Copied || f.BelowFloor {
		return
	}
	k.Links[[2]string{f.Key.Leader, f.Key.Follower}] = Link{
		f.Key.Leader, f.Key.Follower, f.LagLow, f.LagHigh, f.Confidence, f.SamePoll, f.NextPoll, f.LaterPoll,
	}
}
