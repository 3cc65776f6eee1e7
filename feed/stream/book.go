package stream

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsondoc"
	"corrgraph/odds"
)

// event is an event of the source and the books that it has.
type event struct {
	*odds.Event
	books   []*book
	heard   odds.Time
	renamed bool // its sides have become known, or others
}

// place is which market a book is of.
type place struct {
	event       *event
	venue, name string
	settlement  string
	lay, middle bool
	format      odds.PriceFormat
}

// selected is which outcome of a market.
type selected struct {
	subject, name string
	line          float64 // +Inf none
}

// entry is what is known of an outcome.
type entry struct {
	book  *book
	key   string
	at    selected
	quote odds.Quote
}

// book is what is known of one bookmaker's market.
type book struct {
	place
	id     string
	state  frames.State
	kept   bool // it is as the lost connection left it, and the source can go on from there
	gone   bool
	status odds.Status
	inPlay bool
	terms  odds.Terms

	entries []*entry
	index   map[selected]*entry
	last    odds.Time // what was told of it last is of this time
	gen     int       // of the image of everything that it was in
	frame   int       // the last one that was an image of it
	waiting odds.Time // since when a line is locked and another is open; 0 none is

	// Of the present frame:
	touched, image bool
	changed        []*entry
	stamp          odds.Time // newest of its rows
	at             odds.Time // event time, if it is not stamp
}

// mainLine is the line as the other side's outcome has it too.
func (e *entry) mainLine() float64 {
	if e.quote.Side == odds.Away {
		return 0 - e.at.line
	}
	return e.at.line + 0
}

func (e *entry) open() bool { return e.quote.Status == odds.Open }

// rival reports whether an outcome is of the same market on another line.
func (e *entry) rival(o *entry) bool {
	switch {
	case o.at.subject != e.at.subject:
		return false
	case o.at.name != e.at.name && (o.quote.Side == odds.OtherSide || e.quote.Side == odds.OtherSide):
		return math.Abs(o.at.line) != math.Abs(e.at.line) // of two sides that are not known apart
	}
	return o.mainLine() != e.mainLine()
}

// take does what a row of prices says.
func (d *Decoder) take(m *message, r *row) {
	r.stamp = min(r.stamp, d.f.Recv)
	d.clock = max(d.clock, r.stamp)
	e := d.byKey[r.key]
	if r.facts.ID == "" && e == nil {
		if m.kind == Remove {
			d.unknown("remove of what is not known")
			return
		}
		d.fail(errNoEvent)
		return
	}
	if m.kind == Remove {
		d.removed(r, e)
		return
	}
	var ev *event
	if r.facts.ID != "" {
		if ev = d.event(&r.facts); ev.renamed {
			d.rename(ev)
		}
	} else {
		ev = e.book.event
		r.venue, r.market, r.terms, r.format = e.book.venue, e.book.name, e.book.terms, e.book.format
		r.selection, r.subject, r.side, r.line = e.quote.Selection, e.quote.Subject, e.quote.Side, e.quote.Line
	}
	ev.heard = d.f.Recv
	if m.kind == Event {
		for _, b := range ev.books {
			d.state(b, r)
		}
		return
	}
	if r.venue == "" || r.market == "" {
		d.unknown("row without a bookmaker or market")
		return
	}
	r.outcome(ev.Event)
	if b := d.book(ev, r, m); b != nil {
		d.row(b, r)
	}
}

// rename finds out anew which outcomes of an event are those of its sides.
func (d *Decoder) rename(ev *event) {
	ev.renamed = false
	for _, b := range ev.books {
		for _, e := range b.entries {
			side := odds.OtherSide
			switch e.quote.Selection {
			case ev.Home:
				side = odds.Home
			case ev.Away:
				side = odds.Away
			}
			if side != odds.OtherSide && side != e.quote.Side {
				e.quote.Side = side
				delete(b.index, e.at)
				e.at.name = side.String()
				b.index[e.at] = e
				d.touch(b)
				b.image, b.at = true, d.f.Recv
			}
		}
	}
}

// book returns the book of a row, ready to take it; nil if it may not.
func (d *Decoder) book(ev *event, r *row, m *message) *book {
	at := place{ev, strings.ToLower(r.venue), r.market, r.terms.Settlement, r.terms.Lay, r.terms.Middle, r.format}
	b := d.markets[at]
	if m.kind == Snapshot {
		if b == nil {
			b = d.newBook(at)
		}
		d.imaged(b, m)
	} else if b = d.change(b, at); b == nil {
		return nil
	}
	d.touch(b)
	if r.stamp > b.stamp {
		b.stamp = r.stamp
	}
	if f := r.fields[stamp]; m.kind == Snapshot && (f == nil || f.path.Of != jsondoc.OfRoot) {
		b.at = d.f.Recv // its rows' stamps say when they changed, not that they are so still
	}
	b.terms = r.terms.Or(b.terms)
	b.terms.Middle = r.terms.Middle
	return b
}

