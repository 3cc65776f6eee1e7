package lab

import (
	"fmt"
	"math"
	"slices"
	"time"

	"corrgraph/odds"
)

// Crowd is an event with very many markets of one venue, which move at every instant and
// over the end of a decision window.
func Crowd(now odds.Time, markets int) (out []*odds.Batch) {
	ev := &odds.Event{ID: "crowd", Sport: "soccer", League: "flood", Home: "Home", Away: "Away", Start: now.Add(86_400_000)}
	hour := now - now%3_600_000 - 3_600_000
	for i := range 14 { // the last ones still wait for others when it is killed
		b := &odds.Batch{Source: "crowd", At: hour.Add(odds.Millis(i-10) * 60_000)}
		b.Recv = b.At
		for m := range markets {
			p := 1.7 + float64((m*7+i*31)%50)/100
			b.Updates = append(b.Updates, odds.Update{Event: ev, Venue: "floodbook", Market: fmt.Sprintf("market_%d", m), Quotes: []odds.Quote{
				{Selection: "yes", Side: odds.Yes, Line: math.NaN(), Price: p},
				{Selection: "no", Side: odds.No, Line: math.NaN(), Price: 1 / (1.05 - 1/p)},
			}})
		}
		out = append(out, b)
	}
	return out
}

// Market makes one instant's quotes of many events by one venue.
func Market(at odds.Time, run, events int) []*odds.Batch {
	b := &odds.Batch{Source: "flood", At: at, Recv: at}
	for e := range events {
		id := fmt.Sprintf("flood-%d-%d", run, e)
		b.Updates = append(b.Updates, odds.Update{
			Event: &odds.Event{ID: id, Sport: "baseball", League: "flood", Home: "Home " + id, Away: "Away " + id, Start: at - at%86_400_000 + 2*86_400_000},
			Venue: "floodbook", Market: "h2h",
			Quotes: []odds.Quote{
				{Selection: "home", Side: odds.Home, Line: math.NaN(), Price: 1.9 + float64(e%10)/100},
				{Selection: "away", Side: odds.Away, Line: math.NaN(), Price: 2.0 - float64(e%10)/100},
			},
		})
	}
	return []*odds.Batch{b}
}

// Match returns quotes of one match, two at a time, that end at a time.
func Match(source string, at time.Time, quotes int) (out []*odds.Batch) {
	ev := &odds.Event{ID: "gate-clock", Sport: "tennis", Home: "A", Away: "B"}
	for k := range quotes / 2 {
		then := odds.TimeOf(at).Add(-odds.Millis(k))
		q := odds.Quote{Line: math.NaN(), Selection: "A", Side: odds.Home, Price: 1.8 + float64(k)/100}
		r := odds.Quote{Line: math.NaN(), Selection: "B", Side: odds.Away, Price: 2.1}
		out = append(out, &odds.Batch{Source: source, At: then, Recv: then, Updates: []odds.Update{{
			Event: ev, Venue: source, Market: "h2h", Quotes: []odds.Quote{q, r},
		}}})
	}
	slices.Reverse(out)
	return out
}
