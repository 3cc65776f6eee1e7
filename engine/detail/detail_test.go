package detail

import (
	"slices"
	"testing"

	"corrgraph/graph"
	"corrgraph/series"
)

func TestPointsOfASeries(t *testing.T) {
	moves := []series.Increment{{At: 10, Raw: 1}, {At: 20, Raw: 2}, {At: 20, Raw: 3}, {At: 30, Raw: -4}}
	for most, want := range map[int][]Point{
		0: {}, 1: {{30, 2}}, 2: {{20, 6}, {30, 2}}, 4: {{10, 1}, {20, 3}, {20, 6}, {30, 2}}, 9: {{10, 1}, {20, 3}, {20, 6}, {30, 2}},
	} {
		if got := Points(moves, most); !slices.Equal(got, want) {
			t.Errorf("the newest %d points: %v, want %v", most, got, want)
		}
	}
	if got := Points(nil, 5); len(got) != 0 {
		t.Errorf("points of nothing: %v", got)
	}
}

func TestWhyAnEdgeIsNoMore(t *testing.T) {
	known := Known{Axis: true, Judged: true, Rate: 0.05}
	for want, g := range map[string]graph.Edge{
		"": {Discovered: true},
		"not told apart from chance: q is above 5 %":                                                                  {Q: 0.051},
		"more likely false than true: its confidence is 50 % or less":                                                 {Q: 0.05},
		"copied: it vanishes once the common leader's part is taken out":                                              {Discovered: true, Copied: true, Simultaneous: true},
		"no direction: neither of the two is certain to move first":                                                   {Discovered: true, Simultaneous: true},
		"changing: the follower no longer answers as it did, and nothing is forecast until it has proved itself anew": {Discovered: true, Traits: graph.Traits{Changing: true}},
	} {
		if got := Why(&g, known); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	g := graph.Edge{Discovered: true}
	if got := Why(&g, Known{Judged: true}); got != "too few polls yet to know how finely the source resolves time" {
		t.Errorf("without evidence: %q", got)
	}
	if got := Why(&g, Known{Axis: true}); got != "too few moves of both within reach of each other" {
		t.Errorf("nothing could be tested: %q", got)
	}
}
