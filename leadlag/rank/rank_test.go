package rank

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// market plants effects between every two of some venues: the difference of their places, and
// noise that the pairs of an event have in common in part.
func market(r *rand.Rand, places []float64, strata []string, events int, noise float64) (out []Effect) {
	shock := make([][]float64, events) // of a venue in an event
	for e := range shock {
		for range places {
			shock[e] = append(shock[e], noise*r.NormFloat64())
		}
	}
	for a := range places {
		for b := range a {
			for _, s := range strata {
				k := Effect{A: name(a), B: name(b), Stratum: s}
				for e := range events {
					shared := 1 + 2*r.Float64()
					lead := shared * (places[a] - places[b] + shock[e][a] - shock[e][b] + noise*r.NormFloat64())
					k.Parts = append(k.Parts, Part{mix(uint64(e + 1)), lead, shared})
				}
				out = append(out, k)
			}
		}
	}
	return out
}

func name(i int) string { return string(rune('a' + i)) }

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

func TestChainHasItsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	places := []float64{-0.2, -0.1, 0, 0.1, 0.2}
	got := Of(market(r, places, []string{"h2h", "totals"}, 40, 0.1), nil, 7)
	order := ""
	for _, s := range got.Standings {
		order += s.Venue
		want := places[s.Venue[0]-'a']
		if s.Low > want || s.High < want || s.High-s.Low > 0.1 || s.Low > s.Score || s.High < s.Score {
			t.Errorf("%+v, planted %.2f", s, want)
		}
	}
	if order != "edcba" || got.Loops != 16 || got.Unexplained > 0.05 {
		t.Errorf("order %s, %d loops, %.3f unexplained", order, got.Loops, got.Unexplained)
	}
}

// Where nobody leads, 95 % of the intervals hold 0.
func TestNullsHaveIntervalsOverZero(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, events := range []int{12, 40} {
		over, all := 0, 0
		for league := range 300 {
			for _, s := range Of(market(r, make([]float64, 5), []string{"h2h"}, events, 0.3), nil, uint64(league)).Standings {
				all++
				if s.Low <= 0 && s.High >= 0 {
					over++
				}
			}
		}
		if share := float64(over) / float64(all); share < 0.92 || share > 0.98 {
			t.Errorf("%d events: %.1f %% of %d intervals hold 0", events, 100*share, all)
		}
	}
}

// a leads b, b leads c, c leads a: there is no order.
func TestCycleIsUnexplained(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	effects := market(r, make([]float64, 3), []string{"h2h"}, 40, 0.02)
	for i, of := range []struct {
		a, b string
		sign float64
	}{{"b", "a", -1}, {"c", "a", 1}, {"c", "b", -1}} {
		if k := &effects[i]; k.A != of.a || k.B != of.b {
			t.Fatal(k.A, k.B)
		}
		for e := range effects[i].Parts {
			p := &effects[i].Parts[e]
			p.Lead += of.sign * 0.2 * p.Shared
		}
	}
	got := Of(effects, nil, 7)
	if got.Unexplained < 0.95 || got.Loops != 1 {
		t.Errorf("%.3f unexplained, %d loops", got.Unexplained, got.Loops)
	}
	for _, s := range got.Standings {
		if !near(s.Score, 0, 0.02) {
			t.Errorf("%+v", s)
		}
	}
}

func TestShrinking(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	effects := market(r, []float64{-0.2, 0, 0.2}, []string{"h2h"}, 40, 0.05)
	unsure := market(r, []float64{-0.2, 0, 0.2}, []string{"totals"}, 12, 1.5)
	got := Of(append(effects, unsure...), nil, 7)
	for i, e := range got.Effects {
		want := []float64{0.2, 0.4, 0.2}[i%3]
		if math.Abs(e.Shrunk-want) > 0.05 {
			t.Errorf("effect %d: %+v, planted %.1f", i, e, want)
		}
		if i >= 3 && math.Abs(e.Shrunk-want) >= math.Abs(e.Raw-want) {
			t.Errorf("effect %d is not nearer to what is usual: %+v", i, e)
		}
	}
}

