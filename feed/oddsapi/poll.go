package oddsapi

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"corrgraph/odds"
)

// take converts the decoded poll to batches and emits them.
func (p *parser) take() error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	poll, line := &p.dec.poll, p.line
	if !poll.hasData {
		p.reject(0, "no_data", "neither a response of The Odds API nor a wrapper around one")
		return nil
	}
	if poll.badStamp != "" {
		p.reject(0, "bad_time", "timestamp: "+poll.badStamp)
		return nil
	}
	at := poll.stamp
	if !poll.stamped {
		// A bare response does not contain the time of the request. The file's name might,
		// but a guessed clock would be worse than a slightly early one.
		at = p.inOrder(poll.newest())
	}
	if len(poll.events) == 0 {
		return p.empty(at)
	}
	if at == 0 {
		p.reject(0, "no_time", "no timestamp and no last_update")
		return nil
	}
	p.american = poll.isAmerican(p.american)
	// If several sports were requested, events of one sport need not be adjacent.
	slices.SortStableFunc(poll.events, func(a, b event) int { return strings.Compare(a.sport, b.sport) })
	for from := 0; from < len(poll.events); {
		to := from + 1
		for to < len(poll.events) && poll.events[to].sport == poll.events[from].sport {
			to++
		}
		b := p.batch(at, poll.events[from:to])
		p.rep.Read(line, b.Quotes())
		if err := p.emit(b); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// empty emits a poll without events: its sport is known if the recording holds only one.
func (p *parser) empty(at odds.Time) error {
	if len(p.sports) != 1 || at == 0 {
		return nil
	}
	p.rep.Read(p.line, 0)
	return p.emit(&odds.Batch{Source: p.sports[0], At: at, Recv: at, Polled: true})
}

// farBack is a step back that is no bookmaker missing: one of the two stamps is wrong, or
// another recording begins.
const farBack = 24 * 3_600_000

// nextAnswer is how much later an answer is that can't be dated: a minute, well beyond the half
// minute within which answers pass for parts of one poll.
const nextAnswer = 60_000

// inOrder keeps bare responses in the order of the recording. The newest last_update goes
// back when the bookmaker that had it is missing from the next response; that response is
// later all the same.
func (p *parser) inOrder(newest odds.Time) odds.Time {
	switch back := p.clock.Sub(newest); {
	case newest == 0:
		return 0
	case back > 0 && back < farBack:
		p.clock = p.clock.Add(nextAnswer)
	default:
		p.clock = newest
	}
	return p.clock
}

func (q *poll) newest() (t odds.Time) {
	for i := range q.books {
		t = max(t, q.books[i].updated)
	}
	for i := range q.markets {
		t = max(t, q.markets[i].updated)
	}
	return t
}

// isAmerican detects the price format of a poll. American odds are never inside (-100,
// 100), decimal ones are rarely outside. The majority decides, so that one bad price is one
// reject. Without evidence the format stays as before.
func (q *poll) isAmerican(before bool) bool {
	votes := 0
	for i := range q.outcomes {
		switch v := q.outcomes[i].price; {
		case v <= -100:
			votes++
		case v > 1 && v < 100:
			votes--
		}
	}
	if votes == 0 {
		return before
	}
	return votes > 0
}

// batch builds the updates of one sport. All updates share one allocation, and so do all
// quotes.
func (p *parser) batch(at odds.Time, events []event) *odds.Batch {
	poll := &p.dec.poll
	source := events[0].sport
	if !slices.Contains(p.sports, source) {
		p.sports = append(p.sports, source)
	}
	markets, outcomes := poll.size(events)
	updates := make([]odds.Update, 0, markets)
	quotes := make([]odds.Quote, 0, outcomes)
	for i := range events {
		e := &events[i]
		if e.id == "" {
			p.reject(e.pos, "no_event_id", "an event without id: "+e.away+" @ "+e.home)
			continue
		}
		ev := p.event(e)
		inPlay := ev.Start != 0 && at >= ev.Start
		for _, b := range poll.books[e.books.from:e.books.to] {
			for j := b.markets.from; j < b.markets.to; j++ {
				m := &poll.markets[j]
				if b.key == "" || m.key == "" {
					p.reject(m.pos, "no_key", "a bookmaker or market without key in event "+e.id)
					continue
				}
				from := len(quotes)
				if quotes = p.quotes(quotes, m, ev); len(quotes) == from {
					continue
				}
				updated := m.updated
				if updated == 0 {
					updated = b.updated
				}
				updates = append(updates, odds.Update{
					Event: ev, Venue: b.key, Market: m.key, InPlay: inPlay, Updated: updated,
					Quotes: quotes[from:len(quotes):len(quotes)],
				})
			}
		}
	}
	return &odds.Batch{Source: source, At: at, Recv: at, Polled: true, Updates: updates}
}

func (q *poll) size(events []event) (markets, outcomes int) {
	for i := range events {
		for _, b := range q.books[events[i].books.from:events[i].books.to] {
			markets += b.markets.to - b.markets.from
			for _, m := range q.markets[b.markets.from:b.markets.to] {
				outcomes += m.outcomes.to - m.outcomes.from
			}
		}
	}
	return markets, outcomes
}

// event returns the one Event of an id; a changed fact makes a new one.
func (p *parser) event(e *event) *odds.Event {
	sport, league, _ := strings.Cut(e.sport, "_")
	fresh := odds.Event{ID: e.id, Sport: sport, League: league, Start: e.start, Home: e.home, Away: e.away}
	if e.home == "" || e.away == "" {
		fresh.Title = e.title
	}
	old := p.known[e.id]
	if old != nil && old.Start == fresh.Start && old.Home == fresh.Home && old.Away == fresh.Away &&
		old.Sport == sport && old.League == league && old.Title == fresh.Title {
		return old
	}
	p.known[e.id] = &fresh
	return &fresh
}

// nameless is the selection of an outcome whose name is missing.
const nameless = "(no name)"

// quotes appends the outcomes of a market. One without a valid price or name is rejected and
// listed as unpriced: it exists and can't be bet on.
func (p *parser) quotes(to []odds.Quote, m *market, ev *odds.Event) []odds.Quote {
	outcomes := p.dec.poll.outcomes[m.outcomes.from:m.outcomes.to]
	from := len(to)
	for i := range outcomes {
		o := &outcomes[i]
		q := odds.Quote{Subject: o.description, Selection: o.name, Side: side(o.name, ev), Line: math.NaN(), Main: true}
		reason, detail := p.read(o, m, &q)
		if reason != "" {
			p.reject(o.pos, reason, detail)
			if reason == badLine && odds.KindOf(ev.Sport, m.key).Lines {
				continue // it is not known what it is about
			}
			q = *q.Without()
		}
		to = append(to, q)
	}
	p.markAlternates(to[from:])
	return to
}

const badLine = "bad_line"

// read reads an outcome's line and price, or says what is wrong with it.
func (p *parser) read(o *outcome, m *market, q *odds.Quote) (reason, detail string) {
	if o.hasLine {
		if !odds.ValidLine(o.point) {
			return badLine, fmt.Sprintf("%q: %v is not a handicap or total", o.name, o.point)
		}
		q.Line = o.point
	}
	if o.badLine {
		return badLine, fmt.Sprintf("%q: the point is no number", o.name)
	}
	if o.name == "" {
		q.Selection = nameless
		return "no_selection", "an outcome without name in market " + m.key
	}
	price, err := p.decimal(o)
	if err != nil {
		return "bad_price", fmt.Sprintf("%q: %v", o.name, err)
	}
	q.Price = float64(price)
	return "", ""
}

func (p *parser) decimal(o *outcome) (odds.Odds, error) {
	switch {
	case !o.hasPrice:
		return 0, odds.ErrNumber
	case p.american:
		return odds.FromAmerican(o.price)
	default:
		return odds.FromDecimal(o.price)
	}
}

func side(name string, ev *odds.Event) odds.Side {
	switch name {
	case ev.Home:
		return odds.Home
	case ev.Away:
		return odds.Away
	case "Draw":
		return odds.Draw
	case "Over":
		return odds.Over
	case "Under":
		return odds.Under
	case "Yes":
		return odds.Yes
	case "No":
		return odds.No
	}
	return odds.OtherSide
}

// markAlternates clears Main for selections with several lines: the source does not say
// which of them is the main one.
func (p *parser) markAlternates(quotes []odds.Quote) {
	switch {
	case len(quotes) == 2:
		quotes[0].Main = named(&quotes[0]) != named(&quotes[1]) || quotes[0].Line == quotes[1].Line
		quotes[1].Main = quotes[0].Main
	case len(quotes) > 2:
		clear(p.count)
		for i := range quotes {
			p.count[named(&quotes[i])]++
		}
		for i := range quotes {
			quotes[i].Main = p.count[named(&quotes[i])] == 1
		}
	}
}

// selection is an outcome of a player or team, at any line.
type selection struct{ subject, name string }

func named(q *odds.Quote) selection { return selection{q.Subject, q.Selection} }
