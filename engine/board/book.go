package board

import (
	"math"
	"slices"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/leadlag"
	"corrgraph/odds"
	"corrgraph/series"
)

// Venue is a bookmaker or an exchange.
type Venue struct {
	Name  string
	Index int // in the order of first sight
}

// Source is one clock: a poll's or a stream's.
type Source struct {
	Name   string
	Polled bool
	Clock  series.Clock

	joined bool // the present poll follows the last one
	stated odds.Millis
}

// Resolution is what the source's stamps can tell apart; 0 where nothing is known yet.
func (s *Source) Resolution() odds.Millis {
	r := s.stated
	switch {
	case s.Polled:
		r = max(r, s.Clock.Step())
	case r == 0:
		r = 20
	}
	return min(r, leadlag.Coarsest)
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

// Book is what one venue shows of one market.
type Book struct {
	Venue   *Venue
	Market  *Market
	Source  *Source // nil before the first quote
	Live    bool
	SeenAt  odds.Time
	Nodes   []*Node // per selection; nil unless independent
	Others  []*Node // per selection: consensus of the other groups
	Awaited int     // open predictions about its nodes; written by who made them

	ids    []odds.NodeID // per selection; empty until asked for
	names  []string      // per selection, as the venue's source spells it
	price  []float64     // per selection; 0 unknown
	offer  []float64     // per selection: the price while it can be taken; NaN else
	line   []float64
	gone   []odds.Status
	value  []float64 // NaN unknown
	basis  uint64    // what value was computed from; values of different bases can't be compared
	prev   []float64 // before the present batch
	status odds.Status
	stale  bool
	poll   int       // Source.Clock.Polls when last seen
	stamp  odds.Time // the venue's own
	joined bool      // prev and value have nothing broken between them
	touch  odds.Time
	looks  int

	rest, restMoved []float64 // per selection: what the other groups show, and how far that moved in the present batch
	restGroups      int
	history         []detect.NodeHistory
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

// Current reports whether the book's values are prices now.
func (b *Book) Current() bool {
	return b.status == odds.Open && !b.stale && (!b.Source.Polled || b.poll == b.Source.Clock.Polls)
}

// Changed reports whether the book was quoted at a time and selection k's value is not
// what it was before the present batch.
func (b *Book) Changed(k int, at odds.Time) bool { return b.touch == at && b.value[k] != b.prev[k] }

// same reports whether the update repeats every price and line of the board. A
// poll or an image that lacks an outcome doesn't: it is unknown since then.
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

// stated counts the outcomes that the board holds a price or a state of.
func (b *Book) stated() (n int) {
	for _, g := range b.gone {
		if g != odds.Unknown {
			n++
		}
	}
	return n
}

func (d *Board) read(b *Book, u *odds.Update, src *Source, match catalog.Match) {
	m := b.Market
	if len(m.Selections) == 0 {
		m.open(u, match)
	}
	if u.Image || src.Polled {
		for k := range b.gone {
			b.gone[k] = odds.Unknown
		}
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		k := m.selection(q.Selection, match.Side(q.Side))
		b.names[k] = q.Selection
		if b.price[k] != q.Price || b.gone[k] != q.Status || b.line[k] != q.Line && !(math.IsNaN(b.line[k]) && math.IsNaN(q.Line)) {
			d.Counts.Ticks++
		}
		b.price[k], b.line[k], b.gone[k] = q.Price, q.Line, q.Status
	}
}

// pause says that the board shows no price now.
func (b *Book) pause() {
	for k := range b.value {
		b.value[k], b.prev[k], b.offer[k] = math.NaN(), math.NaN(), math.NaN()
		if n := b.Nodes[k]; n != nil {
			n.Break()
		}
	}
	b.joined = false
}
