package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"corrgraph/odds"

	"pgregory.net/rapid"
)

// settled is how one bet ends: the share of its stake that wins and that loses. The rest is
// returned.
type settled struct{ wins, loses float64 }

// settle settles a bet on a side of a market by its rules, from the score alone. A quarter
// line is two half stakes.
func settle(market string, side odds.Side, line float64, home, away int) (s settled) {
	switch market {
	case "h2h", "draw_no_bet":
		lead := float64(home - away)
		switch side {
		case odds.Draw:
			return half(-math.Abs(lead) + 0.5)
		case odds.Away:
			lead = -lead
		}
		return half(lead)
	}
	halves := []float64{line, line}
	if math.Mod(math.Abs(2*line), 1) == 0.5 {
		halves = []float64{line - 0.25, line + 0.25}
	}
	for _, l := range halves {
		var x settled
		switch side {
		case odds.Home:
			x = half(float64(home-away) + l)
		case odds.Away:
			x = half(float64(away-home) + l)
		case odds.Over:
			x = half(float64(home+away) - l)
		case odds.Under:
			x = half(l - float64(home+away))
		}
		s.wins, s.loses = s.wins+x.wins/2, s.loses+x.loses/2
	}
	return s
}

func half(by float64) settled {
	switch {
	case by > 0:
		return settled{wins: 1}
	case by < 0:
		return settled{loses: 1}
	}
	return settled{}
}

// result is what bets with these stakes win in all for an outlay of 1, when every venue keeps
// its share of what is won there in all. decided is false if all stakes are returned.
func result(v *MarketView, b *Bets, stakes []float64, home, away int, threeWay bool) (all float64, decided bool) {
	net, keeps := map[string]float64{}, map[string]float64{}
	for i := range b.Legs {
		l := &b.Legs[i]
		venue, _, market, selection, _ := l.Node.Parts()
		line := math.NaN()
		if l.Line != nil {
			line = *l.Line
		}
		end := settle(strings.TrimSuffix(market, "_lay"), sideNamed(selection), line, home, away)
		if threeWay && home == away && selection != "draw" { // the draw is an outcome, which a bet on a side loses
			end = settled{loses: 1}
		}
		won := stakes[i] * (end.wins*(l.Price-1) - end.loses)
		if l.Lay {
			won = stakes[i] * (end.loses - end.wins*(l.Price-1))
		}
		net[venue] += won
		keeps[venue] = l.Commission
		decided = decided || end != settled{}
	}
	for venue, x := range net {
		all += x - keeps[venue]*max(0, x)
	}
	return all, decided
}

// priced is a market with random prices near even, so that about every other one is an
// arbitrage.
type priced struct {
	market string
	sides  []odds.Side
	lines  []float64
}

func anyMarket(t *rapid.T) priced {
	line := float64(rapid.IntRange(-16, 16).Draw(t, "quarters")) / 4
	nan := math.NaN()
	return rapid.SampledFrom([]priced{
		{"h2h", sidesOf(2), []float64{nan, nan}},
		{"h2h", sidesOf(3), []float64{nan, nan, nan}},
		{"draw_no_bet", sidesOf(2), []float64{nan, nan}},
		{"spreads", sidesOf(2), []float64{line, -line}},
		{"totals", []odds.Side{odds.Over, odds.Under}, []float64{math.Abs(line), math.Abs(line)}},
	}).Draw(t, "market")
}

func (p priced) view(t *rapid.T, lay bool) *MarketView {
	market := p.market
	if lay {
		market += "_lay"
	}
	v := &MarketView{Event: "match", Market: market, At: clock("12:00"), Lay: lay, Kind: odds.KindOf("", p.market), Sides: p.sides}
	for _, s := range p.sides {
		v.Selections = append(v.Selections, s.String())
	}
	for _, name := range []string{"a", "b", "c"} {
		w := VenueView{
			Venue: name, Complete: true, Lines: p.lines, SeenAt: v.At, Resolution: 1000,
			Commission: rapid.SampledFrom([]float64{0, 0, 0.02, 0.05}).Draw(t, "commission "+name),
		}
		for _, s := range p.sides {
			price := 1 + float64(rapid.IntRange(80, 125).Draw(t, "price"))/100*float64(len(p.sides)-1)
			w.Nodes = append(w.Nodes, odds.NodeID(fmt.Sprintf("%s/match/%s/%s", name, market, s)))
			w.Prices, w.Values, w.Listed = append(w.Prices, price), append(w.Values, 0), append(w.Listed, true)
			w.Sizes = append(w.Sizes, float64(rapid.IntRange(0, 500).Draw(t, "size")))
		}
		v.Venues = append(v.Venues, w)
	}
	return v
}

