package family

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/engine/check"
	"corrgraph/engine/draw"
	"corrgraph/odds"
)

// chased is a desk at which zoe follows amy, in matches first seen in an order.
func chased(matches []string) *desk {
	d := newDesk(Options{Seed: 1})
	at := marketStart
	for _, m := range matches {
		d.h2h(at, m, map[string]float64{"amy": 0, "bob": 0, "zoe": 0})
	}
	rng := rand.New(rand.NewPCG(4, 5))
	names := slices.Sorted(slices.Values(matches))
	for range 40 * len(matches) {
		at = at.Add(odds.Millis(20_000 + rng.IntN(20_000)))
		m, x := names[rng.IntN(len(names))], rng.NormFloat64()
		d.h2h(at, m, map[string]float64{"amy": x, "bob": rng.NormFloat64()})
		d.h2h(at.Add(2000), m, map[string]float64{"zoe": x})
	}
	d.Decide(at.Add(60_000))
	return d
}

func matches(n int) (out []string) {
	for k := range n {
		out = append(out, fmt.Sprintf("A%d-B%d", k, k))
	}
	return out
}

// What was taken when a decision was made stays as it was, whatever comes afterwards, and has
// room for the newest moves of some pairs, however many there are.
func TestASampleStaysAsItWas(t *testing.T) {
	d := chased(matches(draw.MostPairs + 20))
	at := d.board.Now
	s := (*check.Sample)(d.Sample(at))
	was, opinions := s.Judge(2)
	if len(s.Families) != 5 || was.Copies == 0 || was.Families != 3 || was.At != at || len(opinions) == 0 {
		t.Fatalf("%d families, %+v, %v", len(s.Families), was, opinions)
	}
	for i := range s.Families {
		if n := len(s.Families[i].Pairs); n != draw.MostPairs {
			t.Errorf("%d pairs", n)
		}
	}
	for k := range 300 {
		d.h2h(at.Add(odds.Millis(30_000*(k+1))), "A1-B1", map[string]float64{"amy": float64(k % 7), "bob": float64(k % 5), "zoe": float64(k % 3)})
	}
	d.Decide(d.board.Now)
	if is, again := s.Judge(1); is != was || fmt.Sprint(again) != fmt.Sprint(opinions) {
		t.Errorf("%+v, later %+v", was, is)
	}
	if other, _ := (*check.Sample)(d.Sample(d.board.Now)).Judge(1); other == was {
		t.Error("the next decision has the same check")
	}
}

// What is drawn depends on names and on the decision, not on what was seen first.
func TestASampleDoesNotDependOnWhoCameFirst(t *testing.T) {
	drawn := func(names []string, at odds.Millis) (out []string) {
		d := chased(names)
		for _, f := range d.Sample(d.board.Now.Add(at)).Families {
			for _, p := range f.Pairs {
				out = append(out, fmt.Sprint(f.Key, p.Key, p.Event, len(p.A), len(p.B)))
			}
		}
		return out
	}
	names := matches(draw.MostPairs + 20)
	one := drawn(names, 0)
	slices.Reverse(names)
	if other := drawn(names, 0); !slices.Equal(one, other) {
		t.Errorf("%d pairs are drawn, in the other order %d others", len(one), len(other))
	}
	if later := drawn(names, 1); slices.Equal(one, later) || len(later) != len(one) {
		t.Error("the same pairs are drawn again")
	}
}
