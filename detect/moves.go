package detect

import (
	"math"

	"corrgraph/detect/tail"
	"corrgraph/odds"
)

const (
	moveHistory = 16   // moves required before sizes and gaps are judged
	moveFloor   = 0.05 // log-odds: smallest move that is reported
	burstLength = 5
	burstGap    = 4    // a gap is short below a quarter of the usual one
	volFloor    = 0.25 // ln: minimum spread of volatilities
	volMoves    = 3    // moves a window needs to have a volatility
	lostWindows = 8    // windows without a look after which no conclusion is drawn
	minute      = 60_000
)

// moves tests one node's move of this batch and adds it to its history. The size of a
// silent move is not reported, because another anomaly covers it.
func moves(v *MarketView, w *VenueView, s int, silent bool, dst []Anomaly) []Anomaly {
	h, m := w.History[s], w.Moved[s]
	dst = h.roll(v, w, s, dst)
	if m != m || m == 0 {
		return dst
	}
	n := len(dst)
	if dst = h.measure(v, w, s, m, dst); silent {
		dst = dst[:n]
	}
	dst = h.cluster(v, w, s, dst)
	h.lastMove = v.At
	h.windowMoves++
	h.windowSquares += float32(m * m)
	return dst
}

// measure is move_size.
func (h *NodeHistory) measure(v *MarketView, w *VenueView, s int, m float64, dst []Anomaly) []Anomaly {
	x := math.Log(math.Abs(m))
	z := 0.0
	if h.size.n >= moveHistory {
		z = h.size.departure(x, 0.25)
	}
	if z < tail.Threshold || math.Abs(m) < moveFloor {
		h.size.add(x)
		return dst
	}
	usual, n := math.Exp(float64(h.size.mean)), h.size.points()
	a := v.nodeAnomaly(w, s, MoveSize, odds.Direct, v.At, v.At)
	a.Size = math.Abs(m)
	a.Evidence.Unit, a.Evidence.Now, a.Evidence.Usual, a.Evidence.N = "log-odds a move", math.Abs(m), usual, n
	a.Evidence.Spread = usual * (math.Exp(h.size.sd(0.25)) - 1)
	a.GradeAt(z/tail.Threshold, learned(n), w.Resolution)
	h.size.add(float64(h.size.mean) + tail.Threshold*h.size.sd(0.25)) // clipped, so that one wrong quote does not mask the next
	return append(dst, a)
}

// cluster detects move_clustering: five short gaps in a row.
func (h *NodeHistory) cluster(v *MarketView, w *VenueView, s int, dst []Anomaly) []Anomaly {
	gap := v.At.Sub(h.lastMove)
	if h.lastMove == 0 || gap <= 0 {
		return dst
	}
	x := math.Log(float64(gap))
	if h.gap.n < moveHistory || x >= float64(h.gap.mean)-math.Log(burstGap) {
		h.burst = 0
		h.gap.add(x)
		return dst
	}
	if h.burst == 0 {
		h.burstFrom = h.lastMove
	}
	if h.burst < math.MaxUint8 {
		h.burst++
	}
	if h.burst == burstLength {
		usual, took := math.Exp(float64(h.gap.mean)), float64(v.At.Sub(h.burstFrom))
		a := v.nodeAnomaly(w, s, MoveClustering, odds.Direct, h.burstFrom, v.At)
		a.Size = usual * burstLength / took
		a.Evidence.Unit, a.Evidence.Now, a.Evidence.Usual = "ms between moves", took/burstLength, usual
		a.Evidence.Spread, a.Evidence.N = usual*(math.Exp(h.gap.sd(0.25))-1), h.gap.points()
		a.GradeAt(math.Log(a.Size)/math.Log(burstGap), learned(h.gap.points()), w.Resolution)
		dst = append(dst, a)
	}
	h.gap.add(x)
	return dst
}

// windowOf is the length of the windows in which moves are counted: at least eight steps of
// a polled source.
func windowOf(resolution odds.Millis) odds.Millis {
	switch {
	case resolution <= 2*minute:
		return 15 * minute
	case resolution <= 10*minute:
		return 60 * minute
	default:
		return 240 * minute
	}
}

// roll closes the windows that ended before this look and detects move_frequency and
// volatility.
func (h *NodeHistory) roll(v *MarketView, w *VenueView, s int, dst []Anomaly) []Anomaly {
	length := windowOf(w.Resolution)
	from := v.At - v.At%odds.Time(length)
	if from == h.windowFrom {
		return dst
	}
	empty := int(from.Sub(h.windowFrom)/length) - 1
	if h.windowFrom != 0 && !h.partial && empty < lostWindows {
		dst = h.closeWindow(v, w, s, length, dst)
		for range empty {
			h.rate.add(anscombe(0))
		}
	}
	// The first window, and the first one after a long absence, was only partly observed.
	h.partial = h.windowFrom == 0 || empty >= lostWindows
	h.windowFrom, h.windowMoves, h.windowSquares = from, 0, 0
	return dst
}

// anscombe stabilises the variance of a Poisson count at 1.
func anscombe(n float64) float64 { return 2 * math.Sqrt(n+0.375) }

func (h *NodeHistory) closeWindow(v *MarketView, w *VenueView, s int, length odds.Millis, dst []Anomaly) []Anomaly {
	count := float64(h.windowMoves)
	x := anscombe(count)
	from, until := h.windowFrom, h.windowFrom.Add(length)
	if z := h.rate.departure(x, 1); z >= tail.Threshold {
		a := v.nodeAnomaly(w, s, MoveFrequency, odds.Direct, from, until)
		mean := float64(h.rate.mean)
		usual := max(0, mean*mean/4-0.375)
		a.Size = count
		a.Evidence.Unit, a.Evidence.Now, a.Evidence.Usual, a.Evidence.N = "moves a window", count, usual, h.rate.points()
		a.Evidence.Spread = max(math.Sqrt(usual), 0.5*mean*h.rate.sd(1))
		a.Grade(z/tail.Threshold, learned(h.rate.points()))
		dst = append(dst, a)
	}
	h.rate.add(x)
	if h.windowMoves < volMoves {
		return dst
	}
	y := math.Log(float64(h.windowSquares) + 1e-8)
	if z := h.vol.departure(y, volFloor); z >= tail.Threshold {
		a := v.nodeAnomaly(w, s, Volatility, odds.CrossMarket, from, until)
		a.Evidence.Unit = "log-odds r.m.s. a window"
		a.Evidence.Now, a.Evidence.Usual = math.Exp(y/2), math.Exp(float64(h.vol.mean)/2)
		a.Evidence.Spread, a.Evidence.N = a.Evidence.Usual*(math.Exp(h.vol.sd(volFloor)/2)-1), h.vol.points()
		a.Size = a.Evidence.Now
		a.Grade(z/tail.Threshold, learned(h.vol.points()))
		dst = append(dst, a)
	}
	h.vol.add(y)
	return dst
}

// nodeAnomaly is an anomaly of one node with its present quote as evidence.
func (v *MarketView) nodeAnomaly(w *VenueView, s int, kind string, layer odds.Layer, at, until odds.Time) Anomaly {
	return Anomaly{
		Kind: kind, Layer: layer, Event: v.Event, Nodes: []odds.NodeID{w.Nodes[s]}, At: at, Until: until,
		Evidence: Evidence{Ticks: []Tick{v.tick(w, s)}},
	}
}
