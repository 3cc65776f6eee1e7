package ledger

import (
	"slices"

	"corrgraph/odds"
)

// Score is the record of a set of calls. Rates are over matured ones, and their 95 %
// intervals are clustered by event, see Clustered.
type Score struct {
	Issued       int         `json:"issued"`
	Matured      int         `json:"matured"`
	Hits         int         `json:"hits"`
	Late         int         `json:"late"`
	WrongSign    int         `json:"wrong_sign"`
	Missed       int         `json:"miss"`
	AlreadyMoved int         `json:"already_moved"`
	Void         int         `json:"void"`
	Pending      int         `json:"pending"`
	Events       int         `json:"events"` // behind the matured ones
	HitRate      float64     `json:"hit_rate"`
	HitLow       float64     `json:"hit_low"`
	HitHigh      float64     `json:"hit_high"`
	BaseRate     float64     `json:"base_rate"` // mean over matured ones with comparison times
	BaseN        int         `json:"base_n"`    // comparison times; below 30 they are too few for a rate
	Brier        float64     `json:"brier"`     // of the probability stated first
	LogLoss      float64     `json:"log_loss"`
	BrierLast    float64     `json:"brier_last"` // of the probability stated last before the answer
	LogLossLast  float64     `json:"log_loss_last"`
	BrierBase    float64     `json:"brier_base"`   // of always stating the base rate, if there is one
	LeadTimeMs   odds.Millis `json:"lead_time_ms"` // median over hits
	Half         HalfScore   `json:"half"`
}

// leastBase is how many comparison times a base rate needs to be told: that of one or two is
// 0, 50 or 100 %, whatever chance does.
const leastBase = 30

// Based reports whether the base rate rests on enough comparison times to be set beside the
// hit rate.
func (s *Score) Based() bool { return s.BaseN >= leastBase }

// HalfScore is the record of the second question: whether the follower moved by at least
// half the median of its leaders' moves.
type HalfScore struct {
	N       int     `json:"n"` // matured ones that stated it
	Rate    float64 `json:"rate"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Brier   float64 `json:"brier"`
	LogLoss float64 `json:"log_loss"`
}

// said adds up what was stated and what came of it.
type said struct {
	n           int
	brier, loss float64 // sums
}

func (s *said) add(p float64, hit bool, loss float64) {
	d := p - outcome(hit)
	s.n++
	s.brier += d * d
	s.loss += loss
}

// score returns 0 for nothing.
func (s *said) score() (brier, logLoss float64) {
	n := float64(max(1, s.n))
	return s.brier / n, s.loss / n
}

// room is what adding up uses again and again.
type room struct {
	clusters    clusters
	first, half outcomes
	leads       []odds.Millis
}

// tally is what a Score is computed from, beside its outcomes.
type tally struct {
	first, last, half, base said
	rates                   float64 // sum of base rates
}

func (r *room) score(calls []*call) (s Score) {
	var t tally
	r.first.clear()
	r.half.clear()
	r.leads = r.leads[:0]
	s.Issued = len(calls)
	for _, c := range calls {
		s.count(c.Outcome)
		if c.matured {
			s.BaseN += c.BaseN
			t.add(c, r)
		}
	}
	s.HitRate, s.HitLow, s.HitHigh = r.first.mean(&r.clusters)
	s.Events = len(r.clusters.sums)
	if s.Matured == 0 {
		s.Events = 0
	}
	s.Brier, s.LogLoss = t.first.score()
	s.BrierLast, s.LogLossLast = t.last.score()
	s.BrierBase, _ = t.base.score()
	if t.base.n > 0 {
		s.BaseRate = t.rates / float64(t.base.n)
	}
	h := &s.Half
	h.N = t.half.n
	h.Rate, h.Low, h.High = r.half.mean(&r.clusters)
	h.Brier, h.LogLoss = t.half.score()
	if len(r.leads) > 0 {
		slices.Sort(r.leads)
		s.LeadTimeMs = r.leads[len(r.leads)/2]
	}
	return s
}

// count adds an outcome.
func (s *Score) count(o Outcome) {
	if o.Matured() {
		s.Matured++
	}
	switch o {
	case Hit:
		s.Hits++
	case Late:
		s.Late++
	case WrongSign:
		s.WrongSign++
	case Missed:
		s.Missed++
	case AlreadyMoved:
		s.AlreadyMoved++
	case Void:
		s.Void++
	case Pending:
		s.Pending++
	}
}

// add adds a matured call.
func (t *tally) add(c *call, r *room) {
	t.first.add(c.P, c.hit, c.loss.first)
	t.last.add(c.last, c.hit, c.loss.last)
	r.first.add(outcome(c.hit), c.event)
	if c.PHalf > 0 && c.Half != Unknown {
		t.half.add(c.PHalf, c.Half == Yes, c.loss.half)
		r.half.add(outcome(c.Half == Yes), c.event)
	}
	if c.hit {
		r.leads = append(r.leads, c.LeadTime)
	}
	if c.BaseN > 0 {
		t.base.add(c.Base, c.hit, c.loss.base)
		t.rates += c.Base
	}
}
