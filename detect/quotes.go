package detect

import (
	"math"

	"corrgraph/detect/tail"
	"corrgraph/odds"
)

const (
	quoteFloor    = 0.02 // log-odds: spread caused by price rounding alone
	outlierSize   = 0.25 // log-odds: minimum departure of an outlier quote
	outlierOut    = 6    // its minimum departure in normal deviations
	desyncSize    = 0.10
	desyncLooks   = 3
	desyncHold    = minute // for streams, where looks may be milliseconds apart
	newNormal     = 32     // looks after which a deviation is the venue's new normal
	newNormalHold = 30 * minute
	leastOthers   = 2 // groups: with only one other, the wrong one cannot be identified
	resetPortion  = 0.5
)

// Market updates the histories of the venues in v.At's batch and appends the present
// anomalies: outlier quotes, desynchronisation, size, frequency and clustering of moves,
// volatility, arbitrage. It allocates only for anomalies. Cost: O(venues² × selections).
//
// A lasting episode is appended when it begins and again, with Until set, when it ends;
// [Policy] joins the two.
func Market(v *MarketView, dst []Anomaly) []Anomaly {
	for i := range v.Venues {
		w := &v.Venues[i]
		if !w.Seen || w.State != odds.Open {
			continue
		}
		for _, h := range w.History {
			if h != nil {
				h.phase(v.Live)
			}
		}
		before := w.outlying()
		dst = quote(v, w, dst)
		told := before || w.outlying()
		for s := range v.independent() {
			if s < len(w.History) && w.History[s] != nil {
				n := len(dst)
				dst = moves(v, w, s, told, dst)
				told = told || len(dst) > n // one selection represents its market
			}
		}
	}
	return Arbitrages(v, dst)
}

// independent is the number of selections used in statistics: of two sides, the second
// mirrors the first.
func (v *MarketView) independent() int {
	if len(v.Selections) == 2 {
		return 1
	}
	return len(v.Selections)
}

// outlying reports whether a reported outlier quote of the venue is still active: its jumps
// there and back are not reported separately.
func (w *VenueView) outlying() bool {
	return len(w.History) > 0 && w.History[0] != nil && w.History[0].outKind == jumped && w.History[0].raised
}

// away is a venue's distance from the others, compared with its usual one.
type away struct {
	sel   int
	dev   float64 // distance minus usual distance, log-odds, as far as no slope of the line explains it
	z     float64 // in normal deviations
	known bool
	jump  bool // it moved there by its own move in this batch
	big   bool
}

// distance compares a venue with the others. What a different line explains is no departure.
func (v *MarketView) distance(w *VenueView, s int) away {
	h := w.History[s]
	if h == nil || !(w.Values[s] == w.Values[s]) || w.Others[s] != w.Others[s] {
		return away{sel: s}
	}
	d := w.Values[s] - w.Others[s]
	usual := float64(h.dev.mean)
	dev := beyond(d-usual, v.shift(w, s)-float64(h.shift), v.Live)
	a := away{sel: s, known: true, dev: dev, z: h.dev.departure(usual+dev, quoteFloor)}
	own, others := w.Moved[s], w.OthersMoved[s]
	a.jump = own*a.dev > 0 && math.Abs(own) >= math.Abs(a.dev)/2 && !(math.Abs(others) >= math.Abs(a.dev)/2)
	a.big = math.Abs(a.z) >= outlierOut && math.Abs(a.dev) >= outlierSize
	return a
}

// quote advances a venue's episode. All selections share one, kept in the history of the
// first. Prices of an incomplete market hold a margin that is not known, so that they are
// not compared.
func quote(v *MarketView, w *VenueView, dst []Anomaly) []Anomaly {
	if len(w.History) == 0 || w.History[0] == nil || w.OtherGroups < leastOthers || !w.Complete && !v.Raw {
		return dst
	}
	h := w.History[0]
	if h.outKind != together {
		if a := v.distance(w, int(h.outSel)); a.known {
			return h.stay(v, w, a, dst)
		}
		return dst
	}
	var worst away
	for s := range v.independent() {
		if a := v.distance(w, s); a.known && math.Abs(a.z) >= math.Abs(worst.z) {
			worst = a
		}
	}
	if math.Abs(worst.z) >= tail.Threshold && math.Abs(worst.dev) >= desyncSize {
		return h.leave(v, w, worst, dst)
	}
	learn(v, w)
	return dst
}

// learn adds the present distances to the history. Looks without any move repeat the last
// distances and would make the spread too small.
func learn(v *MarketView, w *VenueView) {
	for s := range v.independent() {
		h, d := w.History[s], w.Values[s]-w.Others[s]
		if h != nil && d == d && (moved(w.Moved[s]) || moved(w.OthersMoved[s])) {
			h.dev.add(d)
			h.dev.follow(&h.shift, v.shift(w, s))
		}
	}
}

// moved reports whether an increment is known and nonzero.
func moved(x float64) bool { return x == x && x != 0 }

