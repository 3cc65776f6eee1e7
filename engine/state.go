package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"corrgraph/detect"
	"corrgraph/engine/board"
	"corrgraph/engine/family"
	"corrgraph/internal/state"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/series"
)

const stateMagic = "corrgraph engine\n"

// StateVersion changes with any field of a saved state, and with what one means.
const StateVersion = 14

// ErrNews is returned by Save if there are undrained news.
var ErrNews = errors.New("engine: news must be drained before the state is saved")

// ErrOptions is returned by Restore if the options differ from those of the saved engine.
var ErrOptions = errors.New("engine: the state was saved with different options")

// Save writes the engine's whole state for [Restore]. All news must have been drained, or taken by
// Verdicts, else the error is [ErrNews]; events noted as touched are saved. Equal engines write equal
// bytes. The engine is not changed. Cost: about a third of a second per million remembered
// moves.
func (e *Engine) Save(w io.Writer) error {
	if e.opt.View == Settled {
		e.news.Touched = e.news.Touched[:0] // nobody asks an engine that decides
	}
	if e.news.pending() || len(e.detectors.told) > 0 {
		return ErrNews
	}
	c := state.NewWriter(w, stateMagic, StateVersion)
	e.state(c)
	if err := c.Close(); err != nil {
		return fmt.Errorf("engine: save: %w", err)
	}
	return nil
}

// Restore returns the saved engine: given the same batches from then on, it reports the
// same, but for the check of a decision before. opt must be unchanged, except Workers, Slopes,
// Commission and Facts, which are up to the caller. Truncated or damaged input, or another version, gives a nil engine and an
// error that wraps one of package internal/state.
func Restore(r io.Reader, opt Options) (_ *Engine, err error) {
	defer func() {
		if x := recover(); x != nil { // the checksums hold and the content contradicts itself
			err = fmt.Errorf("engine: restore: %w: %v", state.ErrCorrupt, x)
		}
	}()
	c, err := state.NewReader(r, stateMagic, StateVersion)
	if err != nil {
		return nil, fmt.Errorf("engine: restore: %w", err)
	}
	e := New(opt)
	e.state(c)
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("engine: restore: %w", err)
	}
	return e, nil
}

// state codes the engine owner by owner, each after the ones it refers to.
func (e *Engine) state(c *state.Coder) {
	e.opt.check(c)
	c.Values(&e.newest, &e.decided, &e.bet, &e.obeyed)
	state.Slice(c, &e.left, func(x *Left) { c.Values(&x.ID, &x.At) })
	e.legs.State(c)
	state.Map(c, e.joins, cmp.Compare[string], func(source *string, x **series.Coalescer) {
		if c.Reading() {
			*x = series.NewCoalescer(e.opt.CoalesceWindow)
		}
		c.Values(source)
		(*x).State(c)
	})
	e.hear.State(c)
	nodes := e.board.State(c)
	pairs := e.families.State(c, nodes)
	e.detectors.state(c, nodes)
	e.forecasts.state(c, nodes, pairs)
	e.worth.State(c, nodes)
	e.detectors.marks.State(c, nodes)
	e.reactions.State(c, nodes)
}

// check codes the options that the saved state depends on.
func (o *Options) check(c *state.Coder) {
	was := *o
	c.Values(&was.View, &was.Seed, &was.DecideEvery, &was.StaleAfter, &was.CoalesceWindow, &was.ScoreAtFinish, &was.SearchEachDecision, &was.Devig, &was.Memory, &was.ForgetAfter, &was.KeepMoves, &was.Limits, &was.PaperDelay)
	if was.View != o.View || was.Seed != o.Seed || was.DecideEvery != o.DecideEvery || was.StaleAfter != o.StaleAfter || was.CoalesceWindow != o.CoalesceWindow ||
		was.ScoreAtFinish != o.ScoreAtFinish || was.SearchEachDecision != o.SearchEachDecision || was.Memory != o.Memory || was.ForgetAfter != o.ForgetAfter || was.KeepMoves != o.KeepMoves || was.Devig != o.Devig || was.Limits != o.Limits || was.PaperDelay != o.PaperDelay {
		c.Fail(ErrOptions)
	}
}

// pending reports whether there is any news apart from touched events.
func (n *News) pending() bool {
	return n.Decided || len(n.Moves)+len(n.Issued)+len(n.Revised)+len(n.Answered)+len(n.Settled)+len(n.Anomalies)+len(n.Priced)+len(n.Touched)+len(n.Forgotten) > 0
}

