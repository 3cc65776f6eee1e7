// Package change notices when an edge stops doing what it was adopted for. In go bets in the
// order of their time: did the follower answer the leader's move as called? Out comes an alarm,
// and since when. It keeps no clock; equal bets give equal alarms. Nothing here is safe for
// concurrent use.
package change

import (
	"math"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// Span is the time in which at most one of a thousand stationary edges may raise a false alarm.
const Span = odds.Millis(30 * 24 * 3_600_000)

const (
	// risk is the chance of a false alarm of one edge in Span: half of the 1 in 1,000 is spent
	// on the alarm, half on the bound that it compares with.
	risk = 1.0 / 2000
	// longest bounds the weight of a pause between two bets.
	longest = odds.Millis(24 * 3_600_000)
)

// alternatives are the rates bet on, as shares of the least rate.
var alternatives = [...]float64{0.75, 0.5, 0.25, 0.1, 0}

// Detector is an e-detector (Shin, Ramdas, Rinaldo 2022, arXiv:2203.03532) of the null that each
// bet is won, whatever came before, with a probability of at least p. The zero value is not
// ready to use; see New.
//
// For an alternative q < p, a bet multiplies a stake by B = q/p if won and (1−q)/(1−p) if lost.
// Under the null E[B | past] ≤ 1. The sums are of the Shiryaev–Roberts form, with a stake w
// placed before each bet: M ← (M + w)·B. In the paper all stakes are 1 and the false alarms are
// counted in bets. We count them in time: the stake is the time since the last bet in units of
// Span, which is known before the bet is decided, so that M less the time passed is a
// supermartingale. Hence E[M at any stopping time] ≤ E[time passed]/Span, and M, the mean over
// the alternatives (a mixture, section 3.4), reaches 1/risk within Span with a probability of
// at most risk, however many bets there are and whenever they come.
//
// The change is dated by the CUSUM of the alternative that has won most: to the first bet of
// its present run.
type Detector struct {
	least float64
	last  odds.Time // of the last bet
	sums  [len(alternatives)]float64
	runs  [len(alternatives)]run
}

// run is the best stretch of bets up to the last one, for one alternative.
type run struct {
	log       float64 // Σ log B since then, at least 0
	since     odds.Time
	bets, won int
}

// New returns a detector of rates below least, in [0, 1), whose first stake is of the time from
// at on. At 0 nothing can be lost: it never raises an alarm.
func New(least float64, at odds.Time) Detector { return Detector{least: least, last: at} }

// Least is the rate below which it is a change.
func (d *Detector) Least() float64 { return d.least }

// Raise raises the least rate to a better bound. What was staked until then stays staked.
func (d *Detector) Raise(least float64) { d.least = math.Max(d.least, least) }

// Bet takes the next bet and whether it was won, and reports an alarm: the rate has fallen.
// Times must not decrease. After an alarm the detector is spent. O(1).
func (d *Detector) Bet(at odds.Time, won bool) (alarm bool) {
	stake := float64(min(longest, at.Sub(d.last))) / float64(Span)
	d.last = at
	if d.least <= 0 {
		return false
	}
	mean := 0.0
	for i, share := range alternatives {
		q := share * d.least
		b := (1 - q) / (1 - d.least)
		if won {
			b = share
		}
		d.sums[i] = (d.sums[i] + stake) * b
		mean += d.sums[i] / float64(len(alternatives))
		r := &d.runs[i]
		if r.log == 0 {
			*r = run{since: at}
		}
		r.log = math.Max(0, r.log+math.Log(b))
		r.bets++
		if won {
			r.won++
		}
	}
	return mean >= 1/risk
}

// Onset is the most likely time of a change, that of the first bet after it, and how many bets
// there were and were won since. Without a run of lost bets it is that of the last bet.
func (d *Detector) Onset() (since odds.Time, bets, won int) {
	best := run{since: d.last}
	for _, r := range d.runs {
		if r.log > best.log {
			best = r
		}
	}
	return best.since, best.bets, best.won
}

// State saves the detector, or restores it.
func (d *Detector) State(c *state.Coder) {
	c.Values(&d.least, &d.last)
	for i := range d.sums {
		r := &d.runs[i]
		c.Values(&d.sums[i], &r.log, &r.since, &r.bets, &r.won)
	}
}
