package score_test

import (
	"bytes"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/proof/score"
	"corrgraph/proof/simulate"
	"corrgraph/proof/simulate/truth"
)

func truthOf(t *testing.T, o simulate.Options) *truth.Truth {
	t.Helper()
	tr, err := simulate.Run(o, func(*odds.Batch) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tr.Write(&b); err != nil {
		t.Fatal(err)
	}
	back, err := truth.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// An oracle that reports every planted link gets full marks, one that reports every
// null pair none: the simulator's truth and the scorer's rules agree.
func TestOraclesOfEveryPreset(t *testing.T) {
	for _, o := range []simulate.Options{{Minutes: 30}, {Preset: "calibration", Null: 80, True: 9, Moves: 10}, {Preset: "pooled", Null: 3, True: 4, FamilySize: 5, Moves: 10}} {
		tr := truthOf(t, o)
		var right, wrong []graph.Edge
		for _, l := range tr.Links {
			right = append(right, graph.Edge{
				Layer: l.Layer, Source: l.Leader, Target: l.Follower, Lag: l.LagMs, LagLow: l.LagMs, LagHigh: l.LagMs,
				Beta: l.Beta * l.Share, Confidence: 1, Discovered: true,
			})
		}
		for _, n := range tr.Nulls {
			wrong = append(wrong, graph.Edge{Layer: odds.Direct, Source: n.A, Target: n.B, Confidence: 1, Discovered: true})
		}
		r := score.Score(tr, right, nil, nil, score.Options{})
		if r.Edges.Power != 1 || r.Edges.FalseShare != 0 || r.Edges.RightShare != 1 || r.Lag.RightShare != 1 || r.Lag.Coverage != 1 || r.Beta.MedianError > 1e-9 || r.Brier != 0 {
			t.Errorf("%s: the truth itself scores %+v %+v %+v", tr.Preset, r.Edges, r.Lag, r.Beta)
		}
		r = score.Score(tr, wrong, nil, nil, score.Options{})
		if r.Edges.FalseShare != 1 || r.Edges.False != len(tr.Nulls) || r.Edges.Found != 0 || r.Nulls.Share != 1 || r.Brier != 1 {
			t.Errorf("%s: null pairs score %+v %+v", tr.Preset, r.Edges, r.Nulls)
		}
	}
}
