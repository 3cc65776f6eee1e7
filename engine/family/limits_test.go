package family

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"corrgraph/engine/board"
	"corrgraph/engine/bounds"
	"corrgraph/odds"
)

// crowded says markets m0 … of one event at two venues.
func crowded(d *desk, at odds.Time, event string, markets int) {
	for m := range markets {
		for _, venue := range []string{"v", "w"} {
			d.say(at, d.quote(event, venue, fmt.Sprint("m", m), float64(m)/10, math.NaN()))
		}
	}
}

// Of an event with ten markets at two venues, as many pairs are watched as the limits allow,
// and the others are counted.
func TestPairsBeyondALimitAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		limits bounds.Limits
		pairs  [5]int
		out    map[string]int
	}{
		// Ten pairs in layer 1, one a market; 45 pairs of markets at each venue and for the consensus.
		"none":     {bounds.Limits{}, [5]int{1: 10, 2: 3 * 45}, map[string]int{}},
		"related":  {bounds.Limits{Related: 4}, [5]int{1: 10, 2: 3 * 6}, map[string]int{"L2 series of markets beyond the first of an event": 18}},
		"an event": {bounds.Limits{Pairs: 20}, [5]int{1: 4, 2: 16}, map[string]int{"L1 pairs beyond the limit of an event": 6, "L2 pairs beyond the limit of an event": 119}},
		"all":      {bounds.Limits{AllPairs: 20}, [5]int{1: 4, 2: 16}, map[string]int{"L1 pairs beyond the limit of all events": 6, "L2 pairs beyond the limit of all events": 119}},
		"families": {bounds.Limits{Families: 3}, [5]int{1: 3, 2: 3}, map[string]int{"L1 pairs of families beyond the limit of a layer": 7, "L2 pairs of families beyond the limit of a layer": 132}},
	} {
		d := newDesk(Options{Seed: 1, Limits: c.limits})
		crowded(d, marketStart, "Bears-Eagles", 10)
		if d.Counts.Pairs != c.pairs || !maps.Equal(d.Counts.LeftOut, c.out) {
			t.Errorf("%s: pairs %v, left out %v; want %v, %v", name, d.Counts.Pairs, d.Counts.LeftOut, c.pairs, c.out)
		}
	}
}

// Where nothing new is held, no further pair is watched.
func TestHoldingNoFurtherPairs(t *testing.T) {
	d := newDesk(Options{Seed: 1})
	d.HoldNew(true)
	crowded(d, marketStart, "Bears-Eagles", 2)
	if d.total != 0 || d.Counts.LeftOut["L1 pairs for lack of memory"] != 2 {
		t.Errorf("%d pairs, left out %v", d.total, d.Counts.LeftOut)
	}
}

// A family whose events are forgotten is kept for a while, then dropped unless it shows an
// edge; of those that do, the ones unused longest go when the families fill up.
func TestFamiliesThatNobodyUsesAreDropped(t *testing.T) {
	const week = odds.Millis(7 * 86_400_000)
	d := newDesk(Options{Seed: 1, KeepUnused: week, Limits: bounds.Limits{Families: 8}})
	crowded(d, marketStart, "Bears-Eagles", 4)
	if len(d.list) != 12 || d.total != 12 { // 4 of layer 1, and 8 of layer 2, which has 18
		t.Fatalf("%d families, %d pairs", len(d.list), d.total)
	}
	forget := func(after odds.Millis) {
		d.board.Now = marketStart.Add(after)
		gone := map[*board.Event]bool{}
		for _, ev := range d.board.Order {
			gone[ev] = true
		}
		d.Forget(gone)
	}
	for _, f := range d.list {
		f.Verdict.Discovered = f.Key.Layer == odds.CrossMarket
	}
	forget(week)
	if want := [5]int{1: 4, 2: 7}; d.layers != want || len(d.list) != 11 {
		t.Errorf("families %v, %d; want %v: the edges of a layer fill 7/8 of it", d.layers, len(d.list), want)
	}
	if d.total != 0 || len(d.held) != 0 || len(d.related) != 0 || len(d.paired) != 0 {
		t.Errorf("after the events were forgotten: %d pairs, of %d events", d.total, len(d.held))
	}
	forget(2 * week)
	if len(d.list) != 11 {
		t.Errorf("%d families left, too soon", len(d.list))
	}
	forget(2*week + 1)
	if len(d.list) != 7 {
		t.Errorf("%d families left, want those of the 7 edges", len(d.list))
	}
	for _, f := range d.list {
		f.Verdict.Discovered = false
	}
	forget(2*week + 2)
	if len(d.list) != 0 || len(d.byKey) != 0 || len(d.unready) != 0 || d.layers != [5]int{} {
		t.Errorf("%d families left, by key %d, without an axis %d, by layer %v", len(d.list), len(d.byKey), len(d.unready), d.layers)
	}
	crowded(d, marketStart.Add(3*week), "Lions-Tigers", 2)
	for i, f := range d.list {
		if f.index != i || d.byKey[f.Key] != f || f.unused != 0 {
			t.Errorf("family %d has index %d", i, f.index)
		}
	}
}
