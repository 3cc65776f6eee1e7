package kalshi

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// kind is the type of a message.
type kind uint8

const (
	unknownKind kind = iota
	snapshotKind
	deltaKind
	tickerKind
	tradeKind
	lifecycleKind
	subscribedKind
	unsubscribedKind
	okKind
	errorKind
	otherKind // known, and says nothing of prices
)

func kindOf(name []byte) kind {
	switch string(name) {
	case "orderbook_snapshot":
		return snapshotKind
	case "orderbook_delta":
		return deltaKind
	case "ticker", "ticker_v2":
		return tickerKind
	case "trade":
		return tradeKind
	case "market_lifecycle_v2":
		return lifecycleKind
	case "subscribed":
		return subscribedKind
	case "unsubscribed":
		return unsubscribedKind
	case "ok":
		return okKind
	case "error":
		return errorKind
	case "event_lifecycle", "event_fee_update", "multivariate_market_lifecycle":
		return otherKind
	}
	return unknownKind
}

// level is one price of a side of a book: in ten-thousandths of a dollar, and in hundredths of a
// contract.
type level struct {
	price int32
	size  int64
}

// unset is a number that a message does not have.
const unset = math.MinInt64

// message is one message of the socket: the union of the members of all types, because the type
// may come last. Slices point into the frame or are reused.
type message struct {
	kind         kind
	name         []byte // of the type
	id, sid, seq int64  // 0 none
	ticker       []byte
	price, delta int64
	bid, ask     int64 // of a ticker
	side         []byte
	ts           odds.Time
	older        []byte // the older stamp, of use without ts
	yes, no      []level
	yesDollars   bool // yes holds dollars, of which cents are a copy
	noDollars    bool
	event        []byte // of a lifecycle message
	inactive     int8   // 1 is_deactivated, 2 not, 0 not said
	meta         []byte // additional_metadata
	yesTitle     []byte
	strikeType   []byte
	floor        float64 // NaN none
	channel      []byte
	code         int64
	text         []byte
	unknown      []string
	wrong        error // the first value that can't be read
}

// reset empties m and keeps its memory.
func (m *message) reset() {
	*m = message{
		yes: m.yes[:0], no: m.no[:0], unknown: m.unknown[:0], floor: math.NaN(),
		price: unset, delta: unset, bid: unset, ask: unset,
	}
}

// read decodes one message. brief stops as soon as the type says that it is no answer to a
// command.
func (m *message) read(data []byte, brief bool) error {
	m.reset()
	s := jsonscan.New(data, 0)
	if s.Peek() != '{' {
		return fmt.Errorf("want an object")
	}
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "type":
			m.name, _ = s.String()
			m.kind = kindOf(m.name)
			if brief && !m.kind.answers() {
				return nil
			}
		case "id":
			m.id = m.integer(&s, "id")
		case "sid":
			m.sid = m.integer(&s, "sid")
		case "seq":
			m.seq = m.integer(&s, "seq")
		case "msg":
			m.body(&s)
		default:
			m.surprise(key)
			s.Skip()
		}
	}
	switch {
	case s.Err() != nil:
		return s.Err()
	case !s.End():
		return fmt.Errorf("byte %d: more than one JSON value in a frame", s.Pos())
	case m.name == nil:
		return fmt.Errorf("a message without a type")
	}
	return m.wrong
}

// answers reports whether a message answers a command, or ends a subscription.
func (k kind) answers() bool {
	return k == subscribedKind || k == unsubscribedKind || k == okKind || k == errorKind || k == snapshotKind
}

// body reads the members of msg.
func (m *message) body(s *jsonscan.Scanner) {
	if s.Peek() != '{' { // list_subscriptions is answered with an array
		s.Skip()
		return
	}
	for more := s.Object(); more; more = s.More('}') {
		key := s.Key()
		if !m.book(s, key) && !m.words(s, key) {
			if !ignored[string(key)] {
				m.surprise(key)
			}
			s.Skip()
		}
	}
}

// book reads a member that has to do with prices.
func (m *message) book(s *jsonscan.Scanner, key []byte) bool {
	switch string(key) {
	case "market_ticker":
		m.ticker, _ = s.String()
	case "price_dollars":
		m.price = m.fixed(s, 4)
	case "price":
		m.price = m.fixed(s, 2)
	case "delta_fp", "delta":
		m.delta = m.fixed(s, 2)
	case "side":
		m.side, _ = s.String()
	case "yes_dollars_fp", "yes_dollars":
		m.yes, m.yesDollars = m.levels(s, m.yes, 4), true
	case "no_dollars_fp", "no_dollars":
		m.no, m.noDollars = m.levels(s, m.no, 4), true
	case "yes":
		m.yes = m.cents(s, m.yes, m.yesDollars)
	case "no":
		m.no = m.cents(s, m.no, m.noDollars)
	case "yes_bid_dollars":
		m.bid = m.fixed(s, 4)
	case "yes_bid":
		m.bid = m.fixed(s, 2)
	case "yes_ask_dollars":
		m.ask = m.fixed(s, 4)
	case "yes_ask":
		m.ask = m.fixed(s, 2)
	case "ts_ms":
		m.ts = odds.Time(m.integer(s, "ts_ms"))
	case "ts":
		m.older = token(s)
	default:
		return false
	}
	return true
}

// words reads any other member that matters.
func (m *message) words(s *jsonscan.Scanner, key []byte) bool {
	switch string(key) {
	case "event_type":
		m.event, _ = s.String()
	case "is_deactivated":
		m.inactive = 2
		if string(s.Raw()) == "true" {
			m.inactive = 1
		}
	case "additional_metadata":
		m.meta = s.Raw()
	case "yes_sub_title":
		m.yesTitle, _ = s.String()
	case "strike_type":
		m.strikeType, _ = s.String()
	case "floor_strike":
		if v, ok := s.Number(); ok {
			m.floor = v
		}
	case "channel":
		m.channel, _ = s.String()
	case "sid":
		m.sid = m.integer(s, "sid")
	case "code":
		m.code = m.integer(s, "code")
	case "msg":
		m.text, _ = s.String()
	default:
		return false
	}
	return true
}

