package change

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

const minute = odds.Millis(60_000)

// watched is an edge that learns its rate from 60 bets, is then watched for a time, and has its
// rate bounded anew after 120, 240 and 480: when an alarm came, 0 for never.
func watched(r *rand.Rand, gap, length odds.Millis, rate func(event int) float64) (alarm odds.Time) {
	const events = 12
	var t Trial
	var d Detector
	at, looks := odds.Time(1), 0
	for end := odds.Time(length); looks == 0 || at < end; {
		at = at.Add(1 + odds.Millis(r.ExpFloat64()*float64(gap)))
		e := r.IntN(events)
		won := r.Float64() < rate(e)
		if looks > 0 && d.Bet(at, won) {
			return at
		}
		if looks == 4 {
			continue
		}
		if t.Add(string(rune('a'+e)), won); t.Bets == 60<<looks {
			looks++
			if looks == 1 {
				d, end = New(t.Least(1), at), at.Add(length)
			}
			d.Raise(t.Least(looks))
		}
	}
	return 0
}

// The promise: of 1,000 edges that stay as they are, one at most is said to change in 30 days,
// whatever the rate and however often it is bet on. 4,000 edges may raise 4, and with a
// probability of 5 % no more than 8 by chance.
func TestStationaryEdgesRaiseNoAlarm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 30))
	alarms, edges := 0, 0
	for _, gap := range []odds.Millis{5 * minute, 60 * minute} {
		for _, rate := range []float64{0.15, 0.3, 0.5, 0.8, 0.97} {
			for range 400 {
				edges++
				if watched(r, gap, Span, func(int) float64 { return rate }) != 0 {
					alarms++
				}
			}
		}
	}
	if edges != 4000 || alarms > 8 {
		t.Errorf("%d of %d stationary edges raised an alarm in 30 days", alarms, edges)
	}
}

// A bound that is exact, the worst case: the rate is just the least rate, so that nothing is
// spent on the bound. Half of 1 in 1,000 is left for the alarm.
func TestExactBoundRaisesNoAlarm(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 30))
	alarms := 0
	for range 4000 {
		d := New(0.4, 1)
		for at := odds.Time(1); at < odds.Time(Span); {
			at = at.Add(1 + odds.Millis(r.ExpFloat64()*float64(10*minute)))
			if d.Bet(at, r.Float64() < 0.4) {
				alarms++
				break
			}
		}
	}
	if alarms > 5 {
		t.Errorf("%d of 4,000 alarms, 2 are allowed and 5 may come by chance", alarms)
	}
}

// An edge that stops is noticed within an hour or 60 waves, whichever is later, if at least half
// of its waves were answered; with 30 % it takes about 100 waves.
func TestStoppedEdgeIsNoticed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 60))
	for _, c := range []struct {
		gap           odds.Millis
		before, after float64
	}{{20_000, 0.3, 0.03}, {20_000, 0.5, 0.05}, {minute, 0.6, 0.05}, {5 * minute, 0.7, 0.05}, {5 * minute, 0.9, 0.1}} {
		late := 0
		for range 200 {
			bets := 0
			alarm := watched(r, c.gap, 4*Span, func(int) float64 {
				if bets++; bets > 500 {
					return c.after
				}
				return c.before
			})
			if alarm == 0 || bets <= 500 || bets > 500+max(60, int(60*minute/c.gap)) {
				late++
			}
		}
		if late > 20 {
			t.Errorf("%+v: %d of 200 noticed late", c, late)
		}
	}
}

func TestOnset(t *testing.T) {
	d := New(0.5, 1)
	at := odds.Time(1)
	for i := range 200 {
		at = at.Add(minute)
		if d.Bet(at, i < 100) {
			since, bets, won := d.Onset()
			if want := odds.Time(1).Add(101 * minute); since != want || won != 0 || bets != int(at.Sub(want)/minute)+1 {
				t.Errorf("since %d, want %d; %d bets, %d won", since, want, bets, won)
			}
			return
		}
	}
	t.Error("no alarm")
}

func TestNothingToLose(t *testing.T) {
	var never Trial
	if never.Least(0) != 0 {
		t.Error("a rate without bets")
	}
	d := New(0, 1)
	for at := odds.Time(1); at < 1000; at++ {
		if d.Bet(at.Add(minute), false) {
			t.Fatal("an alarm where nothing was expected")
		}
	}
}

// Chernoff's bound never exceeds the exact one, of the binomial tail, and is not far from it.
func TestLeast(t *testing.T) {
	for _, won := range []int{6, 18, 30, 48, 60} {
		tr := Trial{Bets: 60, Won: won}
		for e := range 4 { // evenly, so that events differ by nothing
			tr.events = append(tr.events, part{event: string(rune('a' + e)), bets: 15, won: won / 4})
		}
		exact := 0.0
		for p := 0.0; p < 1; p += 0.001 {
			if tail(60, won, p) > risk {
				exact = p
				break
			}
		}
		if got := tr.Least(0); got > exact || got < exact-0.06 {
			t.Errorf("%d of 60: at least %.3f, exactly %.3f", won, got, exact)
		}
	}
	apart := Trial{Bets: 60, Won: 30, events: []part{{"a", 15, 15}, {"b", 15, 15}, {"c", 15, 0}, {"d", 15, 0}}}
	alike := Trial{Bets: 60, Won: 30, events: []part{{"a", 15, 8}, {"b", 15, 7}, {"c", 15, 8}, {"d", 15, 7}}}
	if apart.Least(0) >= alike.Least(0)/2 {
		t.Errorf("events that differ: %.3f, that don't: %.3f", apart.Least(0), alike.Least(0))
	}
}

// tail is P(X ≥ k) of n bets at p.
func tail(n, k int, p float64) (sum float64) {
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(math.Max(p, 1e-300)) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestStateGoesOn(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	type both struct {
		d Detector
		t Trial
	}
	x := both{d: New(0.4, 1)}
	at := odds.Time(1)
	for range 50 {
		at = at.Add(minute)
		won := r.Float64() < 0.3
		x.d.Bet(at, won)
		x.t.Add(string(rune('a'+r.IntN(5))), won)
	}
	var buf bytes.Buffer
	c := state.NewWriter(&buf, "x", 1)
	x.d.State(c)
	x.t.State(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := state.NewReader(&buf, "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	var y both
	y.d.State(in)
	y.t.State(in)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if x.d != y.d || x.t.Least(1) != y.t.Least(1) {
		t.Errorf("restored %+v, want %+v", y, x)
	}
}
