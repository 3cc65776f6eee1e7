package columns

import (
	"math"
	"slices"
	"time"

	"corrgraph/odds"
)

// meetings assigns one event to each key, or one to each meeting if several share a key.
type meetings struct {
	gap    odds.Millis
	absent int
	polled bool
	keys   map[string]*shared
	polls  map[string]int // by league: how many polls contained it
}

// shared is the state of one key.
type shared struct {
	seen  odds.Time
	poll  int       // the league's count at that time
	live  []meeting // by start: the earliest leaves first
	named map[string]bool
}

type meeting struct {
	event *odds.Event
	price float64      // log of its first price when last quoted
	all   []odds.Quote // when last quoted
}

func newMeetings(m *Map) meetings {
	return meetings{
		gap: odds.MillisOf(time.Duration(m.NewEventAfter)), absent: m.NewEventAfterPolls, polled: m.Polled,
		keys: map[string]*shared{}, polls: map[string]int{},
	}
}

// assign returns the event of each row of one time.
func (m *meetings) assign(rows []row) []*odds.Event {
	events := make([]*odds.Event, len(rows))
	if m.gap == 0 || !m.polled {
		for i := range rows {
			events[i] = m.one(&rows[i])
		}
		return events
	}
	return m.poll(rows, events)
}

// key returns the state of a row's key, emptied if the key now means a new event. A key that
// polls lacked and that comes back with every price as it was is the same event: pages flicker.
func (m *meetings) key(r *row) *shared {
	k := m.keys[r.facts.ID]
	switch {
	case k == nil:
		k = &shared{named: map[string]bool{}}
		m.keys[r.facts.ID] = k
	case m.gap > 0 && r.at.Sub(k.seen) > m.gap,
		m.absent > 0 && m.polls[r.facts.League]-k.poll > m.absent && !k.quoted(r):
		k.live = nil
	}
	k.seen, k.poll = r.at, m.polls[r.facts.League]
	return k
}

// quoted reports whether a live meeting was quoted last as the row quotes it.
func (k *shared) quoted(r *row) bool {
	return slices.ContainsFunc(k.live, func(mt meeting) bool {
		return len(mt.all) > 0 && slices.EqualFunc(mt.all, r.quotes, func(a, b odds.Quote) bool {
			return a.Selection == b.Selection && a.Price == b.Price && a.Status == b.Status
		})
	})
}

// one treats a key as one event at a time.
func (m *meetings) one(r *row) *odds.Event {
	k := m.key(r)
	if len(k.live) == 0 {
		k.live = []meeting{m.begin(k, r)}
	}
	k.live[0].all = r.quotes
	return k.live[0].know(r)
}

// poll sorts the rows of a poll by key and aligns them with the meetings.
func (m *meetings) poll(rows []row, events []*odds.Event) []*odds.Event {
	leagues := map[string]bool{}
	byKey := map[[3]string][]int{} // a key's rows for one venue and market
	var order [][3]string
	for i := range rows {
		r := &rows[i]
		if !leagues[r.facts.League] {
			leagues[r.facts.League] = true
			m.polls[r.facts.League]++
		}
		id := [3]string{r.facts.ID, r.venue, r.market}
		if byKey[id] == nil {
			order = append(order, id)
		}
		byKey[id] = append(byKey[id], i)
	}
	done := map[string]bool{}
	for _, id := range order {
		m.line(rows, byKey[id], events, done[id[0]])
		done[id[0]] = true
	}
	return events
}

// line assigns the rows of a key to its meetings. The shorter list is aligned with the
// longer, in order, so that prices move least. On a tie rows go to the latest live
// meetings, and new rows come last. Meetings without a row have begun and are over, except
// for later markets of the same poll (more).
func (m *meetings) line(rows []row, at []int, events []*odds.Event, more bool) {
	k := m.key(&rows[at[0]])
	prices := make([]float64, len(at))
	for i, j := range at {
		prices[i] = rows[j].logPrice()
	}
	match := align(prices, k.live)
	var live []meeting
	for i, j := range at {
		r := &rows[j]
		var mt meeting
		if match[i] >= 0 {
			mt = k.live[match[i]]
		} else {
			mt = m.begin(k, r)
		}
		mt.price, mt.all = prices[i], r.quotes
		events[j] = mt.know(r)
		live = append(live, mt)
	}
	if !more || len(live) > len(k.live) {
		k.live = live
	}
}

func (r *row) logPrice() float64 {
	if len(r.quotes) == 0 || r.quotes[0].Price <= 0 {
		return 0
	}
	return math.Log(r.quotes[0].Price)
}

// align returns for each price the live meeting it belongs to, or -1, in order, with as
// many pairs as the shorter list has. Cost: O(prices·live).
func align(prices []float64, live []meeting) []int {
	n, l := len(prices), len(live)
	// cost[i][j] is the minimum cost of pairing prices[i:] with live[j:]; the number of
	// skips left follows from the lengths.
	cost := make([][]float64, n+1)
	for i := range cost {
		cost[i] = make([]float64, l+1)
	}
	for i := n; i >= 0; i-- {
		for j := l; j >= 0; j-- {
			cost[i][j] = least(cost, prices, live, i, j)
		}
	}
	match := make([]int, n)
	for i, j := 0, 0; i < n; {
		switch {
		case j < l && cost[i][j] == pair(cost, prices, live, i, j) && !(l > n && cost[i][j] == cost[i][j+1]):
			match[i] = j
			i++
			j++
		case l > n:
			j++
		default:
			match[i] = -1
			i++
		}
	}
	return match
}

func pair(cost [][]float64, prices []float64, live []meeting, i, j int) float64 {
	return math.Abs(prices[i]-live[j].price) + cost[i+1][j+1]
}

// least is one cell of align: pair both, or skip one element of the longer list.
func least(cost [][]float64, prices []float64, live []meeting, i, j int) float64 {
	n, l := len(prices), len(live)
	switch {
	case min(n, l) == n && i == n || min(n, l) == l && j == l:
		return 0
	case i == n || j == l:
		return math.Inf(1)
	}
	best := pair(cost, prices, live, i, j)
	if l > n {
		return min(best, cost[i][j+1])
	}
	if n > l {
		return min(best, cost[i+1][j])
	}
	return best
}

// begin creates the event of a new meeting. Its id is the key, followed by the time of its
// first row if keys are shared.
func (m *meetings) begin(k *shared, r *row) meeting {
	e := r.facts
	if m.gap > 0 {
		e.ID += ":" + r.at.Std().Format("20060102T1504")
		for k.named[e.ID] {
			e.ID += "b"
		}
		k.named[e.ID] = true
	}
	return meeting{event: &e}
}

// know returns the meeting's event with the facts of the row added; a changed fact makes a
// new value.
func (mt *meeting) know(r *row) *odds.Event {
	e := *mt.event
	changed := false
	for _, f := range [...]struct {
		at  *string
		now string
	}{{&e.Sport, r.facts.Sport}, {&e.League, r.facts.League}, {&e.Home, r.facts.Home}, {&e.Away, r.facts.Away}, {&e.Title, r.facts.Title}} {
		if f.now != "" && *f.at != f.now {
			*f.at, changed = f.now, true
		}
	}
	if r.facts.Start != 0 && e.Start != r.facts.Start {
		e.Start, changed = r.facts.Start, true
	}
	if changed {
		mt.event = &e
	}
	return mt.event
}
