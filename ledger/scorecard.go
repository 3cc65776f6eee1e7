package ledger

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Baselines, in listing order.
const (
	BaselineRate = "base_rate"         // always states the base rate
	BaselineHY   = "hayashi_yoshida"   // the lag and β of a Hayashi–Yoshida scan when the family was first found, fixed from then on
	BaselineCopy = "simultaneous_copy" // the follower copies the whole move with its next quote
)

// Score is the record of a set of predictions. Rates are over matured ones.
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
	HitRate      float64     `json:"hit_rate"`
	HitLow       float64     `json:"hit_low"` // Wilson's 95 % interval, assuming independent predictions
	HitHigh      float64     `json:"hit_high"`
	BaseRate     float64     `json:"base_rate"` // mean over matured predictions with comparison times
	BaseN        int         `json:"base_n"`    // comparison times
	Brier        float64     `json:"brier"`
	BrierBase    float64     `json:"brier_base"`   // of always stating the base rate, if there is one
	LeadTimeMs   odds.Millis `json:"lead_time_ms"` // median over hits
}

// FamilyScore is the record of one family.
type FamilyScore struct {
	Layer    int    `json:"layer"`
	Leader   string `json:"leader"`
	Follower string `json:"follower"`
	Sport    string `json:"sport"`
	League   string `json:"league"`
	Market   string `json:"market"`
	Phase    string `json:"phase"`
	Venue    string `json:"venue,omitempty"`
	Score
}

// BaselineScore is the record of a baseline on the same occasions.
type BaselineScore struct {
	Calls   int     `json:"calls"`
	Hits    int     `json:"hits"`
	HitRate float64 `json:"hit_rate"`
	HitLow  float64 `json:"hit_low"`
	HitHigh float64 `json:"hit_high"`
	Brier   float64 `json:"brier"` // of stating its own hit rate so far; for base_rate, of the base rate
}

// Scorecard is the record of all predictions, out of sample by construction.
type Scorecard struct {
	Overall     Score                    `json:"overall"`
	Families    []FamilyScore            `json:"families"`
	Layers      map[string]Score         `json:"layers"`
	Calibration []CalibrationBin         `json:"calibration"`
	Baselines   map[string]BaselineScore `json:"rivals"`
	LeadTimes   []LeadTimes              `json:"lead_times"` // of hits, shortest first; ranges do not overlap
}

// LeadTimes counts the hits whose lead time lies in [FromMs, ToMs).
type LeadTimes struct {
	FromMs odds.Millis  `json:"from_ms"`
	ToMs   *odds.Millis `json:"to_ms"` // null: unbounded
	Hits   int          `json:"hits"`
}

// leadSpans are the lower ends of the LeadTimes ranges.
var leadSpans = []odds.Millis{0, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000}

// leadTimes is the distribution of hits over lead time.
func leadTimes(ps []*Prediction) []LeadTimes {
	out := make([]LeadTimes, len(leadSpans))
	for i := range out {
		out[i].FromMs = leadSpans[i]
		if i+1 < len(leadSpans) {
			to := leadSpans[i+1]
			out[i].ToMs = &to
		}
	}
	for _, p := range ps {
		if p.Outcome == Hit {
			i, _ := slices.BinarySearch(leadSpans, p.LeadTime+1)
			out[max(0, i-1)].Hits++
		}
	}
	return out
}

// Named is a prediction with its family's description.
type Named struct {
	Prediction
	Of FamilyScore // only Layer to Venue are read, not the counts
}

