package waves

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
)

// poller reads what all venues of a simulated market show, as one recorded answer each step.
type poller struct {
	step odds.Millis
	next odds.Time
	last map[shelf]odds.Update
	take func(*odds.Batch) error
}

// shelf is where a venue shows one market.
type shelf struct{ event, venue, market string }

// see takes what a source says; before that it polls what was shown until then.
func (p *poller) see(b *odds.Batch) error {
	for p.next != 0 && p.next < b.At {
		if err := p.take(p.poll()); err != nil {
			return err
		}
		p.next = p.next.Add(p.step)
	}
	if p.next == 0 {
		p.next = b.At.Add(p.step)
	}
	for _, u := range b.Updates {
		p.last[shelf{u.Event.ID, u.Venue, u.Market}] = u
	}
	return nil
}

func (p *poller) poll() *odds.Batch {
	b := &odds.Batch{Source: "poll", At: p.next, Recv: p.next, Polled: true, Resolution: p.step}
	for _, k := range slices.SortedFunc(maps.Keys(p.last), func(a, b shelf) int {
		return cmp.Or(cmp.Compare(a.event, b.event), cmp.Compare(a.venue, b.venue), cmp.Compare(a.market, b.market))
	}) {
		b.Updates = append(b.Updates, p.last[k])
	}
	return b
}

// On simulated polls the truth is known, and it judges the judge of recordings: who had moved
// first, alone, at finer polls is seldom the origin, and the earliest stamp agrees with it by
// construction.
func TestTheJudgeOfPolls(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates half a day; run without -short")
	}
	minutes := 300
	if *full {
		minutes = 720
	}
	seen, truth := polled(t, 11, minutes, 60_000, 120_000)
	fine, thin := seen[0], seen[1]
	half := fine.begin.Add(fine.end.Sub(fine.begin) / 2)
	late := slices.DeleteFunc(thin.Found, func(w Found) bool { return w.Shown < half })
	right, judged := Judge(late, truth.Origin), Judge(late, fine.first)
	t.Logf("by the truth: %v", &right)
	t.Logf("by finer polls: %v", &judged)
	if *full && right.Low <= 0 || judged.Earliest < 0.8 || right.Earliest > 0.4 {
		t.Errorf("the earliest stamp is right in %.3f by the truth and %.3f by finer polls, likely in %.3f", right.Earliest, judged.Earliest, right.Likely)
	}
}

// polled follows a simulated market that is read by polls of some steps at once.
func polled(t *testing.T, seed uint64, minutes int, steps ...odds.Millis) ([]*seen, Truth) {
	t.Helper()
	truth, out := Truth{}, make([]*seen, len(steps))
	var polls []*poller
	for i, step := range steps {
		s, e := &seen{moves: map[odds.NodeID][]engine.Move{}}, newEngine(t)
		s.Blind = true
		out[i] = s
		polls = append(polls, &poller{step: step, last: map[shelf]odds.Update{}, take: func(b *odds.Batch) error {
			if s.begin == 0 {
				s.begin = b.At
			}
			s.end = b.At
			if err := e.Apply(b); err != nil {
				return err
			}
			s.read(e)
			return nil
		}})
		defer s.Finish(e) // once the simulation is over
	}
	_, err := simulate.Run(simulate.Options{Seed: seed, Minutes: minutes, Tell: truth.Add}, func(b *odds.Batch) error {
		for _, p := range polls {
			if err := p.see(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, truth
}
