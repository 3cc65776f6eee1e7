package family

import (
	"cmp"

	"corrgraph/engine/adopted"
	"corrgraph/engine/board"
	"corrgraph/engine/rival"
	"corrgraph/engine/trend"
	"corrgraph/graph"
	"corrgraph/internal/state"
	"corrgraph/leadlag"
	"corrgraph/odds"
)

// Refs holds the numbers by which other packages refer to pairs in a saved state.
type Refs struct {
	Pairs state.Table[*Pair]

	board    *board.Refs
	families state.Table[*Family]
}

// State saves the families between two batches, or restores them into new Families with the
// same options, whose board was restored before.
func (s *Families) State(c *state.Coder, on *board.Refs) *Refs {
	r := &Refs{board: on}
	met := s.met.Load()
	c.Values(&s.Counts, &met, &s.rounds, &s.block, &s.turned)
	s.met.Store(met)
	s.orders(c)
	state.Slice(c, &s.list, func(f **Family) {
		if c.Reading() {
			*f = &Family{index: r.families.Len()}
		}
		s.family(c, r, *f)
	})
	state.Slice(c, &s.unready, func(f **Family) { r.families.Ref(c, f) })
	s.watching(c, r)
	state.Slice(c, &s.waiting, func(mv *move) {
		on.Nodes.Ref(c, &mv.n)
		c.Values(&mv.inc)
		if mv.w = s.watched[mv.n]; mv.w == nil {
			c.Fail(state.ErrCorrupt)
		}
	})
	state.Map(c, s.drawn, compareDrawn, func(k *drawnKey, d **drawn) {
		if c.Reading() {
			*d = &drawn{}
		}
		c.Values(&k.layer, &k.resolution, &(*d).moves, &(*d).scores)
	})
	s.own(c, r)
	s.paging(c, r)
	return r
}

func compareDrawn(a, b drawnKey) int {
	return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.resolution, b.resolution))
}

func (s *Families) family(c *state.Coder, r *Refs, f *Family) {
	c.Values(&f.Key, &f.Verdict, &f.Record, &f.a, &f.b, &f.block, &f.judged, &f.copied, &f.clocks, &f.wasRead, &f.copies, &f.skewed, &f.stale, &f.mediation.verdict, &f.mediation.via, &f.mediation.leader, &f.mediation.moves, &f.found, &f.at, &f.unused, &f.since, &f.curve, &f.zero, &f.paired)
	if f.judged {
		f.name = f.named().String()
	}
	leadlag.StateOf(c, &f.ev, s.axis)
	fitted := f.baseline != nil
	if c.Values(&fitted); fitted {
		if c.Reading() {
			f.baseline = &rival.Rule{}
		}
		c.Values(&f.baseline.Beta, &f.baseline.From, &f.baseline.To, &f.baseline.Calls)
	}
	if c.Reading() && s.obeyed != nil {
		f.told = s.obeyed.of(f.Key)
		f.baseline = f.told.baseline
	}
	known := f.known != nil
	if c.Values(&known); known {
		if c.Reading() {
			f.known = &adopted.Edge{}
		}
		f.known.State(c)
	}
	changing := f.former != nil
	if c.Values(&changing); changing {
		if c.Reading() {
			f.former = &former{}
		}
		c.Values(&f.former.verdict, &f.former.since)
	}
	s.byKey[f.Key] = f
	if c.Reading() {
		s.layers[min(f.Key.Layer, odds.CrossSport)]++
	}
	r.families.Add(f)
	state.Slice(c, &f.pairs, func(p **Pair) {
		if c.Reading() {
			*p = &Pair{Family: f, Layer: f.Key.Layer}
		}
		if r.pair(c, *p); c.Reading() {
			s.held[(*p).Event]++
			s.total++
		}
	})
	if c.Reading() && c.Err() == nil && f.judged && f.ev == nil && s.obeyed == nil {
		c.Fail(state.ErrCorrupt)
	}
}

func (r *Refs) pair(c *state.Coder, p *Pair) {
	r.board.Nodes.Ref(c, &p.A)
	r.board.Nodes.Ref(c, &p.B)
	r.board.Events.Ref(c, &p.Event)
	counted := p.cluster != nil
	c.Values(&p.Sign, &p.seenA, &p.seenB, &p.first, &p.found, &counted)
	if c.Reading() && counted && p.Event != nil {
		if p.Family.ev == nil {
			c.Fail(state.ErrCorrupt)
			return
		}
		p.cluster = p.Family.ev.Cluster(p.Event.ID)
	}
	there := p.trend != nil
	if c.Values(&there); there {
		if c.Reading() {
			p.trend = &trend.Trend{}
		}
		p.trend.State(c)
	}
	r.Pairs.Add(p)
	if p.A == nil || p.B == nil || p.Event == nil {
		c.Fail(state.ErrCorrupt)
		return
	}
	p.key = p.hash()
}

// watching codes every node's partners and the watched markets and links.
func (s *Families) watching(c *state.Coder, r *Refs) {
	for _, n := range r.board.Nodes.All() {
		if c.Reading() {
			s.watched[n] = &watched{}
		}
		state.Slice(c, &s.watched[n].partners, func(pt *Partner) { r.partner(c, n, pt) })
	}
	for _, m := range r.board.Markets.All() {
		books := s.paired[m]
		if state.Slice(c, &books, func(b **board.Book) { r.board.Books.Ref(c, b) }); len(books) > 0 {
			s.paired[m] = books
		}
	}
	for _, ev := range r.board.Events.All() {
		markets := s.related[ev]
		if state.Slice(c, &markets, func(m **board.Market) { r.board.Markets.Ref(c, m) }); len(markets) > 0 {
			s.related[ev] = markets
		}
	}
	order := func(a, b linkedNodes) int {
		return cmp.Or(cmp.Compare(r.board.Links.Number(a.link), r.board.Links.Number(b.link)),
			cmp.Compare(r.board.Nodes.Number(a.a), r.board.Nodes.Number(b.a)), cmp.Compare(r.board.Nodes.Number(a.b), r.board.Nodes.Number(b.b)))
	}
	state.Map(c, s.linked, order, func(k *linkedNodes, yes *bool) {
		r.board.Links.Ref(c, &k.link)
		r.board.Nodes.Ref(c, &k.a)
		r.board.Nodes.Ref(c, &k.b)
		*yes = true
	})
}

func (r *Refs) partner(c *state.Coder, n *board.Node, pt *Partner) {
	r.Pairs.Ref(c, &pt.Pair)
	c.Values(&pt.dir, &pt.resting)
	if !c.Reading() {
		return
	}
	p := pt.Pair
	if p == nil || (pt.dir != leadlag.AB && pt.dir != leadlag.BA) {
		c.Fail(state.ErrCorrupt)
		return
	}
	pt.fam, pt.sign, pt.Other = p.Family, p.Sign, p.A
	if pt.dir == leadlag.BA {
		pt.Other = p.B
	}
}

// own codes the individually discovered pairs.
func (s *Families) own(c *state.Coder, r *Refs) {
	if c.Reading() {
		s.found = map[*Pair]graph.Edge{}
	}
	state.Map(c, s.found, func(a, b *Pair) int { return cmp.Compare(r.Pairs.Number(a), r.Pairs.Number(b)) }, func(p **Pair, e *graph.Edge) {
		r.Pairs.Ref(c, p)
		c.Values(e)
	})
}
