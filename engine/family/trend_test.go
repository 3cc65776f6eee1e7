package family

import (
	"testing"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// verdict is a discovered family in which a leads b, or neither where the lag is 0.
func verdict(a, b string, corr float64, lag odds.Millis) *Family {
	f := &Family{a: a, b: b, judged: true, ev: leadlag.NewEvidence(leadlag.NewAxis(1000), false)}
	f.Key = graph.FamilyKey{Layer: odds.Direct, Leader: a, Follower: b}
	f.Verdict = leadlag.Verdict{Discovered: true, Directed: lag > 0}
	f.Verdict.Link = leadlag.Link{Corr: corr, Lag: lag, U: 10 * corr, V: 1} // z = 10·corr: about a hundred moves
	return f
}

func TestCopiesVanishOnceTheirLeaderIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []*Family
		want bool // the first is a copy
	}{
		{"no common leader", []*Family{verdict("b", "c", 0.5, 1000)}, false},
		{"explained by a", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, true},
		{"explained whichever of the two is named first", []*Family{verdict("c", "b", 0.49, 0), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, true},
		{"more than a explains", []*Family{verdict("b", "c", 0.9, 1000), verdict("a", "b", 0.5, 1000), verdict("a", "c", 0.5, 2000)}, false},
		{"a leads only one of them", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000)}, false},
		{"neither leads", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 0), verdict("a", "c", 0.7, 0)}, false},
		{"b hears of it long after c", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 9000), verdict("a", "c", 0.7, 2000)}, false},
		{"b hears of it within the resolution of c", []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 3000), verdict("a", "c", 0.7, 2000)}, true},
		{"nothing to explain", []*Family{verdict("b", "c", 0, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}, false},
	} {
		s := New(board.New(board.Options{}), Options{})
		s.list = c.set
		c.set[0].copied = !c.want // what was said before does not count
		s.markCopies()
		for i, f := range c.set {
			if f.copied != (c.want && i == 0) {
				t.Errorf("%s: %s and %s, copied %v", c.name, f.a, f.b, f.copied)
			}
		}
	}
	// Families of another market explain nothing.
	set := []*Family{verdict("b", "c", 0.49, 1000), verdict("a", "b", 0.7, 1000), verdict("a", "c", 0.7, 2000)}
	set[0].Key.Market = "totals"
	s := New(board.New(board.Options{}), Options{})
	s.list = set
	if s.markCopies(); set[0].copied {
		t.Error("a copy of what moves in another market")
	}
}
