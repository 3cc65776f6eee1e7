package board

import (
	"math"

	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/series"
)

// Options of a Board.
type Options struct {
	Facts      *catalog.Facts
	Slopes     odds.LineSlopes
	StaleAfter odds.Millis // see engine.Options
	KeepMoves  int         // moves of a series remembered
	Devig      odds.Method
}

// Observer is told of what can't wait for the end of the batch.
type Observer interface {
	// Linked is called when two events turn out to share an entity.
	Linked(l *Link)
	// Added is called when a series begins.
	Added(n *Node)
	// Heard is called when a series that is awaited (see Node.Awaited) is quoted, with
	// its Value up to date.
	Heard(n *Node, at odds.Time)
}

// Board holds what venues show.
type Board struct {
	Now     odds.Time // of the newest batch
	Order   []*Event  // in the order of first sight
	Catalog *catalog.Catalog
	Counts  Counts

	// Of the present batch, until EndBatch:
	Moved  []Move
	Dirty  []*Market // quoted anew
	Active []*Event  // of which something was quoted anew, or is awaited and was quoted

	opt      Options
	observer Observer
	venues   map[string]*Venue
	sources  map[string]*Source
	events   map[string]*Event
	known    map[*odds.Event]known // what was resolved lately; a cache
	groups   map[string]*Grouping  // by league
	touched  []*Event              // since TakeTouched
	nodes    []*Node               // of the events in Order, those of the phase before included, in the order they began

	panel  series.Panel
	member []series.Member
	devig  devigBuf
}

// Counts is what a Board has seen.
type Counts struct {
	Batches, Quotes, Ticks, Duplicates int
	Partial                            int // updates whose outcomes were no complete set
}

// Move is one increment of the present batch.
type Move struct {
	Node *Node
	Inc  series.Increment
	RMS  float64 // of the node before the move
}

// New returns an empty Board.
func New(o Options) *Board {
	return &Board{
		opt: o, Catalog: catalog.New(o.Facts, catalog.Options{}), venues: map[string]*Venue{}, sources: map[string]*Source{},
		events: map[string]*Event{}, known: map[*odds.Event]known{}, groups: map[string]*Grouping{},
	}
}

// Observe names the one observer. It must be called before the first batch.
func (d *Board) Observe(o Observer) { d.observer = o }

// Apply takes the next batch: every quote, then the consensus of what moved.
func (d *Board) Apply(b *odds.Batch) {
	d.Now = b.At
	src := d.source(b)
	d.Counts.Batches++
	for i := range b.Updates {
		d.update(src, b, &b.Updates[i])
	}
	for _, m := range d.Dirty {
		for k := range m.Selections {
			if m.Selections[k].indep {
				d.consensus(m, k, b.At)
			}
		}
	}
	for _, m := range d.Dirty {
		d.activate(m.Event)
	}
}

// EndBatch makes what was new in the present batch old.
func (d *Board) EndBatch() {
	for _, m := range d.Dirty {
		for _, b := range m.Books {
			copy(b.prev, b.value)
		}
		m.Dirty = false
	}
	for _, ev := range d.Active {
		ev.active = false
	}
	clear(d.Moved)
	d.Moved, d.Dirty, d.Active = d.Moved[:0], d.Dirty[:0], d.Active[:0]
}

// activate notes that an event is to be looked at in this batch.
func (d *Board) activate(ev *Event) {
	if !ev.active {
		ev.active = true
		d.Active = append(d.Active, ev)
	}
}

// update takes what one venue said of one market.
func (d *Board) update(src *Source, b *odds.Batch, u *odds.Update) {
	d.Counts.Quotes += len(u.Quotes)
	k := d.resolve(u.Event, b)
	if lines := mainLines(u); lines != nil {
		for i := range lines {
			d.quote(k, src, b, &lines[i].Update, lines[i].alternate)
		}
		return
	}
	d.quote(k, src, b, u, math.NaN())
}

// quote applies an update that has one line.
func (d *Board) quote(kn known, src *Source, batch *odds.Batch, u *odds.Update, alternate float64) {
	ev := kn.ev
	if ev.Awaited > 0 {
		d.activate(ev)
	}
	name := u.Market
	if alternate == alternate {
		name = marketAt(u.Market, alternate)
	}
	m := ev.market(name, u.Market, alternate, 0)
	if m.slope == 0 {
		m.slope = d.opt.Slopes.Slope(ev.Sport, ev.League, u.Market)
		m.Raw = u.Format == odds.Raw
		m.winners = max(1, u.Winners)
	}
	b := m.book(d.venue(u.Venue))
	if b.touch == batch.At && b.Source == src && b.poll == src.Clock.Polls && src.Polled {
		d.Counts.Duplicates += len(u.Quotes)
		return
	}
	joined := b.Source == src && b.status == odds.Open && !b.stale && b.Live == u.InPlay
	if src.Polled {
		joined = joined && src.joined && b.poll == src.Clock.Polls-1
	}
	b.Source, b.poll, b.SeenAt, b.stamp, b.touch = src, src.Clock.Polls, batch.At, u.Updated, batch.At
	stale := d.stale(src, batch.At, u.Updated)
	was := b.status
	b.Live, b.stale, b.status = u.InPlay, stale, u.Status
	if joined && u.Status == odds.Open && !stale && b.same(u) {
		b.looks++
		if b.Awaited > 0 {
			d.heard(b, batch.At)
		}
		if m.Awaited > 0 {
			d.still(m, batch.At)
		}
		return
	}
	d.read(b, u, src, kn.match)
	if u.Status != odds.Open || stale {
		if was == odds.Open {
			d.Counts.Ticks += len(u.Quotes)
		}
		b.pause()
		return
	}
	d.requote(b, batch.At, joined)
}

func (d *Board) stale(src *Source, at, stamp odds.Time) bool {
	if stamp == 0 || !src.Polled {
		return false
	}
	limit := d.opt.StaleAfter
	if limit == 0 {
		limit = max(3*src.Clock.Step(), 900_000)
	}
	return at.Sub(stamp) > limit
}
