package worth

import (
	"maps"
	"math"

	"corrgraph/engine/board"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Before prepares for a batch at a time that is still to be applied: bets on matches whose
// stated start it reaches get the close of that moment. Where the source says later that the
// match is in play, that replaces it.
//
// Cost: O(1) until a start is due, and once a second of event time O(matches with bets), since
// starts are corrected.
func (l *Ledger) Before(at odds.Time) {
	if at < l.next && at < l.looked.Add(1000) {
		return
	}
	for _, ev := range l.ending(func(ev *board.Event) bool {
		start := ev.Match.Start
		return start != 0 && at >= start && l.looked < start
	}) {
		for _, b := range l.closing[ev] {
			l.close(b, ev.Match.Start)
		}
	}
	for _, ev := range l.ending(func(ev *board.Event) bool {
		start := ev.Match.Start
		return start != 0 && at > start.Add(settleAfter)
	}) {
		l.end(ev)
	}
	l.looked, l.next = at, math.MaxInt64
	for ev := range l.closing {
		for _, due := range [2]odds.Time{ev.Match.Start, ev.Match.Start.Add(settleAfter) + 1} {
			if due > at && ev.Match.Start != 0 {
				l.next = min(l.next, due)
			}
		}
	}
}

// settleAfter is how long after the stated start a match is still awaited in play: it may
// start late. Until then the close at the stated start may be replaced.
const settleAfter = odds.Millis(3 * 3_600_000)

// Starting closes the bets on a match of which the batch about to be applied says that it is
// in play.
func (l *Ledger) Starting(ev *board.Event, at odds.Time) {
	for _, b := range l.closing[ev] {
		l.close(b, at)
	}
	l.end(ev)
}

// end stops waiting for the start of a match.
func (l *Ledger) end(ev *board.Event) {
	for _, b := range l.closing[ev] {
		if b.Open == money.NotYet {
			b.Open = money.NoStart
		}
		if !b.filled {
			b.filled = true
			b.Fill.At, b.Fill.Refused = l.board.Now, started
		}
		l.tell(b)
	}
	ev.Bets = 0
	delete(l.closing, ev)
	maps.DeleteFunc(l.over, func(p place, _ bool) bool { return p.book.Market.Event == ev })
}

// fresh is the least age, in milliseconds, at which a polled quote is too old to be a close;
// three steps if that is longer.
const fresh = odds.Millis(900_000)

// close sets the close of a bet from what the board shows, unless that is older than what it
// has, or too old.
func (l *Ledger) close(b *bet, at odds.Time) {
	l.board.View(b.book.Market, l.board.Now, &l.view)
	step := odds.Millis(0)
	if src := b.book.Source; src != nil && src.Polled {
		step = l.board.Step(src)
	}
	a := l.fair(b, true, at.Add(-max(fresh, 3*step)))
	switch {
	case a.Fair != nil:
		b.Closed(a.Fair, l.newest, a.Converted)
	case b.Close != nil:
	case a.Lacks == money.NoOthers:
		b.Open = money.NotFresh
	default:
		b.Open = a.Lacks
	}
}
