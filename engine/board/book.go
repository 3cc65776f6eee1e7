package board

import (
	"math"
	"slices"

	"corrgraph/detect"
	"corrgraph/odds"
	"corrgraph/series"
)

// Resolution is the smallest time difference the source's stamps can distinguish; 0 if
// unknown.
func (s *Source) Resolution() odds.Millis {
	r := s.stated
	switch {
	case s.Polled:
		r = max(r, s.Clock.Step())
	case r == 0:
		r = 20
	}
	return min(r, series.Coarsest)
}

func (d *Board) source(b *odds.Batch) *Source {
	s := d.sources[b.Source]
	if s == nil {
		s = &Source{Name: b.Source, Polled: b.Polled}
		d.sources[b.Source] = s
	}
	if b.Resolution > s.stated {
		s.stated = b.Resolution
	}
	if b.Polled && b.At > s.Clock.Last {
		s.joined = s.Clock.Tick(b.At)
	}
	return s
}

func (d *Board) venue(name string) *Venue {
	v := d.venues[name]
	if v == nil {
		v = &Venue{Name: name, Index: len(d.venues)}
		d.venues[name] = v
	}
	return v
}

func (b *Book) grow(n int) {
	for len(b.price) < n {
		b.names = append(b.names, "")
		b.ids = append(b.ids, "")
		b.price = append(b.price, 0)
		b.offer = append(b.offer, math.NaN())
		b.line = append(b.line, math.NaN())
		b.gone = append(b.gone, odds.Unknown)
		b.value = append(b.value, math.NaN())
		b.prev = append(b.prev, math.NaN())
		b.Nodes = append(b.Nodes, nil)
		b.Others = append(b.Others, nil)
		b.rest = append(b.rest, math.NaN())
		b.restMoved = append(b.restMoved, math.NaN())
		b.history = append(b.history, detect.NodeHistory{})
	}
}

// Current reports whether the book's values can be used as prices now.
func (b *Book) Current() bool {
	return b.status == odds.Open && !b.stale && (!b.Source.Polled || b.poll == b.Source.Clock.Polls)
}

// Changed reports whether the book was quoted at the given time and selection k's value
// changed in the present batch.
func (b *Book) Changed(k int, at odds.Time) bool { return b.touch == at && b.value[k] != b.prev[k] }

// same reports whether the update repeats every price and line of the book. A poll or image
// that lacks an outcome does not: that outcome is now unknown.
func (b *Book) same(u *odds.Update) bool {
	if len(u.Quotes) == 0 || len(u.Quotes) > len(b.names) {
		return false
	}
	if (b.Source.Polled || u.Image) && len(u.Quotes) != b.stated() {
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
		if b.price[k] != q.Price || b.gone[k] != q.Status || b.line[k] != q.Line && !(math.IsNaN(b.line[k]) && math.IsNaN(q.Line)) {
			return false
		}
	}
	return true
}

// stated counts the outcomes for which the book holds a price or a state.
func (b *Book) stated() (n int) {
	for _, g := range b.gone {
		if g != odds.Unknown {
			n++
		}
	}
	return n
}

// pause marks the book as showing no price now.
func (b *Book) pause() {
	for k := range b.value {
		b.value[k], b.prev[k], b.offer[k] = math.NaN(), math.NaN(), math.NaN()
		if n := b.Nodes[k]; n != nil {
			n.Break()
		}
	}
	b.joined = false
}
