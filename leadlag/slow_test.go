package leadlag

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

const slotMs = int64(series.SlotWidth)

// slowSums is a slow window, or a null, from the definition: all pairs of slots at its lags,
// for the target slots of whole blocks before end.
func slowSums(target, source moves, lags [2]int64, end int64) (u, v, lag float64, n int) {
	bySlot := map[int64]moves{}
	for _, m := range source {
		bySlot[int64(m.At)/slotMs] = append(bySlot[int64(m.At)/slotMs], m)
	}
	slots := map[int64]moves{}
	for _, m := range target {
		if Block(m.At) < end {
			slots[int64(m.At)/slotMs] = append(slots[int64(m.At)/slotMs], m)
		}
	}
	for number, ts := range slots {
		var p float64
		met := false
		for k := lags[0]; k < lags[1]; k++ {
			for _, m := range bySlot[number-k] {
				met = true
				for _, t := range ts {
					p += t.White * m.White
					lag += t.White * m.White * float64(t.At-m.At)
				}
			}
		}
		if met {
			u, v, n = u+p, v+p*p, n+1
		}
	}
	return u, v, lag, n
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-7*(1+math.Abs(b)) }

func TestSlowSumsAreTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	var s Scratch
	for round := range 12 {
		x := NewAxis([]odds.Millis{1000, 20, 250}[round%3])
		a, b := randomMoves(rng, 400, 9000), randomMoves(rng, 300, 14_000)
		end := Block(b[len(b)-1].At) - int64(round%2)
		e := NewEvidence(x, true)
		e.ReplaySlow(a, b, end, Slow{Sign: []float64{1, -1}[round/2%2], Seed: 7, Dependent: round%4 == 3}, &s)
		sign := []float64{1, -1}[round/2%2]
		tested := 0
		for d, side := range [2][2]moves{AB: {b, a}, BA: {a, b}} {
			f := &e.flows[d]
			for i, sp := range x.Slow() {
				first, last := sp.First-x.near-1, sp.Last-x.near
				u, v, lag, n := slowSums(side[0], side[1], [2]int64{x.lags[first], x.lags[last]}, end)
				w := &f.spans[x.nearby+i]
				if !near(f.sum(sp), sign*u) || !near(w.V, v) || int(w.N) != n {
					t.Fatalf("round %d, flow %d, window %v: U %v V %v N %d, want %v %v %d", round, d, sp, f.sum(sp), w.V, w.N, sign*u, v, n)
				}
				if sp.First == sp.Last && !near(f.bins[sp.First].Lag/1000, sign*lag/1000) {
					t.Fatalf("round %d, flow %d, bin %v: lag %v, want %v", round, d, sp, f.bins[sp.First].Lag, sign*lag)
				}
				tested += n
			}
			for k, c := range f.nulls {
				at := x.slowBins() + k
				if u, v, _, n := slowSums(side[0], side[1], [2]int64{x.lags[at], x.lags[at+1]}, end); !near(c.U, sign*u) || !near(c.V, v) || c.N != n {
					t.Fatalf("round %d, null %d: %+v, want %v %v %d", round, k, c, sign*u, v, n)
				}
			}
		}
		if tested == 0 {
			t.Fatal("no slots met")
		}
	}
}

// Blocks may be counted one by one as they end, from what is remembered then, or all at the end.
func TestSlowBlockByBlock(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	var s Scratch
	x := NewAxis(20)
	a, b := randomMoves(rng, 900, 9000), randomMoves(rng, 900, 9000)
	how := Slow{Sign: 1, Seed: 3, Dependent: true}
	all, one := NewEvidence(x, true), NewEvidence(x, true)
	end := Block(a[len(a)-1].At)
	all.ReplaySlow(a, b, end, how, &s)
	upto := func(m moves, block int64) moves { // the moves by then, of the last hour
		var out moves
		for _, i := range m {
			if Block(i.At) <= block && Block(i.At) > block-6 {
				out = append(out, i)
			}
		}
		return out
	}
	for block := max(Block(a[0].At), Block(b[0].At)); block < end; block++ {
		one.AddSlow(upto(a, block), upto(b, block), block, how, &s)
	}
	if !reflect.DeepEqual(all.Search(), one.Search()) || !reflect.DeepEqual(all.DecoyScores(nil), one.DecoyScores(nil)) {
		t.Errorf("%+v one by one, %+v at the end", one.Search(), all.Search())
	}
	saves, again := saved(t, all.State), NewEvidence(x, true)
	if err := restored(t, saves, again.State); err != nil || !bytes.Equal(saves, saved(t, again.State)) {
		t.Errorf("restored differently: %v", err)
	}
	if !reflect.DeepEqual(all.Correlogram(BA), again.Correlogram(BA)) || !reflect.DeepEqual(all.DecoyScores(nil), again.DecoyScores(nil)) {
		t.Error("restored evidence says something else")
	}
}

func slowPair(x *Axis, a, b moves, s *Scratch) *Evidence {
	e := gather(NewEvidence(x, true), a, b, 1, s)
	e.ReplaySlow(a, b, math.MaxInt64, Slow{Sign: 1, Seed: 5}, s)
	return e
}

