package ingest

import "corrgraph/odds"

// frontier is how far the settled view has been given what was accepted. It never falls.
type frontier struct {
	window odds.Millis
	given  odds.Time // the newest instant that was released
	closed odds.Time // batches at or before it come late
	quiet  bool      // nothing that comes can join legs of what was released
}

// pass records that an instant was released.
func (f *frontier) pass(at odds.Time) {
	if at > f.given {
		f.given, f.quiet = at, false
		f.closed = max(f.closed, at)
	}
}

// advance closes what was released up to a limit, but no more than the coalescing window behind
// it: where nothing was released, nothing comes late. It reports whether that made it quiet.
func (f *frontier) advance(limit odds.Time) bool {
	if f.given == odds.Ever {
		return false
	}
	end := f.given.Add(f.window)
	f.closed = max(f.closed, min(limit, end))
	if f.quiet || limit <= end {
		return false
	}
	f.quiet = true
	return true
}

// mostWaiting is how many quotes may wait for slower sources; a hundred thousand a second for
// ten seconds. Beyond it the older half is released, whoever may still be waited for.
const mostWaiting = 1 << 20

// stage is where accepted batches wait until the frontier passes them. The same batches at the
// same times leave it the same way, live and when the log is read back. It reads no clock and
// is for one goroutine.
type stage struct {
	marks    watermarks
	order    order
	frontier frontier
	clock    odds.Time // the latest for which it was asked what it lets go
	most     int       // quotes that may wait
	forced   uint64    // batches released because too many waited
}

func newStage(o *Options) stage {
	return stage{
		marks: newWatermarks(o), order: newOrder(), most: mostWaiting,
		frontier: frontier{window: o.CoalesceWindow, given: odds.Ever, closed: odds.Ever},
	}
}

// late reports whether a batch of an event time comes late.
func (s *stage) late(at odds.Time) bool { return at <= s.frontier.closed }

// add takes a batch that was accepted when the clock said so.
func (s *stage) add(b *odds.Batch, clock odds.Time) {
	s.marks.hear(b, clock)
	s.wait(b)
}

// wait takes a batch of which nothing is known but that it was accepted.
func (s *stage) wait(b *odds.Batch) {
	if !b.Late {
		s.order.add(b)
	}
}

// waits reports whether something is left that the clock will let go.
func (s *stage) waits() bool {
	return s.order.waiting.Len() > 0 || s.frontier.given != odds.Ever && !s.frontier.quiet
}

// released are instants to settle, in event-time order, and whether nothing that comes can join
// legs of them.
type released struct {
	instants [][]*odds.Batch
	quiet    bool
}

// advance releases what the clock lets go.
func (s *stage) advance(clock odds.Time) (out released) {
	s.clock = max(s.clock, clock)
	limit := s.marks.limit(clock)
	s.release(&out, limit)
	if s.order.quotes > s.most {
		before := s.order.waiting.Len()
		for s.order.quotes > s.most/2 && s.order.waiting.Top().b.At <= clock {
			s.release(&out, s.order.waiting.Top().b.At)
		}
		s.forced += uint64(before - s.order.waiting.Len())
	}
	out.quiet = s.frontier.advance(limit)
	return out
}

// rest releases everything.
func (s *stage) rest() (out released) {
	s.release(&out, odds.Never-1)
	return out
}

// release takes the instants up to a time.
func (s *stage) release(out *released, until odds.Time) {
	for {
		batches := s.order.next(until + 1)
		if batches == nil {
			return
		}
		s.frontier.pass(batches[0].At)
		out.instants = append(out.instants, batches)
	}
}