// ignored are members that say nothing here.
var ignored = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range []string{
		"market_id", "client_order_id", "subaccount", "time", "volume", "volume_fp", "open_interest", "open_interest_fp", "dollar_volume",
		"dollar_open_interest", "yes_bid_size_fp", "yes_ask_size_fp", "yes_bid_size", "yes_ask_size", "last_trade_size_fp", "last_trade_size",
		"trade_id", "yes_price", "no_price", "yes_price_dollars", "no_price_dollars", "count", "count_fp", "taker_side", "taker_outcome_side",
		"taker_book_side", "is_block_trade", "exchange_index", "open_ts", "close_ts", "determination_ts", "settled_ts", "result", "settlement_value",
		"price_level_structure", "price_ranges", "cap_strike", "custom_strike", "market_tickers", "market_ids", "event_ticker", "title", "subtitle",
		"collateral_return_type", "series_ticker", "strike_date", "strike_period", "fee_type_override", "fee_multiplier_override", "fractional_trading_enabled",
	} {
		all[name] = true
	}
	return all
}()

// mostSurprises limits the unknown members that one message names, and mostName their length.
const (
	mostSurprises = 8
	mostName      = 40
)

// surprise counts a member that is not known.
func (m *message) surprise(key []byte) {
	if len(m.unknown) < mostSurprises {
		m.unknown = append(m.unknown, "member "+string(key[:min(len(key), mostName)]))
	}
}

// mistake keeps the first value that can't be read.
func (m *message) mistake(s *jsonscan.Scanner, what string) {
	if m.wrong == nil && s.Err() == nil {
		m.wrong = fmt.Errorf("byte %d: %s", s.Pos(), what)
	}
}

// token returns a number's text, whether or not it is in quotes.
func token(s *jsonscan.Scanner) []byte {
	if s.Peek() == '"' {
		b, _ := s.String()
		return b
	}
	return s.Raw()
}

func (m *message) integer(s *jsonscan.Scanner, name string) int64 {
	b := token(s)
	v, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || v < 0 {
		if string(b) != "null" {
			m.mistake(s, "want a number of "+name)
		}
		return 0
	}
	return v
}

// fixed reads a number and returns it with the given decimals, as an integer.
func (m *message) fixed(s *jsonscan.Scanner, decimals int) int64 {
	b := token(s)
	v, ok := fixed(b, decimals)
	if !ok && string(b) != "null" {
		m.mistake(s, "want a number with up to "+strconv.Itoa(decimals)+" decimals")
	}
	return v
}

// fixed converts a decimal number to an integer of its last decimal: 4 makes "0.48" 4800. ok is
// false, and the result unset, if it has further decimals or is too large.
func fixed(b []byte, decimals int) (v int64, ok bool) {
	minus := len(b) > 0 && b[0] == '-'
	if minus {
		b = b[1:]
	}
	point, digits := -1, 0
	for i, c := range b {
		switch {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9' || v > 1e15:
			return unset, false
		case point >= 0 && i-point > decimals:
			if c != '0' {
				return unset, false
			}
		default:
			v, digits = v*10+int64(c-'0'), digits+1
		}
	}
	have := 0
	if point >= 0 {
		have = min(len(b)-point-1, decimals)
	}
	for ; have < decimals; have++ {
		v *= 10
	}
	if digits == 0 || v > 1e17 {
		return unset, false
	}
	if minus {
		v = -v
	}
	return v, true
}

// cents reads the older form of a side, unless the newer one was there.
func (m *message) cents(s *jsonscan.Scanner, to []level, has bool) []level {
	if has || s.Peek() != '[' {
		s.Skip()
		return to
	}
	return m.levels(s, to, 2)
}

// levels reads a list of [price, size].
func (m *message) levels(s *jsonscan.Scanner, to []level, decimals int) []level {
	to = to[:0]
	if s.Peek() != '[' {
		if s.Peek() != 'n' {
			m.mistake(s, "want a list of levels")
		}
		s.Skip()
		return to
	}
	for more := s.Array(); more; more = s.More(']') {
		pair := [2]int64{unset, unset}
		n := 0
		for more := s.Array(); more; more = s.More(']') {
			switch n {
			case 0:
				pair[0] = m.fixed(s, decimals)
			case 1:
				pair[1] = m.fixed(s, 2)
			default:
				s.Skip()
			}
			n++
		}
		if !usable(pair[0]) || pair[1] < 0 {
			m.mistake(s, "want levels of a price between 0 and 1 and a size")
			continue
		}
		to = append(to, level{int32(pair[0]), pair[1]})
	}
	return to
}

// whole is the payout of a contract, in ten-thousandths of a dollar.
const whole = 10_000

// usable reports whether a price can be one of a bid.
func usable(price int64) bool { return price > 0 && price < whole }

// stamp reads the older stamp if there is no newer one: seconds, or RFC 3339.
func (m *message) stamp() odds.Time {
	if m.ts != 0 || m.older == nil {
		return m.ts
	}
	if v, err := strconv.ParseInt(string(m.older), 10, 64); err == nil {
		if v > 0 && v < 1<<40 {
			return odds.Time(v * 1000)
		}
		return 0
	}
	t, err := time.Parse(time.RFC3339Nano, string(m.older))
	if err != nil {
		return 0
	}
	return max(0, odds.TimeOf(t))
}
