package ledger

import (
	"corrgraph/odds"
)

// Open is a prediction not settled yet.
type Open struct {
	Prediction
	Start float64   // the follower's value at the time of issue
	Until odds.Time // last time a late answer counts: one interval's length after To
	seen  bool      // quoted inside the interval
	done  bool
	last  float64
}

// NewOpen opens p for a follower that stands at value.
func NewOpen(p Prediction, value float64) *Open {
	p.Outcome = Pending
	return &Open{Prediction: p, Start: value, Until: p.To.Add(p.To.Sub(p.From)), last: value}
}

// Observe takes a quote of the follower. Times must not decrease.
func (o *Open) Observe(at odds.Time, value float64) {
	if o.done || at <= o.IssuedAt || at > o.Until {
		return
	}
	stood := o.last - o.Start // move up to the previous quote
	o.last = value
	inside := at >= o.From && at <= o.To
	if inside {
		o.seen = true
		o.Actual = value - o.Start
	}
	switch ratio := (value - o.Start) / o.Size; {
	case inside && at > o.From && stood/o.Size <= -0.5: // it entered the interval moving the wrong way
		o.Actual = stood
		o.settle(WrongSign, at)
	case ratio >= 0.5 && at < o.From:
		o.settle(Missed, at) // it came, but not when predicted
	case ratio >= 0.5 && inside:
		o.LeadTime = at.Sub(o.IssuedAt)
		o.settle(Hit, at)
	case ratio >= 0.5 && !o.seen: // it may have come in time, unobserved
		o.settle(Void, at)
	case ratio >= 0.5:
		o.settle(Late, at)
	case ratio <= -0.5 && inside:
		o.settle(WrongSign, at)
	}
}

// Stand records that the follower's last quote still stood at the end of the interval: a
// stream is silent while nothing changes. It has no effect on a settled prediction.
func (o *Open) Stand() {
	if !o.seen {
		o.Observe(o.To, o.last)
	}
}

func (o *Open) settle(out Outcome, at odds.Time) {
	o.Outcome, o.ResolvedAt, o.done = out, at, true
	if out == Missed || out == Late && o.Actual == 0 {
		o.Actual = o.last - o.Start
	}
}

// Done reports whether the outcome is known at the given time: settled, or past the time
// for late answers.
func (o *Open) Done(now odds.Time) bool { return o.done || now > o.Until }

// Close returns the prediction with its final outcome. It is void if the follower was never
// quoted in the interval, and stays pending if its time is not over.
func (o *Open) Close(now odds.Time) Prediction {
	if !o.done && now > o.Until {
		o.done = true
		o.Outcome, o.ResolvedAt = Missed, o.To
		if !o.seen {
			o.Outcome = Void
		}
	}
	return o.Prediction
}

// Matured reports whether the outcome counts for or against the forecast.
func (o Outcome) Matured() bool { return o == Hit || o == Late || o == WrongSign || o == Missed }

// Called reports whether a follower's path fulfils a call of a size: whether its total move
// after start reaches half of it inside [from, to]. This is the rule of Observe applied to
// a recorded path; at and move are in time order.
func Called(at []odds.Time, move []float64, start, from, to odds.Time, size float64) bool {
	var sum float64
	for i := range at {
		if at[i] <= start {
			continue
		}
		if at[i] > to || at[i] > from && sum/size <= -0.5 { // too late, or it entered the interval moving the wrong way
			return false
		}
		sum += move[i]
		switch ratio := sum / size; {
		case ratio >= 0.5:
			return at[i] >= from
		case ratio <= -0.5 && at[i] >= from:
			return false
		}
	}
	return false
}

// ID derives a prediction's id from what it rests on; it is the same in every run.
func ID(family string, source, target odds.NodeID, at odds.Time) string {
	h := uint64(14695981039346656037)
	for _, s := range []string{family, string(source), string(target), at.String()} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	const hex = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = hex[h>>(60-4*i)&15]
	}
	return string(b[:])
}

// Chance is the stated probability of a hit, given hits among the family's matured
// predictions: Laplace's rule, a prior worth two predictions.
func Chance(hits, matured int) float64 { return (float64(hits) + 1) / (float64(matured) + 2) }
