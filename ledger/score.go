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

// said is a list of stated probabilities and what came of them.
type said struct {
	prob   []float64
	hit    []bool
	events []string
}

func (s *said) add(p float64, hit bool, event string) {
	s.prob, s.hit, s.events = append(s.prob, p), append(s.hit, hit), append(s.events, event)
}

// score returns 0 for nothing.
func (s *said) score() (brier, logLoss float64) {
	brier, _ = Brier(s.prob, s.hit)
	logLoss, _ = LogLoss(s.prob, s.hit)
	return brier, logLoss
}

// tally is what a Score is computed from.
type tally struct {
	first, last, half, base said
	rates                   float64 // sum of base rates
	leads                   []odds.Millis
}

func scoreOf(ps []*Prediction) (s Score) {
	var t tally
	events := map[string]bool{}
	s.Issued = len(ps)
	for _, p := range ps {
		s.count(p.Outcome)
		if p.Outcome.Matured() {
			events[p.Event] = true
			s.BaseN += t.add(p)
		}
	}
	s.Events = len(events)
	s.HitRate, s.HitLow, s.HitHigh = Clustered(t.first.hit, t.first.events)
	s.Brier, s.LogLoss = t.first.score()
	s.BrierLast, s.LogLossLast = t.last.score()
	s.BrierBase, _ = t.base.score()
	if n := len(t.base.hit); n > 0 {
		s.BaseRate = t.rates / float64(n)
	}
	h := &s.Half
	h.N = len(t.half.hit)
	h.Rate, h.Low, h.High = Clustered(t.half.hit, t.half.events)
	h.Brier, h.LogLoss = t.half.score()
	if len(t.leads) > 0 {
		slices.Sort(t.leads)
		s.LeadTimeMs = t.leads[len(t.leads)/2]
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

// add adds a matured call and returns its comparison times.
func (t *tally) add(p *Prediction) int {
	hit := p.Outcome == Hit
	t.first.add(p.P, hit, p.Event)
	t.last.add(p.Newest().P, hit, p.Event)
	if p.PHalf > 0 && p.Half != Unknown {
		t.half.add(p.PHalf, p.Half == Yes, p.Event)
	}
	if hit {
		t.leads = append(t.leads, p.LeadTime)
	}
	if p.BaseN > 0 {
		t.base.add(p.Base, hit, p.Event)
		t.rates += p.Base
	}
	return p.BaseN
}
