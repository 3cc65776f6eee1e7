package leadlag

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/odds"
)

// A lead between streams must hold on the times of receipt.
func TestALeadMustHoldOnReceipt(t *testing.T) {
	received := func(m moves, ahead odds.Millis, r *rand.Rand) moves {
		out := slices.Clone(m)
		for i := range out {
			out[i].Recv = out[i].At.Add(40 + odds.Millis(r.IntN(60)) - ahead)
		}
		return out
	}
	var s Scratch
	for name, c := range map[string]struct {
		lag, ahead odds.Millis // of B's moves, and of B's clock
		stamped    bool
		doubted    bool
	}{
		"a lead":                      {2000, 0, true, false},
		"nothing known of receipt":    {2000, 0, false, false},
		"a clock two seconds ahead":   {2000, 2000, true, true},
		"received the other way":      {2000, 3000, true, true},
		"a lead, and a clock late":    {2000, -1000, true, false},
		"a lead beyond a clock ahead": {5000, 2000, true, false},
	} {
		for seed := range uint64(5) {
			r := rand.New(rand.NewPCG(seed, 11))
			a := randomMoves(r, 600, 20_000)
			b := lagged(r, a, c.lag, 1)
			if c.stamped {
				a, b = received(a, 0, r), received(b, c.ahead, r)
			}
			v := Judge([]Case{caseOf(a, b, seed, &s)})[0]
			if !v.Directed || v.Leader != AB || v.FirstOnFeed != c.doubted || c.doubted != (v.Confidence <= capFeed) {
				t.Errorf("%s, seed %d: directed %v, first on this feed %v, confidence %.2f", name, seed, v.Directed, v.FirstOnFeed, v.Confidence)
			}
		}
	}
}

// Where moves are seen when a venue is read, a lag within a step may be that of the reading; a
// copy of old prices leads nobody.
func TestWhatReadingAndCopyingExplainIsNoLead(t *testing.T) {
	var s Scratch
	for name, c := range map[string]struct {
		lag      odds.Millis
		read     bool
		copy     [2]bool
		directed bool
	}{
		"a stream":                {1000, false, [2]bool{}, true},
		"within a step":           {1000, true, [2]bool{}, false},
		"beyond a step":           {4000, true, [2]bool{}, true},
		"the leader is a copy":    {4000, false, [2]bool{true, false}, false},
		"the follower is a copy":  {4000, false, [2]bool{false, true}, true},
		"copies of another venue": {4000, false, [2]bool{true, true}, false},
	} {
		r := rand.New(rand.NewPCG(1, 12))
		a := randomMoves(r, 600, 20_000)
		for i := range a {
			a[i].At = a[i].At / 1000 * 1000
		}
		b := lagged(r, a, c.lag, 1)
		v := Judge([]Case{{Evidence: gather(NewEvidence(NewAxis(1000), true), a, b, 1, &s), Read: c.read, Copy: c.copy}})[0]
		if got := fmt.Sprint(v.Discovered, v.Directed); got != fmt.Sprint(true, c.directed) {
			t.Errorf("%s: discovered and directed %s", name, got)
		}
	}
}
