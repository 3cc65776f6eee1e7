package live

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

func TestTheGraphOfThePastIsTheOneThatWasPublished(t *testing.T) {
	all := market()
	synctest.Test(t, func(t *testing.T) {
		in, o := ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000}, Options{Clock: clockAt(all[len(all)-1].At)}
		o.Engine.DecideEvery = 1_800_000
		l, end := run(t, in, o)
		seen := map[odds.Time]*View{}
		decisions := map[odds.Time]bool{}
		for part := range slices.Chunk(all, len(all)/12) {
			send(t, l, [][]*odds.Batch{part})
			for range 12 {
				time.Sleep(250 * time.Millisecond) // of the bubble: one publication
				v, err := l.View(t.Context(), "one")
				if err != nil {
					t.Fatal(err)
				}
				seen[v.AsOf] = v
				decisions[v.decided] = true // of what is said of all matches, the newest may come a little later
			}
		}
		v, _ := l.View(t.Context(), "one")
		links := 0
		for _, p := range v.Past {
			was := seen[p.AsOf]
			if was == nil || !reflect.DeepEqual(p.Layers, was.Layers) || p.Version != was.Version || p.LayerAsOf != was.LayerAsOf {
				t.Errorf("what is remembered of %v was not published then", p.AsOf)
			}
			for _, layer := range p.Layers {
				links += len(layer)
			}
			if got, ok := v.At(p.AsOf.Add(1)); !ok || got.AsOf != p.AsOf {
				t.Errorf("just after %v the graph is that of %v, %v", p.AsOf, got.AsOf, ok)
			}
		}
		if len(v.Past) != len(decisions) || len(decisions) < 5 || links == 0 {
			t.Errorf("%d graphs with %d links are remembered after %d decisions", len(v.Past), links, len(decisions))
		}
		if p, ok := v.At(odds.Never); !ok || p.AsOf != v.AsOf || p.Version != v.Version {
			t.Errorf("the newest graph is that of %v, %v", p.AsOf, ok)
		}
		first := v.Past[0].AsOf
		if p, ok := v.At(first.Add(-1)); ok {
			t.Errorf("before %v there is a graph of %v", first, p.AsOf)
		}
		end()

		again, end := run(t, in, o)
		defer end()
		now, err := again.View(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		if len(now.Past) != 1 || now.Past[0].AsOf != now.AsOf {
			t.Errorf("after a restart %d graphs are remembered, though nobody saw one", len(now.Past))
		}
		moves, err := again.Remembered(t.Context(), "one", first, now.AsOf, 10)
		if err != nil || len(moves.Moves) != 10 || moves.Older == 0 || moves.Moves[9].At > now.AsOf {
			t.Errorf("after a restart: %+v, %v", moves, err)
		}
		if _, err := again.Remembered(t.Context(), "none", 0, odds.Never, 10); !errors.Is(err, ErrUnknown) {
			t.Errorf("moves of no event: %v", err)
		}
	})
}

func TestThePastIsBounded(t *testing.T) {
	var old *View
	for i := range odds.Time(2 * mostPast) {
		for range 2 { // the second one has the same decision
			v := &View{Version: uint64(i)}
			v.AsOf = i
			v.remember(old, i)
			old = v
		}
	}
	if past := old.Past; len(past) != mostPast || past[0].AsOf != mostPast || past[mostPast-1].AsOf != 2*mostPast-1 {
		t.Errorf("%d are remembered, %v to %v", len(past), past[0].AsOf, past[len(past)-1].AsOf)
	}
}
