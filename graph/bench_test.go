package graph_test

import (
	"fmt"
	"testing"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
)

func BenchmarkAnswer(b *testing.B) {
	set := graphtest.SeedSet(1)
	snapshots := make([]*graph.Snapshot, len(set.Events))
	for i := range snapshots {
		snapshots[i] = set.Build(i, graph.Options{})
	}
	var a graph.Answer
	for i, l := range odds.Layers {
		b.Run(fmt.Sprintf("layer%d", l), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				snapshots[0].AnswerLayer(l, graphtest.Now, 0, &a.Layers[i])
			}
		})
	}
	b.Run("graph_memory", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			snapshots[i%len(snapshots)].Answer(graphtest.Now, 0, &a)
		}
	})
	b.Run("graph_memory_later", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ { // 20 hours on: most rows have left their window
			snapshots[i%len(snapshots)].Answer(graphtest.Now.Add(20*3_600_000), 0, &a)
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	set := graphtest.SeedSet(1)
	for _, mode := range []graph.Mode{graph.Inline, graph.Workers} {
		b.Run(string(mode), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Build(0, graph.Options{Mode: mode})
			}
		})
	}
}
