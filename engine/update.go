package engine

import (
	"math"
	"slices"

	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/series"
)

// update takes what one venue said of one market.
func (e *Engine) update(src *source, b *odds.Batch, u *odds.Update) {
	e.count.Quotes += len(u.Quotes)
	k := e.event(u.Event, b)
	if lines := mainLines(u); lines != nil {
		for i := range lines {
			e.board(k, src, b, &lines[i].Update, lines[i].alternate)
		}
		return
	}
	e.board(k, src, b, u, math.NaN())
}

// event resolves what a source says of an event. A source hands out the same
// pointer for as long as it says the same, so that this is a look-up mostly.
func (e *Engine) event(in *odds.Event, b *odds.Batch) known {
	if k, ok := e.known[in]; ok && k.ev.said == in {
		k.ev.last = b.At
		e.touch(k.ev)
		e.cat.Seen(k.match.Event, b.At)
		return k
	}
	m := e.cat.Resolve(b.Source, in, b.At)
	ev := e.events[m.Event.ID]
	if ev == nil {
		ev = &event{id: m.Event.ID, sport: m.Event.Sport, league: m.Event.League, leagueKey: league(m.Event.Sport, m.Event.League), match: m.Event}
		e.events[ev.id] = ev
		e.order = append(e.order, ev)
	}
	for i := range m.Links {
		e.link(&m.Links[i])
	}
	ev.last, ev.said = b.At, in
	e.touch(ev)
	if len(e.known) > 1<<16 {
		clear(e.known)
	}
	k := known{ev, m}
	e.known[in] = k
	return k
}

func (ev *event) market(name, fam string, line, slope float64) *market {
	for _, m := range ev.markets {
		if m.name == name {
			return m
		}
	}
	m := &market{ev: ev, name: name, family: fam, line: line, slope: slope}
	ev.markets = append(ev.markets, m)
	return m
}

func (m *market) board(v *venue) *board {
	for _, b := range m.boards {
		if b.v == v {
			return b
		}
	}
	b := &board{v: v, m: m, poll: -1, status: odds.Unknown}
	b.grow(len(m.sels))
	m.boards = append(m.boards, b)
	return b
}

// board applies an update that has one line.
func (e *Engine) board(kn known, src *source, batch *odds.Batch, u *odds.Update, alternate float64) {
	ev := kn.ev
	if len(ev.open) > 0 {
		e.alarms.seen(ev)
	}
	name := u.Market
	if alternate == alternate {
		name = marketAt(u.Market, alternate)
	}
	m := ev.market(name, u.Market, alternate, 0)
	if m.slope == 0 {
		m.slope = e.opt.Slopes.Slope(ev.sport, ev.league, u.Market)
		m.raw = u.Format == odds.Raw
		m.winners = max(1, u.Winners)
	}
	b := m.board(e.venue(u.Venue))
	if b.touch == batch.At && b.src == src && b.poll == src.clock.Polls && src.polled {
		e.count.Duplicates += len(u.Quotes)
		return
	}
	joined := b.src == src && b.status == odds.Open && !b.stale && b.live == u.InPlay
	if src.polled {
		joined = joined && src.joined && b.poll == src.clock.Polls-1
	}
	b.src, b.poll, b.seen, b.stamp, b.touch = src, src.clock.Polls, batch.At, u.Updated, batch.At
	stale := e.stale(src, batch.At, u.Updated)
	was := b.status
	b.live, b.stale, b.status = u.InPlay, stale, u.Status
	if joined && u.Status == odds.Open && !stale && b.same(u) {
		b.looks++
		if b.calls > 0 {
			e.heard(b, batch.At)
		}
		if m.calls > 0 {
			e.still(m, batch.At)
		}
		return
	}
	e.read(b, u, src, kn.match)
	if u.Status != odds.Open || stale {
		if was == odds.Open {
			e.count.Ticks += len(u.Quotes)
		}
		b.pause()
		return
	}
	e.requote(b, batch.At, joined)
}

// same reports whether the update repeats every price and line of the board. A
// poll or an image that lacks an outcome doesn't: it is unknown since then.
func (b *board) same(u *odds.Update) bool {
	if len(u.Quotes) == 0 || len(u.Quotes) > len(b.names) {
		return false
	}
	if (b.src.polled || u.Image) && len(u.Quotes) != b.known() {
		return false
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		k := i
		if b.names[k] != q.Selection {
			if k = slices.Index(b.names, q.Selection); k < 0 {
				return false
			}
		}
		if b.price[k] != q.Price || b.gone[k] != q.Status || b.line[k] != q.Line && !(missing(b.line[k]) && missing(q.Line)) {
			return false
		}
	}
	return true
}

// known counts the outcomes that the board holds a price or a state of.
func (b *board) known() (n int) {
	for _, g := range b.gone {
		if g != odds.Unknown {
			n++
		}
	}
	return n
}

func (e *Engine) stale(src *source, at, stamp odds.Time) bool {
	if stamp == 0 || !src.polled {
		return false
	}
	limit := e.opt.StaleAfter
	if limit == 0 {
		limit = max(3*src.clock.Step(), 900_000)
	}
	return at.Sub(stamp) > limit
}

