package detect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Worth is what the slope of MLB, 0.3627 a run, adds for a line's difference.
func TestALineExplainsADeparture(t *testing.T) {
	const run = 0.3627
	tests := []struct {
		name       string
		dev, worth float64
		live       bool
		want       float64
	}{
		{"no line", 0.5, 0, false, 0.5},
		{"an unknown line", 0.5, math.NaN(), true, 0.5},
		{"+1.5 at -220 among -1.5 at 170", 0.15, -3 * run, false, 0},
		{"+1.5 at 170 among -1.5 at 170", -3 * run, -3 * run, false, -1.5 * run},
		{"and in play", -3 * run, -3 * run, true, -0.75 * run},
		{"the price goes the wrong way", -3*run - 0.3, -3 * run, false, -1.5*run - 0.3},
		{"in play 2.5 at -280 among 1.5 at 190", 1.7, -run, true, 0},
		{"as much before the match is no slope", 1.7, -run, false, 1.7 - 3*run},
	}
	for _, c := range tests {
		if got := beyond(c.dev, c.worth, c.live); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := beyond(-c.dev, -c.worth, c.live); math.Abs(got+c.want) > 1e-12 {
			t.Errorf("%s, mirrored: %v, want %v", c.name, got, -c.want)
		}
	}
}

// MLB, 2026-08-06: a venue turned from −1.5 at 170 to +1.5 at −220, which is the same, and
// was raised as HIGH until the match began.
func TestAVenueMayShowAnotherRunLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		moved float64 // of the joined value
		kind  string
	}{
		{"at its price", 0.15, ""},
		{"at the price of the old line", -1.088, OutlierQuote},
	} {
		m := newNullMarket(10, 21)
		for i := range m.view.Venues {
			m.view.Venues[i].Worth = []float64{0.544, -0.544}
		}
		for range 200 {
			m.next(minute)
			Market(&m.view, nil)
		}
		kind := ""
		for range 20 {
			m.next(minute)
			w := &m.view.Venues[3]
			w.Moved[0] += c.moved - (w.Values[0] - w.Others[0])
			w.Values[0] = w.Others[0] + c.moved
			w.Worth[0], w.Worth[1] = -0.544, 0.544
			for _, a := range Market(&m.view, nil) {
				if a.Kind == OutlierQuote || a.Kind == Desynchronisation {
					kind = a.Kind
				}
			}
		}
		if kind != c.kind {
			t.Errorf("%s: %q, want %q", c.name, kind, c.kind)
		}
	}
}

// MLB, 2026-08-06: a venue's run line turned from −1.5 at 180 to +1.5 at −235 while its
// moneyline stayed.
func TestAnotherRunLineIsNoContradiction(t *testing.T) {
	for _, c := range []struct {
		name          string
		value, worth  float64
		contradiction bool
	}{
		{"at its price", 0.15, -0.544, false},
		{"at the price of the old line", -1.088, -0.544, true},
		{"the same line at another price", 0.15, 0.544, true},
	} {
		rng := rand.New(rand.NewPCG(5, 7))
		v := RelationView{Event: "match", A: "dk/match/spreads/home", B: "dk/match/h2h/home", History: &RelationHistory{}, WorthA: 0.544}
		look := func(a float64) (found []Anomaly) {
			v.At = v.At.Add(minute)
			v.ValueB = 0.1 * rng.NormFloat64()
			v.ValueA = a + 0.8*v.ValueB + 0.01*rng.NormFloat64()
			return Relate(&v, nil)
		}
		for range 60 {
			look(0)
		}
		v.WorthA = c.worth
		look(c.value)
		if found := look(c.value); (len(found) > 0) != c.contradiction {
			t.Errorf("%s: %s", c.name, list(found))
		}
	}
}

// A total that stood still and then moved ten times as far as ever before: where the other
// market should be by then is not known.
func TestNothingIsExpectedFarFromWhatWasSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	v := RelationView{Event: "match", A: "dk/match/spreads/home", B: "dk/match/totals/over", History: &RelationHistory{}}
	look := func(b float64) []Anomaly {
		v.At = v.At.Add(minute)
		v.ValueA, v.ValueB = 0.04*rng.NormFloat64(), b
		return Relate(&v, nil)
	}
	for range 30 {
		look(0.01 * rng.NormFloat64())
	}
	look(0.3)
	if found := look(0.3); len(found) > 0 {
		t.Errorf("expected %.2f ± %.2f: %s", found[0].Evidence.Usual, found[0].Evidence.Spread, list(found))
	}
}
