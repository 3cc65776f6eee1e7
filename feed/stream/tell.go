package stream

import (
	"cmp"
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// tell adds an update to the batch of a time.
func (d *Decoder) tell(at odds.Time, u odds.Update) {
	for _, b := range d.told.Batches {
		if b.At == at {
			b.Updates = append(b.Updates, u)
			return
		}
	}
	d.told.Batches = append(d.told.Batches, &odds.Batch{Source: d.m.Source, At: at, Recv: d.f.Recv, Updates: []odds.Update{u}})
}

// flush tells what has changed of the books that the frame was about.
func (d *Decoder) flush() {
	for _, b := range d.touched {
		if !b.gone && b.state == frames.Live && (b.image || len(b.changed) > 0) {
			at := cmp.Or(b.at, b.stamp, d.f.Recv)
			b.last = max(b.last, min(at, d.f.Recv))
			d.tell(b.last, b.update())
		}
		clear(b.changed)
		b.touched, b.image, b.changed, b.stamp, b.at = false, false, b.changed[:0], 0, 0
	}
	clear(d.touched)
	d.touched = d.touched[:0]
	if len(d.told.Batches) > 1 {
		slices.SortStableFunc(d.told.Batches, func(a, b *odds.Batch) int { return cmp.Compare(a.At, b.At) })
	}
}

// update is what is told of a book.
func (b *book) update() odds.Update {
	u := odds.Update{
		Event: b.event.Event, Venue: b.venue, Market: b.name, Format: b.format, Status: b.status, InPlay: b.inPlay, Image: b.image, Updated: b.stamp, Terms: b.terms,
	}
	switch {
	case b.status != odds.Open:
		u.Image = false
	case b.image:
		u.Quotes = b.quotes()
	default:
		u.Quotes = make([]odds.Quote, 0, len(b.changed))
		for i, e := range b.changed {
			if !slices.Contains(b.changed[i+1:], e) { // as it is at the end of the frame
				u.Quotes = append(u.Quotes, e.quote)
			}
		}
	}
	return u
}

// quotes lists the outcomes of a book. A line that is locked while another is open has moved
// there, unless it is the main one still.
func (b *book) quotes() []odds.Quote {
	qs := make([]odds.Quote, 0, len(b.entries))
	open := map[string][2]*entry{} // by subject: two open outcomes on different lines, if there are
	for _, e := range b.entries {
		if e.open() {
			o := open[e.at.subject]
			switch {
			case o[0] == nil:
				o[0] = e
			case o[1] == nil && e.rival(o[0]):
				o[1] = e
			default:
				continue
			}
			open[e.at.subject] = o
		}
	}
	for _, e := range b.entries {
		o := open[e.at.subject]
		moved := o[0] != nil && e.rival(o[0]) || o[1] != nil && e.rival(o[1])
		if e.quote.Status == odds.Suspended && moved && !e.quote.Main {
			continue
		}
		qs = append(qs, e.quote)
	}
	return qs
}
