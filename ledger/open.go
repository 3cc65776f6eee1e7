package ledger

import "corrgraph/odds"

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

// Observe takes a quote of the follower. Times must not decrease. One that is not newer than
// the call comes of a source that is slower than the leader's: the follower stood there, or had
// moved already.
func (o *Open) Observe(at odds.Time, value float64) {
	if at <= o.IssuedAt {
		o.stand(at, value)
		return
	}
	if at > o.Until {
		return
	}
	stood := o.last - o.Start // move up to the previous quote
	o.last = value
	inside := at >= o.From && at <= o.To
	if inside && o.Least != 0 && (value-o.Start)/o.Least >= 1 {
		o.Half = Yes
	}
	if o.done {
		return
	}
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
		o.LeadTime = at.Sub(max(o.IssuedAt, o.KnownAt))
		o.settle(Hit, at)
	case ratio >= 0.5 && !o.seen: // it may have come in time, unobserved
		o.settle(Void, at)
	case ratio >= 0.5:
		o.settle(Late, at)
	case ratio <= -0.5 && inside:
		o.settle(WrongSign, at)
	}
}

// stand takes where the follower stood when the call was issued.
func (o *Open) stand(at odds.Time, value float64) {
	if o.done {
		return
	}
	if moved := value - o.Start; moved/o.Size >= 0.5 {
		o.Actual = moved
		o.settle(AlreadyMoved, at)
		return
	}
	o.Start, o.last = value, value
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

// End records that the follower's series ended, as where it goes in play: what was not
// answered by then is void. It has no effect on an answered prediction.
func (o *Open) End(at odds.Time) {
	if !o.Answered(at) {
		o.settle(Void, at)
	}
}

// Done reports whether nothing can change at the given time: the outcome is settled and the
// other question, Half, is answered or its interval over, or the time for late answers is.
func (o *Open) Done(now odds.Time) bool {
	return o.done && (!o.Outcome.Matured() || o.Half == Yes || o.Least == 0 || now > o.To) || now > o.Until
}

// Answered reports whether it is known at the given time whether the call was a hit: what
// comes later can't revise it.
func (o *Open) Answered(now odds.Time) bool { return o.done || now > o.To }

// Close returns the prediction with what is known: its final outcome, void if the follower
// was never quoted in the interval; pending if it is not answered yet, or its Half unknown.
func (o *Open) Close(now odds.Time) Prediction {
	if !o.done && now > o.Until {
		o.done = true
		o.Outcome, o.ResolvedAt = Missed, o.To
		if !o.seen {
			o.Outcome = Void
		}
	}
	if o.Half == Unknown && o.Least != 0 && o.Outcome.Matured() && o.Done(now) {
		o.Half = No
	}
	return o.Clone()
}

// Matured reports whether the outcome counts for or against the forecast.
func (o Outcome) Matured() bool { return o == Hit || o == Late || o == WrongSign || o == Missed }

// ID derives a prediction's id from what it is about; it is the same in every run. A follower
// has one call of a layer and phase at one instant, or one that it moved already (what).
func ID(layer odds.Layer, phase, what string, target odds.NodeID, at odds.Time) string {
	h := uint64(14695981039346656037)
	for _, s := range []string{layer.Key(), phase, what, string(target), at.String()} {
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

// leagueWeight is the weight of the league's rate in that of a family, in calls.
const leagueWeight = 20

// LeagueRate is the running rate of a league, given hits among its matured calls: it starts
// at 1/3, with the weight of three calls.
func LeagueRate(hits, matured int) float64 { return (float64(hits) + 1) / (float64(matured) + 3) }

// Shrunken is a family's rate shrunken to its league's, which has the weight of 20 calls: a
// new family starts there.
func Shrunken(hits, matured int, league float64) float64 {
	return (float64(hits) + leagueWeight*league) / (float64(matured) + leagueWeight)
}

// Chance is Laplace's rule, a prior worth two calls: what a baseline states that knows only
// its own hits.
func Chance(hits, matured int) float64 { return (float64(hits) + 1) / (float64(matured) + 2) }
