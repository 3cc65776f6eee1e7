package leadlag

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"corrgraph/leadlag/signs"
	"corrgraph/odds"
	"corrgraph/series"
)

// asked is a family of polled pairs, one an event: B moves with A in the same poll, and by
// lead of the rest one poll later. stamped gives each move the venue's own stamp.
func asked(rng *rand.Rand, events int, lead float64, stamp func(poll odds.Time, b bool) odds.Time) *Evidence {
	e := NewEvidence(NewAxis(60_000), true)
	var s Scratch
	for ev := range events {
		var a, b moves
		rest := 0.0
		for k := range 120 {
			at := odds.Time(1_700_000_000_000 + int64(60_000*k))
			x := rng.NormFloat64()
			y := (1-lead)*x + rest + 0.5*rng.NormFloat64()
			rest = lead * x
			a = append(a, series.Increment{At: at, White: x, Raw: x, Stamp: stamp(at, false)})
			b = append(b, series.Increment{At: at, White: y, Raw: y, Stamp: stamp(at, true)})
		}
		c := e.Cluster(fmt.Sprint(ev))
		for i := range a { // as a family counts them: an instant's moves together
			e.Add(BA, a[i], before(b, a[i].At), true, nil, c, &s)
			e.Add(AB, b[i], before(a, b[i].At), false, nil, c, &s)
		}
	}
	return e
}

func fresh(poll odds.Time, _ bool) odds.Time { return poll - 2000 }

func oneClock(e *Evidence) Verdict {
	return Judge([]Case{{Evidence: e, OneClock: true}})[0]
}

// Most of a move is followed within the poll, some of it a poll later: that is a lead.
func TestALeadWithinOnePollClock(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	e := asked(rng, 20, 0.3, fresh)
	v := oneClock(e)
	if !v.Zero || !v.Directed || v.Leader != AB || v.Events != 20 || v.FirstOnFeed || v.Confidence < 0.9 {
		t.Errorf("%+v", v)
	}
	if l := v.Link; l.Lag != 60_000 || l.LagLow != 0 || l.LagHigh != 120_000 || l.Corr < 0.5 {
		t.Errorf("%+v", l)
	}
	if s := v.Shares; math.Abs(s.Same-0.7) > 0.1 || math.Abs(s.Next-0.3) > 0.1 || math.Abs(s.Same+s.Next+s.Later-1) > 1e-12 {
		t.Errorf("%+v", s)
	}
	if w := Judge([]Case{{Evidence: e}})[0]; w.Directed {
		t.Error("with clocks of their own, too")
	}
	if w := Judge([]Case{{Evidence: e, OneClock: true, Copy: [2]bool{true, false}}})[0]; w.Directed {
		t.Error("a copy leads")
	}
}

// What the follower's age may have made is not certain: without stamps, and where they say
// that its prices come in older. Fewer events are judged by their moves.
func TestALeadThatStampsDoNotConfirm(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	none := func(odds.Time, bool) odds.Time { return 0 }
	// Read 18 s before the answer, B shows 30 % of what A has made since the last one a poll late.
	old := func(poll odds.Time, b bool) odds.Time {
		if b {
			return poll - 18_000
		}
		return poll
	}
	for _, events := range []int{6, 20} {
		for name, stamp := range map[string]func(odds.Time, bool) odds.Time{"none": none, "old": old} {
			v := oneClock(asked(rng, events, 0.3, stamp))
			if !v.Directed || v.Leader != AB || !v.FirstOnFeed || v.Confidence != capFeed {
				t.Errorf("%d events, stamps %s: %+v", events, name, v)
			}
		}
		if v := oneClock(asked(rng, events, 0.3, fresh)); !v.Directed || v.FirstOnFeed {
			t.Errorf("%d events, fresh: %+v", events, v)
		}
	}
}

