package polymarket

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Top are the best prices of a market's first token, in hundredths: 0 and 100 where a side is
// empty.
type Top struct{ Bid, Ask int }

// Contract is one market of the server.
type Contract struct {
	Condition string
	Tokens    [2]string
	members   map[string]any // of gamma
	bids      map[int]int    // price → size, of the first token
	asks      map[int]int
	stamp     time.Time
	shown     map[Top]bool
}

// Event is one event of the server.
type Event struct {
	Slug    string
	Markets []*Contract
	members map[string]any
}

// contract makes a market with a book around a price.
func (w *world) contract(outcomes [2]string, at int, members map[string]any) *Contract {
	n := len(w.contracts) + 1
	c := &Contract{
		Condition: fmt.Sprintf("0x%064x", n), Tokens: [2]string{fmt.Sprintf("7%075d", 2*n), fmt.Sprintf("7%075d", 2*n+1)},
		members: members, bids: map[int]int{}, asks: map[int]int{}, stamp: time.Now(), shown: map[Top]bool{},
	}
	for i := range 6 {
		c.bids[max(1, at-1-i)], c.asks[min(99, at+1+i)] = 100+10*i, 120+10*i
	}
	names, _ := json.Marshal(outcomes)  // cannot fail
	tokens, _ := json.Marshal(c.Tokens) // cannot fail
	maps.Copy(c.members, map[string]any{
		"conditionId": c.Condition, "outcomes": string(names), "clobTokenIds": string(tokens),
		"active": true, "closed": false, "acceptingOrders": true, "enableOrderBook": true,
	})
	c.shown[c.top()] = true
	w.contracts = append(w.contracts, c)
	return c
}

// world is what there is to bet on.
type world struct {
	events    []*Event
	contracts []*Contract
	rand      *rand.Rand
}

// Names of sides, by the number of the match.
var cities = [...]string{"Boston", "Denver", "Miami", "Utah", "Dallas", "Chicago", "Phoenix", "Orlando"}

// match adds a basketball match with a winner, a handicap and a total.
func (w *world) match(start time.Time) *Event {
	n := len(w.events) + 1
	away, home := cities[n%8]+" "+strconv.Itoa(n), cities[(n+3)%8]+" H"+strconv.Itoa(n)
	e := &Event{Slug: fmt.Sprintf("nba-a%d-h%d-%s", n, n, start.Format(time.DateOnly))}
	at := 30 + w.rand.IntN(40)
	spread := fmt.Sprintf("Spread: %s (-3.5)", home)
	e.Markets = []*Contract{
		w.contract([2]string{away, home}, at, map[string]any{"question": away + " vs. " + home, "sportsMarketType": "moneyline"}),
		w.contract([2]string{home, away}, 48, map[string]any{"question": spread, "sportsMarketType": "spreads", "line": -3.5}),
		w.contract([2]string{"Over", "Under"}, 52, map[string]any{"question": "O/U 221.5", "sportsMarketType": "totals", "line": 221.5}),
	}
	e.members = map[string]any{
		"id": strconv.Itoa(n), "slug": e.Slug, "title": away + " vs. " + home, "gameId": 1000 + n, "startTime": start.UTC().Format(time.RFC3339),
		"closed": false, "live": false, "ended": false, "tags": []any{map[string]any{"slug": "sports"}, map[string]any{"slug": "nba"}},
		"teams": []any{map[string]any{"name": away, "ordering": "away"}, map[string]any{"name": home, "ordering": "home"}},
	}
	w.events = append(w.events, e)
	return e
}

// soccer adds a match of which each result is a market.
func (w *world) soccer(start time.Time) *Event {
	n := len(w.events) + 1
	home, away := "Home "+strconv.Itoa(n)+" FC", "Away "+strconv.Itoa(n)+" FC"
	e := &Event{Slug: fmt.Sprintf("epl-h%d-a%d-%s", n, n, start.Format(time.DateOnly))}
	for i, group := range [...]string{home, "Draw (" + home + " vs. " + away + ")", away} {
		e.Markets = append(e.Markets, w.contract([2]string{"Yes", "No"}, [...]int{45, 28, 27}[i],
			map[string]any{"question": "Will it be " + group + "?", "sportsMarketType": "moneyline", "groupItemTitle": group}))
	}
	e.members = map[string]any{
		"id": strconv.Itoa(n), "slug": e.Slug, "title": home + " vs. " + away, "gameId": 1000 + n, "startTime": start.UTC().Format(time.RFC3339),
		"closed": false, "negRisk": true, "tags": []any{map[string]any{"slug": "sports"}, map[string]any{"slug": "soccer"}},
	}
	w.events = append(w.events, e)
	return e
}