// An effect that is certain keeps its value, however far it is from the order.
func TestCertainEffectsDoNotShrink(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	effects := market(r, []float64{-0.2, 0, 0.2, 0.4}, []string{"h2h"}, 400, 0.01)
	for e := range effects[0].Parts {
		effects[0].Parts[e].Lead *= -1
	}
	if e := Of(effects, nil, 7).Effects[0]; !near(e.Raw, -0.2, 0.01) || !near(e.Shrunk, e.Raw, 0.01) {
		t.Errorf("%+v", e)
	}
}

func TestOrderOfEffectsAndEventsIsNoMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 13))
	effects := market(r, []float64{-0.1, 0, 0.1}, []string{"h2h", "totals"}, 20, 0.3)
	want := Of(effects, nil, 7).Standings
	slices.Reverse(effects)
	for i := range effects {
		r.Shuffle(len(effects[i].Parts), func(a, b int) {
			p := effects[i].Parts
			p[a], p[b] = p[b], p[a]
		})
	}
	if got := Of(effects, nil, 7).Standings; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for i := range effects { // the same said the other way round
		k := &effects[i]
		k.A, k.B = k.B, k.A
		for e := range k.Parts {
			k.Parts[e].Lead *= -1
		}
	}
	for i, s := range Of(effects, nil, 7).Standings {
		if w := want[i]; s.Venue != w.Venue || !near(s.Score, w.Score, 1e-9) || !near(s.Low, w.Low, 1e-9) {
			t.Errorf("got %+v, want %+v", s, w)
		}
	}
}

func TestWhatCannotBeRanked(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 15))
	apart := func(effects []Effect, by string) []Effect {
		for i := range effects {
			effects[i].A, effects[i].B = effects[i].A+by, effects[i].B+by
		}
		return effects
	}
	two := market(r, []float64{0, 0.2}, []string{"h2h"}, 40, 0.05)
	unsteady := market(r, []float64{0, 0.2}, []string{"h2h"}, 40, 0.05)
	for e := range unsteady[0].Parts {
		unsteady[0].Parts[e].Shared *= float64(1 - 2*(e%2))
	}
	for name, c := range map[string]struct {
		effects        []Effect
		venues, unsure int
	}{
		"nothing":             {nil, 0, 0},
		"too few events":      {market(r, []float64{0, 0.2}, []string{"h2h"}, 11, 0.05), 0, 0},
		"nothing in common":   {unsteady, 0, 0},
		"one effect":          {two, 2, 0},
		"two apart":           {append(slices.Clone(two), apart(slices.Clone(two), "x")...), 4, 0},
		"events all the same": {[]Effect{{A: "a", B: "b", Parts: same(12)}, {A: "a", B: "b", Parts: same(12)}}, 2, 1},
	} {
		got := Of(c.effects, nil, 7)
		if len(got.Standings) != c.venues || got.Loops != c.unsure || len(got.Effects) != len(c.effects) {
			t.Errorf("%s: %+v", name, got)
		}
		sum := 0.0
		for _, s := range got.Standings {
			if sum += s.Score; math.IsNaN(s.Score+s.Low+s.High) || math.IsInf(s.Score+s.Low+s.High, 0) {
				t.Errorf("%s: %+v", name, s)
			}
		}
		if !near(sum, 0, 1e-9) || math.IsNaN(got.Unexplained) {
			t.Errorf("%s: the scores sum to %g, %g unexplained", name, sum, got.Unexplained)
		}
	}
}

func same(n int) (p []Part) {
	for e := range n {
		p = append(p, Part{mix(uint64(e)), 0.1, 1})
	}
	return p
}

func BenchmarkOf(b *testing.B) {
	for _, events := range []int{50, 1000} {
		effects := market(rand.New(rand.NewPCG(1, 1)), make([]float64, 26), []string{"h2h", "spreads", "totals"}, events, 0.1)
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			for b.Loop() {
				Of(effects, nil, 1)
			}
		})
	}
}
