package waves

import (
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed/recording"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
	"corrgraph/propagate/origin"
)

// full asks for what docs/RESULTS.md reports; without it one seed and one league are looked at.
var full = flag.Bool("full", false, "all seeds and recordings, some ten minutes")

// simulated finds the waves of a simulated market and judges those of its second half.
func simulated(t *testing.T, seed uint64, minutes int) Report {
	t.Helper()
	truth, f := Truth{}, &Follower{}
	e := newEngine(t)
	var begin odds.Time
	_, err := simulate.Run(simulate.Options{Seed: seed, Minutes: minutes, Tell: truth.Add}, func(b *odds.Batch) error {
		if begin == 0 {
			begin = b.At
		}
		defer f.Take(e)
		return e.Apply(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Finish(e)
	half := begin.Add(e.Now().Sub(begin) / 2)
	return Judge(slices.DeleteFunc(f.Found, func(w Found) bool { return w.Shown < half }), truth.Origin)
}

func newEngine(t *testing.T) *engine.Engine {
	t.Helper()
	facts, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return engine.New(engine.Options{Facts: facts})
}

// Of simulated markets everything is known: whose move a wave is. The seeds are none of those
// by which the constants of package origin were chosen (1 and 2).
func TestOriginsOfSimulatedMarkets(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates half a day; run without -short")
	}
	seeds, minutes := uint64(1), 480
	if *full {
		seeds, minutes = 3, 720
	}
	for seed := uint64(11); seed < 11+seeds; seed++ {
		r := simulated(t, seed, minutes)
		t.Logf("seed %d: %v", seed, &r)
		if r.Waves < minutes*2/3 || r.Likely < r.Earliest+0.15 || r.Low <= 0 {
			t.Errorf("seed %d: the likely origin is right in %.3f of %d waves, the earliest stamp in %.3f", seed, r.Likely, r.Waves, r.Earliest)
		}
		if d := r.Stated - r.Likely; d > 0.05 || d < -0.05 {
			t.Errorf("seed %d: stated %.3f, came %.3f", seed, r.Stated, r.Likely)
		}
	}
}

// On recordings nobody knows the origin. So polls are left out, and what the others show is
// judged by the whole recording: which of the venues in a wave had moved first there, alone.
// What is known is learned from the first two thirds of the time, of the same thinned polls.
func TestOriginsOfRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("reads recordings; run without -short")
	}
	for _, c := range []struct {
		files, laggard string
		every          int
	}{
		{"the-odds-api-v4/mlb_*.bz2", "mybookieag", 2},
		{"the-odds-api-v4/wnba_*.bz2", "", 2},
	} {
		if c.laggard != "" && !*full {
			continue
		}
		whole := follow(t, c.files, 1)
		thin := follow(t, c.files, c.every)
		r := Judge(thin.late(), whole.first)
		t.Logf("%s, each %d. poll: %v", c.files, c.every, &r)
		if r.Waves < 50 || r.ToldRight < 0.5 {
			t.Errorf("%s: of %d waves whose origin is told it is right in %.3f", c.files, r.Told, r.ToldRight)
		}
		all := Judge(whole.late(), func(w *Found) string { return w.Earliest[0] })
		t.Logf("%s: of %d waves of several venues at every poll, first by stamp / named:", c.files, all.Waves)
		for _, v := range slices.Sorted(maps.Keys(all.First)) {
			t.Logf("  %-16s %6.1f %5.0f", v, all.First[v], all.Named[v])
		}
		own := Judge(whole.late(), whole.own)
		t.Logf("%s, by the venues' own stamps where polls tie: %v", c.files, &own)
		if c.laggard != "" && all.Named[c.laggard] > all.First[c.laggard]/4 {
			t.Errorf("%s: %s is named in %.0f waves, by stamps in %.0f", c.files, c.laggard, all.Named[c.laggard], all.First[c.laggard])
		}
	}
}

// seen is a recording as an engine saw it.
type seen struct {
	Follower
	begin, end odds.Time
	moves      map[odds.NodeID][]engine.Move // oldest first
}

// follow reads a recording, each n-th poll of it.
func follow(t *testing.T, files string, n int) *seen {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../../../shared/data", files))
	if err != nil || len(paths) == 0 {
		t.Skipf("no recordings %s: %v", files, err)
	}
	begin, end := span(t, paths)
	s := &seen{begin: begin, end: end, moves: map[odds.NodeID][]engine.Move{}}
	s.Blind, s.Until = true, s.split()
	e, polls, at := newEngine(t), -1, odds.Time(0)
	read(t, paths, func(b *odds.Batch) {
		if b.At != at {
			polls, at = polls+1, b.At
		}
		if polls%n != 0 {
			return
		}
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
		s.read(e)
	})
	s.Finish(e)
	return s
}

