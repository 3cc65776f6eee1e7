package ledger

import (
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
func (c *Calls) baseline(name string) (r BaselineRecord) {
	var s said
	switch name {
	case BaselineCopy:
		s = c.believing(slices.Index(rivals[:], RivalCopy))
	case BaselineHY:
		s = c.believing(slices.Index(rivals[:], RivalHY))
	default:
		for _, x := range c.issued {
			stated := x.PLeague
			if name == BaselineFamily {
				stated = x.PFamily
			}
			if x.matured && stated > 0 { // rows of earlier versions have none
				s.add(stated, x.hit, loss(stated, x.hit))
			}
		}
	}
	r.Brier, r.LogLoss = s.score()
	r.N = s.n
	return r
}

// believing states, of each matured call, the hit rate of those that a rival made too, or
// did not make, whichever it is of this one, among the calls answered before it was issued.
func (c *Calls) believing(rival int) (s said) {
	answered := c.answered
	var n, hits [2]int
	cell := func(x *call) int {
		if x.made[rival] {
			return 1
		}
		return 0
	}
	for _, x := range c.issued {
		if !x.matured {
			continue
		}
		for ; len(answered) > 0 && answered[0].ResolvedAt <= x.IssuedAt; answered = answered[1:] {
			k := cell(answered[0])
			n[k]++
			if answered[0].hit {
				hits[k]++
			}
		}
		k := cell(x)
		p := Chance(hits[k], n[k])
		s.add(p, x.hit, loss(p, x.hit))
	}
	return s
}

// rival scores a rule on the occasions of matured calls. If it made no call on an occasion,
// it has no entry in Prediction.Baselines.
func (c *Calls) rival(name string, room *room) (r RivalScore) {
	if name == RivalBase {
		return c.baseRate(room)
	}
	var s said
	k := slices.Index(rivals[:], name)
	room.first.clear()
	for _, x := range c.issued {
		if !x.made[k] || !x.matured {
			continue
		}
		p := Chance(r.Hits, s.n) // its own hit rate so far
		s.add(p, x.right[k], 0)
		room.first.add(outcome(x.right[k]), x.event)
		if x.right[k] {
			r.Hits++
		}
	}
	r.Calls = s.n
	r.HitRate, r.HitLow, r.HitHigh = room.first.mean(&room.clusters)
	r.Brier, _ = s.score()
	return r
}

// baseRate scores stating the base rate of calls that have one. Its hits are the expected
// number.
func (c *Calls) baseRate(room *room) (r RivalScore) {
	var s said
	var sum float64
	room.first.clear()
	for _, x := range c.issued {
		if x.matured && x.BaseN > 0 {
			s.add(x.Base, x.hit, 0)
			room.first.add(x.Base, x.event)
			sum += x.Base
		}
	}
	r.Brier, _ = s.score()
	r.Calls, r.Hits = s.n, int(math.Round(sum))
	r.HitRate, r.HitLow, r.HitHigh = room.first.mean(&room.clusters)
	return r
}
