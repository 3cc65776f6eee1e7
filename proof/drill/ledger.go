package drill

import (
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"corrgraph/odds"
)

// mostTicks limits a request of Kill: its ticks are bits of a word.
const mostTicks = 64

// state is the known state of a request.
type state uint8

const (
	unknown state = iota // never answered: may be in the tick log or not
	acked
	refused // refused by the service; must not be in the log twice either
)

// entry is one request: a batch of ticks of one instant.
type entry struct {
	at          int64 // ms; unique per connection, so that log entries can be matched
	state       state
	once, twice uint64 // ticks found in the log
}

// book records what one connection sent. It belongs to that connection's goroutine.
type book struct {
	connection int
	ticks      int     // ticks per request
	entries    []entry // ascending by at
	sent       int     // requests, including repetitions
}

// next adds a request with an instant not before now.
func (b *book) next(now int64) int {
	if n := len(b.entries); n > 0 {
		now = max(now, b.entries[n-1].at+1)
	}
	b.entries = append(b.entries, entry{at: now})
	return len(b.entries) - 1
}

// source marks the ticks of a drill in the log.
const source = "chaos"

// body appends a request as NDJSON: both sides of one market, at enough venues to
// make up its ticks.
func (b *book) body(out []byte, i int) []byte {
	at := b.entries[i].at
	for k := range b.ticks {
		side := [2]string{"home", "away"}[k%2]
		price := 1.5 + float64((at*31+int64(k)*7)%1000)/1000
		out = fmt.Appendf(out, `{"ts_source":%d,"source":%q,"sport":"baseball","league":"chaos","bookmaker":"venue%d","event_id":"kill-%d","home":"Home %d","away":"Away %d","market":"h2h","selection":%q,"price":%.3f}`+"\n",
			at, source, k/2, b.connection, b.connection, b.connection, side, price)
	}
	return out
}

// note finds the request of a logged tick and reports whether there is one.
func (b *book) note(at int64, k int) bool {
	i := sort.Search(len(b.entries), func(i int) bool { return b.entries[i].at >= at })
	if i == len(b.entries) || b.entries[i].at != at || k < 0 || k >= b.ticks {
		return false
	}
	e, bit := &b.entries[i], uint64(1)<<k
	e.twice |= e.once & bit
	e.once |= bit
	return true
}

// Tally is the fate of the ticks of all requests.
type Tally struct {
	Requests     int `json:"requests"` // distinct ones
	Acknowledged int `json:"acknowledged_ticks"`
	Refused      int `json:"refused_ticks"`    // refused by the service
	Unanswered   int `json:"unanswered_ticks"` // still unanswered at the end
	Logged       int `json:"logged_ticks"`     // found in the tick log
	Lost         int `json:"lost_ticks"`       // acknowledged and not in the log
	Doubled      int `json:"doubled_ticks"`    // more than once in the log
	Strange      int `json:"strange_ticks"`    // in the log and never sent
}

// reconcile compares the tick log with what was sent.
func reconcile(books []*book, log iter.Seq2[*odds.Batch, error]) (t Tally, err error) {
	for b, err := range log {
		if err != nil {
			return t, err
		}
		if b.Source != source {
			continue
		}
		for i := range b.Updates {
			u := &b.Updates[i]
			for k := range u.Quotes {
				t.Logged++
				if !find(books, int64(b.At), u, &u.Quotes[k]) {
					t.Strange++
				}
			}
		}
	}
	for _, b := range books {
		b.count(&t)
	}
	return t, nil
}

// find matches a logged quote with its request.
func find(books []*book, at int64, u *odds.Update, q *odds.Quote) bool {
	connection, venue := -1, -1
	if !number(u.Event.ID, "kill-", &connection) || !number(u.Venue, "venue", &venue) || connection >= len(books) {
		return false
	}
	side := slices.Index([]string{"home", "away"}, strings.ToLower(q.Selection))
	return side >= 0 && !math.IsNaN(q.Price) && books[connection].note(at, 2*venue+side)
}

// number parses a text that is a prefix and a number.
func number(text, prefix string, n *int) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || rest == "" || len(rest) > 6 {
		return false
	}
	*n = 0
	for _, c := range []byte(rest) {
		if c < '0' || c > '9' {
			return false
		}
		*n = 10**n + int(c-'0')
	}
	return true
}

func (b *book) count(t *Tally) {
	all := uint64(1)<<b.ticks - 1 // with 64 ticks too: the shift gives 0
	for i := range b.entries {
		e := &b.entries[i]
		t.Requests++
		t.Doubled += bits.OnesCount64(e.twice)
		switch e.state {
		case acked:
			t.Acknowledged += b.ticks
			t.Lost += bits.OnesCount64(all &^ e.once)
		case refused:
			t.Refused += b.ticks
		default:
			t.Unanswered += b.ticks
		}
	}
}
