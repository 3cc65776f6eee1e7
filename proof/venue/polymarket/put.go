package polymarket

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Game adds a basketball match with a winner alone, whose home side has a chance in hundredths.
// Its market is the first of the event, and the home side's token the first of the market.
func (s *Server) Game(home, away string, start time.Time, middle int) *Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.w.events) + 1
	e := &Event{Slug: fmt.Sprintf("nba-a%d-h%d-%s", n, n, start.Format(time.DateOnly))}
	title := away + " vs. " + home
	e.Markets = []*Contract{s.w.contract([2]string{home, away}, middle, map[string]any{"question": title, "sportsMarketType": "moneyline"})}
	e.members = map[string]any{
		"id": strconv.Itoa(n), "slug": e.Slug, "title": title, "gameId": 1000 + n, "startTime": start.UTC().Format(time.RFC3339),
		"closed": false, "live": false, "ended": false, "tags": []any{map[string]any{"slug": "sports"}, map[string]any{"slug": "nba"}},
		"teams": []any{map[string]any{"name": away, "ordering": "away"}, map[string]any{"name": home, "ordering": "home"}},
	}
	s.w.events = append(s.w.events, e)
	return e
}

// Put moves the book of a market so that its middle is a price of the first token, in hundredths
// from 8 to 92, and tells so in one frame.
func (s *Server) Put(c *Contract, middle int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := c.put(middle)
	if len(all) == 0 {
		return
	}
	c.stamp = s.Stream.Clock()
	var entries []any
	for _, x := range all {
		entries = append(entries, c.entries(x, c.top())...)
	}
	s.tellLocked(c, entries)
}

// put moves a book and returns what changed: what comes into it, then what leaves it.
func (c *Contract) put(middle int) (all []change) {
	var gone []change
	for _, side := range [...]struct {
		buy  bool
		book map[int]int
		sign int
	}{{true, c.bids, -1}, {false, c.asks, 1}} {
		want := map[int]bool{}
		for i := 1; i <= 6; i++ {
			want[middle+side.sign*i] = true
		}
		for p := 1; p < 100; p++ {
			switch {
			case want[p] && side.book[p] == 0:
				side.book[p] = 90 + 10*(p%7)
				all = append(all, change{side.buy, p, side.book[p]})
			case !want[p] && side.book[p] != 0:
				delete(side.book, p)
				gone = append(gone, change{side.buy, p, 0})
			}
		}
	}
	c.shown[c.top()] = true
	return append(all, gone...)
}

// tellLocked sends changes of a market to all who follow it.
func (s *Server) tellLocked(c *Contract, entries []any) {
	frame, _ := json.Marshal(map[string]any{ // cannot fail
		"event_type": "price_change", "market": c.Condition, "timestamp": stamp(c.stamp), "price_changes": entries,
	})
	for _, l := range s.links {
		if l.subscribed[c.Tokens[0]] || l.subscribed[c.Tokens[1]] {
			if !s.lost[[2]string{l.name, c.Tokens[0]}] {
				l.queue(frame)
			}
		}
	}
}
