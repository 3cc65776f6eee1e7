package polymarket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/polymarket"
)

// recent remembers what was heard of late. It is safe for concurrent use.
type recent struct {
	mu     sync.Mutex
	last   time.Time // guarded by mu: when anything was read
	market time.Time // guarded by mu: when anything was said of a market
	ids    []string  // guarded by mu: the markets heard of last, the newest last
}

func (r *recent) hear(at time.Time, ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last = at; len(ids) == 0 && !r.market.IsZero() {
		return
	}
	r.market = at
	for _, id := range ids[max(0, len(ids)-proofs):] {
		if n := len(r.ids); n > 0 && r.ids[n-1] == id {
			continue
		}
		r.ids = slices.DeleteFunc(r.ids, func(x string) bool { return x == id })
		if len(r.ids) >= proofs {
			r.ids = slices.Delete(r.ids, 0, 1)
		}
		r.ids = append(r.ids, id)
	}
}

func (r *recent) any() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// silent is how long nothing was said of any market, and the markets heard of last.
func (r *recent) silent(now time.Time) (time.Duration, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Sub(r.market), slices.Clone(r.ids)
}

// watch does what is due. An error says why the connection is of no use.
func (l *link) watch(ctx context.Context, now time.Time) error {
	if err := l.ping(ctx, now); err != nil {
		return err
	}
	if err := l.ladder(ctx, now); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(l.due)) {
		if !l.due[id].After(now) {
			if _, err := l.compare(ctx, id); err != nil {
				return err
			}
		}
	}
	if err := l.prove(ctx, now); err != nil {
		return err
	}
	if now.Sub(l.spot) < l.t.s.o.Spot {
		return nil
	}
	l.spot = now
	if id := l.t.next(); id != "" {
		_, err := l.compare(ctx, id)
		return err
	}
	return nil
}

// ladder asks again for markets without a book: at first on this connection, then on a new one.
func (l *link) ladder(ctx context.Context, now time.Time) error {
	var ids, hopeless []string
	for _, id := range l.t.ids() {
		h := l.t.held[id]
		waited := now.Sub(h.asked)
		switch {
		case h.live:
		case h.repair && waited >= h.between():
			ids = append(ids, id)
		case waited < l.t.s.o.FirstBook:
		case h.tries < mostTries:
			h.tries++
			ids = append(ids, id)
		case h.moved:
			hopeless = append(hopeless, id)
		default:
			l.t.move()
			return fmt.Errorf("no book of market %s after %d subscriptions", id, h.tries+1)
		}
	}
	if err := l.giveUp(ctx, hopeless); err != nil {
		return err
	}
	if err := l.send(ctx, "unsubscribe", l.t.tokens(ids)); err != nil {
		return err
	}
	return l.subscribe(ctx, ids, nil)
}

// between is how long a market stays as it is after it was asked for: twice as long each time that
// it is lost again soon.
func (h *held) between() time.Duration { return between << min(max(h.losses-1, 0), 6) }

// move marks the markets because of which a new connection is made.
func (t *stream) move() {
	for _, h := range t.held {
		h.moved = h.moved || !h.live
	}
}

// giveUp asks no more for markets of which two connections showed no book, until they are listed
// anew.
func (l *link) giveUp(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := l.send(ctx, "unsubscribe", l.t.tokens(ids)); err != nil {
		return err
	}
	for _, id := range ids {
		l.t.held[id].hopeless = true
	}
	return l.conn.Note(ctx, frames.Gap, "the venue shows no book of it", ids...)
}

func (t *stream) tokens(ids []string) (tokens []string) {
	for _, id := range ids {
		tokens = append(tokens, t.held[id].token)
	}
	return tokens
}

// next returns the live market whose turn it is to be compared.
func (t *stream) next() string {
	first, after := "", ""
	for id, h := range t.held {
		if !h.live {
			continue
		}
		if first == "" || id < first {
			first = id
		}
		if id > t.turn && (after == "" || id < after) {
			after = id
		}
	}
	if after == "" {
		after = first
	}
	t.turn = after
	return after
}

// prove finds out whether a silent connection is quiet or frozen: it compares the books heard of
// last. PONGs prove nothing. If a book was lost in the silence, all of them are.
func (l *link) prove(ctx context.Context, now time.Time) error {
	silent, ids := l.seen.silent(now)
	if silent < l.t.s.o.Silence || !l.imaged {
		return nil
	}
	if l.wrong.After(now.Add(-silent)) && now.Sub(l.wrong) >= answered {
		return fmt.Errorf("%w: nothing was said of any market for %s, but books have moved", errFrozen, silent.Round(time.Second))
	}
	if l.mute && silent >= l.t.patience {
		l.t.patience = min(2*l.t.patience, mostPatient)
		return fmt.Errorf("nothing was said of any market for %s, and GET /book does not answer", silent.Round(time.Second))
	}
	if now.Sub(l.proved) < l.t.s.o.Silence {
		return nil
	}
	l.proved, l.mute = now, true
	for _, id := range ids {
		answers, err := l.compare(ctx, id)
		if err != nil {
			return err
		}
		l.mute = l.mute && !answers
	}
	if !l.mute {
		l.t.patience = patient
	}
	return nil
}

// errFrozen is said of a silent connection whose books have moved on.
var errFrozen = errors.New("the connection is frozen")

// compare asks for the book of a market, and reports whether there was an answer; the decoder
// judges it.
func (l *link) compare(ctx context.Context, id string) (answered bool, err error) {
	delete(l.due, id)
	h := l.t.held[id]
	if h == nil || !h.live {
		return false, nil
	}
	path := "/book?token_id=" + url.QueryEscape(h.token)
	l.conn.Out(ctx, feed.Book, []byte("GET "+path))
	body, err := get(ctx, l.t.s.l.World(), l.t.s.o.CLOB+path, bookTimeout)
	if err != nil {
		return false, ctx.Err()
	}
	told, err := l.conn.In(ctx, feed.Book, body)
	if err != nil {
		return false, err
	}
	l.take(&told)
	if slices.ContainsFunc(told.Changes, func(c frames.Change) bool { return c.State == frames.Gap }) {
		l.wrong = time.Now()
	}
	return true, nil
}
