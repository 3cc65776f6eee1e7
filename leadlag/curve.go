package leadlag

import "math"

// CurvePoint is one bin of a correlogram.
type CurvePoint struct {
	Lag  int64   // ms, centre of the bin; negative: the other side moved first
	Z    float64 // U/√V of the bin; 0 with fewer than 6 hits
	Corr float64 // U/√(Σa²Σb²) of the whitened moves, in [-1, 1]
	Null float64 // |Z| that 95 % of the decoys of this bin stay under; 0 if unknown
	N    int     // target moves with a source move in the bin
}

// Correlogram returns the near and slow bins in both directions, by ascending lag: at positive lags
// the leader of dir moves first. The null band is for single bins: by chance alone, the
// largest of many bins leaves it more than one time in twenty. Cost: bins × decoys.
func (e *Evidence) Correlogram(dir Flow) []CurvePoint {
	n := len(e.Axis.edges) - 1
	out := make([]CurvePoint, 2*n+1)
	norm := math.Sqrt(e.flows[AB].ss * e.flows[BA].ss)
	out[n] = point(0, e.zero.U, e.zero.V, e.zero.N, norm, e.null(0, e.zero.V))
	for k := 1; k <= n; k++ {
		for _, side := range []struct {
			flow Flow
			at   int
			lag  int64
		}{{dir, n + k, e.Axis.Centre(k)}, {1 - dir, n - k, -e.Axis.Centre(k)}} {
			f := &e.flows[side.flow]
			w, null := e.single(side.flow, k)
			out[side.at] = point(side.lag, f.bins[k].U, w.V, int(w.N), norm, null)
		}
	}
	return out
}

// single is the window of bin k alone, near or slow, and the null band there.
func (e *Evidence) single(dir Flow, k int) (w *span, null float64) {
	x, f := e.Axis, &e.flows[dir]
	if k <= x.near {
		w = &f.spans[k-1] // windows one bin wide come first
		return w, e.null(k+int(dir)*x.near, w.V)
	}
	w = &f.spans[x.nearby+k-x.near-1]
	if e.decoy == nil || w.V <= 0 {
		return w, 0
	}
	return w, 1.96 * math.Sqrt(e.signVar(f, k-x.near-1)/w.V)
}

func point(lag int64, u, v float64, n int, norm, null float64) CurvePoint {
	p := CurvePoint{Lag: lag, N: n}
	if norm > 0 {
		p.Corr = clamp(u / norm)
	}
	if n >= minHits && v > 0 {
		p.Z, p.Null = u/math.Sqrt(v), null
	}
	return p
}

// null is the 95th percentile of |z| among the decoys of a slot.
func (e *Evidence) null(slot int, v float64) float64 {
	if e.decoy == nil || v <= 0 {
		return 0
	}
	var top [Decoys - (95*Decoys+99)/100 + 1]float64 // the largest |U|, ascending: the first is the percentile
	for _, u := range e.decoy[slot*Decoys : slot*Decoys+Decoys] {
		x := math.Abs(float64(u))
		if x <= top[0] {
			continue
		}
		i := 0
		for ; i+1 < len(top) && top[i+1] < x; i++ {
			top[i] = top[i+1]
		}
		top[i] = x
	}
	return top[0] / math.Sqrt(v)
}
