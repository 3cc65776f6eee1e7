package answer

import (
	"slices"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// The laggard's poll came first, the leader's move is only a little later: the answer names
// the leader, and says whose stamp is the earliest.
func TestALikelyOriginIsNotTheEarliestStamp(t *testing.T) {
	move := func(venue string, at odds.Millis, by float64) engine.PastMove {
		return engine.PastMove{Node: node(venue, "m", "home"), At: noon.Add(at), Raw: by, RMS: 0.03, Seen: engine.Seen{Resolution: 60_000}}
	}
	family := func(leader, follower string) graph.Family {
		return graph.Family{
			Key:    graph.FamilyKey{Layer: odds.Direct, Sport: "s", League: "l", Market: "h2h", Phase: "pre", Leader: leader, Follower: follower},
			LagLow: 0, LagHigh: 60_000, Confidence: 1, Discovered: true,
		}
	}
	r := &engine.Remembered{Moves: []engine.PastMove{
		move("slow", 0, 0.1), move("sharp", 0, 0.1), move("also", 0, 0.09),
		move("late", 60_000, 0.1), move(odds.ConsensusVenue, 60_000, 0.3),
	}}
	event := &catalog.Event{ID: "m", Sport: "s", League: "l"}
	j := &store.Judgement{Families: []graph.Family{family("sharp", "slow"), family("sharp", "also"), family("sharp", "late")}, Groups: []store.Group{{Sport: "s", League: "l", Venues: []string{"also", "slow"}}}}
	got := NewMoveList(event, r, nil, noon, j).Waves
	if len(got) != 1 {
		t.Fatalf("waves %+v", got)
	}
	w := got[0]
	if w.Likely == nil || *w.Likely != "sharp" || w.Origins[0].P < 0.5 || !slices.Equal(w.Earliest, []string{"also", "sharp", "slow"}) {
		t.Errorf("%+v", w)
	}
	if len(w.Origins) != 3 || !slices.ContainsFunc(w.Origins, func(o Origin) bool { return slices.Equal(o.Group, []string{"also", "slow"}) }) {
		t.Errorf("a group counts more than once: %+v", w.Origins)
	}
	sum := w.Unseen
	for _, o := range w.Origins {
		sum += o.P
	}
	if sum < 1-1e-9 || sum > 1+1e-9 || w.Market != "h2h" || w.Selection != "home" || w.InPlay || w.ResolutionMs != 60_000 || w.BeganAt != noon || w.LastAt != noon.Add(60_000) || len(w.Moves) != 4 {
		t.Errorf("%+v, sum %v", w, sum)
	}
	// Without links equals share evenly, and nobody is named.
	w = NewMoveList(event, r, nil, noon, &store.Judgement{}).Waves[0]
	if w.Likely != nil || w.Origins[0].P != w.Origins[2].P || w.Origins[3].Venue != "late" {
		t.Errorf("nothing is known, yet %+v", w)
	}
}

func TestTheTableOfWaves(t *testing.T) {
	likely := "sharp"
	l := &WaveList{title: "A v B", Waves: []Wave{
		{Market: "h2h", Selection: "home", Origins: []Origin{{Venue: "old", P: 0.9}}},
		{Market: "h2h", Selection: "home", Size: 0.1, Likely: &likely, Origins: []Origin{{Venue: "sharp", P: 0.62}}, Earliest: []string{"slow"}, ResolutionMs: 60_000, Moves: []Move{{Node: node("slow", "m", "home")}, {Node: node("sharp", "m", "home"), At: 60_000}}},
		{Market: "totals", Selection: "over", InPlay: true, Origins: []Origin{{Venue: "x", P: 0.3, Group: []string{"x", "y"}}}},
	}}
	var b strings.Builder
	if err := l.Text(&b, Style{}, 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A v B", "sharp", "0.62", "slow 0, sharp +60 s", "totals over in play", "not told, most probably x (one of x, y)", "1 earlier wave; --limit 0 shows all."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