// A follower minutes behind is found there, with its leader and its lag, on the axes of all
// streams; one that is seconds behind is still found by near bins.
func TestFollowersMinutesBehind(t *testing.T) {
	var s Scratch
	for i, lag := range []odds.Millis{5000, 30_000, 60_000, 70_000, 90_000, 150_000, 300_000, 600_000, 880_000} {
		for _, r := range []odds.Millis{20, 1000} {
			rng := rand.New(rand.NewPCG(uint64(i), uint64(r)))
			x := NewAxis(r)
			a := randomMoves(rng, 1000, 20_000)
			for dir, e := range [2]*Evidence{AB: slowPair(x, a, lagged(rng, a, lag, 1), &s), BA: slowPair(x, lagged(rng, a, lag, -1), a, &s)} {
				v := Judge([]Case{{Evidence: e}})[0]
				l := v.Link
				if !v.Discovered || !v.Directed || v.Leader != Flow(dir) || l.LagLow > lag || l.LagHigh < lag || l.LagHigh-l.LagLow > max(9000, lag*2/5) || math.Abs(l.Corr) < 0.4 || (l.Corr > 0) != (dir == 0) {
					t.Errorf("%v behind at %v: %+v", lag, r, v)
				}
				if off := math.Abs(float64(l.Lag - lag)); off > 0.08*float64(lag)+500 {
					t.Errorf("%v behind at %v: lag %v", lag, r, l.Lag)
				}
				if n := len(e.Correlogram(AB)); n != 2*x.Upto(x.Slow()[0])+1 {
					t.Errorf("%d points", n)
				}
			}
		}
	}
}

// Independent streams whose moves come in trends of minutes seem to follow each other unless
// the nulls say how wide chance is there.
func TestSlowNulls(t *testing.T) {
	var s Scratch
	for _, kind := range []string{"white", "trending"} {
		found, cases := 0, 0
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 77))
			var all []Case
			for range 10 {
				all = append(all, Case{Evidence: slowPair(NewAxis(20), trend(rng, kind), trend(rng, kind), &s)})
			}
			for _, v := range Judge(all) {
				cases++
				if v.Discovered {
					found++
				}
			}
		}
		if found > map[string]int{"white": 1, "trending": 4}[kind] { // near lags alone find 4 that trend, without their inflation slow ones 20
			t.Errorf("%s: %d of %d independent pairs are discovered", kind, found, cases)
		}
	}
}

// trend are moves at random times, white or with a drift that lasts for ten minutes.
func trend(rng *rand.Rand, kind string) moves {
	m := randomMoves(rng, 500, 20_000)
	drift := 0.0
	if kind == "trending" {
		for i := range m {
			if i%30 == 0 {
				drift = 0.6 * rng.NormFloat64()
			}
			m[i].White += drift
		}
	}
	return m
}

// Decoys in slow windows are drawn as wide as random signs would make them.
func TestSlowDecoysAreAsWideAsSigns(t *testing.T) {
	var s Scratch
	rng := rand.New(rand.NewPCG(9, 9))
	x := NewAxis(20)
	var drawn, flipped float64
	for range 40 {
		a, b := randomMoves(rng, 400, 20_000), randomMoves(rng, 400, 20_000)
		e := NewEvidence(x, true)
		e.ReplaySlow(a, b, math.MaxInt64, Slow{Sign: 1, Seed: rng.Uint64()}, &s)
		slow, _ := e.slowDecoys()
		for _, z2 := range slow {
			drawn += math.Sqrt(float64(z2)) / Decoys / 40
		}
		for range 10 {
			slots := map[int64]float64{}
			c := make(moves, len(b))
			for i, m := range b {
				n := int64(m.At) / slotMs
				if slots[n] == 0 {
					slots[n] = 1 - 2*float64(rng.IntN(2))
				}
				m.White *= slots[n]
				c[i] = m
			}
			f := NewEvidence(x, false)
			f.ReplaySlow(a, c, math.MaxInt64, Slow{Sign: 1}, &s)
			most := 0.0 // of the direction whose targets were flipped
			for i, sp := range x.Slow() {
				if w := f.flows[AB].spans[x.nearby+i]; w.N >= minHits {
					most = math.Max(most, math.Abs(f.flows[AB].sum(sp))/math.Sqrt(w.V))
				}
			}
			flipped += most / 400
		}
	}
	if drawn < flipped || drawn > 1.25*flipped { // the largest of both directions, and of one
		t.Errorf("the mean of drawn decoys is %.2f, that of flipped ones %.2f", drawn, flipped)
	}
}

// A pair's own sums in a slow window are those of Window, but for C².
func TestSumsOfSlowWindows(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	x := NewAxis(20)
	a, b := randomMoves(rng, 300, 20_000), randomMoves(rng, 300, 20_000)
	for _, sp := range append([]Span{{1, 2}, {5, 5}}, x.Slow()...) {
		from, to := x.Limits(sp)
		got, want := x.Sums(sp, b, a), Window(b, a, from, to)
		if x.isSlow(sp) {
			want.C2 = 0
		}
		if got.N != want.N || got.Moves != want.Moves || !near(got.U, want.U) || !near(got.V, want.V) || !near(got.Raw, want.Raw) || !near(got.Lag/1000, want.Lag/1000) ||
			!near(got.SS, want.SS) || !near(got.SSTo, want.SSTo) || !near(got.SSRaw, want.SSRaw) || !near(got.C2, want.C2) {
			t.Errorf("window %v: %+v, want %+v", sp, got, want)
		}
	}
}
