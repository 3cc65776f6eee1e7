package family

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

// league polls some venues' prices of n events. Each shows an event's price of late[venue]
// polls ago, and its own noise; copies show what the first venue of the list shows.
func (d *desk) league(late map[string]int, events, polls int, noise float64, copies ...string) {
	rng, at := rand.New(rand.NewPCG(4, 5)), marketStart
	past := make([][]float64, events)
	for range polls {
		at = at.Add(60_000)
		b := &odds.Batch{Source: "poll", At: at, Recv: at, Polled: true}
		for e := range past {
			last := 0.0
			if n := len(past[e]); n > 0 {
				last = past[e][n-1]
			}
			past[e] = append(past[e], 0.9*last+0.1*rng.NormFloat64())
			for _, venue := range []string{"amy", "eve", "zoe"} {
				v := past[e][max(0, len(past[e])-1-late[venue])] + noise*rng.NormFloat64()
				b.Updates = append(b.Updates, d.quote(fmt.Sprintf("H%d-A%d", e, e), venue, "h2h", v, math.NaN()))
				for _, name := range copies {
					if venue == copies[0] && name != venue {
						b.Updates = append(b.Updates, d.quote(fmt.Sprintf("H%d-A%d", e, e), name, "h2h", v, math.NaN()))
					}
				}
			}
		}
		slices.SortStableFunc(b.Updates, func(a, b odds.Update) int { return strings.Compare(a.Venue, b.Venue) })
		d.board.Apply(b)
		d.Take(d.board.Moved)
		d.board.EndBatch()
	}
	d.Decide(at + 1)
}

func TestLeadershipOfAChain(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.league(map[string]int{"zoe": 0, "eve": 1, "amy": 2}, 16, 60, 0.01)
	got := d.Leadership()
	if len(got) != 1 || got[0].Sport != "baseball" || got[0].League != "kbo" || got[0].Unexplained == nil || *got[0].Unexplained > 0.02 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []struct {
		venue string
		score float64
	}{{"zoe", 1}, {"eve", 0}, {"amy", -1}} {
		s := got[0].Standings[i]
		if s.Venue != want.venue || math.Abs(s.Score-want.score) > 0.4 || s.High-s.Low > 0.4 || s.Low > s.Score || s.High < s.Score {
			t.Errorf("%+v, planted %+v", s, want)
		}
	}
	// A lead is of a pair as it is reported.
	for _, f := range d.All() {
		lead, ok := got[0].Leads[f.Key.String()]
		if venues := f.Key.Leader != odds.ConsensusVenue && f.Key.Follower != odds.ConsensusVenue; ok != venues {
			t.Errorf("%s has a lead: %v", f.Key, ok)
		} else if ok && !f.Simultaneous && (lead.Raw <= 0 || lead.Shrunk <= 0) {
			t.Errorf("%s leads by %+v", f.Key, lead)
		}
	}
	if again := d.Leadership(); !reflect.DeepEqual(again, got) {
		t.Errorf("asked again: %+v", again)
	}
}

func TestLeadershipWhereNobodyLeads(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.league(nil, 16, 60, 0.05)
	got := d.Leadership()
	if len(got) != 1 || len(got[0].Standings) != 3 {
		t.Fatalf("%+v", got)
	}
	for _, s := range got[0].Standings {
		if s.Low > 0 || s.High < 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestLeadershipNeedsEvents(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.league(map[string]int{"eve": 1}, 6, 60, 0.01)
	if got := d.Leadership(); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	if got := newDesk(Options{}).Leadership(); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// A venue that shows what the leader shows is of its group and changes nobody's place.
func TestLeadershipCountsAGroupOnce(t *testing.T) {
	late := map[string]int{"zoe": 0, "eve": 1, "amy": 2}
	alone, with := newDesk(Options{Seed: 1}), newDesk(Options{Seed: 1})
	alone.league(late, 16, 60, 0.01)
	with.league(late, 16, 60, 0.01, "zoe", "zac")
	want, got := alone.Leadership(), with.Leadership()
	if len(want) != 1 || len(got) != 1 || len(got[0].Standings) != 4 {
		t.Fatalf("%+v", got)
	}
	for i, s := range got[0].Standings {
		w := want[0].Standings[max(0, i-1)]
		if i < 2 {
			w.Venue, w.Group = []string{"zac", "zoe"}[i], []string{"zac", "zoe"}
		}
		if !reflect.DeepEqual(s, w) {
			t.Errorf("place %d: %+v, without a copy %+v", i, s, w)
		}
	}
}

// Effects shrink beside what was judged, and change nothing of it.
func TestShrinkingLeavesTheVerdicts(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.league(map[string]int{"zoe": 0, "eve": 1, "amy": 2}, 16, 60, 0.05)
	said := func() string {
		var verdicts []any
		for _, f := range d.list {
			verdicts = append(verdicts, f.Verdict, f.judged)
		}
		b, err := json.Marshal([]any{verdicts, d.All()})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := said()
	leads := d.Leadership()[0].Leads
	if after := said(); after != before || len(leads) == 0 {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	for k, lead := range leads {
		if lead.Shrunk == lead.Raw {
			t.Errorf("%s is not shrunken: %+v", k, lead)
		}
	}
}
