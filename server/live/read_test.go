package live

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

// matches are those of market.
var matches = []string{"one", "two", "three"}

// bothWays are the pairs of its series, each both ways.
func bothWays() (out [][2]odds.NodeID) {
	venues := []string{"lead", "b", "c", "d", odds.ConsensusVenue}
	for _, id := range matches {
		for _, a := range venues {
			for _, b := range venues {
				if a != b {
					out = append(out, [2]odds.NodeID{odds.Node(a, id, "h2h", math.NaN(), "home"), odds.Node(b, id, "h2h", math.NaN(), "home")})
				}
			}
		}
	}
	return out
}

// answers are what is said of all pairs and matches, and how many links of it have a direction.
type answers struct {
	links map[[2]odds.NodeID]engine.Detail
	moves map[string]engine.Remembered
	led   int
}

// asked asks a Live.
func asked(t *testing.T, l *Live) answers {
	out := answers{map[[2]odds.NodeID]engine.Detail{}, map[string]engine.Remembered{}, 0}
	for _, p := range bothWays() {
		d, ok, err := l.Inspect(t.Context(), p[0], p[1], 50)
		if err != nil {
			t.Error(err)
		}
		if ok {
			out.links[p] = d
		}
		if d.Edge.Discovered && !d.Edge.Simultaneous {
			out.led++
		}
	}
	for _, id := range matches {
		r, err := l.Remembered(t.Context(), id, odds.Ever, odds.Never, 50)
		if err != nil && !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		if err == nil {
			out.moves[id] = r
		}
	}
	return out
}

// direct asks the engine, on the loop.
func direct(t *testing.T, l *whole) answers {
	out := answers{map[[2]odds.NodeID]engine.Detail{}, map[string]engine.Remembered{}, 0}
	onLoop(t, l, func() {
		for _, p := range bothWays() {
			if x, ok := l.loop.e.Evidence(p[0], p[1]); ok {
				out.links[p] = x.Detail(50)
			}
		}
		for _, id := range matches {
			if p, ok := l.loop.e.Past(id); ok {
				out.moves[id] = p.Newest(odds.Ever, odds.Never, 50)
			}
		}
	})
	return out
}

func (a answers) same(b answers) bool {
	return reflect.DeepEqual(a.links, b.links) && reflect.DeepEqual(a.moves, b.moves)
}

// TestLinksAndMovesAreReadBesideTheLoop: while ticks are told, verdicts obeyed and views
// published, which changes nothing of what is told. The race detector watches.
func TestLinksAndMovesAreReadBesideTheLoop(t *testing.T) {
	all := market()
	if testing.Short() {
		all = all[:len(all)/2]
	}
	conclude := func(readers int) (said string) {
		synctest.Test(t, func(t *testing.T) {
			in, o := ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At.Add(60_000))}
			o.Engine.DecideEvery, o.Engine.KeepMoves = 1_800_000, 64
			l, end := run(t, in, o)
			defer end()
			var done atomic.Bool
			var rounds, led atomic.Int64
			var beside sync.WaitGroup
			for range readers {
				beside.Go(func() {
					for !done.Load() {
						rounds.Add(1)
						led.Add(int64(asked(t, l.Live).led))
					}
				})
			}
			if readers > 0 {
				beside.Go(func() {
					for !done.Load() {
						for _, id := range matches {
							_, _ = l.View(t.Context(), id) // it may not be known yet
						}
						_, _ = ask(t.Context(), l.calls, func() bool { l.loop.pub.publish(true); return true })
					}
				})
			}
			send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all, 5000))
			done.Store(true)
			beside.Wait()
			if readers > 0 && (rounds.Load() < 10 || led.Load() == 0) {
				t.Errorf("%d rounds of questions, %d links with a direction", rounds.Load(), led.Load())
			}
			time.Sleep(20 * time.Second) // of the bubble: idle, published, scored
			got := asked(t, l.Live)
			if want := direct(t, l); !got.same(want) || len(got.links) != len(bothWays()) || len(got.moves) != len(matches) || got.led == 0 {
				t.Errorf("%d links, %d with a direction, and moves of %d matches: not what the engine itself says", len(got.links), got.led, len(got.moves))
			}
			// A view says as of when it was drawn: of an event that is quoted no more, when it was read.
			said = regexp.MustCompile(`"(Layer)?AsOf":("[^"]*"|\[[^]]*\])`).ReplaceAllString(known(t, l), "")
		})
		return said
	}
	if alone, read := conclude(0), conclude(2); alone != read {
		t.Errorf("what was read was told otherwise:\n%.300s\n%.300s", difference(alone, read), difference(read, alone))
	}
}

// TestLinksAndMovesDoNotWaitForTheLoop: it does something else, and many wait for it.
func TestLinksAndMovesDoNotWaitForTheLoop(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		l, end := run(t, ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At)})
		send(t, l, shuffled(rand.New(rand.NewPCG(1, 2)), all[:2000], 5000))
		want := direct(t, l)
		begun, goOn := make(chan bool), make(chan bool)
		l.calls.asked <- func() { begun <- true; <-goOn }
		<-begun
		for range cap(l.calls.asked) {
			l.calls.asked <- func() {}
		}
		if got := asked(t, l.Live); !got.same(want) || len(got.links) == 0 || len(got.moves) == 0 {
			t.Error("while the loop stands still the answers are others")
		}
		why := errors.New("impatient")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if _, _, err := l.Inspect(ctx, bothWays()[0][0], bothWays()[0][1], 5); !errors.Is(err, why) {
			t.Errorf("whoever has left is answered: %v", err)
		}
		close(goOn)
		end()
		if _, _, err := l.Inspect(t.Context(), bothWays()[0][0], bothWays()[0][1], 5); !errors.Is(err, ErrStopped) {
			t.Errorf("a link after the end: %v", err)
		}
		if _, err := l.Remembered(t.Context(), "one", 0, odds.Never, 5); !errors.Is(err, ErrStopped) {
			t.Errorf("moves after the end: %v", err)
		}
	})
}

// TestALongPartLetsReadersIn: whoever asks while many batches are told at a stretch is answered
// before the last of them.
func TestALongPartLetsReadersIn(t *testing.T) {
	l := New(Options{})
	var answered atomic.Bool
	var told int
	l.loop.change(func() {
		go func() {
			_, _ = l.Remembered(t.Context(), "match", 0, odds.Never, 5)
			answered.Store(true)
		}()
		for ; told < 1_000_000 && !answered.Load(); told++ {
			l.loop.e.Tell(slices.Repeat([]*odds.Batch{batch("a", noon.Add(odds.Millis(told)), 1.9)}, 20), 0)
			runtime.Gosched()
		}
	})
	if !answered.Load() {
		t.Errorf("nobody is answered while %d batches are told", told)
	}
}
