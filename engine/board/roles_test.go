package board

import (
	"math"
	"testing"

	"corrgraph/odds"
)

// Home and away exchanged move no series, whether outcomes are named after the teams or
// after the roles; what does move is seen.
func TestExchangedRolesMoveNothing(t *testing.T) {
	for name, byRole := range map[string]bool{"named after teams": false, "named after roles": true} {
		r := newRoom(Options{})
		show := func(at odds.Time, home, away string, oak, pine float64) []float64 {
			ev := &odds.Event{ID: "e", Sport: "basketball", Home: home, Away: away}
			price := map[string]float64{"Oak": oak, "Pine": pine}
			u := odds.Update{Event: ev, Venue: "a", Market: "spreads"}
			for i, team := range []string{home, away} {
				side, line := []odds.Side{odds.Home, odds.Away}[i], -3.5
				if team == "Pine" {
					line = 3.5
				}
				q := odds.Quote{Selection: team, Side: side, Line: line, Price: price[team]}
				if byRole {
					q.Selection, q.Line, u.Market = side.String(), math.NaN(), "h2h"
				}
				u.Quotes = append(u.Quotes, q)
			}
			return r.poll(at, u)
		}
		const minute = 60_000
		show(start, "Oak", "Pine", 1.25, 4)
		show(start+minute, "Oak", "Pine", 1.25, 4)
		for i, home := range []string{"Pine", "Oak", "Pine"} {
			away := map[string]string{"Oak": "Pine", "Pine": "Oak"}[home]
			if moved := show(start+odds.Time(i+2)*minute, home, away, 1.25, 4); len(moved) != 0 {
				t.Errorf("%s: with %s at home, moved %v", name, home, moved)
			}
		}
		// The same prices by role, now that Oak is at home again, are other prices by team.
		if moved := show(start+5*minute, "Oak", "Pine", 4, 1.25); len(moved) != 1 || moved[0] > -2 {
			t.Errorf("%s: Oak fell from 1.25 to 4: moved %v", name, moved)
		}
	}
}
