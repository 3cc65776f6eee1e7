package kalshi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corrgraph/feed/frames"
)

// The steps of a repair.
const (
	whole       = iota // nothing is lost
	image              // get_snapshot
	again              // delete_markets, add_markets
	resubscribe        // unsubscribe, subscribe
	reconnect
)

// repair is how far the repair of a connection has come.
type repair struct {
	lost  map[string]bool // markets that have no image
	given map[string]bool // markets that were given up until the list is refreshed
	rung  int
	until time.Time // of the present step
}

// changed follows which markets are lost.
func (l *link) changed(changes []frames.Change) {
	for _, x := range changes {
		switch {
		case x.State == frames.Live:
			delete(l.lost, x.Market)
			delete(l.given, x.Market)
		case x.State == frames.Gap && l.markets[x.Market] && !l.given[x.Market]:
			l.lost[x.Market] = true
		}
	}
}

// mend begins a repair, or goes on with the next step when the present one has taken too long.
func (l *link) mend(ctx context.Context, now time.Time) error {
	switch {
	case len(l.lost) == 0:
		l.rung = whole
	case l.rung == whole:
		return l.step(ctx, now, image)
	case !now.Before(l.until):
		return l.step(ctx, now, l.rung+1)
	}
	return nil
}

// step takes one step of the repair.
func (l *link) step(ctx context.Context, now time.Time, rung int) error {
	lost := make([]string, 0, len(l.lost))
	for t := range l.lost {
		lost = append(lost, t)
	}
	slices.Sort(lost)
	if len(lost) == 0 {
		l.rung = whole
		return nil
	}
	l.rung, l.until = rung, now.Add(l.s.o.Repair)
	switch {
	case rung == image && l.sids[books] != 0:
		for part := range slices.Chunk(lost, l.s.o.PerCommand) {
			if err := l.snapshot(ctx, part); err != nil {
				return err
			}
		}
		return nil
	case rung <= again && l.sids[books] != 0:
		for part := range slices.Chunk(lost, l.s.o.PerCommand) {
			for _, action := range []string{"delete_markets", "add_markets"} {
				l.queue(command{cmd: "update_subscription", action: action, channel: books, tickers: part, repairs: true})
			}
		}
		return l.begin(ctx)
	case rung <= resubscribe && 2*len(lost) < len(l.markets):
		return l.give(ctx, lost, "it is not shown, while others are: it is asked for again when the list of markets is refreshed")
	case rung <= resubscribe:
		return l.anew(ctx)
	}
	return fmt.Errorf("%d of %d markets can't be had again over this connection", len(lost), len(l.markets))
}

// anew subscribes to the books anew.
func (l *link) anew(ctx context.Context) error {
	l.rung, l.until = resubscribe, time.Now().Add(2*l.s.o.Repair)
	l.waiting = slices.DeleteFunc(l.waiting, func(c command) bool { return c.channel == books })
	if l.sids[books] != 0 {
		l.queue(command{cmd: "unsubscribe", channel: books, repairs: true})
	}
	delete(l.wanted, books)
	from := len(l.waiting)
	l.ask(books, l.tickers())
	for i := range l.waiting[from:] {
		l.waiting[from+i].repairs = true
	}
	return l.begin(ctx)
}

// broken is told that the venue lost messages of a subscription, which ends it.
func (l *link) broken(ctx context.Context, sid int64, why error) error {
	switch {
	case sid == 0 || sid == l.sids[books]:
		delete(l.sids, books)
		for t := range l.markets {
			l.lost[t] = true
		}
		return l.anew(ctx)
	case sid == l.sids[lifecycle]:
		l.s.listAgain()
	}
	for ch, of := range l.sids {
		if of != sid {
			continue
		}
		delete(l.sids, ch)
		delete(l.wanted, ch)
		if ch == lifecycle {
			l.want(ch)
			l.queue(command{cmd: "subscribe", channel: ch})
		} else {
			l.ask(ch, l.tickers())
		}
		return l.begin(ctx)
	}
	l.s.line.World().Log.Warn("an error of a subscription that is not known", "venue", "kalshi", "why", why.Error())
	return nil
}

// give gives markets up until the list is refreshed.
func (l *link) give(ctx context.Context, tickers []string, why string) error {
	for _, t := range tickers {
		delete(l.lost, t)
		l.given[t] = true
	}
	l.rung = whole
	return l.conn.Note(ctx, frames.Stale, why, tickers...)
}