func (s *detectors) state(c *state.Coder, on *board.Refs) {
	s.quotes.State(c)
	s.edges.State(c)
	state.Map(c, s.armed, on.Markets.Order, func(m **board.Market, yes *bool) {
		on.Markets.Ref(c, m)
		*yes = true
	})
	for m := range s.armed {
		m.Event.Armed = 0
	}
	for m := range s.armed {
		m.Event.Armed++
	}
	order := func(a, b relation) int {
		if d := on.Nodes.Order(a.a, b.a); d != 0 {
			return d
		}
		return on.Nodes.Order(a.b, b.b)
	}
	state.Map(c, s.relations, order, func(k *relation, h **detect.RelationHistory) {
		if c.Reading() {
			*h = &detect.RelationHistory{}
		}
		on.Nodes.Ref(c, &k.a)
		on.Nodes.Ref(c, &k.b)
		(*h).State(c)
	})
}

// refs holds the numbers by which calls are referred to, and those of the objects they
// refer to.
type refs struct {
	*board.Refs
	pairs *family.Refs
	calls state.Table[*call]
}

func (s *forecasts) state(c *state.Coder, on *board.Refs, pairs *family.Refs) {
	r := &refs{Refs: on, pairs: pairs}
	s.chances.code(c)
	s.instant.code(c, on)
	s.usual.State(c)
	order := func(a, b followed) int { return cmp.Or(on.Nodes.Order(a.node, b.node), cmp.Compare(a.layer, b.layer)) }
	state.Map(c, s.told, order, func(f *followed, at *odds.Time) {
		on.Nodes.Ref(c, &f.node)
		c.Values(&f.layer, at)
	})
	open := s.open.Items()
	state.Slice(c, &open, func(x **call) {
		r.call(c, x)
		if c.Reading() {
			s.open.Push(*x) // saved in heap order, so pushing keeps the order
		}
	})
	state.Slice(c, &s.behind, func(x **call) { r.call(c, x) })
	c.Values(&s.overdue, &s.ids, &s.minute)
	state.Map(c, s.waiting, on.Nodes.Order, func(n **board.Node, w **waiting) {
		if c.Reading() {
			*w = &waiting{}
		}
		on.Nodes.Ref(c, n)
		state.Slice(c, &(*w).open, func(x **call) { r.calls.Ref(c, x) })
		state.Slice(c, &(*w).overdue, func(x **call) { r.late(c, x) })
	})
	state.Map(c, s.byEvent, on.Events.Order, func(ev **board.Event, open *[]*call) {
		on.Events.Ref(c, ev)
		state.Slice(c, open, func(x **call) { r.calls.Ref(c, x) })
	})
	state.Slice(c, &s.held, func(x *closedCall) {
		c.Values(&x.Prediction)
		r.ends(c, &x.pair, &x.source, &x.target)
	})
}

func (x *instant) code(c *state.Coder, on *board.Refs) {
	c.Values(&x.at, &x.known)
	state.Slice(c, &x.moves, func(mv *board.Move) {
		on.Nodes.Ref(c, &mv.Node)
		c.Values(&mv.Inc, &mv.RMS, &mv.Nth)
		if mv.Node == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
}

// late codes an overdue call, which may or may not still be in the heap.
func (r *refs) late(c *state.Coder, x **call) {
	known := r.calls.Has(*x)
	if c.Values(&known); known {
		r.calls.Ref(c, x)
		return
	}
	r.call(c, x)
}

func (r *refs) call(c *state.Coder, p **call) {
	if c.Reading() {
		*p = &call{Open: &ledger.Open{}}
	}
	x := *p
	x.Open.State(c)
	if c.Values(&x.silent); x.silent {
		r.nodes(c, &x.source, &x.target)
	} else {
		r.ends(c, &x.pair, &x.source, &x.target)
	}
	state.Slice(c, &x.pairs, func(p **family.Pair) {
		if r.pairs.Pairs.Ref(c, p); *p == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
	c.Values(&x.groups, &x.about, &x.gaps, &x.closed, &x.announced, &x.together)
	h := &x.hint
	known := h.pair != nil
	if c.Values(&known); known {
		r.pairs.Pairs.Ref(c, &h.pair)
		r.Nodes.Ref(c, &h.source)
		if c.Values(&h.at, &h.move, &h.rms, &h.edge, &h.began); h.pair == nil || h.source == nil {
			c.Fail(state.ErrCorrupt)
		}
	}
	r.calls.Add(x)
}

// ends codes the pair and nodes of a forecast, all of which must exist.
func (r *refs) ends(c *state.Coder, pair **family.Pair, source, target **board.Node) {
	if r.pairs.Pairs.Ref(c, pair); *pair == nil {
		c.Fail(state.ErrCorrupt)
	}
	r.nodes(c, source, target)
}

func (r *refs) nodes(c *state.Coder, source, target **board.Node) {
	r.Nodes.Ref(c, source)
	r.Nodes.Ref(c, target)
	if *source == nil || *target == nil {
		c.Fail(state.ErrCorrupt)
	}
}
