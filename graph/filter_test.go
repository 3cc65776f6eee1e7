package graph

import (
	"math"
	"math/rand/v2"
	"testing"
)

// filterPlain is the definition that every implementation must match.
func filterPlain(conf []float32, min float32, bitmap []uint64) (n int) {
	clear(bitmap[:Words(len(conf))])
	for i, c := range conf {
		if c >= min {
			bitmap[i/64] |= 1 << (i % 64)
			n++
		}
	}
	return n
}

func confidences(r *rand.Rand, n int) []float32 {
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 0, 0.6, 0.9, 1}
	conf := make([]float32, n)
	for i := range conf {
		conf[i] = r.Float32()
		if r.IntN(4) == 0 {
			conf[i] = odd[r.IntN(len(odd))]
		}
	}
	return conf
}

func TestFiltersAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	thresholds := []float32{0, 0.3, 0.6, 0.9, 1, 2, -1, float32(math.NaN()), float32(math.Inf(-1))}
	forms := map[string]func([]float32, float32, []uint64) int{"portable": filterPortable, "in use": FilterConfidence}
	for n := range 300 {
		conf := confidences(r, n)
		for _, min := range thresholds {
			want := make([]uint64, Words(n))
			wantN := filterPlain(conf, min, want)
			for name, filter := range forms {
				got := make([]uint64, Words(n)+1)
				for i := range got {
					got[i] = 0xdeadbeef // earlier content must not show
				}
				gotN := filter(conf, min, got)
				if gotN != wantN || got[Words(n)] != 0xdeadbeef {
					t.Fatalf("%s: %d entries at %v: %d pass, want %d", name, n, min, gotN, wantN)
				}
				for w := range want {
					if got[w] != want[w] {
						t.Fatalf("%s: %d entries at %v: word %d is %064b, want %064b", name, n, min, w, got[w], want[w])
					}
				}
			}
		}
	}
}

func TestFilterPanicsOnAShortBitmap(t *testing.T) {
	for _, n := range []int{1, 64, 65, 1000} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d entries went into %d words", n, Words(n)-1)
				}
			}()
			bitmap := make([]uint64, Words(n)-1)
			FilterConfidence(make([]float32, n), 0.5, bitmap[:len(bitmap):len(bitmap)])
		}()
	}
}

func BenchmarkFilterConfidence(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	conf := make([]float32, 4000)
	for i := range conf {
		conf[i] = r.Float32()
	}
	bitmap := make([]uint64, Words(len(conf)))
	for _, form := range []struct {
		name   string
		filter func([]float32, float32, []uint64) int
	}{{"plain", filterPlain}, {"portable", filterPortable}, {"in_use", FilterConfidence}} {
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(4 * len(conf)))
			for b.Loop() {
				form.filter(conf, 0.6, bitmap)
			}
		})
	}
}
