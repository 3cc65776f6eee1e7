package sameness

import (
	"flag"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/server/live"
	"corrgraph/ticklog"
)

var (
	full = flag.Bool("full", false, "make all comparisons on a long market")
	seed = flag.Uint64("seed", 1, "of the market and all that is drawn")
	only = flag.String("only", "", "the comparisons to make, such as ab")
)

// TestSameness makes the comparisons on a short market:
//
//	go test ./proof/sameness -run Sameness -v [-args -full] [-seed 2]
func TestSameness(t *testing.T) {
	o := Options{Seed: *seed, Minutes: 75, Stops: 4, Orders: 3}
	if *full {
		o = Options{Seed: *seed, Minutes: 150, Stops: 20, Orders: 20}
	}
	o.Only = *only
	if !Run(t, o, os.Stdout) {
		t.Fail()
	}
}

// TestWhatIsBrokenIsFound breaks one thing in a log at a time: what is said after a restart from
// it must then be another.
func TestWhatIsBrokenIsFound(t *testing.T) {
	x, err := newTrial(Options{Seed: 1, Minutes: 75}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	p := x.place(x.rough)
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		var saw sights
		sum := s.sent(t, x.rough.schedule(1), saw.look)
		one := s.whole(t)
		if n := s.tape.late(); n == 0 || sum.duplicates == 0 || sum.refused == 0 {
			t.Errorf("%d batches came late, %d quotes twice, %d batches were refused", n, sum.duplicates, sum.refused)
		}
		saw.check(t)
		s.end()
		log := p.log
		var previous odds.Time
		for _, c := range []struct {
			name   string
			broken func(*ticklog.Part)
			of     []string // kinds of answers that must differ, beside any
		}{
			{"nothing", func(*ticklog.Part) {}, nil},
			{"no verdict comes into force", func(p *ticklog.Part) { p.Verdict = 0 }, []string{"prediction", "edge"}},
			{"verdicts come into force with the next chunk", func(p *ticklog.Part) { p.Verdict, previous = previous, p.Verdict }, nil},
			{"what came late is learnt from", func(p *ticklog.Part) {
				for _, b := range p.Batches {
					b.Late = false
				}
			}, []string{"family"}},
			{"the clock stands still for a second", func(p *ticklog.Part) { p.Clock -= p.Clock % 1000 }, []string{"prediction"}},
			{"a tick is lost", func(p *ticklog.Part) {
				if len(p.Batches) > 0 && p.Batches[0].Source == "midway" && p.Batches[0].At < x.rough.part(0.1) {
					p.Batches = p.Batches[1:]
				}
			}, []string{"count", "family"}},
		} {
			p.log = rewritten(t, log, c.broken)
			got := newComparison(c.name)
			got.add("a restart", one, p.again(t))
			if got.same() != (c.name == "nothing") {
				t.Errorf("%s is broken, and %d answers differ: %v", c.name, total(got.differ), got.first)
			}
			for _, kind := range c.of {
				if got.differ[kind] == 0 {
					t.Errorf("%s: %d answers differ, and none of kind %s", c.name, total(got.differ), kind)
				}
			}
		}
	})
}

// sights are what is seen of a service on the way.
type sights struct {
	groups, axes map[string]bool // that there were, of venues and of the poll that changes its step
	links        map[odds.Layer]bool
	known        bool // the event that is not quoted for a while is known
	forgotten    int  // how often it was not any more, and again
	live         bool
}

func (v *sights) look(s *live.State) {
	if v.groups == nil {
		v.groups, v.axes, v.links = map[string]bool{}, map[string]bool{}, map[odds.Layer]bool{}
	}
	v.groups[text(s.Groups)] = true
	for i := range s.Families {
		f := &s.Families[i]
		v.links[f.Key.Layer] = true
		if k := f.Key.String(); strings.Contains(k, "northpollbook") && strings.Contains(k, "quickbet") {
			v.axes[f.Resolution.Std().String()] = true
		}
		v.live = v.live || strings.Contains(f.Key.String(), "/live/")
	}
	known := slices.ContainsFunc(s.Events, func(e live.EventRow) bool { return e.ID == away })
	if known != v.known {
		v.forgotten++
	}
	v.known = known
}

// check reports what the market was to make happen and did not.
func (v *sights) check(t *testing.T) {
	t.Helper()
	if len(v.groups) < 3 || len(v.axes) < 2 || len(v.links) != 4 || v.forgotten != 3 || !v.live {
		t.Errorf("groups of %d kinds, axes %v of a poll that changes its step, families of layers %v, an event known and unknown %d times, in play %v", len(v.groups), v.axes, v.links, v.forgotten, v.live)
	}
}

// TestAComparisonShowsWhereTextsPart compares answers of which one differs, one is missing and
// one was not asked for.
func TestAComparisonShowsWhereTextsPart(t *testing.T) {
	var one, other answers
	same := map[string]float64{"b": math.NaN(), "a": 1}
	one.say("edge", "a > b", same)
	other.say("edge", "a > b", maps.Clone(same))
	one.say("quote", "a", struct{ Price, Line float64 }{2, 0})
	other.say("quote", "a", struct{ Price, Line float64 }{2.5, 0})
	one.say("quote", "b", &odds.Quote{Price: 3})
	other.say("call", "c", []int{1, 2})
	c := newComparison("x")
	c.note = "seen"
	c.add("here", one, other)
	var out strings.Builder
	c.print(&out)
	want := `x: 4 answers compared (2 quote, 1 call, 1 edge), 3 differ
  seen
  2 of 2 differ in kind quote; the first here: quote a
    one   {Price:2}
    other {Price:2.5}
  1 of 1 differ in kind call; the first here: call c
    one   (nothing)
    other [1 2]
`
	if out.String() != want || c.same() {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
	if newComparison("nothing").same() {
		t.Error("nothing was compared, and is called the same")
	}
	well := newComparison("well")
	well.add("here", one[:1], other[:1])
	out.Reset()
	x := trial{w: &out, done: []*comparison{well}}
	if !x.verdict() || out.String() != "the same: 1 answers in 1 comparisons\n" {
		t.Error(out.String())
	}
	out.Reset()
	if x.done = append(x.done, c); x.verdict() || out.String() != "NOT THE SAME: 1 of 2 comparisons differ\n" {
		t.Error(out.String())
	}
	if got := one[0].text; got != `{"a":1 "b":NaN}` {
		t.Errorf("a map is written as %s", got)
	}
}

// TestInterleavingsKeepTheOrderOfEachSource looks at what the market promises.
func TestInterleavingsKeepTheOrderOfEachSource(t *testing.T) {
	for _, calm := range []bool{false, true} {
		m, err := newMarket(3, 75, calm)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.sources) != 12 {
			t.Errorf("%d sources", len(m.sources))
		}
		orders := map[string]bool{}
		for seed := range uint64(3) {
			sent := map[string][]*odds.Batch{}
			seen := map[*odds.Batch]bool{}
			order := ""
			for _, q := range m.schedule(seed) {
				for _, b := range q.batches {
					if seen[b] {
						continue // sent once more
					}
					seen[b] = true
					sent[b.Source] = append(sent[b.Source], b)
					order += b.Source[:1]
				}
			}
			orders[order] = true
			for _, s := range m.sources {
				if !slices.Equal(sent[s.name], s.ticks) {
					t.Errorf("seed %d: %s does not keep its order", seed, s.name)
				}
			}
		}
		if len(orders) != 3 {
			t.Errorf("%d of 3 orders differ", len(orders))
		}
	}
}
