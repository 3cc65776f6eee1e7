package series

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"corrgraph/odds"
)

// Legs of a market as a stream sends them: "at venue selections", polls marked.
func TestCoalescer(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"legs within the time join at the first's", "0 v home; 60 v away; 500 v home", "0 v home+away; 500 v home"},
		{"a leg that comes too late stands alone", "0 v home; 150 v away", "0 v home; 150 v away"},
		{"what is said again is news", "0 v home; 60 v home", "0 v home; 60 v home"},
		{"a whole market waits for nothing", "0 v home+away; 500 v home+away; 550 v home+away", "0 v home+away; 500 v home+away; 550 v home+away"},
		{"a whole market ends what waited", "0 v home+away; 500 v home; 550 v home+away; 580 v away", "0 v home+away; 500 v home; 550 v home+away; 580 v away"},
		{"venues are kept apart", "0 v home; 20 w home; 60 v away; 80 w away", "0 v home+away; 20 w home+away"},
		{"polls pass unchanged, in order", "0 v home; 20 poll home; 60 v away", "0 v home+away; 20 poll home"},
		{"three ways", "0 v home; 10 v draw; 20 v away", "0 v home+draw+away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, got := NewCoalescer(0), []string{}
			emit := func(b *odds.Batch) error {
				u := &b.Updates[0]
				names := []string{}
				for _, q := range u.Quotes {
					names = append(names, q.Selection)
				}
				got = append(got, fmt.Sprintf("%d %s %s", b.At, u.Venue, strings.Join(names, "+")))
				return nil
			}
			for _, said := range strings.Split(c.in, "; ") {
				if err := l.Push(legs(said), emit); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Flush(emit); err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func legs(said string) *odds.Batch {
	var at int
	var venue, names string
	fmt.Sscan(said, &at, &venue, &names)
	u := odds.Update{Event: &odds.Event{ID: "game"}, Venue: venue, Market: "h2h"}
	for _, n := range strings.Split(names, "+") {
		u.Quotes = append(u.Quotes, odds.Quote{Selection: n, Line: math.NaN(), Price: 2})
	}
	return &odds.Batch{Source: "s", At: odds.Time(at), Polled: venue == "poll", Updates: []odds.Update{u}}
}
