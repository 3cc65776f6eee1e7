package series_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"
)

// BenchmarkObserve is a node with full memory that moves at every second look.
func BenchmarkObserve(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	steps := make([]float64, 1024)
	for i := range steps {
		steps[i] = 0.02 * r.NormFloat64()
	}
	var n series.Node
	at, value := odds.Time(1_750_000_000_000), 0.0
	look := func(i int) {
		if i%2 == 0 {
			value += steps[i/2%len(steps)]
		}
		at = at.Add(1000)
		n.Observe(at, value, true)
	}
	for i := range 4 * series.Keep {
		look(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		look(i)
	}
}

func BenchmarkWhiten(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	moves := make([]float64, 1024)
	for i := range moves {
		moves[i] = r.NormFloat64()
	}
	var w series.Whitener
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Next(moves[i%len(moves)])
	}
}

// BenchmarkPanel computes the consensus of a selection, and each venue's leave-one-out
// consensus, by number of venues; one of them is an outlier.
func BenchmarkPanel(b *testing.B) {
	for _, venues := range []int{4, 8, 16} {
		b.Run(fmt.Sprint(venues), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 3))
			members := make([]series.Member, venues)
			for i := range members {
				members[i] = series.Member{Group: i, Now: 0.02 * r.NormFloat64(), Prev: 0.02 * r.NormFloat64(), Both: true}
			}
			members[0].Now = 1
			var p series.Panel
			b.ReportAllocs()
			for b.Loop() {
				p.Load(members)
				for leaveOut := -1; leaveOut < venues; leaveOut++ {
					p.Level(leaveOut)
					p.Move(leaveOut)
				}
			}
		})
	}
}

// A tick's series work must not allocate once a node's memory is full.
func TestSeriesAllocateNothing(t *testing.T) {
	var n series.Node
	at, value := odds.Time(1_750_000_000_000), 0.0
	look := func() {
		at, value = at.Add(1000), value+0.01
		n.Observe(at, value, true)
	}
	for range 3 * series.Keep {
		look()
	}
	if got := testing.AllocsPerRun(1000, look); got != 0 {
		t.Errorf("%v allocations a move", got)
	}
	var p series.Panel
	members := []series.Member{{Group: 0, Now: 0.1}, {Group: 1, Now: 0.2}, {Group: 2, Now: 3}, {Group: 3, Now: 0.15}}
	consensus := func() {
		p.Load(members)
		p.Level(-1)
		p.Move(2)
	}
	consensus()
	if got := testing.AllocsPerRun(1000, consensus); got != 0 {
		t.Errorf("%v allocations a consensus", got)
	}
}
