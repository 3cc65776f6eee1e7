package ledger

import (
	"corrgraph/odds"
)

// Open is a prediction that the market has not answered yet.
type Open struct {
	Prediction
	Start float64   // the follower's value when it was issued
	Until odds.Time // end of the time in which a late answer counts: the interval's length again
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
	stood := o.last - o.Start // since the quote before this one
	o.last = value
	inside := at >= o.From && at <= o.To
	if inside {
		o.seen = true
		o.Actual = value - o.Start
	}
	switch ratio := (value - o.Start) / o.Size; {
	case inside && at > o.From && stood/o.Size <= -0.5: // it entered the interval the wrong way
		o.Actual = stood
		o.settle(WrongSign, at)
	case ratio >= 0.5 && at < o.From:
		o.settle(Missed, at) // it came, but not when it was called for
	case ratio >= 0.5 && inside:
		o.LeadTime = at.Sub(o.IssuedAt)
		o.settle(Hit, at)
	case ratio >= 0.5 && !o.seen: // it may have come in time: nobody was looking
		o.settle(Void, at)
	case ratio >= 0.5:
		o.settle(Late, at)
	case ratio <= -0.5 && inside:
		o.settle(WrongSign, at)
	}
}

// Stand says that the follower's last quote still stood at the end of the
// interval: a stream is silent while nothing changes. It does nothing once the
// answer is known.
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

// Done reports whether the answer is known at a time: settled, or past the time
// for late answers.
func (o *Open) Done(now odds.Time) bool { return o.done || now > o.Until }

// Close returns the prediction as it ended. One never quoted in its interval is
// void, one whose time is not over stays pending.
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

// Matured reports whether the outcome says something about the forecast.
func (o Outcome) Matured() bool { return o == Hit || o == Late || o == WrongSign || o == Missed }

// Called reports whether a follower's path answers a call of a size: whether its
// moves after start, summed, reach half of it inside [from, to]. It is the rule
// of Observe on a recorded path; at and move run in time order.
func Called(at []odds.Time, move []float64, start, from, to odds.Time, size float64) bool {
	var sum float64
	for i := range at {
		if at[i] <= start {
			continue
		}
		if at[i] > to || at[i] > from && sum/size <= -0.5 { // too late, or it entered the interval the wrong way
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

// ID names a prediction by what it rests on, the same in every run.
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

// Chance is the stated probability of a hit after hits of matured predictions of
// the family: Laplace's rule with the prior weight of two predictions.
func Chance(hits, matured int) float64 { return (float64(hits) + 1) / (float64(matured) + 2) }
