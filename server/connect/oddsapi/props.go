package oddsapi

import (
	"slices"
	"strings"
	"time"

	"corrgraph/feed/oddsapi"
)

// Props are the markets that only the endpoint of one event answers: players, periods, alternate
// lines. Each event is a sport of its own to the planner, with one start: so it is asked for by how
// near that is, and left out for the same reasons.

// featured are the markets that a request for a whole sport can have.
var featured = []string{"h2h", "h2h_lay", "spreads", "totals", "outrights", "outrights_lay"}

// split takes the markets of a part that only single events have out of it.
func (p Part) split() (sport, event Part) {
	sport, event = p, p
	has := func(m string) bool { return slices.Contains(featured, m) }
	sport.Markets = slices.DeleteFunc(slices.Clone(p.Markets), func(m string) bool { return !has(m) })
	event.Markets = slices.DeleteFunc(slices.Clone(p.Markets), has)
	return sport, event
}

// mostProps limits how many events of a sport are asked for one by one: those that begin first.
// The engine tells a thousand requests of a source apart.
const mostProps = 500

// match is an event of the list of a sport.
type match struct {
	id    string
	start time.Time
}

// props makes the planner's sports for single events those of the list, and returns the requests
// of those that are gone.
func (v *Venue) props(base string, s *sport, all []match) (gone []string) {
	if len(s.props) == 0 {
		all = nil
	}
	slices.SortFunc(all, func(a, b match) int {
		if c := a.start.Compare(b.start); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	if len(all) > mostProps {
		all = all[:mostProps]
	}
	old := s.events
	s.events = nil
	for _, m := range all {
		key := s.key + "/" + m.id
		i := slices.IndexFunc(old, func(x *sport) bool { return x.key == key })
		var x *sport
		if i >= 0 {
			x = old[i]
			old = slices.Delete(old, i, i+1)
		} else {
			x = v.event(base, s, m.id)
		}
		x.asked, x.starts = s.asked, newStarts([]time.Time{m.start})
		s.events = append(s.events, x)
	}
	for _, x := range old {
		gone = append(gone, x.markets()...)
	}
	return gone
}

// event returns an event of which nothing is known yet.
func (v *Venue) event(base string, s *sport, id string) *sport {
	x := &sport{key: s.key + "/" + id, of: s, o: v.eventOptions()}
	for _, p := range s.props {
		x.parts = append(x.parts, newPart(base, "/sports/"+s.key+"/events/"+id+"/odds?", p))
	}
	return x
}

// eventOptions are the steps of single events: none while it begins in more than a day.
func (v *Venue) eventOptions() *Options {
	o := v.o
	o.Idle, o.Upcoming, o.Soon = 0, v.o.PropsUpcoming, v.o.PropsSoon
	return &o
}

// newPart returns a request that was not made yet.
func newPart(base, path string, p *Part) *part {
	path += p.query() + "&oddsFormat=decimal&dateFormat=iso"
	market, _ := oddsapi.Request("GET " + base + path)
	return &part{Part: p, market: market, path: path}
}

// markets are the ids of the requests that were answered.
func (s *sport) markets() (ids []string) {
	for _, x := range s.parts {
		if !x.answered.IsZero() {
			ids = append(ids, x.market)
		}
	}
	return ids
}

// units are all that is asked for prices: the sports, and the events with markets of their own.
func (p *planner) units() (all []*sport) {
	for _, s := range p.sports {
		all = append(append(all, s), s.events...)
	}
	return all
}

// unknown gives up a request of single events, for all events of the sport, and returns those of
// which somebody knows.
func (s *sport) unknown(p *Part) (of []*part) {
	s.props = slices.DeleteFunc(s.props, func(x *Part) bool { return x == p })
	for _, e := range s.events {
		for _, x := range e.parts {
			if x.Part != p {
				continue
			}
			if x.open || !x.answered.IsZero() {
				of = append(of, x)
			} else {
				x.invalid = true
			}
		}
	}
	return of
}
