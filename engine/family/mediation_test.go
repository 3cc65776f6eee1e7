package family

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// relay lets ann move, bob follow her after a second, and cat follow one of the two, three
// seconds after ann. Both followers miss some moves, and everybody has ideas of its own, which
// nobody follows but those who follow all.
func (d *desk) relay(catFollows string, events, moves int) {
	type step struct {
		at    odds.Time
		venue string
		by    float64
	}
	rng, at := rand.New(rand.NewPCG(3, 4)), marketStart
	for e := range events {
		event := fmt.Sprintf("H%d-A%d", e, e)
		level := map[string]float64{"ann": 0, "bob": 0, "cat": 0}
		d.h2h(at, event, level)
		var steps []step
		say := func(at odds.Time, venue string, by float64) { steps = append(steps, step{at, venue, by}) }
		for range moves {
			at = at.Add(odds.Millis(20_000 + rng.IntN(20_000)))
			by := 0.1 * rng.NormFloat64()
			bob, cat := at.Add(odds.Millis(900+rng.IntN(200))), at.Add(odds.Millis(2900+rng.IntN(200)))
			bobMoves := rng.IntN(3) > 0
			say(at, "ann", by)
			if bobMoves {
				say(bob, "bob", by)
			}
			if catFollows == "ann" || bobMoves {
				say(cat, "cat", by)
			}
			own := at.Add(odds.Millis(rng.IntN(18_000)))
			switch by := 0.1 * rng.NormFloat64(); rng.IntN(3) {
			case 0:
				say(own, "cat", by)
			case 1:
				say(own, "bob", by)
				if catFollows == "bob" {
					say(own.Add(odds.Millis(1900+rng.IntN(200))), "cat", by)
				}
			}
		}
		slices.SortStableFunc(steps, func(a, b step) int { return int(a.at - b.at) })
		for _, s := range steps {
			level[s.venue] += s.by
			d.h2h(s.at, event, map[string]float64{s.venue: level[s.venue]})
		}
		at = at.Add(60_000)
	}
	d.Decide(at)
}

// led finds the family in which one venue leads another.
func (d *desk) led(t *testing.T, leader, follower string) *Family {
	t.Helper()
	for _, f := range d.list {
		if l, fo := f.ends(); l == leader && fo == follower && f.Directed() {
			return f
		}
	}
	t.Fatalf("%s does not lead %s", leader, follower)
	return nil
}

func TestALeadThroughAnotherVenueIsToldFromOneOfItsOwn(t *testing.T) {
	for follows, want := range map[string]mediation{
		"bob": {verdict: graph.OnlyVia, via: "bob", leader: "ann"},
		"ann": {verdict: graph.Direct, leader: "ann"},
	} {
		d := newDesk(Options{Seed: 1})
		d.relay(follows, 14, 120)
		// bob's moves come before cat's in both: what is between them can't tell the two apart.
		for _, ends := range [][2]string{{"ann", "bob"}, {"bob", "cat"}} {
			if m := d.led(t, ends[0], ends[1]).mediation; m.verdict != graph.Direct || m.via != "" {
				t.Errorf("cat follows %s: %v is %+v", follows, ends, m)
			}
		}
		f := d.led(t, "ann", "cat")
		if n, m := f.ev.Moves(); f.mediation.moves != n+m {
			t.Errorf("cat follows %s: judged by %d moves of %d", follows, f.mediation.moves, n+m)
		}
		if want.moves = f.mediation.moves; f.mediation != want {
			t.Errorf("cat follows %s: %+v, want %+v", follows, f.mediation, want)
		}
		if got := f.Report(); got.Traits.Indirect != want.verdict || got.Traits.Via != want.via {
			t.Errorf("cat follows %s: told as %+v", follows, got.Traits)
		}
	}
}

// Nothing of an answer is kept once the moves behind it have grown by a quarter, or the leader
// is another.
func TestMediationIsAskedAgainOnceThereIsMore(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.relay("bob", 14, 120)
	f := d.led(t, "ann", "cat")
	found, marked := f.mediation, mediation{graph.CantTell, "zoe", "ann", f.mediation.moves}
	for _, c := range []struct {
		name  string
		is    mediation
		again bool
	}{
		{"as many", marked, false},
		{"a quarter less", mediation{marked.verdict, marked.via, "ann", found.moves*4/5 - 1}, true},
		{"a tenth less", mediation{marked.verdict, marked.via, "ann", found.moves * 9 / 10}, false},
		{"another leader", mediation{marked.verdict, marked.via, "cat", found.moves}, true},
	} {
		f.mediation = c.is
		d.mediate()
		if want := map[bool]mediation{true: found, false: c.is}[c.again]; f.mediation != want {
			t.Errorf("%s: %+v, want %+v", c.name, f.mediation, want)
		}
	}
}

func TestOneVenueThatExplainsEverythingDecides(t *testing.T) {
	type answer struct {
		is  graph.Indirect
		via string
	}
	for _, c := range []struct {
		name    string
		answers []answer
		want    mediation
	}{
		{"nobody", nil, mediation{}},
		{"direct", []answer{{graph.Direct, "bob"}}, mediation{}},
		{"only via", []answer{{graph.Direct, "bob"}, {graph.OnlyVia, "eve"}, {graph.CantTell, "zoe"}}, mediation{verdict: graph.OnlyVia, via: "eve"}},
		{"doubt, then certainty", []answer{{graph.CantTell, "bob"}, {graph.OnlyVia, "eve"}, {graph.Direct, "zoe"}}, mediation{verdict: graph.OnlyVia, via: "eve"}},
		{"the first doubt", []answer{{graph.Direct, "amy"}, {graph.CantTell, "bob"}, {graph.CantTell, "eve"}}, mediation{verdict: graph.CantTell, via: "bob"}},
	} {
		var m mediation
		for _, a := range c.answers {
			m.ask(a.is, a.via)
		}
		if m != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, m, c.want)
		}
	}
}

func TestUnpromptedMovesAreThoseThatNothingComesBefore(t *testing.T) {
	at := func(times ...odds.Time) (out []series.Increment) {
		for _, x := range times {
			out = append(out, series.Increment{At: x})
		}
		return out
	}
	for _, c := range []struct {
		name     string
		c, b     []series.Increment
		from, to int64
		want     []odds.Time
	}{
		{"nothing before", at(10, 20), nil, 1, 5, []odds.Time{10, 20}},
		{"none", nil, at(1), 1, 5, nil},
		{"the edges of the window", at(101, 104, 105, 106), at(100), 1, 5, []odds.Time{105, 106}},
		{"at once, beyond a window that begins later", at(100), at(100), 1, 5, []odds.Time{100}},
		{"at once, in a window from zero", at(100), at(100), 0, 5, nil},
		{"two of one cause", at(102, 103), at(100), 1, 5, nil},
		{"too late, but another is in time", at(110), at(100, 107), 1, 5, nil},
		{"only later ones", at(100), at(101, 102), 1, 5, []odds.Time{100}},
	} {
		var got []odds.Time
		for _, x := range leadlag.Unprompted(c.c, c.b, c.from, c.to) {
			got = append(got, x.At)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
