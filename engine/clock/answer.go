package clock

import (
	"slices"

	"corrgraph/odds"
)

// Answer is one recorded answer to a request that is polled again and again. What an answer
// held and its successor lacks is unknown from then on. An answer says nothing of what other
// requests of the same source are about: other events, regions, bookmakers or markets.
type Answer struct {
	Source *Source
	At     odds.Time
	Over   int // the batch that took its place; 0 none so far

	cells int // what it holds the newest quotes of
	heard int // of these, how many the present batch quotes again
}

// Cell is what requests are told by: one market of one event at one venue.
type Cell struct {
	Answer *Answer // the newest that held it; nil for a stream
	Owned  int     // the batch that made Answer its own
}

// Answer returns the answer that a batch of the polled source is, and its clock: that of the
// answer whose place it takes. cells are what the batch quotes, nth is its number. Both are
// nil if there is no room for another request.
func (s *Source) Answer(b *odds.Batch, cells []*Cell, nth int) (*Answer, *Source) {
	if p := s.newest; p != nil && p.At == b.At {
		return p, p.Source // answers of one instant are one
	}
	of := s.supersede(b, cells, nth)
	if of == nil {
		return nil, nil
	}
	s.newest = &Answer{At: b.At, Source: of}
	if b.At > of.Clock.Last {
		of.Joined = of.Clock.Tick(b.At)
	}
	return s.newest, of
}

// supersede ends the answers whose place a poll takes and returns the clock it continues: a
// new one if it is a request that was not seen before, nil if there is no room for that.
func (s *Source) supersede(b *odds.Batch, cells []*Cell, nth int) (next *Source) {
	touched, most := repeated(b.Source, cells)
	for _, p := range touched {
		if p.Over == 0 && (p.mostly() || !most && p.due(b.At)) {
			p.Over = nth
			if next == nil || p.Source == s {
				next = p.Source
			}
		}
		p.heard = 0
	}
	p := s.newest
	switch alone := len(s.requests) == 0; {
	case next != nil:
		return next
	case p == nil:
		return s
	case alone && len(touched) == 0 && (len(b.Updates) == 0 || s.Clock.Polls > 2 && p.due(b.At)):
		p.Over = nth // the one request, and nothing is left of what it held
		return s
	}
	return s.another(b.At)
}

// repeated returns the answers of which the present batch quotes something again, counted in
// heard, and whether it is known by that whose place it takes: it repeats most of an answer,
// or consists mostly of one whose place another request took by mistake.
func repeated(source string, cells []*Cell) (touched []*Answer, most bool) {
	for _, c := range cells {
		p := c.Answer
		if p == nil || p.Source.Name != source || p.At < p.Source.since {
			continue
		}
		if p.heard == 0 {
			touched = append(touched, p)
		}
		p.heard++
		most = most || p.Over == 0 && p.mostly() || p.Over != 0 && 2*p.heard > len(cells)
	}
	return touched, most
}

// mostly reports whether the present batch quotes most of what the answer held. Then it is
// the same request again. A bookmaker that belongs to two regions is in both of their
// answers, so that less counts only if the answer comes about a step later and is not known
// to be that of another request.
func (p *Answer) mostly() bool { return 2*p.heard > p.cells }

// due reports whether the next answer to the same request may come at a time.
func (p *Answer) due(at odds.Time) bool { return 2*at.Sub(p.At) >= p.Source.pace() }

// Superseded reports whether the answer after the one that a batch is came first: it held
// one of the cells.
func Superseded(b *odds.Batch, cells []*Cell) bool {
	return slices.ContainsFunc(cells, func(c *Cell) bool { return c.Answer != nil && b.At < c.Answer.At })
}

// Foreign reports whether an answer's quote of a cell, in batch nth, is one too many: the
// cell belongs to another request, whose answer is still the newest, or this answer has
// quoted it before. Else the cell is the answer's.
func (a *Answer) Foreign(c *Cell, nth int) bool {
	p := c.Answer
	if p == a {
		return c.Owned != nth
	}
	if p != nil && p.Over == 0 && p.Source != a.Source && p.Source.Name == a.Source.Name {
		return true
	}
	if p != nil {
		p.cells--
	}
	c.Answer, c.Owned = a, nth
	a.cells++
	return false
}
