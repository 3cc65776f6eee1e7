package ledger

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/ledger/rule"
)

// Rivals: rules that make calls of their own on the occasions of ours.
const (
	RivalBase = "base_rate"         // always states the base rate
	RivalHY   = rule.HayashiYoshida // the lag and β of a Hayashi–Yoshida scan when the family was first found, fixed from then on
	RivalCopy = rule.Copy           // the follower copies the whole move with its next quote
)

// Baselines: what simpler forecasters state on the same calls, of the same outcome.
const (
	BaselineConstant = "constant"        // the running rate of the league
	BaselineFamily   = "family"          // the family's rate, shrunken to the league's
	BaselineCopy     = "copy"            // believes in RivalCopy, which always calls: the rate of all calls answered so far
	BaselineHY       = "hayashi_yoshida" // believes in RivalHY: the rate so far of the calls that it makes too, or of the others
)

// BaselineRecord is the record of a baseline on the matured calls; N is fewer than all only
// where it had nothing to state.
type BaselineRecord struct {
	Brier   float64 `json:"brier"`
	LogLoss float64 `json:"log_loss"`
	N       int     `json:"n"`
}

// RivalScore is the record of a rival on the same occasions.
type RivalScore struct {
	Calls   int     `json:"calls"`
	Hits    int     `json:"hits"`
	HitRate float64 `json:"hit_rate"`
	HitLow  float64 `json:"hit_low"`
	HitHigh float64 `json:"hit_high"`
	Brier   float64 `json:"brier"` // of stating its own hit rate so far; for base_rate, of the base rate
}

// baseline scores a baseline.
func baseline(name string, ps []*Prediction) (r BaselineRecord) {
	var s said
	switch name {
	case BaselineCopy:
		s = believing(RivalCopy, ps)
	case BaselineHY:
		s = believing(RivalHY, ps)
	default:
		for _, p := range ps {
			stated := p.PLeague
			if name == BaselineFamily {
				stated = p.PFamily
			}
			if p.Outcome.Matured() && stated > 0 { // rows of earlier versions have none
				s.add(stated, p.Outcome == Hit, p.Event)
			}
		}
	}
	r.Brier, r.LogLoss = s.score()
	r.N = len(s.hit)
	return r
}

// believing states, of each matured call, the hit rate of those that a rival made too, or
// did not make, whichever it is of this one, among the calls answered before it was issued.
func believing(rival string, ps []*Prediction) (s said) {
	var matured []*Prediction
	for _, p := range ps {
		if p.Outcome.Matured() {
			matured = append(matured, p)
		}
	}
	answered := slices.Clone(matured)
	slices.SortStableFunc(answered, func(a, b *Prediction) int { return cmp.Compare(a.ResolvedAt, b.ResolvedAt) })
	var n, hits [2]int
	cell := func(p *Prediction) int {
		if _, made := p.Baselines[rival]; made {
			return 1
		}
		return 0
	}
	for _, p := range matured {
		for ; len(answered) > 0 && answered[0].ResolvedAt <= p.IssuedAt; answered = answered[1:] {
			k := cell(answered[0])
			n[k]++
			if answered[0].Outcome == Hit {
				hits[k]++
			}
		}
		k := cell(p)
		s.add(Chance(hits[k], n[k]), p.Outcome == Hit, p.Event)
	}
	return s
}

// rival scores a rule on the occasions of matured calls. If it made no call on an occasion,
// it has no entry in Prediction.Baselines.
func rival(name string, ps []*Prediction) (r RivalScore) {
	if name == RivalBase {
		return baseRate(ps)
	}
	s, hits := ownCalls(name, ps)
	r.Calls, r.Hits = len(s.hit), hits
	r.HitRate, r.HitLow, r.HitHigh = Clustered(s.hit, s.events)
	r.Brier, _ = s.score()
	return r
}

// ownCalls are a rival's calls, each with its hit rate so far.
func ownCalls(name string, ps []*Prediction) (s said, hits int) {
	for _, p := range ps {
		did, called := p.Baselines[name]
		if !called || !p.Outcome.Matured() {
			continue
		}
		s.add(Chance(hits, len(s.hit)), did, p.Event)
		if did {
			hits++
		}
	}
	return s, hits
}

// baseRate scores stating the base rate of calls that have one. Its hits are the expected
// number.
func baseRate(ps []*Prediction) (r RivalScore) {
	var s said
	var sum float64
	for _, p := range ps {
		if p.Outcome.Matured() && p.BaseN > 0 {
			s.add(p.Base, p.Outcome == Hit, p.Event)
			sum += p.Base
		}
	}
	r.Brier, _ = s.score()
	r.Calls, r.Hits = len(s.prob), int(math.Round(sum))
	r.HitRate, r.HitLow, r.HitHigh = clustered(s.prob, s.events)
	return r
}
