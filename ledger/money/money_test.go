package money

import (
	"math"
	"testing"

	"corrgraph/odds"
)

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, show(got), want)
	}
}

func show(x *float64) any {
	if x == nil {
		return "nothing"
	}
	return *x
}

// book is a two-way market of which the first outcome is backed.
func book(group int, line, worth float64, prices ...odds.Odds) Book {
	return Book{Group: group, Line: line, Worth: worth, Odds: prices}
}

func TestFairIsTheMedianOfGroups(t *testing.T) {
	none := math.NaN()
	// Multiplicative probabilities of the first outcome: 0.5, 0.5, 0.5 of one group, 0.6, 0.7.
	books := []Book{
		book(1, none, 0, 1.9, 1.9), book(1, none, 0, 1.95, 1.95), book(1, none, 0, 1.8, 1.8),
		book(2, none, 0, 1/0.63, 1/0.42), book(3, none, 0, 1/0.735, 1/0.315),
	}
	a := Find(books, Want{Line: none})
	if a.Fair == nil || a.Groups != 3 || a.Converted || a.Lacks != "" {
		t.Fatalf("%+v", a)
	}
	near(t, "multiplicative", &a.Fair.Multiplicative, 0.6)
	near(t, "Shin, for two outcomes q minus half the margin", &a.Fair.Shin, 0.63-0.025)
	if p := a.Fair.Power; !(p > 0.6 && p < 0.63) {
		t.Errorf("power %v", p)
	}
	if a.Fair.Least() != a.Fair.Multiplicative {
		t.Errorf("the smallest of %+v is %v", *a.Fair, a.Fair.Least())
	}
}

func TestOneGroupIsNotEnough(t *testing.T) {
	none := math.NaN()
	a := Find([]Book{book(1, none, 0, 1.9, 1.9), book(1, none, 0, 1.8, 2)}, Want{Line: none, Convert: true})
	if a.Fair != nil || a.Lacks != NoOthers {
		t.Errorf("%+v", a)
	}
}

// Ten points of margin in a line's worth: the others' value stays, the probability does not.
func TestOtherLinesAreConverted(t *testing.T) {
	const slope = 0.1
	w := Want{Sport: "baseball", Market: "totals", Line: 8.5, Worth: 8.5 * slope}
	books := []Book{book(1, 9, 9*slope, 2, 2), book(2, 9, 9*slope, 2, 2)}
	if a := Find(books, w); a.Fair != nil || a.Lacks != NoOthers {
		t.Errorf("unasked: %+v", a)
	}
	w.Convert = true
	a := Find(books, w)
	if a.Fair == nil || !a.Converted {
		t.Fatalf("%+v", a)
	}
	near(t, "over 8.5 where over 9 is even", &a.Fair.Shin, 1/(1+math.Exp(-0.5*slope)))
	books = append(books, book(3, 8.5, 8.5*slope, 1.8, 2.2), book(4, 8.5, 8.5*slope, 1.8, 2.2))
	if a := Find(books, w); a.Converted || a.Groups != 2 {
		t.Errorf("two groups are on the line itself: %+v", a)
	}
}

