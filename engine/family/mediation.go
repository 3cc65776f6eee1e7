package family

import (
	"math"

	"corrgraph/engine/board"
	"corrgraph/graph"
	"corrgraph/leadlag"
)

// mediation is whether a family's leader reaches the follower only through another one, as
// last found out.
type mediation struct {
	verdict graph.Indirect
	via     string
	leader  string
	moves   int // behind the family when it was asked
}

// mediateAgain is by what factor the moves behind a family must have grown before the
// question is asked anew, so that all answers together cost a few passes over the data.
const mediateAgain = 1.25

// mediate asks of each family A→C with A→B and B→C beside it whether it is these two and
// nothing else.
func (s *Families) mediate() {
	for _, set := range s.scopes() {
		led := map[[2]string]*Family{}
		from := map[string][]*Family{}
		for _, f := range set {
			if f.Directed() && !f.block { // a consensus stands between nobody: its venues are in it
				l, fo := f.ends()
				led[[2]string{l, fo}] = f
				from[l] = append(from[l], f)
			}
		}
		for _, f := range set {
			if !f.Directed() || f.block {
				f.mediation = mediation{}
				continue
			}
			a, c := f.ends()
			n, m := f.ev.Moves()
			if f.mediation.leader == a && n+m >= f.mediation.moves && float64(n+m) < mediateAgain*float64(f.mediation.moves) {
				continue
			}
			f.mediation = mediation{leader: a, moves: n + m}
			for _, ab := range from[a] {
				_, b := ab.ends()
				if bc := led[[2]string{b, c}]; bc != nil && ab.Verdict.Link.Lag <= f.Verdict.Link.Lag+f.ev.Axis.Resolution {
					f.mediation.ask(f.without(bc), b)
				}
			}
		}
	}
}

// ask takes the answer for one venue between: one that explains everything decides.
func (m *mediation) ask(is graph.Indirect, via string) {
	if is == graph.OnlyVia || is == graph.CantTell && m.verdict == graph.Direct {
		m.verdict, m.via = is, via
	}
}

// without measures the link A→C at those moves of C that no move of B can have caused: if B
// is all there is between, nothing is left of it. The interval is clustered by event, from 12
// events on, and else by moves.
func (f *Family) without(bc *Family) graph.Indirect {
	between := map[*board.Node]*board.Node{} // B's series by C's
	for _, p := range bc.pairs {
		b, c := bc.inOrder(p)
		between[c] = b
	}
	bcFrom, bcTo := bc.arrival()
	from, to := f.arrival()
	byEvent := map[string]*leadlag.Sums{}
	var order []string
	for _, p := range f.pairs {
		a, c := f.inOrder(p)
		b := between[c]
		if b == nil {
			continue
		}
		e := byEvent[p.Event.ID]
		if e == nil {
			e = &leadlag.Sums{}
			byEvent[p.Event.ID], order = e, append(order, p.Event.ID)
		}
		own := leadlag.Window(leadlag.Unprompted(c.Moves(), b.Moves(), bcFrom, bcTo), a.Moves(), from, to).Signed(p.Sign)
		e.U, e.V, e.SS, e.SSTo = e.U+own.U, e.V+own.V, e.SS+own.SS, e.SSTo+own.SSTo
	}
	parts := make([]leadlag.Sums, len(order))
	for i, id := range order {
		parts[i] = *byEvent[id]
	}
	switch r, half, ok := leadlag.ClusteredCorr(parts); {
	case !ok:
		return graph.CantTell
	case math.Abs(r)+half < leadlag.Floor:
		return graph.OnlyVia
	case math.Abs(r)-half > leadlag.Floor:
		return graph.Direct
	}
	return graph.CantTell
}

// inOrder are a pair's series, the family's leader first.
func (f *Family) inOrder(p *Pair) (leader, follower *board.Node) {
	if f.Verdict.Leader == leadlag.BA {
		return p.B, p.A
	}
	return p.A, p.B
}

// arrival is the window of lags in which the family's follower answers.
func (f *Family) arrival() (from, to int64) {
	_, span := f.Verdict.Window()
	from, to = f.ev.Axis.Limits(span)
	if f.Verdict.Zero {
		from = 0
	}
	return from, to
}
