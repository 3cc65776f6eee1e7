package leadlag

import (
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

var resolutions = []odds.Millis{0, 1, 20, 21, 250, 1000, 5000, 60_000, 300_000, 1_492_000}

// edgesOf reads the bins off an axis' public face: bin b holds lags from
// edges[b][0] to, not including, edges[b][1].
func edgesOf(x *Axis) (bins [][2]int64) {
	bins = append(bins, [2]int64{0, x.Zero()})
	for k := 1; k <= x.Bins(); k++ {
		from, to := x.Limits(Span{k, k})
		bins = append(bins, [2]int64{from, to})
	}
	width := (x.Reach() - x.far0) / farBins
	for k := range int64(farBins) {
		bins = append(bins, [2]int64{x.far0 + k*width, x.far0 + (k+1)*width})
	}
	return bins
}

func bruteBin(bins [][2]int64, lag int64) int {
	for b, e := range bins {
		if lag >= e[0] && lag < e[1] {
			return b
		}
	}
	return -1
}

func TestAxisBinOfEveryLag(t *testing.T) {
	for _, r := range resolutions {
		x := NewAxis(r)
		bins := edgesOf(x)
		look := func(lag int64) {
			if got, want := x.Bin(lag), bruteBin(bins, lag); got != want {
				t.Fatalf("resolution %v: lag %d is in bin %d, want %d", r, lag, got, want)
			}
		}
		if reach := x.Reach(); reach < 1_000_000 {
			b := 0 // bins are in order: walk along
			for lag := int64(0); lag < reach; lag++ {
				for b < len(bins) && lag >= bins[b][1] {
					b++
				}
				want := b
				if lag < bins[b][0] {
					want = -1
				}
				if got := x.Bin(lag); got != want {
					t.Fatalf("resolution %v: lag %d is in bin %d, want %d", r, lag, got, want)
				}
			}
		}
		for _, e := range bins {
			for d := int64(-2); d <= 2; d++ {
				look(max(0, e[0]+d))
				look(max(0, e[1]+d))
			}
		}
		rng := rand.New(rand.NewPCG(1, uint64(r)))
		for range 20_000 {
			look(rng.Int64N(x.Reach() + 1000))
		}
	}
}

func TestAxisGeometry(t *testing.T) {
	for _, r := range resolutions {
		x := NewAxis(r)
		step := int64(r)
		if r == 0 {
			step = 20
		}
		if int64(x.Resolution) != step {
			t.Errorf("resolution %v reads %v", r, x.Resolution)
		}
		bins := edgesOf(x)
		for b := 1; b < len(bins); b++ {
			if width := bins[b][1] - bins[b][0]; width < step {
				t.Errorf("resolution %v: bin %d is %d ms wide", r, b, width)
			}
			if gap := bins[b][0] - bins[b-1][1]; gap != 0 && b != x.Bins()+1 || gap < 0 {
				t.Errorf("resolution %v: a gap of %d ms before bin %d", r, gap, b)
			}
			// An odd step has no middle in whole milliseconds.
			if k := int64(b); (k <= 12 || x.Polled()) && (bins[b][0]+bins[b][1])/2-k*step > step%2 || x.Polled() && x.Bin(k*step) != b {
				t.Errorf("resolution %v: bin %d is %v, not centred on %d", r, b, bins[b], k*step)
			}
			if b <= 12 && (x.Centre(b) != int64(b)*step && step%2 == 0 || x.Bin(int64(b)*step) != b) {
				t.Errorf("resolution %v: centre of bin %d is %d, its middle lag is in bin %d", r, b, x.Centre(b), x.Bin(int64(b)*step))
			}
		}
		if b := int64(x.Block(true)); x.Block(false) != 1 || b < 600_000 || b < 2*x.Near() {
			t.Errorf("resolution %v: decoys of a consensus flip in blocks of %d ms, near lags reach %d", r, b, x.Near())
		}
		if 2*x.Zero() < step {
			t.Errorf("resolution %v: bin 0 is %d ms to either side", r, x.Zero())
		}
		if x.Near() < 12*step || x.Near() < 66_000 {
			t.Errorf("resolution %v: near lags reach %d", r, x.Near())
		}
		if far := bins[x.Bins()+1][0]; far < x.Near() || !x.Polled() && far < farFrom {
			t.Errorf("resolution %v: far lags begin at %d, near ones end at %d", r, far, x.Near())
		}
		if x.Polled() != (step >= 6000) && step != 5000 {
			t.Errorf("resolution %v: polled is %v", r, x.Polled())
		}
	}
}

func TestAxisSpansAreComplete(t *testing.T) {
	for _, r := range resolutions {
		x := NewAxis(r)
		seen := map[Span]int{}
		for _, s := range x.Spans() {
			seen[s]++
			from, to := x.Limits(s)
			if first, _ := x.Limits(Span{s.First, s.First}); first != from || to <= from {
				t.Errorf("span %v is [%d, %d)", s, from, to)
			}
		}
		want := 0
		for _, w := range []int{1, 2, 4} {
			for f := 1; f+w-1 <= x.Bins(); f++ {
				want++
				if seen[Span{f, f + w - 1}] != 1 {
					t.Errorf("resolution %v: span %d to %d listed %d times", r, f, f+w-1, seen[Span{f, f + w - 1}])
				}
			}
		}
		if len(x.Spans()) != want {
			t.Errorf("resolution %v: %d spans, want %d", r, len(x.Spans()), want)
		}
		if x.Polled() && len(x.direct) != 3 || !x.Polled() && len(x.direct) != want+len(x.Slow()) {
			t.Errorf("resolution %v: direction is looked for in %d windows", r, len(x.direct))
		}
	}
}

// Slow bins join the near ones, widen by 15 % or one slot, and end after 15 minutes; their
// slots leave nothing out, and neither do the nulls behind them. Polls have none.
func TestSlowBins(t *testing.T) {
	for _, r := range resolutions {
		x := NewAxis(r)
		n := x.slowBins()
		if x.Polled() {
			if n != 0 || len(x.Slow()) != 0 || x.Searched() != x.Near() || x.Upto(Span{1, 1}) != x.Bins() {
				t.Errorf("resolution %v: a poll has %d slow bins", r, n)
			}
			continue
		}
		if end := x.Searched(); end < 900_000 || end > 910_000 || len(x.Slow()) != n+n-1+n-3 || x.Upto(x.Slow()[0]) != x.Bins()+n {
			t.Errorf("resolution %v: %d slow bins, %d windows, to %d ms", r, n, len(x.Slow()), end)
		}
		if first := x.lags[0] * 15_000; first > x.Near() || first+15_000 <= x.Near() {
			t.Errorf("resolution %v: slow bins begin with slots %d ms apart, near ones end at %d", r, first, x.Near())
		}
		for k := range n {
			from, to := x.Limits(Span{x.Bins() + 1 + k, x.Bins() + 1 + k})
			if k == 0 && from != x.Near() || float64(to) < 1.149*float64(from) && to < 900_000 || to > from*5/4+15_000 {
				t.Errorf("resolution %v: slow bin %d is [%d, %d)", r, k+1, from, to)
			}
			if middle := (2*x.lags[k+1] - 1) * 15_000 / 2; to != middle {
				t.Errorf("resolution %v: slow bin %d ends at %d ms, its slots at %d", r, k+1, to, middle)
			}
		}
		if nulls := len(x.lags) - 1 - n; nulls != slowNulls {
			t.Errorf("resolution %v: %d nulls", r, nulls)
		}
		for _, sp := range []Span{{1, 1}, {3, 4}, x.Slow()[0], x.Slow()[n], x.Slow()[len(x.Slow())-1]} {
			k := 0
			for o := range x.Alike(sp) {
				k++
				if o.Last-o.First != sp.Last-sp.First || x.isSlow(o) != x.isSlow(sp) {
					t.Errorf("%v is not like %v", o, sp)
				}
			}
			if all := map[bool]int{false: x.Bins(), true: n}[x.isSlow(sp)]; k != all-(sp.Last-sp.First) {
				t.Errorf("resolution %v: %d windows are like %v", r, k, sp)
			}
		}
	}
}

// A resolution near the largest number once overflowed the edges, so that the axis never
// ended.
func TestNewAxisOfAbsurdResolutions(t *testing.T) {
	for _, r := range []odds.Millis{math.MaxInt64, math.MaxInt64 / 2, 1 << 53, 1 << 40} {
		if x := NewAxis(r); x.Resolution != odds.Coarsest || x.Reach() <= 0 || x.Bins() != linearBins {
			t.Errorf("%d: resolution %d, reach %d, %d bins", r, x.Resolution, x.Reach(), x.Bins())
		}
	}
}
