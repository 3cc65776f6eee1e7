package contract

import (
	"sync"

	"corrgraph/odds"
)

// mostCells is how many venues' markets a Door remembers the place of; of further ones the prices
// under their former name are not ended.
const mostCells = 100_000

// Door applies decisions to what is about to be logged. Where a market of a venue goes elsewhere
// than before, it ends the prices that stand at its former place. It is safe for concurrent use.
type Door struct {
	mu   sync.Mutex
	book *Book           // guarded by mu
	went map[cell]*place // guarded by mu; where quotes went that a decision was about
}

// cell is a market of a venue as its source names it.
type cell struct {
	own           Own
	venue, market string
}

// place is where the quotes of a cell go.
type place struct {
	event              *odds.Event
	market, settlement string
	turned             *Decision // nil: as the source says it
	kept               bool      // it is remembered, though it is as the source says it
}

// Set puts a book into force.
func (d *Door) Set(b *Book) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book = b
}

// Book returns the book in force.
func (d *Door) Book() *Book {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book
}

// Pass returns batches as they are read. passed must be called once they are accepted; if they
// were not, they can be passed again. Nothing is allocated where no decision is about any of them.
func (d *Door) Pass(in []*odds.Batch) (out []*odds.Batch, passed func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.book.Decisions()) == 0 && len(d.went) == 0 {
		return in, nothing
	}
	moved := map[cell]*place{}
	out = in
	for i, b := range in {
		read := d.passLocked(b, moved)
		if read == b {
			continue
		}
		if &out[0] == &in[0] {
			out = append([]*odds.Batch(nil), in...)
		}
		out[i] = read
	}
	if len(moved) == 0 {
		return out, nothing
	}
	return out, func() { d.remember(moved) }
}

func nothing() {}

// passLocked applies the book to a batch, and adds the ends of former places.
func (d *Door) passLocked(in *odds.Batch, moved map[cell]*place) *odds.Batch {
	out := d.book.Apply(in)
	var ends []odds.Update
	for i := range in.Updates {
		u := &in.Updates[i]
		if u.Event == nil {
			continue
		}
		r := d.book.ruleOf(in.Source, u)
		c := cell{Own{in.Source, u.Event.ID}, u.Venue, u.Market}
		was, known := moved[c]
		if !known {
			was, known = d.went[c]
		}
		f := d.book.formerOf(in.Source, u)
		if !known && f != nil {
			x := *u
			f.apply(&x)
			was, known = &place{event: x.Event, market: x.Market, settlement: x.Settlement, turned: f.d}, true
		}
		if r == nil && !known {
			continue
		}
		if was == nil {
			was = &place{event: u.Event, market: u.Market, settlement: u.Settlement}
		}
		now := &place{event: out.Updates[i].Event, market: out.Updates[i].Market, settlement: out.Updates[i].Settlement, kept: f != nil}
		if r != nil {
			now.turned = r.d
		}
		if !was.same(now) {
			ends = append(ends, odds.Update{Event: was.event, Venue: u.Venue, Market: was.market, Status: odds.Unknown, InPlay: u.InPlay, Format: u.Format, Terms: odds.Terms{
				Winners: u.Winners, Complete: u.Complete, Lay: u.Lay, Middle: u.Middle, Settlement: was.settlement,
			}})
		}
		moved[c] = now
	}
	if len(ends) == 0 {
		return out
	}
	if out == in {
		c := *in
		out = &c
	}
	out.Updates = append(ends, out.Updates...)
	return out
}

// same reports whether prices at one place go on at the other.
func (p *place) same(q *place) bool {
	return p.event.ID == q.event.ID && p.market == q.market && p.settlement == q.settlement && (p.turned == nil) == (q.turned == nil) &&
		(p.turned == nil || p.turned.ID == q.turned.ID && p.turned.MadeAt == q.turned.MadeAt)
}

func (d *Door) remember(moved map[cell]*place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.went == nil {
		d.went = map[cell]*place{}
	}
	for c, p := range moved {
		switch {
		case p.turned == nil && !p.kept:
			delete(d.went, c)
		case d.went[c] != nil || len(d.went) < mostCells:
			d.went[c] = p
		}
	}
}