// loses checks an arbitrage against every score from 0:0 to 9:9, and that the numbers in it
// are those of the worst.
func (p priced) loses(t *rapid.T, v *MarketView, b *Bets) {
	stakes, outlay, venues := []float64{}, 0.0, map[string]bool{}
	for _, l := range b.Legs {
		stakes = append(stakes, l.Stake)
		outlay += l.Liability
		venue, _, _, _, _ := l.Node.Parts()
		venues[venue] = true
		if b.Limit > 0 && l.Size > 0 && l.Currency == b.Currency && b.Limit*l.Stake > l.Size*(1+1e-9) {
			t.Fatalf("an outlay of %v takes more than %v of a leg: %+v", b.Limit, l.Size, b)
		}
	}
	if math.Abs(outlay-1) > 1e-9 || len(venues) < 2 {
		t.Fatalf("an outlay of %v at %d venues: %+v", outlay, len(venues), b)
	}
	worst := math.Inf(1)
	for home := range 10 {
		for away := range 10 {
			won, decided := result(v, b, stakes, home, away, len(p.sides) == 3)
			switch {
			case won < -1e-9:
				t.Fatalf("%d:%d loses %v: %+v", home, away, won, b)
			case !decided && p.market == "h2h": // the match goes on until it is decided
			case !decided && (b.Push == nil || *b.Push != 0):
				t.Fatalf("%d:%d returns all stakes: %+v", home, away, b)
			case decided && b.Push != nil && math.Abs(won-*b.Push) < 1e-9: // half stakes are returned
			case decided:
				worst = min(worst, won)
			}
		}
	}
	if math.Abs(worst-b.Profit) > 1e-9 || b.Profit <= 0 {
		t.Fatalf("the worst score wins %v, stated %v: %+v", worst, b.Profit, b)
	}
}

func TestNoArbitrageLoses(t *testing.T) {
	found := 0
	check(t, func(t *rapid.T) {
		p := anyMarket(t)
		v := p.view(t, rapid.Bool().Draw(t, "lay"))
		for _, a := range Arbitrages(v, nil) {
			found++
			p.loses(t, v, a.Evidence.Bets)
		}
	})
	crossed := 0
	check(t, func(t *rapid.T) {
		p := anyMarket(t)
		back, lay := p.view(t, false), p.view(t, true)
		for _, a := range Crossed(back, lay, nil) {
			crossed++
			p.loses(t, back, a.Evidence.Bets)
		}
	})
	if found < 20 || crossed < 20 {
		t.Errorf("%d arbitrages and %d of back against lay prices were checked", found, crossed)
	}
}

// No other stakes at the same legs win more of the same outlay, and where no arbitrage is
// found no stakes at any legs win.
func TestStakesAreTheBest(t *testing.T) {
	check(t, func(t *rapid.T) {
		p := anyMarket(t)
		v := p.view(t, false)
		got := Arbitrages(v, nil)
		best := 0.0
		legs := make([]int, len(p.sides))
		for {
			best = max(best, p.grid(v, legs))
			i := 0
			for ; i < len(legs); i++ {
				if legs[i] = (legs[i] + 1) % len(v.Venues); legs[i] > 0 {
					break
				}
			}
			if i == len(legs) {
				break
			}
		}
		switch {
		case len(got) == 0 && best > 0.001 && !p.oneVenue(v):
			t.Fatalf("stakes on a grid win %v", best)
		case len(got) > 0 && best > got[0].Size+1e-3:
			t.Fatalf("stakes on a grid win %v, stated %v", best, got[0].Size)
		}
	})
}