// Who overshoots and comes back does not lead, however certain the difference.
func TestOvershootIsNoLead(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	e, x := NewEvidence(NewAxis(60_000), true), Scratch{}
	for ev := range 20 {
		c := e.Cluster(fmt.Sprint(ev))
		var a, b moves
		back := 0.0
		for k := range 120 {
			at, m := odds.Time(1_700_000_000_000+int64(60_000*k)), rng.NormFloat64()
			y := 1.5*m - back
			back = 0.5 * m
			a = append(a, series.Increment{At: at, White: m, Raw: m, Stamp: at})
			b = append(b, series.Increment{At: at, White: y, Raw: y, Stamp: at})
			e.Add(BA, a[k], before(b, at), true, nil, c, &x)
			e.Add(AB, b[k], before(a, at), false, nil, c, &x)
		}
	}
	if v := oneClock(e); v.Directed || v.QDirect > 0.01 || !v.Discovered {
		t.Errorf("%+v", v)
	}
}

// Where nobody leads, p is below 5 % in about 5 % of families, and exchanged copies of real
// leaders show hardly any.
func TestExchangedRolesLeadNowhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	low, n := 0, 300
	for range n {
		if x := asked(rng, 14, 0, fresh).exchanged(new(signs.Test)); x.p <= 0.05 {
			low++
		}
	}
	if low < 4 || low > 30 { // 15 expected; the bound makes it fewer
		t.Errorf("%d of %d below 5 %%", low, n)
	}
	var cases []Case
	for range 20 {
		cases = append(cases, Case{Evidence: asked(rng, 14, 0.3, fresh), OneClock: true, Key: uint64(len(cases))})
	}
	out := Judge(cases)
	led := 0
	for seed := range uint64(20) {
		led += ExchangedLeaders(cases, out, seed)
	}
	for i := range out {
		if !out[i].Directed {
			t.Errorf("%d: %+v", i, out[i])
		}
	}
	if led > 20 { // 5 % of 20 × 20
		t.Errorf("%d leaders in 20 copies", led)
	}
}

// A correlation is above the floor only if its interval by event is.
func TestFloor(t *testing.T) {
	parts := func(n int, u func(i int) float64) []Sums {
		out := make([]Sums, n)
		for i := range out {
			out[i] = Sums{U: u(i), V: 1, SS: 100, SSTo: 100}
		}
		return out
	}
	for name, c := range map[string]struct {
		events  []Sums
		r, half float64
	}{
		"all alike":      {parts(16, func(int) float64 { return 20 }), 0.2, 0},
		"one of sixteen": {parts(16, func(i int) float64 { return 320 * float64(bits.TrailingZeros(uint(i|16))/4) }), 0.2, 0.39},
		"one event":      {parts(1, func(int) float64 { return 20 }), 0.2, 1.96 / 100},
	} {
		r, half, ok := ClusteredCorr(c.events)
		if !ok || math.Abs(r-c.r) > 1e-9 || math.Abs(half-c.half) > 0.02 {
			t.Errorf("%s: %v ± %v, %t", name, r, half, ok)
		}
	}
	if _, _, ok := ClusteredCorr(nil); ok {
		t.Error("nothing has a correlation")
	}
}

// Beyond their limit events share clusters, and what they add up to stays the same.
func TestClustersAreBounded(t *testing.T) {
	for _, resolution := range []odds.Millis{20, 60_000} {
		x := NewAxis(resolution)
		e, s := NewEvidence(x, false), Scratch{}
		source := moves{{At: 1_000_000, White: 1, Raw: 1}}
		for i := range 1000 {
			e.Add(AB, series.Increment{At: 1_000_000 + odds.Time(x.Zero()), White: 1, Raw: 1}, source, false, nil, e.Cluster(fmt.Sprint(i)), &s)
		}
		if n := uint64(len(e.events)); n != x.mostClusters() || len(e.clusters) != int(n) {
			t.Errorf("%d clusters", n)
		}
		if u := e.clusteredU(AB, Span{1, 1}); u != 1000 {
			t.Errorf("resolution %d: %v", resolution, u)
		}
	}
}
