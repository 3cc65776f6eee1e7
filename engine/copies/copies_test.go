package copies

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// venue shows prices at times; numbers are what it shows.
type venue struct {
	shown Shown
	at    int
}

// run lets a leader draw prices every three minutes, on average, for hours, and another venue
// show what of returns. of sees the leader's prices so far, newest last.
func run(seed uint64, prices int, of func(r *rand.Rand, k int, so []uint64) []uint64) *Tally {
	r := rand.New(rand.NewPCG(seed, 1))
	t, lead, other := &Tally{}, &venue{at: 0}, &venue{at: 1}
	show := func(v, o *venue, at odds.Time, what uint64) {
		had := len(v.shown.seen) > 0
		if v.shown.Show(at, what) && had {
			t.Change(v.at)
			t.Compare(v.at, o.at, &o.shown, at, what)
		}
	}
	at, so := odds.Time(1_780_336_800_000), []uint64(nil)
	for k := range 400 {
		at = at.Add(30_000 + odds.Millis(r.ExpFloat64()*150_000))
		so = append(so, 1+r.Uint64N(uint64(prices)))
		show(lead, other, at, so[len(so)-1])
		for i, what := range of(r, k, so) {
			show(other, lead, at.Add(odds.Millis(4+10_000*i)), what)
		}
	}
	return t
}

func TestWhoRepublishesOldPrices(t *testing.T) {
	last := func(so []uint64, n int) uint64 { return so[max(0, len(so)-n)] }
	for name, c := range map[string]struct {
		prices int
		of     func(r *rand.Rand, k int, so []uint64) []uint64
		want   bool
	}{
		"copies, with old ones": {1000, func(_ *rand.Rand, k int, so []uint64) []uint64 {
			if k%10 == 9 {
				return []uint64{last(so, 1), last(so, 3), last(so, 1)}
			}
			return []uint64{last(so, 1)}
		}, true},
		"copies what was left minutes ago": {1000, func(_ *rand.Rand, _ int, so []uint64) []uint64 { return []uint64{last(so, 3)} }, true},
		"the same at once":                 {1000, func(_ *rand.Rand, _ int, so []uint64) []uint64 { return []uint64{last(so, 1)} }, false},
		"its own prices":                   {1000, func(r *rand.Rand, _ int, _ []uint64) []uint64 { return []uint64{1 + r.Uint64N(1000)} }, false},
		"few prices are possible":          {6, func(r *rand.Rand, _ int, _ []uint64) []uint64 { return []uint64{1 + r.Uint64N(6)} }, false},
		"half its own": {1000, func(r *rand.Rand, k int, so []uint64) []uint64 {
			if k%2 == 0 {
				return []uint64{1 + r.Uint64N(1000)}
			}
			return []uint64{last(so, 3)}
		}, false},
		"too few": {1000, func(_ *rand.Rand, k int, so []uint64) []uint64 {
			if k < 50 {
				return []uint64{last(so, 3)}
			}
			return nil
		}, false},
	} {
		for seed := range uint64(20) {
			x := run(seed, c.prices, c.of)
			if of, ok := x.Of(1); ok != c.want || ok && of != 0 {
				t.Errorf("%s, seed %d: %v of %d", name, seed, ok, of)
			}
			if of, ok := x.Of(0); ok {
				t.Errorf("%s, seed %d: the leader copies %d", name, seed, of)
			}
		}
	}
}

// However long a venue runs, what it does now decides.
func TestACopyThatStopsIsForgotten(t *testing.T) {
	var x Tally
	var lead Shown
	at := odds.Time(1_780_336_800_000)
	step := func(k int, own bool) {
		at = at.Add(61_000)
		lead.Show(at, uint64(k+1))
		x.Change(0)
		what := uint64(k)
		if own {
			what = 1 << 40
		}
		x.Change(1)
		x.Compare(1, 0, &lead, at.Add(60_000), what)
	}
	for k := range 10_000 {
		step(k, false)
	}
	if _, ok := x.Of(1); !ok {
		t.Error("a copy was not found")
	}
	for k := range 400 {
		step(k, true)
	}
	if _, ok := x.Of(1); ok {
		t.Error("a copy that stopped is one still")
	}
}

func TestCountsGoOnAfterARestore(t *testing.T) {
	x := run(1, 1000, func(_ *rand.Rand, _ int, so []uint64) []uint64 { return so[max(0, len(so)-3):][:1] })
	shown := Shown{}
	shown.Show(1000, 7)
	shown.Show(2000, 8)
	var b bytes.Buffer
	w := state.NewWriter(&b, "test", 1)
	x.State(w)
	shown.State(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := state.NewReader(&b, "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	var y Tally
	var again Shown
	y.State(r)
	again.State(r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if of, ok := y.Of(1); !ok || of != 0 {
		t.Errorf("restored: %v of %d", ok, of)
	}
	if again.when(2500, 7) != 2000 || again.when(2500, 8) != odds.Never || again.when(2500, 9) != 0 {
		t.Errorf("restored %+v", again)
	}
}