// grid is the most that stakes in steps of a fiftieth win at the given venues, whichever
// outcome wins; 0 if all legs are at one venue.
func (p priced) grid(v *MarketView, legs []int) (best float64) {
	const steps = 50
	same := true
	for _, at := range legs {
		same = same && at == legs[0]
	}
	if same {
		return 0
	}
	var try func(stakes []float64, left int)
	try = func(stakes []float64, left int) {
		if len(stakes) < len(legs)-1 {
			for k := 1; k < left; k++ {
				try(append(stakes, float64(k)/steps), left-k)
			}
			return
		}
		best = max(best, p.worst(v, legs, append(stakes, float64(left)/steps)))
	}
	try(make([]float64, 0, len(legs)), steps)
	return best
}

// worst is the least that the stakes win, over all winners.
func (p priced) worst(v *MarketView, legs []int, stakes []float64) float64 {
	least := math.Inf(1)
	for winner := range legs {
		net := make([]float64, len(v.Venues))
		for s, at := range legs {
			net[at] -= stakes[s]
			if s == winner {
				net[at] += stakes[s] * v.Venues[at].Prices[s]
			}
		}
		all := 0.0
		for i, x := range net {
			all += x - v.Venues[i].Commission*max(0, x)
		}
		least = min(least, all)
	}
	return least
}

// oneVenue reports whether one venue has all best prices: those are taken for its mistake.
func (p priced) oneVenue(v *MarketView) bool {
	at := -1
	for s := range p.sides {
		f, _ := v.form(0)
		best := f.best(s, true, "")
		if at >= 0 && best != at {
			return false
		}
		at = best
	}
	return true
}