// imaged empties a book once for each image.
func (d *Decoder) imaged(b *book, m *message) {
	if b.image = true; m.covers == "all" && b.gen == d.gen || b.frame == d.frame {
		return
	}
	d.clear(b)
	b.gen, b.frame = d.gen, d.frame
	d.alive(b)
}

// alive says that a book is that of the source again.
func (d *Decoder) alive(b *book) {
	b.kept = false
	if b.state != frames.Live {
		b.state, b.image = frames.Live, true
		d.told.Changes = append(d.told.Changes, frames.Change{Market: b.id, State: frames.Live})
	}
}

// change returns a book that a delta may change; nil if it means nothing without an image.
func (d *Decoder) change(b *book, at place) *book {
	fresh := !d.p.images || d.whole // what no image has is all that is known of it
	switch {
	case b == nil && !fresh:
		d.unknown("change of a market before its image")
		return nil
	case b == nil:
		b = d.newBook(at)
		b.gen = d.gen
		d.alive(b)
	case b.state == frames.Live:
	case d.resumed && b.kept, !d.p.images:
		d.alive(b)
	default:
		d.unknown("change of a market before its image")
		d.hear(b)
		return nil
	}
	return b
}

// touch notes that a frame was about a book.
func (d *Decoder) touch(b *book) {
	if !b.touched {
		b.touched = true
		d.touched = append(d.touched, b)
		d.hear(b)
	}
}

func (d *Decoder) hear(b *book) { d.told.Heard = append(d.told.Heard, b.id) }

// row applies a row to its book.
func (d *Decoder) row(b *book, r *row) {
	if r.playing && r.inPlay != b.inPlay {
		b.inPlay, b.image = r.inPlay, true
	}
	if r.selection != "" {
		d.set(b, r)
		return
	}
	if r.fields[status] == nil {
		d.unknown("row without a selection")
		return
	}
	if math.IsNaN(r.line) {
		d.state(b, r)
		return
	}
	for _, e := range b.entries {
		if e.quote.Line == r.line && (r.status != odds.Open || !e.open()) {
			own := *r
			own.selection, own.subject, own.side = e.quote.Selection, e.quote.Subject, e.quote.Side
			d.set(b, &own)
		}
	}
}

// state applies the state of a whole market.
func (d *Decoder) state(b *book, r *row) {
	if r.playing && r.inPlay != b.inPlay {
		b.inPlay = r.inPlay
		d.touch(b)
		b.image = true
	}
	if r.fields[status] == nil || len(d.value(r, r.fields[status])) == 0 || r.status == b.status {
		return
	}
	d.touch(b)
	b.status, b.image = r.status, true
	b.stamp = max(b.stamp, r.stamp)
}

// set applies a row to its outcome.
func (d *Decoder) set(b *book, r *row) {
	at := selected{r.subject, r.selection, r.line}
	if r.side != odds.OtherSide { // its name may become known later
		at.name = r.side.String()
	}
	if math.IsNaN(at.line) {
		at.line = math.Inf(1)
	}
	e := b.index[at]
	fresh := e == nil
	if fresh {
		if e = d.newEntry(b, at); e == nil {
			return
		}
		e.quote = odds.Quote{Status: odds.Unpriced}
	}
	if r.key != "" && e.key != r.key {
		delete(d.byKey, e.key)
		e.key = r.key
		d.byKey[r.key] = e
	}
	was := e.quote
	q := odds.Quote{Subject: r.subject, Selection: r.selection, Side: r.side, Line: r.line, Main: was.Main, Status: r.status, Price: r.price, Size: r.size}
	if r.status == odds.Open && !r.priced {
		q.Status, q.Price, q.Size = odds.Unpriced, 0, 0
	}
	if r.marked {
		q.Main = r.main
	}
	e.quote = q
	if !fresh && q.Status == was.Status && q.Price == was.Price && q.Size == was.Size && q.Main == was.Main && q.Side == was.Side {
		return
	}
	b.changed = append(b.changed, e)
	d.lines(b, e, was)
}

// lines finds out whether a change moves a line: then the market is told whole, so that the
// line that it left does not stay suspended.
func (d *Decoder) lines(b *book, e *entry, was odds.Quote) {
	if math.IsNaN(e.quote.Line) {
		return
	}
	switch q := e.quote; {
	case q.Status == odds.Open && (was.Status != odds.Open || q.Main && !was.Main):
		for _, o := range b.entries {
			if !e.rival(o) {
				continue
			}
			b.image = true
			if q.Main {
				o.quote.Main = false
			}
		}
	case q.Status != odds.Open && was.Status == odds.Open && b.waiting == 0 && len(d.moving) < d.limits.Markets:
		if slices.ContainsFunc(b.entries, func(o *entry) bool { return o.open() && e.rival(o) }) {
			b.waiting = d.f.Recv
			d.moving = append(d.moving, b)
		}
	}
}

// moveWithin is how long a locked line may wait for the line that takes its place while others
// are open.
const moveWithin = odds.Millis(60_000)

