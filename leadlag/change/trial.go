package change

import (
	"math"

	"corrgraph/internal/state"
)

// Trial counts the bets of an edge by event, to learn how often they are won. The zero value is empty.
type Trial struct {
	Bets, Won int

	events []part
}

// part is one event's bets.
type part struct {
	event     string
	bets, won int
}

// Add takes a bet. Cost: O(events).
func (t *Trial) Add(event string, won bool) {
	k := len(t.events) - 1
	for k >= 0 && t.events[k].event != event {
		k--
	}
	if k < 0 {
		k, t.events = len(t.events), append(t.events, part{event: event})
	}
	p := &t.events[k]
	p.bets++
	t.Bets++
	if won {
		p.won++
		t.Won++
	}
}

// fewEvents is how many events it takes to measure how much they differ.
const fewEvents = 4

// Least is a lower bound of the rate at which bets are won, wrong with a probability of 2^−look
// in 2,000. So all looks of a trial, counted from 1, are wrong in one of 2,000 trials together.
// It is Chernoff's bound, the p below the observed rate at which n·KL(rate, p) = log(2000·2^look),
// with n divided by the design effect: by how much more than by chance the rates of events
// differ, and 2 with fewer than four events, where nobody can know. It is 0 without a bet won.
func (t *Trial) Least(look int) float64 {
	if t.Won == 0 {
		return 0
	}
	rate := float64(t.Won) / float64(t.Bets)
	enough := (math.Log(1/risk) + float64(look)*math.Ln2) * t.effect() / float64(t.Bets)
	low, high := 0.0, rate
	for range 50 {
		p := (low + high) / 2
		if divergence(rate, p) > enough {
			low = p
		} else {
			high = p
		}
	}
	return low
}

// effect is the design effect of events, at least 1.
func (t *Trial) effect() float64 {
	n := float64(len(t.events))
	rate := float64(t.Won) / float64(t.Bets)
	switch {
	case n < fewEvents:
		return 2
	case t.Won == t.Bets:
		return 1
	}
	var square float64
	for _, p := range t.events {
		d := float64(p.won) - rate*float64(p.bets)
		square += d * d
	}
	return math.Max(1, square*n/(n-1)/(float64(t.Bets)*rate*(1-rate)))
}

// divergence is Kullback and Leibler's, of two coins.
func divergence(a, b float64) float64 {
	part := func(x, y float64) float64 {
		if x == 0 {
			return 0
		}
		return x * math.Log(x/y)
	}
	return part(a, b) + part(1-a, 1-b)
}

// Rate is the share of bets won; 0 without bets.
func (t *Trial) Rate() float64 { return float64(t.Won) / float64(max(1, t.Bets)) }

// State saves the trial, or restores it.
func (t *Trial) State(c *state.Coder) {
	c.Values(&t.Bets, &t.Won)
	state.Slice(c, &t.events, func(p *part) { c.Values(&p.event, &p.bets, &p.won) })
}
