package detect

import (
	"math"
	"testing"

	"corrgraph/odds"
	"corrgraph/odds/account"

	"pgregory.net/rapid"
)

// held is a venue with what is known of betting there.
func held(w VenueView, t account.Terms, sizes ...float64) VenueView {
	w.Account, w.Sizes = t, sizes
	return w
}

// laid is a market of lay prices.
func laid(venues ...VenueView) *MarketView {
	v := marketOfVenues(venues...)
	v.Market, v.Kind, v.Lay = "h2h_lay", odds.KindOf("", "h2h_lay"), true
	return v
}

func TestArbitrageAtMyVenues(t *testing.T) {
	nan := math.NaN()
	mine, theirs := account.Terms{Held: account.Mine}, account.Terms{Held: account.Theirs}
	stake := func(lo, hi float64) account.Terms {
		return account.Terms{Held: account.Mine, Currency: "GBP", Stake: account.Range{Min: lo, Max: hi}}
	}
	a, b, c := offer("a", nan, 2.1, 1.7), offer("b", nan, 1.7, 2.1), offer("c", nan, 2.2, 1.6)
	step := stake(10, 100)
	step.Step = 7
	narrow := account.Terms{Held: account.Mine, Odds: account.Range{Max: 2}}
	euro, pound := account.Terms{Held: account.Mine, Currency: "EUR"}, stake(0, 85)
	rated := func(t account.Terms, rate float64) account.Terms { t.Base, t.Rate = "EUR", rate; return t }
	for _, x := range []struct {
		name       string
		v          *MarketView
		suppressed string
		want       Sized
		limit      float64
		first      float64 // amount of the first leg
	}{
		{"no venues named", marketOfVenues(a, b, c), "", Sized{}, 0, 0},
		{"a better price that is not mine", marketOfVenues(held(a, mine), held(b, mine), held(c, theirs)), "", Sized{Mine: true, Unsized: "nothing says how large the stakes may be", Elsewhere: 1}, 0, 0},
		{"the largest stake", marketOfVenues(held(a, stake(0, 100)), held(b, stake(5, 40))), "", Sized{Mine: true, Currency: "GBP", Outlay: 80, Gain: 4, Cut: "the largest stake at b"}, 80, 40},
		{"the size available", marketOfVenues(held(a, stake(0, 100), 30, 30), held(b, stake(5, 40))), "", Sized{Mine: true, Currency: "GBP", Outlay: 60, Gain: 3, Cut: "the size available at a"}, 60, 30},
		{"the smallest stakes alone", marketOfVenues(held(a, stake(10, 0)), held(b, stake(0, 0))), "", Sized{Mine: true, Currency: "GBP", Outlay: 20, Gain: 1}, 0, 10},
		{"the smallest stake is too large", marketOfVenues(held(a, stake(50, 0)), held(b, stake(0, 40))), noFit, Sized{Mine: true, Currency: "GBP", Cut: "the largest stake at b"}, 80, 0},
		{"steps", marketOfVenues(held(a, step), held(b, step)), "", Sized{Mine: true, Currency: "GBP", Outlay: 196, Gain: 9.8, Cut: "the largest stake at a"}, 200, 98},
		{"steps that leave too little", marketOfVenues(held(a, step), held(b, stake(0, 11))), noSteps, Sized{Mine: true, Currency: "GBP", Cut: "the largest stake at b"}, 22, 0},
		{"two currencies without a rate", marketOfVenues(held(a, euro), held(b, pound)), "", Sized{Mine: true, Unsized: "no rate is stated for EUR, the currency at a"}, 0, 0},
		{"two currencies with rates", marketOfVenues(held(a, rated(euro, 1)), held(b, rated(pound, 1.2))), "", Sized{Mine: true, Currency: "EUR", Outlay: 204, Gain: 10.2, Cut: "the largest stake at b"}, 204, 102},
		{"one without a currency", marketOfVenues(held(a, mine), held(b, rated(pound, 1.2))), "", Sized{Mine: true, Unsized: "the currency at a is not stated"}, 0, 0},
		// Laying at 3 and 1.4 elsewhere: the liability, twice the stake, is what is limited.
		{"liability", laid(held(offer("a", nan, 2.8, 1.9), stake(0, 90)), held(offer("b", nan, 3.2, 1.4), stake(0, 1000))), "", Sized{Mine: true, Currency: "GBP", Outlay: 130, Gain: 10, Cut: "the largest stake at a"}, 130, 50},
	} {
		got := Arbitrages(x.v, nil)
		if len(got) != 1 || got[0].Suppressed != x.suppressed {
			t.Errorf("%s: %s", x.name, list(got))
			continue
		}
		b := got[0].Evidence.Bets
		have := b.Sized
		near := math.Abs(have.Outlay-x.want.Outlay) < 1e-9 && math.Abs(have.Gain-x.want.Gain) < 1e-9 && math.Abs(b.Limit-x.limit) < 1e-9 && math.Abs(b.Legs[0].Amount-x.first) < 1e-9
		have.Outlay, have.Gain = x.want.Outlay, x.want.Gain
		if !near || have != x.want {
			t.Errorf("%s: %+v, limit %v, first leg %v\nwant %+v, %v, %v", x.name, b.Sized, b.Limit, b.Legs[0].Amount, x.want, x.limit, x.first)
		}
	}
	for name, v := range map[string]*MarketView{
		"an outcome that only others pay for": marketOfVenues(held(a, mine), held(b, theirs), held(offer("d", nan, 1.9, 1.7), mine)),
		"odds above those that I take":        marketOfVenues(held(a, mine), held(b, narrow)),
		"a size below the smallest stake":     marketOfVenues(held(a, stake(50, 0), 30, 30), held(b, stake(0, 0))),
	} {
		if got := Arbitrages(v, nil); len(got) > 0 {
			t.Errorf("%s: %s", name, list(got))
		}
	}
}