// Worked by hand, to the last digit that is shown.
func TestBetsByHand(t *testing.T) {
	nan := math.NaN()
	paid := func(w VenueView, commission float64, sizes ...float64) VenueView {
		w.Commission, w.Sizes = commission, sizes
		return w
	}
	view := func(market string, venues ...VenueView) *MarketView {
		v := marketOfVenues(venues...)
		v.Market, v.Kind = market, odds.KindOf("", market)
		v.Lay = v.Kind.Lay
		return v
	}
	push := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		name          string
		found         []Anomaly
		profit, limit float64
		push          *float64
		stakes        []float64
	}{
		{"2.10 twice", Arbitrages(view("h2h", offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1)), nil), 0.05, 0, nil, []float64{0.5, 0.5}},
		// 2.10 less 5 % of 1.10 is 2.045: 1/2.045 + 1/2.10 = 0.96519.
		{"commission of 5 %", Arbitrages(view("h2h", paid(offer("a", nan, 2.1, 1.7), 0.05), offer("b", nan, 1.7, 2.1)), nil), 0.0360675513, 0, nil, []float64{0.5066345, 0.4933655}},
		{"commission takes it all", Arbitrages(view("h2h", paid(offer("a", nan, 2.02, 1.7), 0.05), offer("b", nan, 1.7, 2.02)), nil), 0, 0, nil, nil},
		// Laying both at 1.90: 1/1.90 twice is 1.0526; risking 0.9 of each stake, 1 − 1/1.0526 of both is won.
		{"lay 1.90 twice", Arbitrages(view("h2h_lay", offer("a", nan, 1.9, 2.1), offer("b", nan, 2.1, 1.9)), nil), 1.0 / 9 * 0.5, 0, nil, []float64{0.5555556, 0.5555556}},
		{"lay 2.10 twice loses", Arbitrages(view("h2h_lay", offer("a", nan, 2.1, 2.2), offer("b", nan, 2.2, 2.1)), nil), 0, 0, nil, nil},
		// Backed at 2.15, laid at 2.00: 1/2.15 + 1/2 is 0.96512.
		{"back over lay", Crossed(view("h2h", offer("a", nan, 2.15, 1.7)), view("h2h_lay", offer("b", nan, 2, 2.5)), nil), 0.0361445783, 0, nil, []float64{0.4819277, 0.5180723}},
		{"not at one venue", Crossed(view("h2h", offer("a", nan, 2.15, 1.7)), view("h2h_lay", offer("a", nan, 2, 2.5)), nil), 0, 0, nil, nil},
		{"not at other rules", Crossed(view("h2h", offer("a", nan, 2.15, 3, 1.7)), view("h2h_lay", offer("b", nan, 2, 2.5)), nil), 0, 0, nil, nil},
		{"a whole line returns stakes", Arbitrages(view("spreads", offer("a", -3, 2.1, 1.7), offer("b", -3, 1.7, 2.1)), nil), 0.05, 0, push(0), []float64{0.5, 0.5}},
		{"a half line decides", Arbitrages(view("spreads", offer("a", -3.5, 2.1, 1.7), offer("b", -3.5, 1.7, 2.1)), nil), 0.05, 0, nil, []float64{0.5, 0.5}},
		{"a quarter line returns half stakes", Arbitrages(view("spreads", offer("a", -3.25, 2.1, 1.7), offer("b", -3.25, 1.7, 2.1)), nil), 0.05, 0, push(0.025), []float64{0.5, 0.5}},
		{"draw no bet", Arbitrages(view("draw_no_bet", offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1)), nil), 0.05, 0, push(0), []float64{0.5, 0.5}},
		{"the smaller size is the limit", Arbitrages(view("h2h", paid(offer("a", nan, 2.1, 1.7), 0, 40, 0), paid(offer("b", nan, 1.7, 2.1), 0, 7, 30)), nil), 0.05, 60, nil, []float64{0.5, 0.5}},
	} {
		if c.stakes == nil {
			if len(c.found) > 0 {
				t.Errorf("%s: %s", c.name, list(c.found))
			}
			continue
		}
		if len(c.found) != 1 {
			t.Errorf("%s: %s", c.name, list(c.found))
			continue
		}
		b := c.found[0].Evidence.Bets
		if math.Abs(b.Profit-c.profit) > 1e-9 || math.Abs(b.Limit-c.limit) > 1e-9 {
			t.Errorf("%s: profit %.10f, want %.10f; limit %v, want %v", c.name, b.Profit, c.profit, b.Limit, c.limit)
		}
		if (b.Push == nil) != (c.push == nil) || b.Push != nil && math.Abs(*b.Push-*c.push) > 1e-9 {
			t.Errorf("%s: push %v, want %v", c.name, b.Push, c.push)
		}
		for i, l := range b.Legs {
			if math.Abs(l.Stake-c.stakes[i]) > 1e-7 {
				t.Errorf("%s: leg %d has a stake of %.7f, want %.7f", c.name, i, l.Stake, c.stakes[i])
			}
		}
	}
}

// An outright of many outcomes at venues that take commission of what is won there in all:
// the worst of all winners, counted one by one.
func TestWorstOfManyOutcomes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for _, lay := range []bool{false, true} {
		v := &MarketView{Lay: lay}
		venues := make([]VenueView, 7)
		for i := range venues {
			venues[i] = VenueView{Venue: string(rune('a' + i)), Commission: 0.01 * float64(i)}
		}
		var ts tickets
		for s := range 300 {
			w := &venues[rng.IntN(len(venues))]
			for len(w.Prices) <= s {
				w.Prices = append(w.Prices, math.NaN())
			}
			w.Prices[s] = 100 + 400*rng.Float64()
			ts = append(ts, ticket{v, w, s})
		}
		stake := make([]float64, len(ts))
		if lay {
			ts.lay(stake)
		} else {
			ts.back(stake)
		}
		stake[17] *= 0.9 // else all winners pay the same
		want := math.Inf(1)
		for winner := range ts {
			net, all := map[string]float64{}, 0.0
			for i := range ts {
				net[ts[i].w.Venue] += ts[i].result(stake[i], i == winner)
			}
			for i := range venues {
				x := net[venues[i].Venue]
				all += x - venues[i].Commission*max(0, x)
			}
			want = min(want, all)
		}
		if got := ts.worst(stake); math.Abs(got-want) > 1e-12 {
			t.Errorf("lay %v: %v, want %v", lay, got, want)
		}
	}
}
