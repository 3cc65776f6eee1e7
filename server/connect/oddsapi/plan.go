package oddsapi

import (
	"fmt"
	"math"
	"time"
)

// The reasons why a capture is not made.
const (
	skipEvents  = "no_events"    // there is nothing to ask for
	skipBudget  = "budget"       // the day's credits have to last
	skipReserve = "reserve"      // they are kept for the minutes before starts
	skipCredits = "credits"      // there are none
	skipLimited = "rate_limited" // the venue wants to be left alone
	skipFailed  = "failed"       // it was asked in vain
	skipInvalid = "invalid"      // the venue does not know what is asked for
)

// act is what a planner wants done.
type act string

const (
	wait     act = "wait"     // and ask it again
	schedule act = "schedule" // ask for the events of the sport
	capture  act = "capture"  // ask for prices, of the sport's open parts
	skip     act = "skip"     // note that a capture was left out
	doubt    act = "doubt"    // say that what is known of a part is too old
)

// action is one of them, and when.
type action struct {
	do     act
	at     time.Time
	sport  *sport
	part   *part // of doubt
	phase  phase // of capture and skip
	reason string
	detail string
}

// sport is what a planner knows of a sport.
type sport struct {
	key    string
	o      *Options // its steps
	of     *sport   // of a single event
	props  []*Part  // that are asked for event by event
	events []*sport // those, by their starts
	starts starts
	parts  []*part
	asked  time.Time // for its events
	took   time.Time // the last capture, or the attempt
	mark   time.Time // the last capture, or when one was left out
	closed time.Time // the last time just before a start that was decided on
	tries  int       // in vain, of the capture at hand
	retry  time.Time // when the open parts are asked for again
	phase  phase     // of the capture at hand
	why    string    // the last capture was left out or failed; empty: it was not
}

// part is one request of a sport.
type part struct {
	*Part
	market   string // the id
	path     string
	open     bool // asked for in the capture at hand, and not answered yet
	invalid  bool
	answered time.Time
	doubted  bool // since then
}

// cost is what a capture of the sport costs.
func (s *sport) cost() (n int) {
	for _, p := range s.parts {
		if !p.invalid {
			n += p.cost()
		}
	}
	return n
}

// openCost is what its open parts cost.
func (s *sport) openCost() (n int) {
	for _, p := range s.parts {
		if p.open {
			n += p.cost()
		}
	}
	return n
}

// planner decides what is asked for when. It knows the time from its callers alone.
type planner struct {
	o      *Options
	c      *credits
	sports []*sport
	soon   float64   // credits spent within SoonBefore of starts today
	of     time.Time // the day of soon, by its end
	paused time.Time // until when the venue wants to be left alone
	slow   int       // how often in a row it said so
	thin   float64   // what is owed to starts of which only some can be captured
}

// outlook is what the rest of the day wants and may have.
type outlook struct {
	ordinary, soon, closing float64 // credits wanted; closing is what the captures just before starts take of soon
	available, reserve      float64
	forOrdinary, forSoon    float64
}

// outlook looks ahead to the end of the day.
func (p *planner) outlook(now time.Time) (l outlook) {
	p.c.at(now)
	if !p.of.Equal(p.c.until) {
		p.of, p.soon = p.c.until, 0
	}
	for _, s := range p.units() {
		cost := float64(s.cost())
		s.starts.segments(s.o, now, p.c.until, func(x segment) bool {
			switch step := s.o.step(x.phase); {
			case step == 0:
			case x.phase == soon:
				l.soon += cost * float64(x.to.Sub(x.from)) / float64(step)
			default:
				l.ordinary += cost * float64(x.to.Sub(x.from)) / float64(step)
			}
			return true
		})
		l.closing += cost * float64(len(s.starts.closings(s.o, now, p.c.until)))
	}
	l.available = p.c.available()
	l.reserve = min(l.available, l.soon, max(0, p.o.Reserve*p.c.today-p.soon))
	l.forOrdinary = l.available - l.reserve
	l.forSoon = max(l.reserve, l.available-l.ordinary)
	return l
}

// may is what a capture in a phase may cost at most.
func (l *outlook) may(x phase) float64 {
	if x == soon {
		return l.forSoon
	}
	return l.forOrdinary
}

// stretch is by how much the step of a phase has to grow for its credits to last.
func (l *outlook) stretch(x phase) float64 {
	if x != soon {
		return over(l.ordinary, l.forOrdinary)
	}
	if l.soon <= l.forSoon {
		return 1
	}
	return over(l.soon-l.closing, l.forSoon-l.closing)
}

func over(wanted, given float64) float64 {
	switch {
	case wanted <= given:
		return 1
	case given <= 0:
		return math.Inf(1)
	}
	return wanted / given
}

// ahead is how far a planner looks for the next capture.
const ahead = 26 * time.Hour

// next is what is to be done first. If that is not now, it may be something else by then.
func (p *planner) next(now time.Time) action {
	l := p.outlook(now)
	first := action{do: wait, at: p.c.until}
	take := func(a action) {
		if a.at.Before(first.at) {
			first = a
		}
	}
	for _, s := range p.units() {
		if s.of == nil {
			take(p.events(s, now))
		}
		if s.cost() > 0 {
			take(p.price(s, &l, now))
			take(p.omission(s, &l, now))
		}
		for _, x := range s.parts {
			take(p.doubt(s, x, now))
		}
	}
	return first
}

