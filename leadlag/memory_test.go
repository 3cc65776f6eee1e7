package leadlag

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/series"
)

// counted adds the moves of an event that begins at a time: the follower repeats the leader
// after a lag, of which a negative one makes the other side lead.
func counted(e *Evidence, r *rand.Rand, from odds.Time, lag odds.Millis, moves int, event string) {
	var a, b []series.Increment
	for at, k := from, 0; k < moves; k++ {
		at = at.Add(60_000 + odds.Millis(r.IntN(60_000)))
		x := r.NormFloat64()
		first, then := series.Increment{At: at, White: x, Raw: x}, series.Increment{At: at.Add(max(lag, -lag)), White: x, Raw: x}
		if lag < 0 {
			first, then = then, first
		}
		a, b = append(a, first), append(b, then)
	}
	cluster := e.Cluster(event)
	var work Scratch
	for dir, side := range [2][2][]series.Increment{{b, a}, {a, b}} {
		for i, m := range side[0] {
			flips := FlipsOf(1, uint64(dir), m.At, 1)
			upto := 0
			for upto < len(side[1]) && side[1][upto].At <= side[0][i].At {
				upto++
			}
			e.Add(Flow(dir), m, side[1][:upto], dir == int(BA), &flips, cluster, &work)
		}
	}
}

const weekMs = odds.Millis(7 * 24 * 3_600_000)

// Evidence of which all but the last weeks is forgotten says what evidence of those weeks alone
// says.
func TestForgottenEvidenceIsThatOfTheRest(t *testing.T) {
	for _, resolution := range []odds.Millis{20, 60_000} {
		x := NewAxis(resolution)
		all, rest := NewEvidence(x, true), NewEvidence(x, true)
		at := odds.Time(1_780_000_000_000)
		for week := range 7 {
			lag := 3 * resolution
			if week >= 3 {
				lag = -lag
			}
			for i := range 3 {
				event, seed := fmt.Sprintf("%d-%d", week, i), uint64(10*week+i)
				counted(all, rand.New(rand.NewPCG(seed, 1)), at, lag, 80, event)
				if week >= 3 {
					counted(rest, rand.New(rand.NewPCG(seed, 1)), at, lag, 80, event)
				}
			}
			at = at.Add(weekMs)
			if week < 6 {
				all.Turn(3, at.Add(-3*weekMs))
			}
		}
		a, b := all.Search(), rest.Search()
		// Moves beyond 4 r.m.s. are cut at those seen so far, which are others: clusters are close, not equal.
		if math.Abs(a.S-b.S) > 1e-4 || math.Abs(a.D-b.D) > 1e-4 || a.Span != b.Span || a.Flow != b.Flow || a.Tests != b.Tests {
			t.Errorf("resolution %d: %+v, want %+v", resolution, a, b)
		}
		p, q := all.DecoyScores(nil), rest.DecoyScores(nil)
		for i := range p {
			if math.Abs(p[i]-q[i]) > 0.01 {
				t.Errorf("resolution %d: decoy %d scores %.4f, want %.4f", resolution, i, p[i], q[i])
				break
			}
		}
		if got, want := len(all.events), 12; got != want || len(all.clusters) != want {
			t.Errorf("%d events and %d clusters, want %d", got, len(all.clusters), want)
		}
		n, m := all.Moves()
		if nn, mm := rest.Moves(); n != nn || m != mm {
			t.Errorf("%d and %d moves, want %d and %d", n, m, nn, mm)
		}
	}
}

func TestIdleEvidenceForgetsEverything(t *testing.T) {
	e := NewEvidence(NewAxis(20), true)
	at := odds.Time(1_780_000_000_000)
	counted(e, rand.New(rand.NewPCG(1, 1)), at, 60, 200, "only")
	for range 4 {
		at = at.Add(weekMs)
		e.Turn(3, at.Add(-3*weekMs))
	}
	s := e.Search()
	if a, b := e.Moves(); a+b != 0 || s.Found() || len(e.events) != 0 {
		t.Errorf("%d and %d moves, %d events are left; %+v", a, b, len(e.events), s)
	}
	for _, d := range e.DecoyScores(nil) {
		if d != 0 {
			t.Fatalf("a decoy scores %g", d)
		}
	}
}

// What the buckets of a family take, so that docs/LIMITS.md is right about it.
func TestBucketsAreCompact(t *testing.T) {
	for resolution, most := range map[odds.Millis]int{20: 19 << 10, 300_000: 6 << 10} {
		e := NewEvidence(NewAxis(resolution), true)
		counted(e, rand.New(rand.NewPCG(1, 1)), 1_780_000_000_000, resolution, 3000, "busy")
		b := e.bucket()
		if size := 4*len(b.sums) + 4*len(b.counts) + 4*len(b.scales) + 2*len(b.decoys); size > most {
			t.Errorf("resolution %d: a bucket of %d bytes, at most %d are stated", resolution, size, most)
		}
	}
}

func TestBucketsGoThroughState(t *testing.T) {
	x := NewAxis(1000)
	e := NewEvidence(x, true)
	at := odds.Time(1_780_000_000_000)
	for week := range 3 {
		counted(e, rand.New(rand.NewPCG(uint64(week), 1)), at, 2000, 50, fmt.Sprint(week))
		at = at.Add(weekMs)
		e.Turn(3, at.Add(-3*weekMs))
	}
	save := func(e *Evidence) []byte {
		var buf bytes.Buffer
		c := state.NewWriter(&buf, "x", 1)
		e.State(c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	saved := save(e)
	again := NewEvidence(x, true)
	c, err := state.NewReader(bytes.NewReader(saved), "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	again.State(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	e.Turn(2, at.Add(-2*weekMs))
	again.Turn(2, at.Add(-2*weekMs))
	if !bytes.Equal(save(e), save(again)) {
		t.Error("restored evidence goes on otherwise")
	}
}
