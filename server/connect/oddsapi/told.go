package oddsapi

import (
	"fmt"
	"time"
)

// What a planner is told.

// scheduled takes when the events of a sport begin.
func (p *planner) scheduled(s *sport, now time.Time, times []time.Time) {
	for i, t := range times {
		times[i] = p.playing(t, now)
	}
	s.asked, s.starts = now, newStarts(times)
}

// playing is the start of an event that the venue lists: it is not over yet, so that its start is
// taken to be late enough for it to last until the list has been asked for again.
func (p *planner) playing(start, now time.Time) time.Time {
	if last := now.Add(2*p.o.Schedule - p.o.InPlayFor); start.Before(last) && last.Before(now) {
		return last
	}
	return start
}

// unscheduled notes that the events of a sport could not be asked for. What was known counts; if
// nothing was, they are asked for again in a minute.
func (p *planner) unscheduled(s *sport, now time.Time) {
	if s.asked = now; s.starts == nil {
		s.asked = now.Add(min(0, time.Minute-p.o.Schedule))
	}
}

// skipped takes note of a capture that is left out.
func (p *planner) skipped(a action) {
	a.sport.mark = a.at
	a.sport.why = a.reason
	if a.phase == soon {
		p.passed(a.sport, a.at)
	}
}

// begin opens the parts of a capture, unless it goes on with those that failed.
func (p *planner) begin(a action, now time.Time) {
	s := a.sport
	if !s.retry.IsZero() {
		s.retry, s.took, s.mark = time.Time{}, now, now
		return
	}
	l := p.outlook(now)
	if c, ok := p.closing(s, &l, now); ok && !c.After(now) && l.forSoon < l.closing {
		p.thin += l.forSoon/l.closing - 1
	}
	s.took, s.mark, s.closed, s.phase, s.tries = now, now, now, a.phase, 0
	for _, x := range s.parts {
		x.open = !x.invalid
	}
}

// passed notes that a time just before a start has passed without a capture.
func (p *planner) passed(s *sport, at time.Time) {
	l := p.outlook(at)
	all := s.starts.closings(s.o, later(s.closed.Add(1), at.Add(-s.o.Soon)), at)
	if len(all) > 0 && l.closing > 0 && l.forSoon < l.closing {
		p.thin = min(1, p.thin+l.forSoon/l.closing)
		s.closed = at
	}
}

// pay takes the price of a part before it is asked for, and reports whether it can be paid.
func (p *planner) pay(s *sport, x *part, now time.Time) bool {
	p.c.at(now)
	cost := x.cost()
	if float64(cost) > p.c.available() {
		return false
	}
	p.c.charge(cost)
	if s.phase == soon {
		p.soon += float64(cost)
	}
	return true
}

// answered notes that a part was answered.
func (p *planner) answered(s *sport, x *part, now time.Time) {
	x.open, x.answered, x.doubted = false, now, false
	p.slow = 0
	if s.openCost() == 0 {
		s.why = ""
	}
}

// firstRetry is the wait before a request that failed is made again; it doubles.
const firstRetry = 2 * time.Second

// failed notes that parts of a capture were not answered, and reports whether they are given up.
func (p *planner) failed(s *sport, now time.Time, why string) (givenUp bool) {
	s.why = why
	if s.tries++; s.tries > p.o.Retries {
		s.give()
		return true
	}
	s.retry = now.Add(firstRetry << (s.tries - 1))
	return false
}

// give ends a capture.
func (s *sport) give() {
	s.retry = time.Time{}
	for _, x := range s.parts {
		x.open = false
	}
}

// longestPause is the longest wait after a refusal that did not say how long to wait.
const longestPause = time.Minute

// limited notes that the venue wants to be left alone, for so long if it said so.
func (p *planner) limited(s *sport, now time.Time, after time.Duration) {
	if after <= 0 {
		after = min(longestPause, firstRetry<<min(p.slow, 10))
	}
	p.slow++
	p.paused = now.Add(after)
	if s != nil && s.openCost() > 0 {
		s.retry = p.paused
		s.why = fmt.Sprintf("%s: no requests before %s", skipLimited, clock(p.paused))
	}
}

// again prepares a sport for a new session: what the last one asked for in vain is asked for again,
// but not sooner than a step after the attempt.
func (s *sport) again(now time.Time, step time.Duration) {
	s.give()
	s.tries = 0
	for _, x := range s.parts {
		if !x.invalid && x.answered.Before(s.took) {
			x.open = true
			s.retry = later(now, s.took.Add(step))
		}
	}
}

// asksNothing reports whether all requests are invalid.
func (p *planner) asksNothing() bool {
	for _, s := range p.sports {
		if s.cost() > 0 || len(s.props) > 0 {
			return false
		}
	}
	return true
}