// never is beyond what a planner looks at; until then it is asked again.
func never(now time.Time) time.Time { return now.Add(2 * ahead) }

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// events is when the events of a sport are asked for.
func (p *planner) events(s *sport, now time.Time) action {
	at := later(now, p.paused)
	if !s.asked.IsZero() {
		at = later(s.asked.Add(p.o.Schedule), p.paused)
	}
	return action{do: schedule, at: at, sport: s}
}

// price is when a sport is asked for prices next, as far as the credits allow it.
func (p *planner) price(s *sport, l *outlook, now time.Time) action {
	a := action{do: capture, sport: s, at: never(now)}
	switch {
	case !s.retry.IsZero():
		a.at, a.phase = later(s.retry, p.paused), s.phase
		return a
	case s.asked.IsZero():
		return a // first of all, when its events begin
	case s.took.IsZero():
		if at, x := s.starts.first(s.o, now, now.Add(ahead)); !at.IsZero() {
			a.at, a.phase = at, x
		}
	default:
		at, x := s.starts.due(s.o, s.took, now.Add(ahead), l.stretch)
		if !at.IsZero() {
			a.at, a.phase = at, x
		}
	}
	if c, ok := p.closing(s, l, now); ok && c.Before(a.at) {
		a.at, a.phase = c, soon
	}
	if float64(s.cost()) > l.may(a.phase) {
		a.at = never(now)
	}
	a.at = later(a.at, p.paused)
	return a
}

// closing is the time just before the next start, if credits are so scarce that it would not be
// hit otherwise and there are any for it.
func (p *planner) closing(s *sport, l *outlook, now time.Time) (at time.Time, ok bool) {
	if l.stretch(soon) <= 1 {
		return at, false
	}
	from := later(s.closed.Add(1), s.took.Add(s.o.Soon/2))
	all := s.starts.closings(s.o, later(from, now.Add(-s.o.Soon/2)), now.Add(ahead))
	if len(all) == 0 {
		return at, false
	}
	return all[0], l.forSoon >= l.closing || p.thin+l.forSoon/l.closing >= 1
}

// omission is when a capture is wanted that is not to be made.
func (p *planner) omission(s *sport, l *outlook, now time.Time) action {
	a := action{do: skip, sport: s, at: never(now)}
	if s.asked.IsZero() || !s.retry.IsZero() && !p.paused.After(now) {
		return a
	}
	switch at, x := s.starts.due(s.o, s.mark, now.Add(ahead), func(phase) float64 { return 1 }); {
	case s.mark.IsZero():
		if a.at, a.phase = s.starts.first(s.o, now, now.Add(ahead)); a.at.IsZero() {
			a.at, a.phase = now, nothing
			if s.of != nil { // it is not wanted yet, or no more
				a.at = never(now)
			}
		}
	case !at.IsZero():
		a.at, a.phase = at, x
	case len(s.starts) == 0:
		a.at, a.phase = s.mark.Add(s.o.Idle), nothing
	}
	next := p.price(s, l, now)
	if !a.at.Before(next.at) { // then it is made
		a.at = never(now)
		return a
	}
	a.reason, a.detail = p.why(s, l, a.phase, next.at, now)
	return a
}

// why says why a capture is left out.
func (p *planner) why(s *sport, l *outlook, x phase, next, now time.Time) (reason, detail string) {
	cost := s.cost()
	what := fmt.Sprintf("%s (%s)", s.key, x)
	switch {
	case x == nothing:
		return skipEvents, what + ": no event is known that has not ended"
	case p.paused.After(now):
		return skipLimited, fmt.Sprintf("%s: the venue wants no requests before %s", what, clock(p.paused))
	case p.c.left < float64(cost):
		return skipCredits, fmt.Sprintf("%s: it costs %d of the %.0f credits left; new ones come on %s, or with a larger plan", what, cost, p.c.left, p.c.reset.Format(time.DateOnly))
	case x != soon && l.ordinary <= l.available:
		reason = skipReserve
		detail = fmt.Sprintf("%s: %.1f of the day's %.1f credits are kept for the %v before starts", what, l.reserve, p.c.today, p.o.SoonBefore)
	default:
		reason = skipBudget
		detail = fmt.Sprintf("%s: %.1f of the day's %.1f credits are left for captures of this kind, which want %.1f", what, l.may(x), p.c.today, l.wants(x))
	}
	if next.Before(p.c.until) {
		detail += "; the next one is at " + clock(next)
	}
	return reason, detail
}

func (l *outlook) wants(x phase) float64 {
	if x == soon {
		return l.soon
	}
	return l.ordinary
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// doubt is when what is known of a part is too old: a capture was due, and one and a half steps
// later there is still none.
func (p *planner) doubt(s *sport, x *part, now time.Time) action {
	a := action{do: doubt, at: never(now), sport: s, part: x}
	if x.answered.IsZero() || x.doubted {
		return a
	}
	at, ph := s.starts.due(s.o, x.answered, now.Add(ahead), func(phase) float64 { return 1 })
	if at.IsZero() {
		return a
	}
	a.at = at.Add(s.o.step(ph) * 3 / 2)
	a.reason = "captures were missed since " + clock(x.answered)
	if s.why != "" {
		a.reason += ", the last one: " + s.why
	}
	return a
}
