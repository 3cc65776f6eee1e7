package kalshi

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// walk is the market: a book for each contract, in cents and hundredths of contracts.
type walk struct {
	rng     *rand.Rand
	order   []string
	books   map[string]*book
	settled map[string]bool
}

type book struct {
	mid   int // in cents; bids of YES lie below, of NO above
	size  map[string]map[int]int
	shown map[int]bool // bid + ask of every state, in cents
}

// change is a new size at a price of a side.
type change struct {
	ticker, side string
	price, delta int
	last         bool // of one step
}

func newWalk(seed uint64, markets []Market) *walk {
	w := &walk{rng: rand.New(rand.NewPCG(seed, 1)), books: map[string]*book{}, settled: map[string]bool{}}
	for _, m := range markets {
		b := &book{mid: 20 + w.rng.IntN(60), size: map[string]map[int]int{"yes": {}, "no": {}}, shown: map[int]bool{}}
		for i := 1; i <= 5; i++ {
			b.size["yes"][b.mid-i] = 100 * (1 + w.rng.IntN(500))
			b.size["no"][100-b.mid-i] = 100 * (1 + w.rng.IntN(500))
		}
		w.books[m.Ticker] = b
		w.order = append(w.order, m.Ticker)
		w.note(b)
	}
	return w
}

// step changes one contract: mostly a size, now and then its prices.
func (w *walk) step() []change {
	if len(w.order) == 0 {
		return nil
	}
	ticker := w.order[w.rng.IntN(len(w.order))]
	if w.settled[ticker] {
		return nil
	}
	b := w.books[ticker]
	var out []change
	set := func(side string, price, size int) {
		delta := size - b.size[side][price]
		if delta == 0 || price <= 0 || price >= 100 {
			return
		}
		if b.size[side][price] = size; size == 0 {
			delete(b.size[side], price)
		}
		out = append(out, change{ticker: ticker, side: side, price: price, delta: delta})
		w.note(b)
	}
	size := func() int { return 100 * (1 + w.rng.IntN(500)) }
	switch n := w.rng.IntN(10); {
	case n < 2 && b.mid < 90: // up: the best ask is taken, then the bid follows
		set("no", 100-b.mid-1, 0)
		set("yes", b.mid, size())
		b.mid++
		set("no", 100-b.mid-5, size())
	case n < 4 && b.mid > 10:
		set("yes", b.mid-1, 0)
		set("no", 100-b.mid, size())
		b.mid--
		set("yes", b.mid-5, size())
	case n%2 == 0:
		set("yes", b.mid-1-w.rng.IntN(5), size())
	default:
		set("no", 100-b.mid-1-w.rng.IntN(5), size())
	}
	if len(out) > 0 {
		out[len(out)-1].last = true
	}
	return out
}

// bests are the best bid and ask of YES in cents; 0 none.
func (b *book) bests() (bid, ask int) {
	for p := range b.size["yes"] {
		bid = max(bid, p)
	}
	for p := range b.size["no"] {
		if ask == 0 || 100-p < ask {
			ask = 100 - p
		}
	}
	return bid, ask
}

func (w *walk) note(b *book) {
	if bid, ask := b.bests(); bid != 0 && ask != 0 {
		b.shown[bid+ask] = true
	}
}

func (w *walk) top(ticker string) [2]int {
	bid, ask := w.books[ticker].bests()
	return [2]int{bid, ask}
}

// Shown reports whether a price, as the probability of YES, was ever the middle of a book.
func (s *Server) Shown(ticker string, prob float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.walk.books[ticker]
	sum := prob * 200
	return b != nil && b.shown[int(sum+0.5)] && max(sum-float64(int(sum+0.5)), float64(int(sum+0.5))-sum) < 1e-6
}

// Middle is the present middle of a book.
func (s *Server) Middle(ticker string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	bid, ask := s.walk.books[ticker].bests()
	return float64(bid+ask) / 200
}

// Book returns the present bids of a contract as text, for comparison: "yes 0.41 3.00 …".
func (s *Server) Book(ticker string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, side := range []string{"yes", "no"} {
		for _, l := range sorted(s.walk.books[ticker].size[side]) {
			out = append(out, fmt.Sprintf("%s %.2f %.2f", side, float64(l[0])/100, float64(l[1])/100))
		}
	}
	return out
}

// sorted lists price and size of a side, ascending.
func sorted(side map[int]int) (out [][2]int) {
	for p, n := range side {
		out = append(out, [2]int{p, n})
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	return out
}

// dollars writes cents as the protocol does: "0.4800".
func dollars(cents int) string { return fmt.Sprintf("%.4f", float64(cents)/100) }

// contracts writes hundredths of contracts: "-54.00".
func contracts(n int) string { return strconv.FormatFloat(float64(n)/100, 'f', 2, 64) }

// snapshot is the msg of an image; a side without bids is absent.
func (s *Server) snapshot(ticker string) map[string]any {
	msg := map[string]any{"market_ticker": ticker, "market_id": "00000000-0000-0000-0000-000000000000"}
	for _, side := range []string{"yes", "no"} {
		var fresh, older []any
		for _, l := range sorted(s.walk.books[ticker].size[side]) {
			fresh = append(fresh, []string{dollars(l[0]), contracts(l[1])})
			older = append(older, []int{l[0], l[1] / 100})
		}
		switch {
		case fresh == nil:
		case s.o.Cents:
			msg[side] = older
		default:
			msg[side+"_dollars_fp"] = fresh
		}
	}
	return msg
}

// delta is the msg of a change.
func (s *Server) delta(x change, now time.Time) map[string]any {
	msg := map[string]any{"market_ticker": x.ticker, "market_id": "00000000-0000-0000-0000-000000000000", "side": x.side}
	if s.o.Cents {
		msg["price"], msg["delta"], msg["ts"] = x.price, x.delta/100, now.UTC().Format(time.RFC3339Nano)
		return msg
	}
	msg["price_dollars"], msg["delta_fp"], msg["ts_ms"] = dollars(x.price), contracts(x.delta), now.UnixMilli()
	return msg
}

func tickerOf(ticker string, top [2]int, now time.Time) map[string]any {
	return map[string]any{
		"market_ticker": ticker, "market_id": "00000000-0000-0000-0000-000000000000", "price_dollars": dollars(top[0]), "yes_bid_dollars": dollars(top[0]),
		"yes_ask_dollars": dollars(top[1]), "volume_fp": "33896.00", "open_interest_fp": "20422.00", "dollar_volume": 16948, "ts": now.Unix(), "ts_ms": now.UnixMilli(),
	}
}