// NewScorecard adds predictions up. They must be in order of issue.
func NewScorecard(ps []Named) Scorecard {
	c := Scorecard{Families: []FamilyScore{}, Layers: map[string]Score{}, Baselines: map[string]BaselineScore{}}
	byFamily := map[string][]*Prediction{}
	byLayer := map[odds.Layer][]*Prediction{}
	names := map[string]FamilyScore{}
	var order []string
	var all []*Prediction
	for i := range ps {
		p := &ps[i].Prediction
		if _, ok := names[p.Family]; !ok {
			names[p.Family] = ps[i].Of
			order = append(order, p.Family)
		}
		byFamily[p.Family] = append(byFamily[p.Family], p)
		byLayer[p.Layer] = append(byLayer[p.Layer], p)
		all = append(all, p)
	}
	for _, key := range order {
		f := names[key]
		f.Score = scoreOf(byFamily[key])
		c.Families = append(c.Families, f)
	}
	slices.SortStableFunc(c.Families, func(a, b FamilyScore) int { return cmp.Compare(b.Matured, a.Matured) })
	for layer, l := range byLayer {
		c.Layers[layer.Key()] = scoreOf(l)
	}
	c.Overall = scoreOf(all)
	c.Calibration = calibrate(all)
	c.LeadTimes = leadTimes(all)
	for _, name := range []string{BaselineRate, BaselineHY, BaselineCopy} {
		c.Baselines[name] = baseline(name, all)
	}
	return c
}

func scoreOf(ps []*Prediction) (s Score) {
	var base float64
	var based int
	var prob, baseProb []float64
	var hit, baseHit []bool
	var leads []odds.Millis
	s.Issued = len(ps)
	for _, p := range ps {
		switch p.Outcome {
		case Hit:
			s.Hits++
			leads = append(leads, p.LeadTime)
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
		if !p.Outcome.Matured() {
			continue
		}
		s.Matured++
		prob, hit = append(prob, p.P), append(hit, p.Outcome == Hit)
		if p.BaseN > 0 {
			baseProb, baseHit = append(baseProb, p.Base), append(baseHit, p.Outcome == Hit)
			base += p.Base
			based++
			s.BaseN += p.BaseN
		}
	}
	s.HitLow, s.HitHigh = Wilson(s.Hits, s.Matured)
	if s.Matured > 0 {
		s.HitRate = float64(s.Hits) / float64(s.Matured)
		s.Brier, _ = Brier(prob, hit)
		s.BrierBase, _ = Brier(baseProb, baseHit)
	}
	if based > 0 {
		s.BaseRate = base / float64(based)
	}
	if len(leads) > 0 {
		slices.Sort(leads)
		s.LeadTimeMs = leads[len(leads)/2]
	}
	return s
}

func calibrate(ps []*Prediction) []CalibrationBin {
	var prob []float64
	var hit []bool
	for _, p := range ps {
		if p.Outcome.Matured() {
			prob, hit = append(prob, p.P), append(hit, p.Outcome == Hit)
		}
	}
	return Calibrate(prob, hit, 10)
}

// baseline scores a rule on the occasions of matured predictions. If it made no call on an
// occasion, it has no entry in Baselines.
func baseline(name string, ps []*Prediction) (r BaselineScore) {
	var prob []float64
	var hit []bool
	for _, p := range ps {
		if !p.Outcome.Matured() {
			continue
		}
		if name == BaselineRate {
			if p.BaseN == 0 {
				continue // no comparison times: it had nothing to state
			}
			prob, hit = append(prob, p.Base), append(hit, p.Outcome == Hit)
			continue
		}
		did, called := p.Baselines[name]
		if !called {
			continue
		}
		prob, hit = append(prob, Chance(r.Hits, r.Calls)), append(hit, did)
		r.Calls++
		if did {
			r.Hits++
		}
	}
	r.Brier, _ = Brier(prob, hit)
	if name == BaselineRate {
		var sum float64
		for _, p := range prob {
			sum += p
		}
		r.Calls, r.Hits = len(prob), int(math.Round(sum)) // the expected number of hits
		if r.Calls > 0 {
			r.HitRate = sum / float64(r.Calls)
		}
		r.HitLow, r.HitHigh = Wilson(r.Hits, r.Calls)
		return r
	}
	r.HitLow, r.HitHigh = Wilson(r.Hits, r.Calls)
	if r.Calls > 0 {
		r.HitRate = float64(r.Hits) / float64(r.Calls)
	}
	return r
}