// terms draws what is known of betting at each venue of a market.
func terms(t *rapid.T, v *MarketView) account.Book {
	book := account.Book{}
	for _, w := range v.Venues {
		if rapid.IntRange(0, 3).Draw(t, "named") == 0 {
			continue
		}
		x := account.Terms{Base: "EUR", Currency: rapid.SampledFrom([]string{"EUR", "EUR", "GBP", "USD", ""}).Draw(t, "currency")}
		x.Rate = map[string]float64{"EUR": 1, "GBP": 1.15}[x.Currency]
		x.Stake.Min = rapid.SampledFrom([]float64{0, 2, 20}).Draw(t, "least")
		x.Stake.Max = rapid.SampledFrom([]float64{0, 25, 300}).Draw(t, "most")
		x.Step = rapid.SampledFrom([]float64{0, 0.01, 1, 5}).Draw(t, "step")
		x.Odds.Max = rapid.SampledFrom([]float64{0, 2.05, 4}).Draw(t, "longest")
		book[w.Venue] = x
	}
	return book
}

func hold(v *MarketView, book account.Book) {
	for i := range v.Venues {
		v.Venues[i].Account = book.Of(v.Venues[i].Venue)
	}
}

// keeps checks an arbitrage against the terms of my venues: where it bets, that its amounts can
// be placed, and that they win whatever the score.
func (p priced) keeps(t *rapid.T, v *MarketView, book account.Book, b *Bets) (sized bool) {
	p.loses(t, v, b)
	if !b.Mine {
		t.Fatalf("not marked as mine: %+v", b)
	}
	stakes := []float64{}
	for _, l := range b.Legs {
		venue, _, _, _, _ := l.Node.Parts()
		x, named := book[venue]
		if !named || !x.Odds.Holds(l.Price) {
			t.Fatalf("%s at %v is not mine to take: %+v", venue, l.Price, b)
		}
		if l.Amount == 0 {
			continue
		}
		risk := l.Amount
		if l.Lay {
			risk = l.Amount * (l.Price - 1)
		}
		lo, hi := x.Stake.Min-1e-9, x.Stake.Max+1e-9
		steps := 0.0
		if x.Step > 0 {
			steps = math.Abs(math.Remainder(l.Amount, x.Step))
		}
		if min(l.Amount, risk) < lo || x.Stake.Max > 0 && max(l.Amount, risk) > hi || l.Size > 0 && l.Amount > l.Size+1e-9 || steps > 1e-9 {
			t.Fatalf("%v, at risk %v, can't be placed at %s (%+v): %+v", l.Amount, risk, venue, x, b)
		}
		rate := 1.0
		if b.Currency == "EUR" {
			rate = x.Rate
		}
		stakes = append(stakes, l.Amount*rate)
	}
	if (len(stakes) > 0) != (b.Outlay > 0) || (b.Outlay == 0) != (b.Unsized != "") {
		t.Fatalf("sized or not: %+v", b)
	}
	for score := 0; len(stakes) > 0 && score < 100; score++ {
		if won, decided := result(v, b, stakes, score/10, score%10, len(p.sides) == 3); won < -1e-9 || decided && b.Push == nil && won < b.Gain-1e-9 {
			t.Fatalf("%d:%d wins %v, stated %v: %+v", score/10, score%10, won, b.Gain, b)
		}
	}
	return len(stakes) > 0
}

func TestNothingClaimedNeedsMoreThanMyVenuesTake(t *testing.T) {
	claimed, sized, refused := 0, 0, map[string]int{}
	check(t, func(t *rapid.T) {
		p := anyMarket(t)
		back, lay := p.view(t, false), p.view(t, true)
		book := terms(t, back)
		if len(book) == 0 {
			return
		}
		hold(back, book)
		hold(lay, book)
		for _, a := range Crossed(back, lay, Arbitrages(lay, Arbitrages(back, nil))) {
			if a.Suppressed != "" {
				refused[a.Suppressed]++
				continue
			}
			claimed++
			if p.keeps(t, back, book, a.Evidence.Bets) {
				sized++
			}
		}
	})
	if claimed < 20 || sized < 10 || refused[noFit] == 0 || refused[noSteps] == 0 {
		t.Errorf("%d claimed, %d with amounts, refused %v", claimed, sized, refused)
	}
}
