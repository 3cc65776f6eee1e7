package board

import (
	"slices"

	"corrgraph/engine/clock"
	"corrgraph/odds"
)

// cell is one market of one event at one venue, as its source names it: all players, lines
// and rules of settlement together.
type cell struct {
	clock.Cell
	batch int // the newest batch that held it
	books []*Book
	by    map[*Market]*Book // books, once there are many
	plan  []planned
}

type cellKey struct{ venue, market string }

// cell finds or adds a cell; nil if an event has most already.
func (ev *Event) cell(venue, market string, most int) *cell {
	k := cellKey{venue, market}
	c := ev.cells[k]
	if c == nil {
		if len(ev.cells) >= most {
			return nil
		}
		if ev.cells == nil {
			ev.cells = map[cellKey]*cell{}
		}
		c = &cell{}
		ev.cells[k] = c
	}
	return c
}

// look is the batch being applied and its clock.
type look struct {
	src    *Source
	batch  *odds.Batch
	answer *clock.Answer // nil for a stream
}

// placed is where an update belongs.
type placed struct {
	cell  *cell
	known known
}

// begin finds the cells of a batch and, for a poll, the answer that it is: its clock is that
// of the answer whose place it takes. Updates for whose event there is no room are left out;
// ok is false if there is none for the source, or for another request of it.
func (d *Board) begin(b *odds.Batch) (x look, ok bool) {
	x = look{src: d.sources.Of(b, d.opt.Limits.Sources), batch: b}
	if x.src == nil {
		for i := range b.Updates {
			d.leave(&b.Updates[i], beyondSources)
		}
		return x, false
	}
	twice, from := false, b
	d.cells, d.Quoted = d.cells[:0], d.Quoted[:0]
	for i := range from.Updates {
		u := &from.Updates[i]
		at, refused := d.locate(u, b)
		if refused != "" {
			d.leave(u, refused)
			if b == from {
				own := *b
				b, own.Updates = &own, append([]odds.Update(nil), from.Updates[:i]...)
			}
			continue
		}
		if b != from {
			b.Updates = append(b.Updates, *u)
		}
		if u.InPlay && at.known.ev.Bets > 0 {
			d.observer.Starting(at.known.ev, b.At)
		}
		twice = twice || at.cell.batch == d.Counts.Batches
		at.cell.batch = d.Counts.Batches
		d.cells, d.Quoted = append(d.cells, at), append(d.Quoted, at.known.ev)
	}
	x.batch = b
	if !b.Polled {
		return x, true
	}
	if twice {
		x.batch = d.once(b)
	}
	d.asked = d.asked[:0]
	for i := range d.cells {
		d.asked = append(d.asked, &d.cells[i].cell.Cell)
	}
	if clock.Superseded(b, d.asked) {
		d.Counts.Older += b.Quotes()
		return x, false
	}
	if x.answer, x.src = x.src.Answer(b, d.asked, d.Counts.Batches); x.src == nil {
		for i := range x.batch.Updates {
			d.leave(&x.batch.Updates[i], beyondSources)
		}
		return x, false
	}
	return x, true
}

// locate finds where an update belongs, or why there is no room for it.
func (d *Board) locate(u *odds.Update, b *odds.Batch) (at placed, refused string) {
	kn, refused := d.resolve(u.Event, b)
	if refused != "" {
		return at, refused
	}
	most := d.opt.Limits.Prices
	if d.hold {
		most = 0
	}
	c := kn.ev.cell(u.Venue, u.Market, most)
	switch {
	case c != nil:
		return placed{c, kn}, ""
	case d.hold:
		return at, beyondMemory
	default:
		return at, beyondPrices
	}
}

// leave counts an update that is not applied.
func (d *Board) leave(u *odds.Update, reason string) {
	d.Counts.Quotes += u.Prices()
	d.refuse(reason, len(u.Quotes))
}

// once joins the updates of a poll that are of one market of a venue: a bookmaker may be
// listed twice.
func (d *Board) once(b *odds.Batch) *odds.Batch {
	type key struct {
		c          *cell
		settlement string
		lay, live  bool
		format     odds.PriceFormat
	}
	own, cells, at := *b, []placed(nil), map[key]int{}
	own.Updates = nil
	for i := range b.Updates {
		u := b.Updates[i]
		k := key{d.cells[i].cell, u.Settlement, u.Lay, u.InPlay, u.Format}
		if j, ok := at[k]; ok {
			v := &own.Updates[j]
			v.Quotes = append(slices.Clip(v.Quotes), u.Quotes...)
			v.Updated, v.Terms = max(v.Updated, u.Updated), v.Terms.Or(u.Terms)
			continue
		}
		at[k] = len(own.Updates)
		own.Updates, cells = append(own.Updates, u), append(cells, d.cells[i])
	}
	d.cells = cells
	return &own
}
