package check

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"corrgraph/engine/draw"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// followers returns a family of venues in so many events: B follows A after 2 s. If all is
// true, the events are one in truth, and B follows any A.
func followers(name string, events int, all bool) leadlag.Sampled {
	f := leadlag.Sampled{Key: draw.Key(uint64(len(name)), uint64(events)), Name: name, Axis: leadlag.NewAxis(1000), Verdict: leadlag.Verdict{Discovered: true}, Decoys: []float64{}}
	ev := leadlag.NewEvidence(f.Axis, true)
	var work leadlag.Scratch
	for k := range events {
		seed := uint64(k)
		if all {
			seed = 0
		}
		r := rand.New(rand.NewPCG(3, seed))
		p := leadlag.SampledPair{Key: draw.Key(uint64(k)), Event: fmt.Sprint("event", k), Teams: [2]string{fmt.Sprint("home", k), fmt.Sprint("away", k)}, Sign: 1}
		at := odds.Time(1_780_000_000_000)
		for range 200 {
			at = at.Add(20_000 + odds.Millis(r.IntN(40_000)))
			x := r.NormFloat64()
			p.A = append(p.A, series.Increment{At: at, White: x, Raw: x})
			p.B = append(p.B, series.Increment{At: at.Add(2000), White: x, Raw: x})
		}
		for i, inc := range p.B {
			flips := leadlag.FlipsOf(1, uint64(k), inc.At, 1)
			ev.Add(leadlag.AB, inc, p.A[:i+1], false, &flips, ev.Cluster(p.Event), &work)
		}
		f.Pairs = append(f.Pairs, p)
	}
	f.Decoys = ev.DecoyScores(nil)
	f.Lags = []int64{1000, 2000, 3000}
	return f
}

// Nothing is found between two events, and everything if the two are one.
func TestMismatchedEventsAreFoundOnlyWhereTheyMatch(t *testing.T) {
	for _, one := range []bool{false, true} {
		s := &Sample{At: 1_780_020_000_000, Seed: 5}
		for i := range 12 {
			s.Families = append(s.Families, followers(fmt.Sprint("family", i*7919), 6+i, one))
		}
		m, opinions := s.Judge(1)
		if m.At != s.At || m.Copies != copies || m.Families != 12 || m.Discovered != 12 {
			t.Errorf("%+v", m)
		}
		if one && m.Rate != 1 || !one && m.Rate > 0.05 {
			t.Errorf("events that are one %v: %+v", one, m)
		}
		if len(opinions) != 12 || opinions["family0"].Lag != 2000 {
			t.Errorf("second opinions: %+v", opinions)
		}
		if again, _ := s.Judge(5); again != m {
			t.Errorf("%+v with five workers, %+v with one", again, m)
		}
	}
}

func TestTeamsDoNotMeetThemselves(t *testing.T) {
	f := followers("family", 4, true)
	for k := range f.Pairs {
		f.Pairs[k].Teams = [2]string{"one", fmt.Sprint(k)}
	}
	s := &Sample{At: 1_780_020_000_000, Families: []leadlag.Sampled{f}}
	if m, _ := s.Judge(1); m.Copies != 0 || m.Discovered != 1 {
		t.Errorf("%+v", m)
	}
	if m, opinions := new(Sample).Judge(1); m.Copies != 0 || len(opinions) != 0 {
		t.Errorf("of nothing %+v, %v", m, opinions)
	}
}
