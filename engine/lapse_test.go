package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"corrgraph/detect"
	"corrgraph/odds"
)

// An answer is relied on for two and a half steps. An arbitrage that is there again after a longer
// gap is another one; the price of a stream stands.
func TestAnArbitrageDoesNotLastOverAGap(t *testing.T) {
	const step = 300
	for name, c := range map[string]struct {
		polled bool
		gap    int
		want   []string // when each began and ended, in steps
	}{
		"one poll missed":   {true, 2 * step, []string{"8 to 12"}},
		"three missed":      {true, 4 * step, []string{"8 to 9", "13 to 14"}},
		"a stream is quiet": {false, 4 * step, []string{"8 to 14"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(Options{})
			ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
			began := odds.Time(1_780_000_000_000)
			var n News
			spans := map[detect.Key]string{}
			var order []detect.Key
			look := func(seconds int, home float64) { // of one venue; 2.2 makes an arbitrage
				at := began.Add(odds.Millis(seconds) * 1000)
				b := &odds.Batch{Source: "s", At: at, Recv: at, Polled: c.polled}
				away := 1.7
				for _, venue := range []string{"a", "b", "c"} {
					b.Updates = append(b.Updates, odds.Update{Event: ev, Venue: venue, Market: "h2h", Image: true, Quotes: []odds.Quote{
						{Selection: "A", Side: odds.Home, Line: math.NaN(), Price: home},
						{Selection: "B", Side: odds.Away, Line: math.NaN(), Price: away},
					}})
					home, away = 1.9, 1.95
				}
				if err := e.Apply(b); err != nil {
					t.Fatal(err)
				}
				e.FlushLegs()
				e.Drain(&n)
				for _, x := range n.Anomalies {
					if x.Kind != detect.Arbitrage || x.Suppressed != "" {
						continue
					}
					if k := x.Key(); !slices.Contains(order, k) {
						order = append(order, k)
					}
					spans[x.Key()] = fmt.Sprintf("%d to %d", x.At.Sub(began)/1000/step, x.Until.Sub(began)/1000/step)
				}
			}
			for k := range 8 {
				look(k*step, 1.9)
			}
			look(8*step, 2.2)
			look(9*step, 2.2)
			look(9*step+c.gap, 2.2)
			look(10*step+c.gap, 1.9)
			var got []string
			for _, k := range order {
				got = append(got, spans[k])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