// leave starts an episode.
func (h *NodeHistory) leave(v *MarketView, w *VenueView, a away, dst []Anomaly) []Anomaly {
	h.outAt, h.outHeld, h.outSel = v.At, 1, uint16(a.sel)
	h.outPeak, h.outOthers = float32(a.dev), float32(w.Others[a.sel])
	h.raised = false
	h.outKind = drifted
	if !a.jump || !a.big {
		return dst
	}
	h.outKind = jumped
	if v.Live {
		return dst // in play the first to react looks the same: wait for its return
	}
	h.raised = true
	return append(dst, h.episode(v, w, a, OutlierQuote))
}

// stay continues or ends an episode.
func (h *NodeHistory) stay(v *MarketView, w *VenueView, a away, dst []Anomaly) []Anomaly {
	back := math.Abs(a.z) < tail.Threshold*resetPortion || a.dev*float64(h.outPeak) < 0 && math.Abs(a.z) < tail.Threshold
	if back {
		return h.back(v, w, a, dst)
	}
	h.outHeld = min(h.outHeld, math.MaxUint16-1) + 1
	if h.outKind == drifted && !h.raised && a.jump && a.big {
		return h.leave(v, w, a, dst)
	}
	if math.Abs(a.dev) > math.Abs(float64(h.outPeak)) {
		h.outPeak = float32(a.dev)
	}
	held := v.At.Sub(h.outAt)
	if h.outKind == drifted && !h.raised && h.outHeld >= desyncLooks && held >= desyncHold {
		h.raised = true
		dst = append(dst, h.episode(v, w, a, Desynchronisation))
	}
	if h.outHeld >= newNormal && held >= newNormalHold {
		dst = h.end(v, w, a, "", dst)
		for _, o := range w.History {
			if o != nil {
				o.dev = running{}
			}
		}
	}
	return dst
}

// back ends an episode: the venue returned to the others, or they came to it.
func (h *NodeHistory) back(v *MarketView, w *VenueView, a away, dst []Anomaly) []Anomaly {
	came := (w.Others[a.sel] - float64(h.outOthers)) * sign(float64(h.outPeak))
	followed := h.outKind == jumped && came >= math.Abs(float64(h.outPeak))/2
	if h.outKind == jumped && !h.raised {
		h.raised = !followed // in play it is known to be a wrong quote only now
	}
	reason := ""
	if followed {
		reason = "the others followed it: it led"
	}
	return h.end(v, w, a, reason, dst)
}

func (h *NodeHistory) end(v *MarketView, w *VenueView, a away, reason string, dst []Anomaly) []Anomaly {
	if h.raised {
		kind := Desynchronisation
		if h.outKind == jumped {
			kind = OutlierQuote
		}
		e := h.episode(v, w, a, kind)
		e.Until, e.Suppressed = v.At, reason
		dst = append(dst, e)
	}
	h.outKind, h.outAt, h.outHeld, h.raised = together, 0, 0, false
	return dst
}

// episode describes the present episode at its peak.
func (h *NodeHistory) episode(v *MarketView, w *VenueView, a away, kind string) Anomaly {
	o := w.History[a.sel]
	usual, sd, n := float64(o.dev.mean), o.dev.sd(quoteFloor), o.dev.points()
	peak := float64(h.outPeak)
	out := math.Abs(tail.Departure(usual+peak, usual, sd, n))
	limit := float64(tail.Threshold)
	if kind == OutlierQuote {
		limit = outlierOut
	}
	e := Anomaly{
		Kind: kind, Layer: odds.Direct, Event: v.Event, Nodes: []odds.NodeID{w.Nodes[a.sel]},
		At: h.outAt, Size: math.Abs(peak),
		Evidence: Evidence{
			Unit: "log-odds from the others' consensus", Now: usual + peak, Usual: usual, Spread: sd, N: n,
			Ticks: []Tick{v.tick(w, a.sel), v.consensus(w, a.sel)},
		},
	}
	e.GradeAt(out/limit, agreed(w.OtherGroups)*learned(n), w.Resolution)
	return e
}

// agreed is the confidence that this venue is the wrong one: each further group on the
// other side halves the doubt.
func agreed(groups int) float64 { return 1 - math.Exp2(-float64(groups)) }

// learned discounts short histories.
func learned(n int) float64 { return float64(n) / float64(n+2) }

func sign(x float64) float64 { return math.Copysign(1, x) }

// tick is the venue's present quote of a selection.
func (v *MarketView) tick(w *VenueView, s int) Tick {
	return Tick{Node: w.Nodes[s], At: w.ChangedAt, Price: w.Prices[s], Value: w.Values[s], AgeMs: v.age(w)}
}

func (v *MarketView) consensus(w *VenueView, s int) Tick {
	return Tick{Node: odds.Node(odds.ConsensusVenue, v.Event, v.Market, math.NaN(), v.Selections[s]), At: v.At, Value: w.Others[s]}
}
