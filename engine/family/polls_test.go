package family

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
)

// poll says what venues show in a poll.
func (d *desk) poll(at odds.Time, values map[string]float64) {
	b := &odds.Batch{Source: "poll", At: at, Recv: at, Polled: true}
	for venue, v := range values {
		b.Updates = append(b.Updates, d.quote("Bears-Eagles", venue, "h2h", v, math.NaN()))
	}
	slices.SortFunc(b.Updates, func(a, b odds.Update) int { return strings.Compare(a.Venue, b.Venue) })
	d.board.Apply(b)
	d.Take(d.board.Moved)
	d.board.EndBatch()
}

// What a poll resolves is known from its fifth on, and its moves until then count.
func TestAPollIsResolvedFromItsFifthOn(t *testing.T) {
	const step = 60_000
	d := newDesk(Options{Seed: 1})
	at, v := marketStart, 0.0
	for n := 1; n <= 8; n++ {
		v += 0.1
		d.poll(at, map[string]float64{"amy": v, "zoe": v})
		d.Decide(at + 1)
		f := d.list[0]
		if known := f.ev != nil; known != (n >= 5) {
			t.Fatalf("after %d polls: known %v", n, known)
		}
		if n >= 5 {
			if a, b := f.ev.Moves(); f.ev.Axis.Resolution != step || f.Slack() != step/2 || a != n-1 || b != n-1 {
				t.Errorf("after %d polls: resolution %d, slack %d, %d and %d moves", n, f.ev.Axis.Resolution, f.Slack(), a, b)
			}
		}
		at = at.Add(step)
	}
	// A poll that comes to be another step is counted anew, and a little jitter is not.
	axis := d.list[0].ev.Axis
	for range 20 {
		at, v = at.Add(step+300), v+0.1
		d.poll(at, map[string]float64{"amy": v, "zoe": v})
	}
	if d.Decide(at + 1); d.list[0].ev.Axis != axis {
		t.Errorf("half a percent is another resolution: %d", d.list[0].ev.Axis.Resolution)
	}
	for range 60 {
		at, v = at.Add(2*step), v+0.1
		d.poll(at, map[string]float64{"amy": v, "zoe": v})
	}
	d.Decide(at + 1)
	if a, _ := d.list[0].ev.Moves(); d.list[0].ev.Axis.Resolution != 2*step || a != d.list[0].pairs[0].A.Count() {
		t.Errorf("resolution %d, %d moves counted of %d", d.list[0].ev.Axis.Resolution, a, d.list[0].pairs[0].A.Count())
	}
}

func TestAStreamHasNoSlack(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.chase("amy", "zoe", 1, 10)
	if f := d.list[0]; f.Slack() != 0 || f.ev.Axis.Resolution != 20 {
		t.Errorf("slack %d of a resolution of %d", f.Slack(), f.ev.Axis.Resolution)
	}
}

func TestMovesAreCountedOnceTheyAreMany(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	at := marketStart
	d.h2h(at, "Bears-Eagles", map[string]float64{"amy": 0, "zoe": 0})
	for i := range waitMost {
		at = at.Add(1000)
		d.h2h(at, "Bears-Eagles", map[string]float64{"amy": float64(1+i%2) / 10})
		if waits := len(d.waiting) > 0; i < 100 && !waits {
			t.Fatalf("counted after %d moves", i+1)
		}
		if len(d.waiting) > waitMost+1 {
			t.Fatalf("%d moves wait", len(d.waiting))
		}
		d.CountFull(at)
		if counted := len(d.waiting) == 0; counted {
			return
		}
	}
	t.Errorf("%d moves wait and are many", len(d.waiting))
}

// What is shown of an event is what is reported of it, and layers that nobody asks for
// are nil where those without an edge are empty.
func TestEdgesOfAnEventAreThoseReported(t *testing.T) {
	d := newDesk(Options{Seed: 2})
	rng, at := rand.New(rand.NewPCG(2, 3)), marketStart
	events := []string{"Bears-Eagles", "Bears-Tigers", "Lions-Eagles"}
	fair := 0.0
	for range 400 {
		at = at.Add(odds.Millis(15_000 + rng.IntN(10_000)))
		fair = 0.9*fair + 0.1*rng.NormFloat64()
		for _, e := range events {
			for i, venue := range []string{"zoe", "amy", "eve"} {
				d.say(at.Add(odds.Millis(1000*i+rng.IntN(200))), d.quote(e, venue, "h2h", fair, math.NaN()), d.quote(e, venue, "totals", 0.5*fair, 8.5))
			}
			at = at.Add(4000)
		}
	}
	d.Decide(at.Add(1000))
	byEvent := map[string][4][]graph.Edge{}
	layers := map[odds.Layer]int{}
	for _, g := range d.Edges() {
		of := byEvent[g.Event]
		of[g.Layer-1] = append(of[g.Layer-1], g)
		byEvent[g.Event] = of
		layers[g.Layer]++
	}
	if layers[odds.Direct] < 9 || layers[odds.CrossMarket] == 0 || layers[odds.CrossEvent] == 0 {
		t.Fatalf("edges by layer: %v", layers)
	}
	for _, e := range events {
		ev := d.board.Event(e)
		all := d.EventEdges(ev, [4]bool{true, true, true, true})
		for i, got := range all {
			if want := byEvent[e][i]; !slices.Equal(got, want) || got == nil {
				t.Errorf("%s, layer %d: %d edges, %d are reported", e, i+1, len(got), len(want))
			}
		}
		one := d.EventEdges(ev, [4]bool{2: true})
		if one[0] != nil || one[1] != nil || one[3] != nil || !slices.Equal(one[2], all[2]) {
			t.Errorf("%s: layer 3 alone: %d, %d, %d, %d edges", e, len(one[0]), len(one[1]), len(one[2]), len(one[3]))
		}
	}
}
