package board

import (
	"slices"

	"corrgraph/engine/clock"
	"corrgraph/engine/copies"
	"corrgraph/odds"
)

// trackOf finds or adds what is known of a source's times of a venue; nil if there is no
// room for it.
func (d *Board) trackOf(src *Source, v *Venue) *clock.Track {
	if src == nil || v == nil {
		return nil
	}
	return d.tracks.Of(src.Name, v.Name, d.opt.Limits.Sources+d.opt.Limits.VenueNames)
}

// Resolution is the smallest time difference that the book's event times can distinguish; 0
// if unknown. Regular times are those of a poll, whatever the source says.
func (b *Book) Resolution() odds.Millis {
	if b.Source.Polled {
		return b.Source.Resolution()
	}
	return min(max(b.Source.Resolution(), b.track.Step()), odds.Coarsest)
}

// read reports whether the book's event times tell when the venue was read, and not when it
// moved.
func (b *Book) read() bool {
	return b.Source != nil && (b.Source.Polled || b.track.Step() > 0)
}

// books are those that the node is made of.
func (n *Node) books() []*Book {
	if n.Book != nil {
		return []*Book{n.Book}
	}
	return n.Market.Books
}

// Resolution is that of the node's clock; a consensus has the coarsest of its venues'.
func (n *Node) Resolution() (r odds.Millis) {
	for _, b := range n.books() {
		if b.Source != nil {
			r = max(r, b.Resolution())
		}
	}
	return r
}

// Read reports whether moves of the node are seen when a venue is read, up to a step after it
// moved.
func (n *Node) Read() bool { return slices.ContainsFunc(n.books(), (*Book).read) }

// SameClock reports whether both nodes are read in the same answers of a poll. A consensus is
// read when all its venues are.
func (n *Node) SameClock(o *Node) bool {
	one := n.clock(nil)
	return one != nil && one.read() && o.clock(one) == one
}

// clock is a book of the one clock of a node, and of another one read with it; nil if there
// are several. Regular times at another phase are another clock.
func (n *Node) clock(with *Book) *Book {
	for _, b := range n.books() {
		if b.Source == nil || n.Without != nil && b == n.Without {
			continue
		}
		if with == nil {
			with = b
		}
		if b.Source != with.Source || !b.Source.Polled && b.track != with.track && !b.track.Together(with.track) {
			return nil
		}
	}
	return with
}

// Clock is what is found of the times that a source states of a venue, and of the venue.
type Clock struct {
	Source, Venue string
	clock.Skew
	Grid   odds.Millis // the step of its regular event times; 0 if they are not, or it says that it is polled
	CopyOf string      // the venue whose old prices it republishes; empty: it has its own
}

// Clocks lists the sources' venues of which something is to be told, by name.
func (d *Board) Clocks() (out []Clock) {
	d.tracks.Each(func(source, venue string, t *clock.Track) {
		s := d.sources[source]
		c := Clock{Source: source, Venue: venue, Skew: t.Skewed(max(t.Step(), s.Resolution()))}
		if !s.Polled {
			c.Grid = t.Step()
		}
		if v := d.venues[venue]; v != nil && v.CopyOf != nil {
			c.CopyOf = v.CopyOf.Name
		}
		if c != (Clock{Source: source, Venue: venue}) {
			out = append(out, c)
		}
	})
	return out
}

// Step is the smallest time difference that all of the source's event times can distinguish;
// 0 if unknown.
func (d *Board) Step(s *Source) odds.Millis {
	if s.Polled {
		return s.Resolution()
	}
	return min(max(s.Resolution(), d.tracks.Step(s.Name)), odds.Coarsest)
}

// mostCompared is how many venues of a market, the first ones, others are compared with.
const mostCompared = 100

// compare counts which venues show, since the present batch, what others have shown before.
func (d *Board) compare(m *Market, at odds.Time) {
	d.newly = d.newly[:0]
	for _, b := range m.Books {
		if b.looked == d.Counts.Batches || b.touch == d.Now {
			if had := b.past.Any(); b.past.Show(at, copies.What(b.offer, b.line)) && had {
				d.newly = append(d.newly, b)
			}
		}
	}
	if len(m.Books) < 2 {
		return
	}
	for _, b := range d.newly {
		d.copies.Change(b.Venue.Index)
		for _, o := range m.Books[:min(len(m.Books), mostCompared)] {
			if o.Venue != b.Venue {
				d.copies.Compare(b.Venue.Index, o.Venue.Index, &o.past, at, copies.What(b.offer, b.line))
			}
		}
		d.copied(b.Venue)
	}
}

// copied notes whom a venue copies.
func (d *Board) copied(v *Venue) {
	of, ok := d.copies.Of(v.Index)
	switch {
	case !ok:
		v.CopyOf = nil
	case v.CopyOf == nil || v.CopyOf.Index != of:
		for _, o := range d.venues {
			if o.Index == of {
				v.CopyOf = o
			}
		}
	}
}
