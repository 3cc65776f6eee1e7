package propagate_test

import (
	"fmt"
	"testing"

	"corrgraph/graph"
	"corrgraph/graph/graphtest"
	"corrgraph/odds"
	"corrgraph/propagate"
)

func benchBest(b *testing.B, edges []graph.Edge, target func(depth int) odds.NodeID) {
	n := network(edges)
	var s propagate.Scratch
	for _, depth := range []int{2, 4, 6, 8} {
		b.Run(fmt.Sprintf("depth_%d", depth), func(b *testing.B) {
			b.ReportAllocs()
			from, to := node(0, 0), target(depth)
			for b.Loop() {
				n.Best(from, to, depth, &s)
			}
		})
	}
}

func BenchmarkLevels(b *testing.B) {
	benchBest(b, graphtest.Levels(8, 5), func(depth int) odds.NodeID { return node(depth, 3) })
}

func BenchmarkClique(b *testing.B) {
	benchBest(b, graphtest.Clique(6), func(int) odds.NodeID { return node(0, 5) })
}

func BenchmarkChain(b *testing.B) {
	benchBest(b, graphtest.Chain(8, 4), func(depth int) odds.NodeID { return node(depth, 0) })
}

func BenchmarkTree(b *testing.B) {
	benchBest(b, graphtest.Tree(6, 5), func(depth int) odds.NodeID { return node(min(depth, 6), 0) })
}

func BenchmarkDownstream(b *testing.B) {
	for name, edges := range map[string][]graph.Edge{"levels": graphtest.Levels(8, 5), "tree": graphtest.Tree(6, 5)} {
		n := network(edges)
		var s propagate.Scratch
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			from := node(0, 0)
			for b.Loop() {
				n.Downstream(from, 8, &s)
			}
		})
	}
}

func BenchmarkKBest(b *testing.B) {
	n := network(graphtest.Levels(8, 5))
	var s propagate.Scratch
	for _, k := range []int{1, 5, 20} {
		b.Run(fmt.Sprint(k), func(b *testing.B) {
			b.ReportAllocs()
			from, to := node(0, 0), node(8, 3)
			for b.Loop() {
				n.KBest(from, to, k, 8, &s)
			}
		})
	}
}

func BenchmarkNewNetwork(b *testing.B) {
	for name, edges := range map[string][]graph.Edge{"levels": graphtest.Levels(8, 5), "tree": graphtest.Tree(6, 5)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				network(edges)
			}
		})
	}
}