// read takes what an engine has found, and keeps all moves.
func (s *seen) read(e *engine.Engine) {
	s.Take(e)
	for _, m := range s.news.Moves {
		s.moves[m.Node] = append(s.moves[m.Node], m)
	}
}

func span(t *testing.T, paths []string) (begin, end odds.Time) {
	read(t, paths, func(b *odds.Batch) {
		if begin == 0 {
			begin = b.At
		}
		end = b.At
	})
	return begin, end
}

func read(t *testing.T, paths []string, take func(*odds.Batch)) {
	t.Helper()
	stream, err := recording.Open(context.Background(), paths, recording.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		b, err := stream.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		take(b)
	}
}

func (s *seen) split() odds.Time { return s.begin.Add(2 * s.end.Sub(s.begin) / 3) }

// late are the waves from which nothing was learned.
func (s *seen) late() []Found {
	return slices.DeleteFunc(slices.Clone(s.Found), func(w Found) bool { return w.Shown < s.split() })
}

// first is the venue of a wave that moved first, as s saw it; empty if several did.
func (s *seen) first(w *Found) string {
	return alone(w, func(m *origin.Move) odds.Time {
		for _, x := range s.moves[m.Node] {
			if x.At > m.At.Add(-m.Resolution) && x.At <= m.At && x.Raw*m.Size > 0 {
				return x.At
			}
		}
		return 0
	}, 1)
}

// own is the venue of a wave with the earliest stamp of its own, where polls don't tell.
func (s *seen) own(w *Found) string {
	if len(w.Earliest) < 2 {
		return ""
	}
	return alone(w, func(m *origin.Move) odds.Time {
		i := slices.IndexFunc(s.moves[m.Node], func(x engine.Move) bool { return x.At == m.At })
		if i < 0 || !slices.Contains(w.Earliest, m.Venue) {
			return 0
		}
		return s.moves[m.Node][i].Own
	}, 1000)
}

// alone is the venue with the earliest time, by least milliseconds; empty if there is none.
func alone(w *Found, of func(*origin.Move) odds.Time, least odds.Millis) (venue string) {
	var first, second odds.Time
	for i := range w.Moves {
		at := of(&w.Moves[i])
		switch {
		case at == 0:
		case first == 0 || at < first:
			first, second, venue = at, first, w.Moves[i].Venue
		case second == 0 || at < second:
			second = at
		}
	}
	if second == 0 || second.Sub(first) < least {
		return ""
	}
	return venue
}

func TestReport(t *testing.T) {
	known := &origin.Known{Groups: [][]string{{"b", "c"}}}
	wave := func(event string, earliest []string, shares ...origin.Share) Found {
		return Found{Event: event, Posterior: origin.Posterior{Shares: shares, Earliest: earliest, Told: shares[0].P > 0.5}, Known: known}
	}
	r := Judge([]Found{
		wave("m", []string{"a"}, origin.Share{Venue: "b", P: 0.8}, origin.Share{Venue: "a", P: 0.2}),
		wave("m", []string{"a", "b"}, origin.Share{Venue: "a", P: 0.4}, origin.Share{Venue: "b", P: 0.3}),
		wave("n", []string{"a"}, origin.Share{Venue: "a", P: 0.9}), // alone
	}, func(*Found) string { return "c" })
	if r.Waves != 2 || r.Events != 1 || r.Likely != 0.5 || r.Earliest != 0.25 || r.Told != 1 || r.ToldRight != 1 || r.First["a"] != 1.5 || r.Named["b"] != 1 {
		t.Errorf("%+v", r)
	}
	if s := r.String(); !strings.Contains(s, "earliest 0.250, likely 0.500") || !strings.Contains(s, "0.40→0.00 (1)") {
		t.Error(s)
	}
}

func TestTruthOfAWave(t *testing.T) {
	truth := Truth{}
	for _, s := range []simulate.Step{{Node: "p", At: 40, Size: 0.1, Cause: "lead"}, {Node: "p", At: 50, Size: -0.2, Cause: "p"}, {Node: "q", At: 70, Size: 0.1, Cause: "q"}} {
		truth.Add(s)
	}
	w := &Found{Wave: origin.Wave{Moves: []origin.Move{
		{Node: "p", Arrival: origin.Arrival{At: 60, Size: 0.1, Resolution: 60}},
		{Node: "q", Arrival: origin.Arrival{At: 70, Size: 0.05}},
		{Node: "unknown", Arrival: origin.Arrival{At: 70, Size: 1}},
	}}}
	if got := truth.Origin(w); got != "lead" {
		t.Errorf("origin %q", got)
	}
	if got := truth.Origin(&Found{}); got != "" {
		t.Errorf("origin of nothing %q", got)
	}
}
