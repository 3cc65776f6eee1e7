package leadlag

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

const minute = odds.Millis(60_000)

// played is of n events, a day apart, between two polled series. Of a move, follows of it comes
// a poll later at B; in the newest last events it is the other way round.
func played(n, last int, follows float64, seed uint64) *Evidence {
	e := NewEvidence(NewAxis(minute), true)
	var work Scratch
	rng := rand.New(rand.NewPCG(seed, 1))
	for event := range n {
		leader, follower := AB, BA
		if event >= n-last {
			leader, follower = follower, leader
		}
		var x, y []series.Increment
		before := 0.0
		for i := range 60 {
			at := odds.Time(event)*86_400_000 + odds.Time(i)*odds.Time(minute)
			move := rng.NormFloat64()
			value := follows*before + math.Sqrt(1-follows*follows)*rng.NormFloat64()
			x, y = append(x, series.Increment{At: at, White: move, Raw: move}), append(y, series.Increment{At: at, White: value, Raw: value})
			before = move
		}
		cluster := e.Cluster(fmt.Sprint(event))
		for i := range x {
			e.Add(follower, x[i], y[:i+1], true, nil, cluster, &work)
			e.Add(leader, y[i], x[:i+1], false, nil, cluster, &work)
		}
	}
	return e
}

func judged(e *Evidence) (*Evidence, Verdict) {
	return e, Judge([]Case{{Evidence: e, OneClock: true}})[0]
}

func TestTheNewestFifthSpeaksForItself(t *testing.T) {
	for name, c := range map[string]struct {
		last int
		led  float64 // sign of the net lead
	}{"as ever": {0, 1}, "swapped": {10, -1}} {
		e, v := judged(played(50, c.last, 0.5, 7))
		if !v.Directed || v.Leader != AB {
			t.Fatalf("%s: the whole has another leader: %+v", name, v)
		}
		got := e.Newest(&v)
		if got.Events != 10 || got.Since != odds.Time(40)*86_400_000+odds.Time(59*minute) {
			t.Fatalf("%s: %+v", name, got)
		}
		if got.Lead*c.led < 0.3 || (got.LeadLow > 0) != (c.led > 0) || (got.LeadHigh < 0) != (c.led < 0) {
			t.Errorf("%s: lead %+v", name, got)
		}
		// It is measured where the whole is strongest: there, what swapped shows nothing.
		if (got.Low > 0.3) != (c.last == 0) || got.Correlation < got.Low || got.Correlation > got.High {
			t.Errorf("%s: correlation %+v", name, got)
		}
	}
}

// An inverse edge leads as any other.
func TestTheLeadOfAnInverseEdge(t *testing.T) {
	e, v := judged(played(50, 0, -0.5, 7))
	if got := e.Newest(&v); !v.Directed || got.LeadLow <= 0 || got.High >= 0 {
		t.Errorf("%+v of %+v", got, v)
	}
}

// The first end of a family is its leader.
func TestTheLeadIsThatOfTheLeader(t *testing.T) {
	e, v := judged(played(50, 50, 0.5, 7))
	if !v.Directed || v.Leader != BA {
		t.Fatalf("%+v", v)
	}
	if got := e.Newest(&v); got.LeadLow <= 0 {
		t.Errorf("%+v", got)
	}
}

func TestNothingIsSaidOfFewEvents(t *testing.T) {
	for n, want := range map[int]int{0: 0, 20: 0, 21: 5, 25: 5, 26: 6} {
		e, v := judged(played(n, 0, 0.5, 7))
		got := e.Newest(&v)
		if got.Events != want {
			t.Errorf("%d events: %+v", n, got)
		}
	}
}

// Beyond 256 events the newest share the sums of old ones.
func TestNothingIsSaidOfEventsThatShareTheirSums(t *testing.T) {
	e, v := judged(played(256, 0, 0.3, 7))
	if got := e.Newest(&v); got.Events != 52 {
		t.Fatalf("%+v", got)
	}
	if e, v = judged(played(300, 0, 0.3, 7)); e.Newest(&v).Events > 0 {
		t.Errorf("%+v", e.Newest(&v))
	}
}

// The interval of five events must be as wide as five events deserve.
func TestTheIntervalCoversTheTruth(t *testing.T) {
	const truth, runs = 0.4, 200
	covered := 0
	for seed := range uint64(runs) {
		e, v := played(21, 0, truth, seed), Verdict{Search: Search{Flow: AB, Span: Span{1, 1}, Z: 1}}
		got := e.Newest(&v)
		if got.Events == 0 {
			t.Fatal("nothing is said")
		}
		if got.Low <= truth && truth <= got.High {
			covered++
		}
	}
	if covered < 182 || covered > 198 { // 190 ± 2.5 s.e.; cut moves bias it a little
		t.Errorf("%d of %d", covered, runs)
	}
}
