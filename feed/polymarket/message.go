package polymarket

import (
	"bytes"
	"math"
	"strconv"

	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// message is one event of the market channel, or an answer of /book, which has the same members.
// Its bytes and slices are valid until the next one is read.
type message struct {
	kind, asset, condition, winner []byte
	stamp                          odds.Time
	bids, asks                     []level // ranked
	image                          bool    // there were bids or asks
	changes                        []entry
	broken                         bool // something of its prices can't be read
	strange                        []byte
}

// entry is one change of a level.
type entry struct {
	asset []byte
	price int32
	size  float64
	buy   bool
	best  top // stated after it; zero: not
	ok    bool
}

// read reads one event.
func (m *message) read(s *jsonscan.Scanner) {
	*m = message{bids: m.bids[:0], asks: m.asks[:0], changes: m.changes[:0]}
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "event_type":
			m.kind, _ = s.String()
		case "asset_id":
			m.asset, _ = s.String()
		case "market":
			m.condition, _ = s.String()
		case "timestamp":
			m.stamp = stamp(s)
		case "bids", "buys":
			m.bids = m.levels(s, m.bids, 1)
		case "asks", "sells":
			m.asks = m.levels(s, m.asks, -1)
		case "price_changes", "changes":
			m.entries(s)
		case "winning_asset_id":
			m.winner, _ = s.String()
		case "hash", "tick_size", "last_trade_price", "min_order_size", "neg_risk":
			s.Skip()
		default:
			m.strange = key
			s.Skip()
		}
	}
}

// levels reads one side of an image; sign makes prices ranks. Levels without size, and prices
// that nobody can offer, are none.
func (m *message) levels(s *jsonscan.Scanner, to []level, sign int32) []level {
	m.image = m.image || s.Peek() == '['
	for more := s.Array(); more; more = s.More(']') {
		var price int32
		var size float64
		var priced, sized bool
		for more := s.Object(); more; more = s.More('}') {
			switch string(s.Key()) {
			case "price":
				price, priced = priceOf(s)
			case "size":
				size, sized = sizeOf(s)
			default:
				s.Skip()
			}
		}
		switch {
		case !priced || !sized || len(to) >= mostLevels:
			m.broken = true
		case price > 0 && price < one && size > 0:
			to = append(to, level{sign * price, size})
		}
	}
	return to
}

// entries reads the changes of a price_change.
func (m *message) entries(s *jsonscan.Scanner) {
	for more := s.Array(); more; more = s.More(']') {
		e := entry{best: top{-1, -1}}
		var priced, sized, sided bool
		for more := s.Object(); more; more = s.More('}') {
			switch key := s.Key(); string(key) {
			case "asset_id":
				e.asset, _ = s.String()
			case "price":
				e.price, priced = priceOf(s)
			case "size":
				e.size, sized = sizeOf(s)
			case "side":
				side, _ := s.String()
				e.buy = string(side) == "BUY"
				sided = e.buy || string(side) == "SELL"
			case "best_bid":
				e.best.bid = bestOf(s)
			case "best_ask":
				e.best.ask = bestOf(s)
			case "hash":
				s.Skip()
			default:
				m.strange = key
				s.Skip()
			}
		}
		if e.best.bid < 0 || e.best.ask < 0 {
			e.best = top{}
		}
		e.ok = priced && sized && sided
		m.changes = append(m.changes, e)
	}
}

// text returns the bytes of a string or a number.
func text(s *jsonscan.Scanner) []byte {
	if s.Peek() == '"' {
		b, _ := s.String()
		return b
	}
	return s.Raw()
}

func bestOf(s *jsonscan.Scanner) int32 {
	p, ok := priceOf(s)
	if !ok {
		return -1
	}
	return p
}

func priceOf(s *jsonscan.Scanner) (int32, bool) { return price(text(s)) }

// price reads a price of 0 to 1 with up to six decimals, in millionths.
func price(b []byte) (int32, bool) {
	whole, dec, _ := bytes.Cut(b, []byte{'.'})
	if len(whole) > 1 || len(whole)+len(dec) == 0 {
		return 0, false
	}
	v := int32(0)
	if len(whole) == 1 {
		if v = int32(whole[0]) - '0'; v < 0 || v > 1 {
			return 0, false
		}
	}
	for i := range 6 {
		v *= 10
		if i < len(dec) {
			if dec[i] < '0' || dec[i] > '9' {
				return 0, false
			}
			v += int32(dec[i] - '0')
		}
	}
	for _, c := range dec[min(6, len(dec)):] {
		if c != '0' {
			return 0, false
		}
	}
	return v, v <= one
}

// mostSize is the largest size that is believed.
const mostSize = 1e15

func sizeOf(s *jsonscan.Scanner) (float64, bool) {
	b := text(s)
	if len(b) == 0 || len(b) > 40 {
		return 0, false
	}
	v, n, point := uint64(0), 0, -1
	for i, c := range b {
		switch {
		case c == '.' && point < 0:
			point = i
		case c >= '0' && c <= '9' && n < 15:
			v, n = v*10+uint64(c-'0'), n+1
		default:
			f, err := strconv.ParseFloat(string(b), 64)
			return f, err == nil && f >= 0 && f <= mostSize
		}
	}
	if n == 0 {
		return 0, false
	}
	if point < 0 {
		return float64(v), true
	}
	return float64(v) / tens[len(b)-1-point], true
}

var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// stamp reads milliseconds since 1970; 0 for anything else.
func stamp(s *jsonscan.Scanner) odds.Time {
	b := text(s)
	if len(b) < 12 || len(b) > 14 {
		return 0
	}
	v := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		v = v*10 + int64(c-'0')
	}
	return odds.Time(v)
}

// logit returns the log-odds of a probability.
func logit(p float64) float64 { return math.Log(p / (1 - p)) }
