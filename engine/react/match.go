package react

import (
	"slices"

	"corrgraph/engine/board"
	"corrgraph/ledger/reaction"
	"corrgraph/odds"
)

// mostJumps bounds the jumps of a book that are remembered.
const mostJumps = 64

// match is a followed event: one of which something was told.
type match struct {
	since  odds.Time            // followed from then on
	books  []*book              // of the markets that react, in order of first sight
	marks  []reaction.EventMark // the newest, oldest first
	open   int                  // index of the mark whose reactions are awaited; -1 none
	waits  []*book              // of its reactions; nil where one has come
	scored odds.Time            // when the newest score was told; 0 none

	names map[*board.Market]string // what is compared; empty: nothing
}

// book is a venue's market, as it stood lately.
type book struct {
	book  *board.Book
	since odds.Time    // it was quoted without a break from then on
	broke odds.Time    // until then; 0: it is still
	why   reaction.Why // of the break; empty for a suspension
	jumps []jump       // oldest first
	lost  odds.Time    // jumps until then are forgotten
	used  odds.Time    // jumps until then are reactions to marks
}

// jump is something that could be a reaction: after low, at high at the latest.
type jump struct {
	low, high odds.Time
	how       reaction.How
}

func newMatch(since odds.Time) *match {
	return &match{since: since, open: -1, names: map[*board.Market]string{}}
}

// name is what a market is compared as: main lines of who wins and of totals. Empty: not at all.
func (w *match) name(m *board.Market) string {
	name, ok := w.names[m]
	if !ok {
		name = odds.StandardMarket(m.Family)
		if name != "h2h" && name != "totals" || m.Line == m.Line || m.Subject != "" || m.Raw {
			name = ""
		}
		w.names[m] = name
	}
	return name
}

func (w *match) find(b *board.Book) *book {
	for _, x := range w.books {
		if x.book == b {
			return x
		}
	}
	return nil
}

// look follows what the venues of an event take bets on.
func (w *match) look(ev *board.Event, now odds.Time) {
	for _, m := range ev.Markets {
		if w.name(m) == "" {
			continue
		}
		for _, b := range m.Books {
			if b.Source == nil {
				continue
			}
			x := w.find(b)
			if x == nil {
				x = &book{book: b, since: max(b.SeenAt, w.since), broke: max(b.SeenAt, w.since), why: reaction.IsStale, used: odds.Ever, lost: odds.Ever}
				w.books = append(w.books, x)
			}
			w.stand(x)
		}
	}
	if w.open >= 0 && now > w.marks[w.open].At.Add(reaction.Horizon) {
		w.close(now, reaction.AtHorizon)
	}
}

// stand follows whether a book is quoted.
func (w *match) stand(x *book) {
	b, whole := x.book, x.broke == 0
	why, shown := standing(b)
	switch {
	case shown && whole:
	case shown:
		x.since, x.broke, x.why = max(b.SeenAt, w.since), 0, ""
	case whole:
		x.broke, x.why = b.SeenAt, why
		if why == "" {
			w.jump(x, jump{b.SeenAt.Add(-b.Resolution()), b.SeenAt, reaction.Suspended})
		}
		w.censor(x, b.SeenAt.Add(-b.Resolution()), why)
	default:
		x.why = why
	}
}

// standing says whether a book shows prices, or why not; empty if it is suspended.
func standing(b *board.Book) (why reaction.Why, shown bool) {
	switch {
	case b.Current():
		return "", true
	case b.Status() == odds.Suspended:
		return "", false
	case b.Status() == odds.Closed || b.Status() == odds.Removed:
		return reaction.IsClosed, false
	case b.Status() == odds.Unknown:
		return reaction.InGap, false
	}
	return reaction.IsStale, false
}

// jump takes something that could be a reaction.
func (w *match) jump(x *book, j jump) {
	if n := len(x.jumps); n > 0 && x.jumps[n-1].high == j.high {
		return // another outcome of the same move
	}
	if len(x.jumps) == mostJumps {
		x.lost = x.jumps[0].high
		x.jumps = slices.Delete(x.jumps, 0, 1)
	}
	x.jumps = append(x.jumps, j)
	if w.open < 0 {
		return
	}
	m := &w.marks[w.open]
	if i := slices.Index(w.waits, x); i >= 0 {
		if seen, ok := x.first(m.At, x.used); ok {
			m.Books[i].Seen, w.waits[i] = seen, nil
			x.used = m.At.Add(seen.High)
		}
	}
}

