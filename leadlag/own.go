package leadlag

import (
	"math"

	"corrgraph/series"
)

// Measure sums a pair's own moves as its family's verdict says. Moves are those of the pair's
// two ends, oldest first.
type Measure struct {
	Verdict *Verdict
	Axis    *Axis
	Sign    float64 // −1 if the second end's sign must be inverted
}

// Own sums them in the family's window and direction.
func (m Measure) Own(a, b []series.Increment) Sums {
	if m.Verdict.Zero {
		s := Window(b, a, 0, m.Axis.Zero())
		t := Window(a, b, 1, m.Axis.Zero())
		s.U, s.V, s.Raw, s.N = s.U+t.U, s.V+t.V, s.Raw+t.Raw, s.N+t.N
		return s.Signed(m.Sign)
	}
	dir, span := m.Verdict.Window()
	if dir == BA {
		a, b = b, a
	}
	return m.Axis.Sums(span, b, a).Signed(m.Sign)
}

// other sums the same window with leader and follower exchanged.
func (m Measure) other(a, b []series.Increment) Sums {
	dir, span := m.Verdict.Window()
	if dir == AB {
		a, b = b, a
	}
	return m.Axis.Sums(span, b, a).Signed(m.Sign)
}

// Lead is the direction statistic of a window of moves, of which own is the sum: positive if the
// family's leader led.
func (m Measure) Lead(a, b []series.Increment, own Sums) float64 {
	ahead, back := own, m.other(a, b)
	if m.Verdict.Zero { // who leads shows beside the instant
		ahead = m.other(b, a)
	}
	if v := ahead.V + back.V; v > 0 {
		return (ahead.U - back.U) / math.Sqrt(v)
	}
	return 0
}

const (
	// LeastMoves is how many moves both sides need for a measurement of their own.
	LeastMoves = 6
	// lagSure is the z above which the newest moves alone determine the lag.
	lagSure = 3.5
)

// Lag is that of a window of moves, in milliseconds; last if they are too few to tell. It comes from the window, of the family's width, in which
// they stand out most, or from the family's own window if they stand out in none.
func (m Measure) Lag(a, b []series.Increment, own Sums, last float64) float64 {
	dir, family := m.Verdict.Window()
	if dir == BA {
		a, b = b, a
	}
	best, z := own, float64(lagSure)
	if own.V > 0 {
		z = math.Max(z, math.Abs(own.U)/math.Sqrt(own.V))
	}
	for sp := range m.Axis.Alike(family) {
		s := m.Axis.Sums(sp, b, a).Signed(m.Sign)
		if s.N >= LeastMoves && s.V > 0 && s.U*m.Verdict.Link.U > 0 && math.Abs(s.U)/math.Sqrt(s.V) > z {
			best, z = s, math.Abs(s.U)/math.Sqrt(s.V)
		}
	}
	if best.U == 0 || best.N < LeastMoves {
		return last
	}
	return math.Max(0, best.Lag/best.U)
}
