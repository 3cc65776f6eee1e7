package family

import (
	"hash/fnv"

	"corrgraph/engine/board"
	"corrgraph/engine/draw"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Sample takes what the check of the decision at a time rests on, once that has been made. It
// shares no memory with s that ever changes. Cost: O(families + pairs), and up to half a
// million moves are copied.
func (s *Families) Sample(at odds.Time) *leadlag.Sample {
	t := s.taking(at)
	room := draw.Fit(t.lengths)
	out := &leadlag.Sample{At: at, Seed: s.opt.Seed}
	t.copy(room)
	events := 0
	for i := range t.fams[:min(room.Families, len(t.fams))] {
		f, x := t.fams[i], leadlag.Sampled{Key: t.keys[i].Key, Verdict: t.fams[i].Verdict, Axis: t.fams[i].ev.Axis}
		if f.Verdict.Events > 0 {
			events += f.ev.Events()
		}
		if f.Verdict.Events > 0 && events <= draw.MostEvents {
			x.Roles = &leadlag.Case{Evidence: f.ev.Roles(), OneClock: !f.clocks, Read: f.wasRead, Copy: f.copies, Key: x.Key}
		}
		if f.mismatches() {
			x.Decoys = f.ev.DecoyScores(nil)
		}
		if f.Directed() {
			x.Name, x.Lags = f.named().String(), f.lags()
		}
		for _, d := range t.pairs[i][:min(room.Pairs, len(t.pairs[i]))] {
			x.Pairs = append(x.Pairs, t.pair(d, f.pairs[d.Index]))
		}
		out.Families = append(out.Families, x)
	}
	return out
}

// mismatches reports whether the family takes part in the mismatched copies: those of two
// venues' own series do.
func (f *Family) mismatches() bool {
	return f.Key.Layer == odds.Direct && !f.block && f.judged && f.Verdict.Found()
}

// taking is a sample in the making.
type taking struct {
	fams  []*Family
	keys  []draw.Drawn                       // of the families
	pairs [][]draw.Drawn                     // of each family
	moves map[*board.Node][]series.Increment // what is copied
}

// taking draws families and pairs for the decision at a time.
func (s *Families) taking(at odds.Time) *taking {
	var eligible []*Family
	for _, f := range s.list {
		if f.mismatches() || f.Directed() || f.judged && f.Verdict.Events > 0 {
			eligible = append(eligible, f)
		}
	}
	t := &taking{keys: draw.Draw(len(eligible), draw.MostFamilies, func(i int) uint64 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(eligible[i].Key.String())) // never fails
		return draw.Key(s.opt.Seed, uint64(at), h.Sum64())
	})}
	for _, d := range t.keys {
		f := eligible[d.Index]
		t.fams = append(t.fams, f)
		var pairs []draw.Drawn
		if f.mismatches() || f.Directed() {
			pairs = draw.Draw(len(f.pairs), draw.MostPairs, func(i int) uint64 { return draw.Key(d.Key ^ f.pairs[i].key) })
		}
		t.pairs = append(t.pairs, pairs)
	}
	return t
}

// hash is that of the names and phases of a pair's series.
func (p *Pair) hash() uint64 {
	phases := uint64(0)
	if p.A.Live {
		phases = 1
	}
	if p.B.Live {
		phases += 2
	}
	return draw.Key(p.A.Hash, p.B.Hash, phases)
}

// nodes are the series of the first families and of the first pairs of each, once each.
func (t *taking) nodes(families, pairs int) (out []*board.Node) {
	seen := map[*board.Node]bool{}
	for i, f := range t.fams[:min(families, len(t.fams))] {
		for _, d := range t.pairs[i][:min(pairs, len(t.pairs[i]))] {
			for _, n := range []*board.Node{f.pairs[d.Index].A, f.pairs[d.Index].B} {
				if !seen[n] {
					seen[n], out = true, append(out, n)
				}
			}
		}
	}
	return out
}

// lengths are those of the series of nodes.
func (t *taking) lengths(families, pairs int) (out []int) {
	for _, n := range t.nodes(families, pairs) {
		out = append(out, len(n.Moves()))
	}
	return out
}

// copy copies the newest moves: a sample holds no more than it has room for, whatever becomes of
// the series.
func (t *taking) copy(room draw.Room) {
	nodes := t.nodes(room.Families, room.Pairs)
	t.moves = make(map[*board.Node][]series.Increment, len(nodes))
	total := 0
	for _, n := range nodes {
		total += min(len(n.Moves()), room.Moves)
	}
	all := make([]series.Increment, 0, total)
	for _, n := range nodes {
		moves, from := n.Moves(), len(all)
		all = append(all, moves[max(0, len(moves)-room.Moves):]...)
		t.moves[n] = all[from:len(all):len(all)]
	}
}

// pair is what is taken of one.
func (t *taking) pair(d draw.Drawn, p *Pair) leadlag.SampledPair {
	x := leadlag.SampledPair{Key: d.Key, Event: p.Event.ID, Sign: p.Sign, A: t.moves[p.A], B: t.moves[p.B]}
	copy(x.Teams[:], p.Event.Match.Entities)
	return x
}