// first is the first jump around a time that came after another one.
func (x *book) first(at, after odds.Time) (s reaction.Seen, ok bool) {
	from, to := max(after, at.Add(-reaction.Before)), at.Add(reaction.Horizon)
	for _, j := range x.jumps {
		if j.high > from && j.high <= to {
			return reaction.Seen{How: j.how, Low: j.low.Sub(at), High: j.high.Sub(at)}, true
		}
	}
	return s, false
}

// censor ends the wait for a book's reaction: it is known not to have come until a time.
func (w *match) censor(x *book, until odds.Time, why reaction.Why) {
	if w.open < 0 {
		return
	}
	if i := slices.Index(w.waits, x); i >= 0 {
		m := &w.marks[w.open]
		m.Books[i].Seen, w.waits[i] = censored(until.Sub(m.At), why), nil
	}
}

// censored is no reaction so far.
func censored(low odds.Millis, why reaction.Why) reaction.Seen {
	low = min(max(low, -reaction.Before), reaction.Horizon)
	return reaction.Seen{How: reaction.Censored, Low: low, High: low, Why: why}
}

// silent is how long after something a book without a jump is known to have done nothing: a poll may
// not tell of the last step.
func (x *book) silent(until odds.Millis) odds.Millis {
	until = min(until, reaction.Horizon)
	if x.book.Source.Polled {
		until -= x.book.Resolution()
	}
	return until
}

// close ends the wait for reactions. If the score has changed again, the controls are no longer than
// what could be seen of the reactions.
func (w *match) close(now odds.Time, why reaction.Why) {
	if w.open < 0 {
		return
	}
	m := &w.marks[w.open]
	over := now.Sub(m.At)
	if over > reaction.Horizon {
		why = reaction.AtHorizon
	}
	for i, x := range w.waits {
		if x != nil {
			m.Books[i].Seen = censored(x.silent(over), why)
		}
		if c := m.Books[i].Control; c != nil && why == reaction.NextScore && c.High > over {
			short := censored(min(c.Low, over), why)
			m.Books[i].Control = &short
		}
	}
	w.open, w.waits = -1, nil
}

// say adds a mark, and looks for reactions if it tells a new score.
func (w *match) say(m reaction.EventMark) {
	if m.Scored() {
		w.close(m.At, reaction.NextScore)
	}
	if len(w.marks) >= reaction.MostOfEvent {
		w.marks = slices.Delete(w.marks, 0, 1)
		if w.open--; w.open < 0 {
			w.open, w.waits = -1, nil
		}
	}
	w.marks = append(w.marks, m)
	if !m.Scored() {
		return
	}
	w.open = len(w.marks) - 1
	for _, x := range w.books {
		w.await(x, &w.marks[w.open])
	}
	w.scored = m.At
}

// await looks for a book's reaction to a mark: it may have come already.
func (w *match) await(x *book, m *reaction.EventMark) {
	seen, came := x.first(m.At, x.used)
	waits := x
	switch {
	case came:
		waits, x.used = nil, m.At.Add(seen.High)
	case x.broke != 0 || x.since > m.At:
		return // it is not quoted
	}
	r := reaction.Reaction{Venue: x.book.Venue.Name, Market: w.names[x.book.Market], Seen: seen}
	if c, ok := w.control(x, m.At); ok {
		r.Control = &c
	}
	m.Books, w.waits = append(m.Books, r), append(w.waits, waits)
}

// control is what a book did before a mark, when no score was told for a long time; ok is false if
// that is not known.
func (w *match) control(x *book, mark odds.Time) (c reaction.Seen, ok bool) {
	at := mark.Add(-reaction.Apart)
	from, to := at.Add(-reaction.Before), at.Add(reaction.Horizon)
	if w.since > from || x.since > from || x.broke != 0 && x.broke <= to || x.lost > from || w.scored > from.Add(-reaction.Horizon) {
		return c, false
	}
	if c, ok = x.first(at, odds.Ever); !ok {
		c = censored(x.silent(reaction.Horizon), reaction.AtHorizon)
	}
	return c, true
}