func TestKeyNumbersAreNotCrossed(t *testing.T) {
	for _, c := range []struct {
		sport, market string
		from, to      float64
		want          bool
	}{
		{"americanfootball", "spreads", -2.5, -3.5, true},
		{"americanfootball", "spreads", 6.5, 7, true},
		{"americanfootball", "spreads", 3, 3.5, true},
		{"americanfootball", "spreads", 3.5, 6.5, false},
		{"americanfootball", "spreads", -1, 1, false},
		{"americanfootball", "spreads", 3, 3, false},
		{"americanfootball", "totals", 2.5, 3.5, false},
		{"basketball", "spreads", 2.5, 3.5, false},
	} {
		if got := Crosses(c.sport, c.market, c.from, c.to); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	w := Want{Sport: "americanfootball", Market: "spreads", Line: -3.5, Convert: true}
	a := Find([]Book{book(1, -2.5, 0, 1.9, 1.9), book(2, -2.5, 0, 1.9, 1.9)}, w)
	if a.Fair != nil || a.Lacks != KeyNumber {
		t.Errorf("across 3: %+v", a)
	}
}

func TestWorthOfABet(t *testing.T) {
	fee, none := 0.05, 0.0
	for _, c := range []struct {
		price    float64
		fee      *float64
		ev       float64
		value    bool
		fairLeft Fair
	}{
		{2.1, &none, 0.05, true, Fair{0.49, 0.5, 0.48}},
		{2.1, &none, 0.05, false, Fair{0.49, 0.5, 0.47}}, // power says 0.987
		{2.1, &fee, 0.0225, false, Fair{0.49, 0.5, 0.48}},
	} {
		b := Bet{Price: c.price, Fee: c.fee, Fair: &c.fairLeft}
		b.Priced()
		near(t, "EV", b.EV, c.ev)
		if b.Value != c.value {
			t.Errorf("value %v of %+v", b.Value, c)
		}
	}
	b := Bet{Price: 2.1, Fair: &Fair{0.6, 0.6, 0.6}, Open: NotYet}
	b.Priced()
	b.Mark(5000, 1, 0.6)
	b.Closed(&Fair{0.6, 0.6, 0.6}, 9, false)
	if b.EV != nil || b.Value || b.CLV != nil || b.Marks != nil || b.Open != UnknownFee {
		t.Errorf("something is claimed above an unknown fee: %+v", b)
	}
	b = Bet{Price: 2.1, Fee: &none, Fill: Fill{At: 7, Price: 2}}
	b.Closed(&Fair{0.6, 0.5, 0.6}, 9, false)
	near(t, "CLV", b.CLV, 0.05)
	near(t, "worth of the fill", b.Fill.Worth, 0)
	for _, net := range []float64{1.01, 1.5, 3, 1000} {
		if k := Kelly(0.999, net); k < 0 || k > 0.999 {
			t.Errorf("Kelly is %v of the bankroll at %v", k, net)
		}
	}
	if k := Kelly(0.55, 2); math.Abs(k-0.1) > 1e-12 || Kelly(0.5, 2) != 0 || Kelly(0.4, 2) != 0 || Kelly(1, 1) != 0 {
		t.Errorf("Kelly %v", k)
	}
}

// closed is a bet at venue v with a known close.
func closed(v, event string, price, ev, clv float64, value bool) *Bet {
	return &Bet{Node: odds.NodeID(v + "/" + event + "/h2h/home"), Event: event, Sport: "s", League: "l", Price: price, Fee: new(float64), EV: &ev, CLV: &clv, Value: value, CloseAt: 1}
}

func TestRecord(t *testing.T) {
	calls := []*Bet{
		closed("a", "1", 2, -0.05, -0.04, false), closed("a", "1", 2, -0.05, -0.02, false),
		closed("a", "2", 2, 0.015, 0.03, true), closed("b", "2", 2, 0.015, 0.01, true),
		nil,
		{Lacks: NoVenue},
		{Event: "3", Price: 2, Fee: new(float64), Lacks: NoOthers, Open: NoStart},
	}
	others := []*Bet{
		closed("a", "4", 2, 0.012, -0.01, true), closed("a", "5", 2, 0.018, 0.02, true), // comparable with the first
		closed("a", "5", 3, 0.015, 9, true), closed("c", "5", 2, 0.015, 9, true), closed("a", "5", 2, 0.03, 9, true), // not: price, venue, EV
	}
	r := RecordOf(calls, others, 5000)
	near(t, "all", r.CLV.All.Mean, -0.005)
	near(t, "value", r.CLV.Value.Mean, 0.02)
	near(t, "matched", r.CLV.Matched.Mean, 0.005)
	if r.CLV.All.N != 4 || r.CLV.All.Events != 2 || r.CLV.Value.Events != 1 || r.CLV.Value.Low != nil || r.CLV.Matched.N != 2 || r.CLV.Unmatched != 1 {
		t.Errorf("%+v", r.CLV)
	}
	// Sums by event of deviations: −0.05 and 0.05.
	near(t, "high", r.CLV.All.High, -0.005+12.706204736*math.Sqrt(2*0.0025*2)/4)
	if r.Cuts != 3 || len(r.Leagues) != 1 || r.Leagues[0].League != "l" {
		t.Errorf("%d cuts, %+v", r.Cuts, r.Leagues)
	}
	c := r.Counts
	if c.Calls != 6 || c.Priced != 4 || c.Closed != 4 || c.Unpriced[NoVenue] != 1 || c.Unpriced[NoOthers] != 1 || c.Unclosed[NoStart] != 1 || len(c.Unclosed) != 1 || c.Forecast != 2 {
		t.Errorf("%+v", c)
	}
	if e := RecordOf(nil, others, 0); e.CLV.All.Mean != nil || e.CLV.Matched.N != 0 || e.Cuts != 0 {
		t.Errorf("without calls: %+v", e)
	}
}

func TestPaper(t *testing.T) {
	half, loss := 0.5, -0.25
	fill := func(f Fill) *Bet {
		b := closed("a", "1", 2, 0.01, 0, true)
		b.Fill = f
		return b
	}
	live := fill(Fill{At: 1, Price: 2, Worth: &half})
	live.Live = true
	p := RecordOf([]*Bet{
		fill(Fill{At: 1, Price: 2, Worth: &half}), fill(Fill{At: 1, Price: 2, Worth: &loss}), fill(Fill{At: 1, Price: 2}),
		fill(Fill{At: 1, Refused: "gone"}), fill(Fill{}), live, closed("a", "1", 2, -0.01, 0, false),
	}, nil, 7).Paper
	if p.Bets != 5 || p.Filled != 3 || p.Refused["gone"] != 1 || p.Waiting != 1 || p.Open != 1 || p.Profit != 0.25 || p.DelayMs != 7 || p.Marked != MarkedAtClose {
		t.Errorf("%+v", p)
	}
}

func TestMarksAreOfBetsInPlay(t *testing.T) {
	live, before := closed("a", "1", 2, 0.01, 0, true), closed("a", "2", 2, 0.01, 0, true)
	live.Live = true
	for n := range mostMarked {
		after, ok := MarkAfter(n)
		if !ok {
			t.Fatal(n)
		}
		live.Mark(after, 1, 0.5)
		before.Mark(after, 1, 0.9)
	}
	if _, ok := MarkAfter(mostMarked); ok {
		t.Error("there is a fifth")
	}
	for _, m := range RecordOf([]*Bet{live, before}, nil, 0).Marks {
		if near(t, "mark", m.All.Mean, 0); m.All.N != 1 || m.Value.N != 1 {
			t.Errorf("%+v", m)
		}
	}
}

func TestStudent(t *testing.T) {
	for freedom, want := range map[float64]float64{1: 12.7062, 2: 4.3027, 3: 3.1824, 5: 2.5706, 10: 2.2281, 30: 2.0423, 1e9: 1.95996} {
		if got := student95(freedom); math.Abs(got/want-1) > 0.008 {
			t.Errorf("%v degrees: %v, want %v", freedom, got, want)
		}
	}
}
