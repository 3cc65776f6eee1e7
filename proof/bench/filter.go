package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"corrgraph/graph"
)

func filterTasks() []task {
	return []task{{filterName(), func(context.Context) (work, error) { return filterWork(), nil }}}
}

// filterWork filters as many confidences as four layers of 1,000 edges hold.
func filterWork() work {
	r := rand.New(rand.NewPCG(seed, 4000))
	conf := make([]float32, 4000)
	truth := make([]uint64, graph.Words(len(conf)))
	pass := 0
	for i := range conf {
		conf[i] = r.Float32()
		if conf[i] >= 0.6 {
			truth[i/64] |= 1 << (i % 64)
			pass++
		}
	}
	bitmap := make([]uint64, graph.Words(len(conf)))
	var n int
	return work{
		op: func() error {
			n = graph.FilterConfidence(conf, 0.6, bitmap)
			return nil
		},
		check: func() error {
			for w := range truth {
				if bitmap[w] != truth[w] {
					return fmt.Errorf("word %d of the bitmap is %x, want %x", w, bitmap[w], truth[w])
				}
			}
			if n != pass {
				return fmt.Errorf("%d pass, want %d", n, pass)
			}
			return nil
		},
		note: "4,000 confidences; the AVX2 form is in builds with GOEXPERIMENT=simd",
	}
}
