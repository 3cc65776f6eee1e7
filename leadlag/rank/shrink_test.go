package rank

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// scattered plants effects of its own size in each pair, on top of an order.
func scattered(r *rand.Rand, places []float64, planted func(pair int) float64, events int, noise float64) (out []Effect, truth []float64) {
	out = market(r, places, []string{"h2h"}, events, noise)
	for i := range out {
		x := planted(i)
		truth = append(truth, x+places[out[i].A[0]-'a']-places[out[i].B[0]-'a'])
		for e := range out[i].Parts {
			out[i].Parts[e].Lead += x * out[i].Parts[e].Shared
		}
	}
	return out, truth
}

// errorsOf are the mean squared errors of the effects of some leagues.
type errorsOf struct {
	raw, shrunk     float64
	between, spread float64 // the fitted variances
	none            int     // leagues in which both are 0
}

func measure(leagues int, draw func(r *rand.Rand) ([]Effect, []float64)) (m errorsOf) {
	n := 0.0
	for league := range uint64(leagues) {
		effects, truth := draw(rand.New(rand.NewPCG(31, league)))
		l := newLeague(effects, nil)
		l.solve()
		l.fit(league)
		m.between, m.spread = m.between+l.between[0]/float64(leagues), m.spread+l.spread/float64(leagues)
		if l.between[0]+l.spread == 0 {
			m.none++
		}
		for i, e := range Of(effects, nil, league).Effects {
			m.raw, m.shrunk, n = m.raw+(e.Raw-truth[i])*(e.Raw-truth[i]), m.shrunk+(e.Shrunk-truth[i])*(e.Shrunk-truth[i]), n+1
		}
	}
	m.raw, m.shrunk = m.raw/n, m.shrunk/n
	return m
}

// What one venue does in an event is part of all its effects, so that noise alone makes an
// order: a fit that took effects for independent would keep it.
func TestNoiseAloneShrinksToNothing(t *testing.T) {
	for _, events := range []int{12, 20, 60} {
		m := measure(200, func(r *rand.Rand) ([]Effect, []float64) {
			return scattered(r, make([]float64, 6), func(int) float64 { return 0 }, events, 0.3)
		})
		if m.shrunk > 0.1*m.raw || m.between > 0.1*m.raw || m.spread > 0.1*m.raw || m.none < 160 {
			t.Errorf("%d events: %+v", events, m)
		}
	}
}

func TestShrunkenEffectsAreNearerToTheTruth(t *testing.T) {
	for name, c := range map[string]struct {
		places  float64 // their standard deviation
		planted func(r *rand.Rand) func(pair int) float64
		most    float64 // of the raw effects' error
	}{
		"an order": {0.15, func(*rand.Rand) func(int) float64 { return func(int) float64 { return 0 } }, 0.9},
		"no order": {0, func(r *rand.Rand) func(int) float64 { return func(int) float64 { return 0.15 * r.NormFloat64() } }, 0.75},
		"both":     {0.15, func(r *rand.Rand) func(int) float64 { return func(int) float64 { return 0.1 * r.NormFloat64() } }, 0.99},
		"some led, mostly not": {0, func(r *rand.Rand) func(int) float64 {
			return func(int) float64 {
				if r.IntN(5) == 0 {
					return 0.4
				}
				return 0
			}
		}, 0.8},
	} {
		m := measure(60, func(r *rand.Rand) ([]Effect, []float64) {
			places := make([]float64, 6)
			for i := range places {
				places[i] = c.places * r.NormFloat64()
			}
			return scattered(r, places, c.planted(r), 20, 0.4)
		})
		if m.shrunk > c.most*m.raw {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// A decoy has the spread of its effect's noise, whether the effect is strong or not.
func TestDecoysAreNoiseOfAStrongLeadToo(t *testing.T) {
	for _, lead := range []float64{0, 3} {
		var square, n float64
		for seed := range uint64(300) {
			effects, _ := scattered(rand.New(rand.NewPCG(41, seed)), make([]float64, 2), func(int) float64 { return lead }, 30, 0.2)
			k, ok := estimate(&effects[0])
			if !ok {
				t.Fatal("no estimate")
			}
			for _, z := range k.decoys(seed) {
				square, n = square+z*z, n+1
			}
		}
		if rms := math.Sqrt(square / n); rms < 0.9 || rms > 1.15 {
			t.Errorf("lead %g: decoys of %.2f standard errors", lead, rms)
		}
	}
}

// copied adds the effects of a venue that shows what another one shows, and those between both.
func copied(effects []Effect, of, as string) []Effect {
	out := effects
	for _, e := range effects {
		switch of {
		case e.A:
			e.A = as
		case e.B:
			e.B = as
		default:
			continue
		}
		out = append(out, e)
	}
	var self []Part
	for i := range 40 {
		self = append(self, Part{mix(uint64(i + 1)), 0, 3})
	}
	return append(out, Effect{A: as, B: of, Stratum: "h2h", Parts: self})
}

// A copy of the leader says nothing new: the places of the others stay, and it has the leader's.
func TestACopyOfTheLeaderMovesNobody(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	effects := market(r, []float64{0.2, -0.1, 0, 0.1}, []string{"h2h", "totals"}, 40, 0.3)
	for e := range effects[1].Parts { // something that no order explains
		effects[1].Parts[e].Lead += 0.3 * effects[1].Parts[e].Shared
	}
	want := Of(effects, nil, 7)
	with := copied(effects, "a", "x")
	got := Of(with, [][]string{{"x", "a"}}, 7)
	var others []Standing
	for _, s := range got.Standings {
		if s.Group == nil {
			others = append(others, s)
			continue
		}
		if w := want.Standings[0]; (s.Venue != "a" && s.Venue != "x") || s.Score != w.Score || s.Low != w.Low || s.High != w.High || !reflect.DeepEqual(s.Group, []string{"a", "x"}) {
			t.Errorf("%+v, without a copy %+v", s, w)
		}
	}
	if !reflect.DeepEqual(others, want.Standings[1:]) || len(got.Standings) != 5 {
		t.Errorf("got  %+v\nwant %+v", got.Standings, want.Standings)
	}
	if got.Unexplained != want.Unexplained || got.Loops != want.Loops || !reflect.DeepEqual(got.Effects[:len(effects)], want.Effects) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if e := got.Effects[len(with)-1]; e.Raw != 0 || e.SE == 0 {
		t.Errorf("the leader and its copy: %+v", e)
	}
	// Counted as a venue of its own, it would move the others.
	if apart := Of(with, nil, 7).Standings; reflect.DeepEqual(apart[2:], want.Standings[1:]) {
		t.Error("a copy that is not known as one moves nobody, so that the test proves nothing")
	}
}

func TestAGroupOnItsOwnHasNoPlace(t *testing.T) {
	two := market(rand.New(rand.NewPCG(23, 24)), []float64{0, 0.3}, []string{"h2h"}, 40, 0.05)
	got := Of(two, [][]string{{"a", "b"}}, 7)
	if len(got.Standings) != 0 || !near(got.Effects[0].Raw, 0.3, 0.05) || got.Effects[0].Shrunk != 0 {
		t.Errorf("%+v", got)
	}
}
