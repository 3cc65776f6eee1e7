package board

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"corrgraph/engine/bounds"
	"corrgraph/odds"
)

// runners is an update of outcomes that only have names.
func runners(ev *odds.Event, venue, market string, from, to int) odds.Update {
	u := odds.Update{Event: ev, Venue: venue, Market: market}
	for k := from; k < to; k++ {
		u.Quotes = append(u.Quotes, odds.Quote{Selection: fmt.Sprintf("runner %03d", k), Line: math.NaN(), Price: 2 + float64(k)})
	}
	return u
}

// Beyond a limit all quotes of an update are refused and counted; what is held goes on.
func TestWhatIsBeyondALimitIsRefusedAndCounted(t *testing.T) {
	ev, other := match("a", "Bears", "Eagles", start), match("b", "Lions", "Tigers", start)
	first := runners(ev, "v", "win", 0, 4)
	for reason, c := range map[string]struct {
		limits  bounds.Limits
		source  string
		more    odds.Update
		refused int
	}{
		"events":                 {bounds.Limits{Events: 1}, "s", runners(other, "v", "win", 0, 4), 4},
		"markets_of_an_event":    {bounds.Limits{Markets: 1}, "s", runners(ev, "v", "place", 0, 4), 4},
		"selections_of_a_market": {bounds.Limits{Selections: 5}, "s", runners(ev, "v", "win", 2, 6), 4},
		"venues_of_a_market":     {bounds.Limits{Venues: 1}, "s", runners(ev, "w", "win", 0, 4), 4},
		"prices_of_an_event":     {bounds.Limits{Prices: 7}, "s", runners(ev, "w", "win", 0, 4), 4},
		"prices":                 {bounds.Limits{AllPrices: 7}, "s", runners(other, "v", "win", 0, 4), 4},
		"venues":                 {bounds.Limits{VenueNames: 1}, "s", runners(other, "w", "win", 0, 4), 4},
		"sources":                {bounds.Limits{Sources: 1}, "t", runners(ev, "v", "win", 0, 4), 4},
	} {
		t.Run(reason, func(t *testing.T) {
			r := newRoom(Options{Limits: c.limits})
			at := start
			say := func(source string, u odds.Update) {
				at += 1000
				r.batch(odds.Batch{Source: source, At: at, Updates: []odds.Update{u}})
			}
			say("s", first)
			nodes, prices := len(r.nodes), r.prices
			say(c.source, c.more)
			if !maps.Equal(r.Counts.Refused, map[string]int{reason: c.refused}) || r.Counts.Quotes != 8 {
				t.Errorf("refused %v of %d quotes", r.Counts.Refused, r.Counts.Quotes)
			}
			if len(r.nodes) != nodes || r.prices != prices || prices != 4 {
				t.Errorf("it holds %d prices and %d series, %d and %d before", r.prices, len(r.nodes), prices, nodes)
			}
			say("s", first)
			if n := r.Counts.Refused[reason]; n != c.refused {
				t.Errorf("what is held is refused: %d", n)
			}
		})
	}
}

// A market whose newest update was refused shows no price: its last one is not what the
// venue says.
func TestARefusedUpdateLeavesNoPrice(t *testing.T) {
	r := newRoom(Options{Limits: bounds.Limits{Selections: 4}})
	ev := final()
	r.stream(start, runners(ev, "v", "win", 0, 4))
	b := r.market(t, "final", "win").Books[0]
	if !b.Current() {
		t.Fatal("no price at first")
	}
	r.stream(start+1000, runners(ev, "v", "win", 0, 5))
	if b.Current() || !math.IsNaN(b.value[0]) {
		t.Error("the price before still counts")
	}
	r.stream(start+2000, runners(ev, "v", "win", 0, 4))
	if !b.Current() {
		t.Error("no price though all of it fits")
	}
}

// An engine that holds nothing new refuses what it doesn't know, and goes on with the rest.
func TestHoldingNothingNew(t *testing.T) {
	r := newRoom(Options{})
	one, two := match("a", "Bears", "Eagles", start), match("b", "Lions", "Tigers", start)
	r.stream(start, runners(one, "v", "win", 0, 4))
	r.HoldNew(true)
	r.stream(start+1000, runners(two, "v", "win", 0, 4), runners(one, "v", "place", 0, 2), runners(one, "w", "win", 0, 3), runners(one, "v", "win", 0, 4))
	if got := r.Counts.Refused["memory"]; got != 9 || len(r.Order) != 1 || r.prices != 4 {
		t.Errorf("%d quotes refused, %d events, %d prices", got, len(r.Order), r.prices)
	}
	r.HoldNew(false)
	r.stream(start+2000, runners(two, "v", "win", 0, 4))
	if len(r.Order) != 2 || r.prices != 8 {
		t.Errorf("afterwards: %d events, %d prices", len(r.Order), r.prices)
	}
}

// What is forgotten makes room.
func TestForgottenEventsMakeRoom(t *testing.T) {
	r := newRoom(Options{Limits: bounds.Limits{Events: 1, AllPrices: 4}})
	r.stream(start, runners(match("a", "Bears", "Eagles", start), "v", "win", 0, 4))
	r.Forget(r.Quiet(start+1), start+1)
	r.stream(start+1000, runners(match("b", "Lions", "Tigers", start), "v", "win", 0, 4))
	if len(r.Counts.Refused) != 0 || r.prices != 4 || len(r.Order) != 1 {
		t.Errorf("refused %v, %d prices, %d events", r.Counts.Refused, r.prices, len(r.Order))
	}
}