// settle ends the wait for lines that are locked for too long: they are gone.
func (d *Decoder) settle() {
	for len(d.moving) > 0 && d.f.Recv.Sub(d.moving[0].waiting) >= moveWithin {
		b := d.moving[0]
		d.moving = d.moving[1:]
		b.waiting = 0
		if b.gone || b.state != frames.Live {
			continue
		}
		for _, e := range b.entries {
			if !e.open() && slices.ContainsFunc(b.entries, func(o *entry) bool { return o.open() && e.rival(o) }) {
				e.quote.Main = false
				d.touch(b)
				b.image, b.at = true, d.f.Recv
			}
		}
	}
}

// removed does what a row of things that are not offered any more says.
func (d *Decoder) removed(r *row, e *entry) {
	if e != nil {
		e.book.stamp = max(e.book.stamp, r.stamp)
		d.drop(e)
		return
	}
	ev := d.events[r.facts.ID]
	if ev == nil {
		d.unknown("remove of what is not known")
		return
	}
	r.outcome(ev.Event)
	found := false
	for _, b := range slices.Clone(ev.books) {
		if r.venue != "" && b.venue != strings.ToLower(r.venue) || r.market != "" && b.name != r.market {
			continue
		}
		if r.selection == "" && math.IsNaN(r.line) {
			found = true
			d.leave(b, odds.Removed)
			continue
		}
		for _, e := range slices.Clone(b.entries) {
			q := &e.quote
			if (r.selection == "" || q.Selection == r.selection && q.Subject == r.subject) && (math.IsNaN(r.line) || q.Line == r.line) {
				found = true
				b.stamp = max(b.stamp, r.stamp)
				d.drop(e)
			}
		}
	}
	if !found {
		d.unknown("remove of what is not known")
	}
}

// drop removes an outcome and says so.
func (d *Decoder) drop(e *entry) {
	b := e.book
	e.quote.Status, e.quote.Price, e.quote.Size, e.quote.Main = odds.Removed, 0, 0, false
	d.touch(b)
	b.changed = append(b.changed, e)
	d.forgetEntry(e)
	b.entries = slices.DeleteFunc(b.entries, func(x *entry) bool { return x == e })
}

// leave says that a market is not offered any more and forgets it.
func (d *Decoder) leave(b *book, why odds.Status) {
	if b.state == frames.Live {
		d.tell(d.f.Recv, odds.Update{Event: b.event.Event, Venue: b.venue, Market: b.name, Format: b.format, Status: why, InPlay: b.inPlay, Terms: b.terms})
	}
	d.told.Changes = append(d.told.Changes, frames.Change{Market: b.id, State: frames.Idle})
	d.forget(b)
	b.event.books = slices.DeleteFunc(b.event.books, func(x *book) bool { return x == b })
}

// sweep ends the markets that the image of everything did not have.
func (d *Decoder) sweep() {
	for _, b := range d.books() {
		if b.gen != d.gen {
			d.leave(b, odds.Unknown)
		}
	}
}

// sweepEvents ends the markets of events of which an image did not have them.
func (d *Decoder) sweepEvents() {
	done := map[*event]bool{}
	for _, t := range d.touched {
		if done[t.event] {
			continue
		}
		done[t.event] = true
		for _, b := range slices.Clone(t.event.books) {
			if !b.touched {
				d.leave(b, odds.Unknown)
			}
		}
	}
}

// books lists the books by id.
func (d *Decoder) books() []*book {
	out := make([]*book, 0, len(d.byID))
	for _, b := range d.byID {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *book) int { return cmp.Compare(a.id, b.id) })
	return out
}

// lose ends the prices of all books.
func (d *Decoder) lose(state frames.State, why string, at odds.Time) {
	for _, b := range d.books() {
		d.end(b, state, why, at)
	}
}

// end ends the prices of a book, and says so once.
func (d *Decoder) end(b *book, state frames.State, why string, at odds.Time) {
	kept := state == frames.Gap && d.f.Kind == frames.Note && d.m.Resume != nil
	if b.state == frames.Live {
		b.kept = kept
		d.tell(at, odds.Update{Event: b.event.Event, Venue: b.venue, Market: b.name, Format: b.format, Status: odds.Unknown, InPlay: b.inPlay, Terms: b.terms})
		b.last = max(b.last, at)
	}
	if b.kept = b.kept && kept; !b.kept {
		d.clear(b)
	}
	b.image, b.changed, b.at = false, b.changed[:0], 0
	if b.state != state {
		b.state = state
		d.told.Changes = append(d.told.Changes, frames.Change{Market: b.id, State: state, Why: why})
	}
}

// catchUp makes what a lost connection left live again, once the source has sent what was
// missed.
func (d *Decoder) catchUp(m *message) {
	if !d.resumed || d.caught || m == nil || m.kind != Heartbeat && d.clock < d.begun {
		return
	}
	d.caught = true
	for _, b := range d.books() {
		if b.kept && b.state != frames.Live {
			d.alive(b)
			d.touch(b)
			b.at = d.f.Recv
		}
	}
}
