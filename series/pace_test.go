package series

import (
	"testing"

	"corrgraph/odds"
)

func TestPaceIsTheUsualIntervalOfStamps(t *testing.T) {
	const second = odds.Millis(1000)
	for _, c := range []struct {
		name    string
		apart   []odds.Millis
		least   odds.Millis
		most    odds.Millis
		repeats int
	}{
		{"nothing yet", nil, 0, 0, 0},
		{"too few to say", []odds.Millis{60 * second, 60 * second, 60 * second}, 0, 0, 0},
		{"regular", []odds.Millis{60 * second, 60 * second, 60 * second, 60 * second}, 60 * second, 60 * second, 0},
		{"each poll repeats the stamp", []odds.Millis{60 * second, 60 * second, 60 * second, 60 * second}, 60 * second, 60 * second, 5},
		{"a night without updates", []odds.Millis{60 * second, 60 * second, 60 * second, 36_000 * second, 60 * second, 60 * second}, 60 * second, 75 * second, 0},
		{"it began with one", []odds.Millis{600 * second, 60 * second, 60 * second, 60 * second, 60 * second, 60 * second, 60 * second, 60 * second}, 60 * second, 180 * second, 0},
		{"irregular", []odds.Millis{30 * second, 90 * second, 45 * second, 75 * second, 60 * second, 50 * second, 70 * second}, 45 * second, 80 * second, 0},
	} {
		var p Pace
		at := odds.Time(1_000_000_000)
		p.Add(at)
		for _, d := range c.apart {
			at = at.Add(d)
			for range 1 + c.repeats {
				p.Add(at)
			}
		}
		p.Add(at - 1) // an older stamp says nothing
		if got := p.Interval(); got < c.least || got > c.most {
			t.Errorf("%s: %v ms", c.name, got)
		}
	}
}

// A venue that updates faster from now on is known to within a dozen updates.
func TestPaceFollowsTheVenue(t *testing.T) {
	var p Pace
	at := odds.Time(1)
	for range 100 {
		at += 300_000
		p.Add(at)
	}
	for range 64 {
		at += 10_000
		p.Add(at)
	}
	if got := p.Interval(); got > 20_000 {
		t.Errorf("%v ms after 64 intervals of 10 s", got)
	}
}
