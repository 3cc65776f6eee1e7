package live

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/engine"
	"corrgraph/odds"
)

// moves sums the moves of each series since the last publication. It belongs to the
// loop.
type moves struct {
	of      map[odds.NodeID]int // index into pending
	pending []engine.Move
}

func newMoves() moves { return moves{of: map[odds.NodeID]int{}} }

// add takes a move.
func (p *moves) add(m engine.Move) {
	i, ok := p.of[m.Node]
	if !ok {
		p.of[m.Node] = len(p.pending)
		p.pending = append(p.pending, m)
		return
	}
	m.Raw += p.pending[i].Raw
	m.RMS = p.pending[i].RMS
	p.pending[i] = m
}

// mostMoves limits the moves in one publication: the largest, relative to each
// series' usual move.
const mostMoves = 1024

// flush appends a message for each series that moved, and starts again from zero.
func (p *moves) flush(to []Message) []Message {
	if len(p.pending) > mostMoves {
		size := func(m engine.Move) float64 { return math.Abs(m.Raw) / max(m.RMS, 1e-9) }
		slices.SortFunc(p.pending, func(a, b engine.Move) int { return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Node, b.Node)) })
		p.pending = p.pending[:mostMoves]
	}
	for _, m := range p.pending {
		to = append(to, Message{Kind: "move", Key: string(m.Node), Event: m.Event, At: m.At, Data: Moved{m}})
	}
	p.pending = p.pending[:0]
	clear(p.of)
	return to
}
