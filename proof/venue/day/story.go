package day

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"corrgraph/odds"
)

// shown is what a book shows from a time on: decimal prices.
type shown struct {
	at         time.Time
	home, away float64
}

func (s *shown) price(home bool) float64 {
	if home {
		return s.home
	}
	return s.away
}

// place is a game at a book.
type place struct{ book, game int }

// story is all that was shown, and what was told of it. It is safe for concurrent use.
type story struct {
	mu    sync.Mutex
	shown map[place][]shown // guarded by mu: by time
	told  map[place]*told   // guarded by mu

	Open, Unknown int      // guarded by mu: quotes told, with and without a price
	Invented      []string // guarded by mu: the first of those that nobody had shown
	Inventions    int      // guarded by mu
}

// told is what was told of a place.
type told struct {
	first  time.Time // a price; when it was received
	seen   []bool    // by the number of what was shown: it was told
	doubts []span    // in order; the last may be open
	prices [2]float64
}

// span is a time; its end is zero while it lasts.
type span struct{ from, to time.Time }

func (s *span) meets(from, to time.Time) bool {
	return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
}

// showLocked notes what is shown from now on.
func (s *story) showLocked(book, game int, x shown) {
	if s.shown == nil {
		s.shown, s.told = map[place][]shown{}, map[place]*told{}
	}
	p := place{book, game}
	if s.told[p] == nil {
		s.told[p] = &told{}
	}
	if had := s.shown[p]; len(had) > 0 && had[len(had)-1].home == x.home && had[len(had)-1].away == x.away {
		return // it moved by less than the book can show
	}
	s.shown[p] = append(s.shown[p], x)
	s.told[p].seen = append(s.told[p].seen, false)
}

// tolerance is how far a server's clock, and with it a stamp, may be off.
const tolerance = time.Second

// quote holds a quote that was told against what was shown at its time. passing reports whether a
// book was on its way through a price.
func (s *story) quote(p place, at, received time.Time, home bool, q *odds.Quote, passing func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.told[p]
	if q.Status != odds.Open {
		s.Unknown++
		t.doubt(received)
		return
	}
	s.Open++
	t.trust(received)
	t.prices[side(home)] = q.Price
	found, moved := s.find(p, at, home, q.Price)
	switch {
	case found >= 0:
		t.seen[found] = true
	case moved && passing():
	default:
		if s.Inventions++; len(s.Invented) < 10 {
			s.Invented = append(s.Invented, fmt.Sprintf("%s of game %d, home %v, at %v: told of %s, received %s", books[p.book].name, p.game, home, q.Price, at, received))
		}
	}
}

func side(home bool) int {
	if home {
		return 0
	}
	return 1
}

func (t *told) doubt(at time.Time) {
	if n := len(t.doubts); n == 0 || !t.doubts[n-1].to.IsZero() {
		t.doubts = append(t.doubts, span{from: at})
	}
}

func (t *told) trust(at time.Time) {
	if t.first.IsZero() {
		t.first = at
	}
	if n := len(t.doubts); n > 0 && t.doubts[n-1].to.IsZero() {
		t.doubts[n-1].to = at
	}
}

// find returns which of what was shown about a time has a price, the newest, or -1; moved reports
// whether the book moved about then.
func (s *story) find(p place, at time.Time, home bool, price float64) (found int, moved bool) {
	all := s.shown[p]
	from, to := at.Add(-tolerance), at.Add(tolerance)
	last := sort.Search(len(all), func(i int) bool { return all[i].at.After(to) }) - 1
	for i := last; i >= 0; i-- {
		moved = moved || !all[i].at.Before(from)
		if math.Abs(all[i].price(home)-price) < 1e-6 {
			return i, moved
		}
		if all[i].at.Before(from) {
			break
		}
	}
	return -1, moved
}

// overdue is how long after a move its market may be found to be in doubt: nothing says sooner
// that a frame was lost, or that a connection is frozen.
const overdue = 90 * time.Second

// Account is what became of what was shown.
type Account struct {
	Shown, Told int
	Doubted     int      // moves not told, of markets that were in doubt then or soon after
	Passed      int      // moves not told, because the next came within a second
	Lost        []string // moves not told for no reason
	Differ      []string // places whose last price is not what is shown
	Doubts      int      // how often a market was in doubt
	Longest     time.Duration
	Share       float64 // of the time, of all markets, in doubt
}

// account closes the story at a time.
func (s *story) account(of []int, began, ended time.Time) (a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var total time.Duration
	places := 0
	for p, all := range s.shown {
		if !slices.Contains(of, p.book) {
			continue
		}
		places++
		t := s.told[p]
		a.moves(p, all, t)
		for _, d := range t.doubts {
			if d.to.IsZero() {
				d.to = ended
			}
			a.Doubts, a.Longest, total = a.Doubts+1, max(a.Longest, d.to.Sub(d.from)), total+d.to.Sub(d.from)
		}
		if last := all[len(all)-1]; math.Abs(t.prices[0]-last.home) > 1e-6 || math.Abs(t.prices[1]-last.away) > 1e-6 {
			a.Differ = append(a.Differ, fmt.Sprintf("%s of game %d is told at %v, shown at %v and %v", books[p.book].name, p.game, t.prices, last.home, last.away))
		}
	}
	a.Share = total.Seconds() / ended.Sub(began).Seconds() / float64(max(1, places))
	slices.Sort(a.Lost)
	slices.Sort(a.Differ)
	return a
}

// moves accounts for the moves of a place after its first price was told.
func (a *Account) moves(p place, all []shown, t *told) {
	for i, x := range all {
		if x.at.Before(t.first) && !t.seen[i] {
			continue
		}
		a.Shown++
		switch {
		case t.seen[i]:
			a.Told++
		case slices.ContainsFunc(t.doubts, func(d span) bool { return d.meets(x.at.Add(-tolerance), x.at.Add(overdue)) }):
			a.Doubted++
		case i+1 < len(all) && all[i+1].at.Sub(x.at) < tolerance:
			a.Passed++
		default:
			a.Lost = append(a.Lost, fmt.Sprintf("%s of game %d, shown at %s as %v", books[p.book].name, p.game, x.at, x.home))
		}
	}
}

// stranger notes an update of something that nobody shows.
func (s *story) stranger(u *odds.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Inventions++; len(s.Invented) < 10 {
		s.Invented = append(s.Invented, fmt.Sprintf("%s of %s at %s, which is no book or game", u.Market, u.Event.ID, u.Venue))
	}
}