// json is the event as gamma lists it.
func (e *Event) json() map[string]any {
	m := maps.Clone(e.members)
	var markets []any
	for _, c := range e.Markets {
		markets = append(markets, c.members)
	}
	m["markets"] = markets
	return m
}

func (c *Contract) top() Top {
	t := Top{0, 100}
	for p := range c.bids {
		t.Bid = max(t.Bid, p)
	}
	for p := range c.asks {
		t.Ask = min(t.Ask, p)
	}
	return t
}

// change is one change of a level of the first token.
type change struct {
	buy         bool
	price, size int
}

// step moves the market a little and returns what changed, in order. Where the price moves, the
// new level comes first and those it matched are removed after it, as at the venue.
func (c *Contract) step(r *rand.Rand) (all []change) {
	set := func(buy bool, price, size int) {
		side := c.asks
		if buy {
			side = c.bids
		}
		if side[price] == size {
			return
		}
		if side[price] = size; size == 0 {
			delete(side, price)
		}
		all = append(all, change{buy, price, size})
	}
	t := c.top()
	switch r.IntN(4) {
	case 0: // up: the best ask is taken
		if t.Ask < 95 {
			set(true, t.Ask, 50+r.IntN(100))
			set(false, t.Ask, 0)
			set(false, min(99, t.Ask+6), 100+r.IntN(100))
		}
	case 1: // down
		if t.Bid > 5 {
			set(false, t.Bid, 50+r.IntN(100))
			set(true, t.Bid, 0)
			set(true, max(1, t.Bid-6), 100+r.IntN(100))
		}
	case 2:
		set(true, max(1, t.Bid-r.IntN(3)), 60+r.IntN(400))
	default:
		set(false, min(99, t.Ask+r.IntN(3)), 60+r.IntN(400))
	}
	c.shown[c.top()] = true
	return all
}

// book is the whole book of a token, as the stream and /book have it.
func (c *Contract) book(second bool) map[string]any {
	bids, asks := c.bids, c.asks
	if second {
		bids, asks = mirror(c.asks), mirror(c.bids)
	}
	m := map[string]any{
		"event_type": "book", "market": c.Condition, "asset_id": c.Tokens[0], "timestamp": stamp(c.stamp), "hash": "0x0",
		"bids": levels(bids, false), "asks": levels(asks, true), "tick_size": "0.01",
	}
	if second {
		m["asset_id"] = c.Tokens[1]
	}
	return m
}

func mirror(side map[int]int) map[int]int {
	out := map[int]int{}
	for p, size := range side {
		out[100-p] = size
	}
	return out
}

// levels lists the best price last.
func levels(side map[int]int, descending bool) []any {
	prices := slices.Sorted(maps.Keys(side))
	if descending {
		slices.Reverse(prices)
	}
	out := []any{}
	for _, p := range prices {
		out = append(out, map[string]any{"price": cents(p), "size": strconv.Itoa(side[p])})
	}
	return out
}

func cents(p int) string { return strconv.FormatFloat(float64(p)/100, 'f', -1, 64) }

func stamp(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// entries states a change for both tokens.
func (c *Contract) entries(x change, t Top) []any {
	entry := func(token string, buy bool, price int, t Top) map[string]any {
		side := "SELL"
		if buy {
			side = "BUY"
		}
		return map[string]any{
			"asset_id": token, "price": cents(price), "size": strconv.Itoa(x.size), "side": side, "hash": "0x0",
			"best_bid": cents(t.Bid), "best_ask": cents(t.Ask),
		}
	}
	return []any{
		entry(c.Tokens[0], x.buy, x.price, t),
		entry(c.Tokens[1], !x.buy, 100-x.price, Top{100 - t.Ask, 100 - t.Bid}),
	}
}
