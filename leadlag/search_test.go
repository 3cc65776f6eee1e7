package leadlag

import (
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

// TestLeaderOfAnInverseLink: the leader moves first, whichever way the follower
// goes after it.
func TestLeaderOfAnInverseLink(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	var s Scratch
	for _, r := range []odds.Millis{20, 60_000} {
		for _, sign := range []float64{1, -1} {
			x := NewAxis(r)
			a := randomMoves(rng, 600, int(x.Resolution)*20)
			for i := range a { // on the polls
				a[i].At -= a[i].At % odds.Time(x.Resolution)
			}
			b := lagged(rng, a, 2*x.Resolution, sign)
			got := gather(NewEvidence(x, false), a, b, 1, &s).Search()
			if got.Flow != AB || got.Zero || got.Z*sign < 5 || got.D < 5 {
				t.Errorf("resolution %v, sign %v: %+v", r, sign, got)
			}
			if got = gather(NewEvidence(x, false), b, a, 1, &s).Search(); got.Flow != BA || got.D > -5 {
				t.Errorf("resolution %v, sign %v, roles exchanged: %+v", r, sign, got)
			}
		}
	}
}

func TestSearchOfNothing(t *testing.T) {
	e := NewEvidence(NewAxis(20), true)
	if r := e.Search(); r.Found() || r.S != 0 || r.D != 0 || r.Inflation != 1 {
		t.Errorf("%+v", r)
	}
	v := Judge([]Case{{Evidence: e}})
	if v[0].Discovered || v[0].P != 1 || v[0].Q != 1 || v[0].Confidence != 0 {
		t.Errorf("%+v", v[0])
	}
	if len(Judge(nil)) != 0 {
		t.Error("a verdict on no case")
	}
}

func TestSearchP(t *testing.T) {
	for _, c := range []struct {
		z     float64
		looks int
		want  float64
	}{{1.959963984540054, 1, 0.05}, {-1.959963984540054, 1, 0.05}, {3, 10, 0.026997960632602}, {1, 340, 1}, {9, 0, 1}} {
		if p := SearchP(c.z, c.looks); math.Abs(p-c.want) > 1e-12 {
			t.Errorf("z %v in %d looks: %v, want %v", c.z, c.looks, p, c.want)
		}
	}
}