func (e *Engine) read(b *board, u *odds.Update, src *source, match catalog.Match) {
	m := b.m
	if len(m.sels) == 0 {
		m.open(u, match)
	}
	if u.Image || src.polled {
		for k := range b.gone {
			b.gone[k] = odds.Unknown
		}
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		k := m.selection(q.Selection, match.Side(q.Side))
		b.names[k] = q.Selection
		if b.price[k] != q.Price || b.gone[k] != q.Status || b.line[k] != q.Line && !(missing(b.line[k]) && missing(q.Line)) {
			e.count.Ticks++
		}
		b.price[k], b.line[k], b.gone[k] = q.Price, q.Line, q.Status
	}
}

// pause says that the board shows no price now.
func (b *board) pause() {
	for k := range b.value {
		b.value[k], b.prev[k], b.offer[k] = math.NaN(), math.NaN(), math.NaN()
		if n := b.nodes[k]; n != nil {
			n.Break()
		}
	}
	b.joined = false
}

// requote turns the board's prices into values and moves.
func (e *Engine) requote(b *board, at odds.Time, joined bool) {
	m := b.m
	copy(b.prev, b.value)
	b.looks++
	was := b.basis
	e.values(b)
	joined = joined && b.basis == was
	b.joined = joined
	if !m.dirty {
		m.dirty = true
		e.dirty = append(e.dirty, m)
	}
	m.live = b.live
	for k := range m.sels {
		if m.sels[k].indep {
			e.observe(b, k, at, joined)
		}
	}
	if b.calls > 0 {
		e.heard(b, at)
	}
}

// heard passes the board's present values to the open predictions about them.
func (e *Engine) heard(b *board, at odds.Time) {
	for _, n := range b.nodes {
		if n != nil && n.Open {
			e.hear(n, at)
		}
	}
}

// still passes a market's consensus to the open predictions about it: its venues
// were quoted and have not moved.
func (e *Engine) still(m *market, at odds.Time) {
	for k := range m.sels {
		if c := m.sels[k].cons; c != nil && c.Open {
			e.hear(c, at)
		}
	}
	for _, b := range m.boards {
		for _, c := range b.others {
			if c != nil && c.Open {
				e.hear(c, at)
			}
		}
	}
}

func (e *Engine) observe(b *board, k int, at odds.Time, joined bool) {
	if missing(b.value[k]) {
		if b.nodes[k] != nil {
			b.nodes[k].Break()
		}
		return
	}
	n := e.node(b, k)
	n.Looks = b.looks
	rms := n.RMS()
	if inc, moved := n.Observe(at, b.value[k], joined && !missing(b.prev[k])); moved {
		n.Looks = b.looks
		e.moved = append(e.moved, move{n, inc, rms})
		s := &b.m.sels[k]
		if len(s.moves) == 0 || s.moves[len(s.moves)-1] != at {
			if len(s.moves) == 2*e.opt.KeepMoves {
				s.moves = s.moves[:copy(s.moves, s.moves[e.opt.KeepMoves:])]
			}
			s.moves = append(s.moves, at)
		}
	}
}

// settle moves the consensus of every market that moved, looks for what is
// abnormal, and makes what was new old for the next batch.
func (e *Engine) settle(at odds.Time) {
	for _, m := range e.dirty {
		for k := range m.sels {
			if m.sels[k].indep {
				e.consensus(m, k, at)
			}
		}
	}
	e.look(at)
	for _, m := range e.dirty {
		for _, b := range m.boards {
			copy(b.prev, b.value)
		}
		m.dirty = false
	}
	e.dirty = e.dirty[:0]
}

func (e *Engine) consensus(m *market, k int, at odds.Time) {
	g := e.grouping(m.ev)
	e.member = e.member[:0]
	for _, b := range m.boards {
		b.rest[k], b.restMoved[k] = math.NaN(), math.NaN()
		if b.current() && !missing(b.value[k]) && b.live == m.live {
			e.member = append(e.member, series.Member{
				Group: b.group(g), Now: b.value[k], Prev: b.prev[k],
				Both: b.value[k] == b.prev[k] || b.joined && !missing(b.prev[k]),
			})
		}
	}
	if len(e.member) == 0 {
		return
	}
	e.panel.Load(e.member)
	s := &m.sels[k]
	if s.cons == nil || s.cons.live != m.live {
		s.cons = e.consensusNode(m, k)
	}
	e.push(s.cons, at, -1)
	if len(e.member) < 3 {
		return
	}
	for _, b := range m.boards {
		if b.nodes[k] == nil || b.live != m.live {
			continue
		}
		if b.others[k] == nil || b.others[k].live != m.live {
			e.othersNode(b, k)
		}
		b.rest[k], b.restMoved[k], b.restGroups = e.push(b.others[k], at, b.group(g))
	}
}

// current reports whether the board's values are prices now.
func (b *board) current() bool {
	return b.status == odds.Open && !b.stale && (!b.src.polled || b.poll == b.src.clock.Polls)
}

// push moves a consensus node to what the panel shows without one group.
func (e *Engine) push(n *node, at odds.Time, leaveOut int) (level, moved float64, groups int) {
	level, groups = e.panel.Level(leaveOut)
	if groups == 0 || leaveOut >= 0 && groups < 2 {
		n.Break()
		return math.NaN(), math.NaN(), groups
	}
	d, with := e.panel.Move(leaveOut)
	n.Value, n.Open, n.SeenAt = level, true, at
	n.Looks++
	e.hear(n, at)
	if with > 0 && math.Abs(d) > 1e-9 {
		rms := n.RMS()
		e.moved = append(e.moved, move{n, n.Push(at, d), rms})
	}
	return level, d, groups
}
