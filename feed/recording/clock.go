package recording

import (
	"fmt"

	"corrgraph/feed"
	"corrgraph/odds"
)

// The batches that judge a leap: as many as follow it, up to lookahead of them, or fewer if
// they hold lookaheadQuotes.
const (
	lookahead       = 256
	lookaheadQuotes = 4 << 10
	fewest          = 4 // whatever they hold
)

const (
	hour = odds.Millis(3_600_000)
	year = 366 * 24 * hour
)

// clock stands between a parser and the sorter, and keeps one wrong stamp from making
// everything after it late. A batch far ahead of those before it, and the first of a file,
// waits until others have followed. If most of them continue at the earlier time, its stamp
// is wrong; if they go on from it, time has passed. Only the file is asked, not the system's
// clock, so that a recording reads the same on any day; except that no recording is of a
// year to come, however many rows say so.
type clock struct {
	o      Options
	pass   func(b *odds.Batch, line int) error
	refuse func(b *odds.Batch, line int, newest odds.Time)

	newest odds.Time // of the batches passed on
	passed int
	held   []placed // in order of the file; the first one leaps
	quotes int      // in held
}

// placed is a batch and the line on which it begins.
type placed struct {
	*odds.Batch
	line int
}

// add takes the next batch of the file.
func (c *clock) add(b *odds.Batch, line int) error {
	if c.o.beyond(b.At) {
		c.refuse(b, line, c.newest)
		return nil
	}
	c.held = append(c.held, placed{b, line})
	c.quotes += weight(b)
	return c.settle(false)
}

// beyond reports whether a time is more than a year after today.
func (o Options) beyond(t odds.Time) bool { return o.Today != 0 && t > o.Today.Add(year) }

// settle passes on or refuses the batches that can be judged: all of them at the end.
func (c *clock) settle(end bool) error {
	for len(c.held) > 0 {
		next := c.held[0]
		leaps := next.At > c.newest.Add(c.o.leap(next.Batch))
		if leaps && !end && !c.enough() {
			return nil
		}
		c.held[0] = placed{}
		c.held = c.held[1:]
		c.quotes -= weight(next.Batch)
		if leaps && c.wrong(next.Batch, end) {
			c.refuse(next.Batch, next.line, c.newest)
			continue
		}
		c.newest = max(c.newest, next.At)
		c.passed++
		if err := c.pass(next.Batch, next.line); err != nil {
			return err
		}
	}
	return nil
}

// leap is by how much a batch may be newer than those before it without being doubted: what
// the sorter forgives anyhow, and at least an hour.
func (o Options) leap(b *odds.Batch) odds.Millis { return max(o.bound(b), hour) }

func (c *clock) enough() bool {
	return len(c.held) >= lookahead || c.quotes >= lookaheadQuotes && len(c.held) >= fewest
}

// wrong reports whether most of the batches that follow b are far before it. At the end of
// a file nothing may follow: then a leap of more than a year is wrong if more batches came
// before it than after.
func (c *clock) wrong(b *odds.Batch, end bool) bool {
	before, after := 0, 0
	for _, x := range c.held {
		if x.At < b.At.Add(-c.o.leap(b)) {
			before++
		} else {
			after++
		}
	}
	if before > 0 || !end {
		return before > after
	}
	return c.passed > after+1 && b.At.Sub(c.newest) > year
}

// clock returns the clock of one file.
func (s *Stream) clock(pass func(*odds.Batch, int) error, refuse func(*odds.Batch, int, odds.Time)) *clock {
	return &clock{o: s.o, pass: pass, refuse: refuse, newest: odds.Ever}
}

// farAhead rejects a batch whose stamp is wrong.
func (s *Stream) farAhead(f *file, b *odds.Batch, line int, newest odds.Time) {
	detail := fmt.Sprintf("%s is far ahead of the times after it: check it, or sort the file by time", b.At)
	if newest != odds.Ever {
		detail = fmt.Sprintf("%s after %s is far ahead of the times around it: check it, or sort the file by time", b.At, newest)
	}
	if s.o.beyond(b.At) {
		detail = fmt.Sprintf("%s is more than a year after today, %s by this machine's clock: check both", b.At, s.o.Today)
	}
	f.rep.TakeBack(b.Quotes(), feed.Reject{File: f.name, Line: line, Reason: "far_ahead", Detail: detail})
}
