package leadlag

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

// benchMoves are n moves of unit variance at random times, spaced by about step ms.
func benchMoves(rng *rand.Rand, n, step int) []series.Increment {
	out := make([]series.Increment, n)
	at := odds.Time(1_750_000_000_000)
	for i := range out {
		at += odds.Time(1 + rng.IntN(2*step))
		white := math.Max(-6, math.Min(6, rng.NormFloat64()))
		out[i] = series.Increment{At: at, White: white, Raw: 0.02 * white}
	}
	return out
}

// offers are the target moves of one direction with what came before each.
type offers struct {
	target, source []series.Increment
	upto           []int
	flips          []Flips
	coincidences   int
}

func newOffers(x *Axis, target, source []series.Increment) offers {
	o := offers{target: target, source: source, upto: make([]int, len(target)), flips: make([]Flips, len(target))}
	for j := range target {
		for _, inc := range source {
			if inc.At > target[j].At {
				break
			}
			o.upto[j]++
			if lag := int64(target[j].At - inc.At); lag < x.Reach() && x.Bin(lag) >= 0 {
				o.coincidences++
			}
		}
		o.flips[j] = FlipsOf(1, 2, target[j].At, 1)
	}
	return o
}

func (o *offers) add(e *Evidence, s *Scratch) {
	for j := range o.target {
		e.Add(AB, o.target[j], o.source[:o.upto[j]], false, &o.flips[j], nil, s)
	}
}

// BenchmarkEvidence is the engine's work for one move and one partner: streams with a move
// every 5 s, streams with one every 30 s, and 5-minute polls.
func BenchmarkEvidence(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, c := range []struct {
		name       string
		step       int
		resolution odds.Millis
	}{{"stream_5s", 5000, 20}, {"stream_30s", 30_000, 20}, {"poll_5min", 900_000, 300_000}} {
		x := NewAxis(c.resolution)
		o := newOffers(x, benchMoves(rng, 2000, c.step), benchMoves(rng, 2000, c.step))
		for _, decoys := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/decoys=%v", c.name, decoys), func(b *testing.B) {
				e := NewEvidence(x, decoys)
				var s Scratch
				b.ReportAllocs()
				for b.Loop() {
					o.add(e, &s)
				}
				each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				b.ReportMetric(each/float64(o.coincidences), "ns/coincidence")
				b.ReportMetric(each/float64(len(o.target)), "ns/move")
			})
		}
	}
}

// BenchmarkSlow is what slow lags add to that, by move.
func BenchmarkSlow(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, step := range []int{5000, 30_000} {
		x := NewAxis(20)
		a, c := benchMoves(rng, 2000, step), benchMoves(rng, 2000, step)
		b.Run(fmt.Sprintf("stream_%ds", step/1000), func(b *testing.B) {
			e := NewEvidence(x, true)
			var s Scratch
			b.ReportAllocs()
			for b.Loop() {
				e.ReplaySlow(a, c, math.MaxInt64, Slow{Sign: 1}, &s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(a)+len(c)), "ns/move")
		})
	}
}

func BenchmarkEvidenceSearch(b *testing.B) {
	x := NewAxis(20)
	rng := rand.New(rand.NewPCG(6, 6))
	o := newOffers(x, benchMoves(rng, 2000, 5000), benchMoves(rng, 2000, 5000))
	e := NewEvidence(x, true)
	o.add(e, new(Scratch))
	b.Run("search", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Search()
		}
	})
	b.Run("decoys", func(b *testing.B) {
		var scores []float64
		b.ReportAllocs()
		for b.Loop() {
			scores = e.DecoyScores(scores[:0])
		}
	})
}

func BenchmarkFlips(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		FlipsOf(1, 2, odds.Time(i), 1)
	}
}
