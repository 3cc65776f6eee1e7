package oddsapi

import (
	"slices"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// poll is one decoded response. Its slices are flat: events, books and markets hold ranges
// of the next slice, so that every poll is decoded into the same memory. Strings are
// interned.
type poll struct {
	stamp    odds.Time
	stamped  bool // there was a timestamp member
	badStamp string
	hasData  bool
	events   []event
	books    []book
	markets  []market
	outcomes []outcome
}

type span struct{ from, to int }

type event struct {
	id, sport, title, home, away string
	start                        odds.Time
	books                        span
	pos                          int
}

type book struct {
	key     string
	updated odds.Time
	markets span
}

type market struct {
	key      string
	updated  odds.Time
	outcomes span
	pos      int
}

type outcome struct {
	name, description string
	price, point      float64
	hasPrice, hasLine bool
	badLine           bool // there is one, and it is no number
	pos               int
}

// decoder reads responses. Only this type depends on how JSON is read.
type decoder struct {
	scan  jsonscan.Scanner
	names map[string]string
	size  int  // of names, in bytes
	long  bool // a name was longer than any that is accepted
	poll  poll
	// other is told of members that have no meaning here: "event.rotation". Nil: nobody is.
	other func(what string)
}

// maxNames and maxText limit the table of strings, which a hostile file could fill with strings
// that never repeat.
const (
	maxNames = 1 << 18
	maxText  = 32 << 20
)

func (d *decoder) intern(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	d.long = d.long || len(b) > feed.MaxName
	if d.size += len(b); len(d.names) >= maxNames || d.size > maxText {
		clear(d.names)
		d.size = len(b)
	}
	if d.names == nil {
		d.names = map[string]string{}
	}
	s := string(b)
	d.names[s] = s
	return s
}

// decode reads the value at text[from:] into d.poll: a wrapper {timestamp, data}, a bare
// array of events or a single event. It returns the offset reached. After an error d.poll
// holds the events completed before it.
func (d *decoder) decode(text []byte, from int) (n int, err error) {
	p := &d.poll
	*p = poll{events: p.events[:0], books: p.books[:0], markets: p.markets[:0], outcomes: p.outcomes[:0]}
	d.scan = jsonscan.New(text, from)
	if d.scan.Peek() == '[' {
		d.events()
	} else {
		d.wrapper()
	}
	return d.scan.Pos(), d.scan.Err()
}

func (d *decoder) wrapper() {
	p, s := &d.poll, &d.scan
	bare := event{pos: s.Pos()}
	isEvent := false
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "timestamp":
			p.stamped = true
			p.stamp, p.badStamp = d.time()
		case "data":
			p.hasData = true
			p.events = p.events[:0]
			if s.Peek() == '{' {
				d.event()
			} else {
				d.events()
			}
		default:
			isEvent = isEvent || string(key) == "bookmakers"
			d.eventMember(&bare, key)
		}
	}
	// The single-event endpoint returns the event itself.
	if isEvent && !p.hasData && s.Err() == nil {
		p.hasData = true
		p.events = append(p.events, bare)
	}
}

func (d *decoder) events() {
	d.poll.hasData = true
	for more := d.scan.Array(); more; more = d.scan.More(']') {
		d.event()
	}
}

func (d *decoder) event() {
	s := &d.scan
	s.Peek()
	e := event{pos: s.Pos()}
	for more := s.Object(); more; more = s.More('}') {
		d.eventMember(&e, s.Key())
	}
	if s.Err() == nil {
		d.poll.events = append(d.poll.events, e)
	}
}

func (d *decoder) eventMember(e *event, key []byte) {
	switch string(key) {
	case "id":
		e.id = d.string()
	case "sport_key":
		e.sport = d.string()
	case "sport_title":
		e.title = d.string()
	case "commence_time":
		e.start, _ = d.time()
	case "home_team":
		e.home = d.string()
	case "away_team":
		e.away = d.string()
	case "bookmakers":
		e.books.from = len(d.poll.books)
		for more := d.scan.Array(); more; more = d.scan.More(']') {
			d.book()
		}
		e.books.to = len(d.poll.books)
	default:
		d.skip("event", key)
	}
}

// skip reads past a member without meaning.
func (d *decoder) skip(of string, key []byte) {
	if d.other != nil && !slices.Contains(meaningless, string(key)) {
		d.other(of + "." + clip(string(key)))
	}
	d.scan.Skip()
}

// meaningless are members that are known and say nothing of prices. Links, the venue's own
// numbers and limits come if they are asked for.
var meaningless = []string{
	"title", "link", "sid", "bet_limit", "multiplier", "home_rotation_number", "away_rotation_number", "rotation_number",
	"previous_timestamp", "next_timestamp", "commit",
}

func (d *decoder) book() {
	var b book
	s := &d.scan
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "key":
			b.key = d.string()
		case "last_update":
			b.updated, _ = d.time()
		case "markets":
			b.markets.from = len(d.poll.markets)
			for more := s.Array(); more; more = s.More(']') {
				d.market()
			}
			b.markets.to = len(d.poll.markets)
		default:
			d.skip("book", key)
		}
	}
	d.poll.books = append(d.poll.books, b)
}

func (d *decoder) market() {
	s := &d.scan
	s.Peek()
	m := market{pos: s.Pos()}
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "key":
			m.key = d.string()
		case "last_update":
			m.updated, _ = d.time()
		case "outcomes":
			m.outcomes.from = len(d.poll.outcomes)
			for more := s.Array(); more; more = s.More(']') {
				d.outcome()
			}
			m.outcomes.to = len(d.poll.outcomes)
		default:
			d.skip("market", key)
		}
	}
	d.poll.markets = append(d.poll.markets, m)
}

func (d *decoder) outcome() {
	s := &d.scan
	s.Peek()
	o := outcome{pos: s.Pos()}
	for more := s.Object(); more; more = s.More('}') {
		switch key := s.Key(); string(key) {
		case "name":
			o.name = d.string()
		case "description":
			o.description = d.string()
		case "price":
			o.price, o.hasPrice = d.number(odds.ParseNumber)
		case "point":
			given := s.Peek() != 'n'
			o.point, o.hasLine = d.number(odds.ParseLine)
			o.badLine = given && !o.hasLine
		default:
			d.skip("outcome", key)
		}
	}
	d.poll.outcomes = append(d.poll.outcomes, o)
}

// number reads a number, which may be quoted: recordings that went through a table have them so.
func (d *decoder) number(parse func(string) (float64, error)) (x float64, ok bool) {
	if d.scan.Peek() != '"' {
		return d.scan.Number()
	}
	text, _ := d.scan.String()
	x, err := parse(string(text))
	return x, err == nil
}

// string reads a string; anything else counts as absent.
func (d *decoder) string() string {
	b, _ := d.scan.String()
	return d.intern(b)
}

// time reads an instant: a string, or a number in recordings made with dateFormat=unix. For
// an invalid one it returns 0 and the reason.
func (d *decoder) time() (t odds.Time, bad string) {
	s := &d.scan
	if s.Peek() == '"' {
		b, _ := s.String()
		t, err := feed.ParseTime(b, nil)
		if err != nil {
			return 0, err.Error()
		}
		return t, ""
	}
	v, _ := s.Number()
	t, ok := feed.EpochTime(v)
	if !ok {
		return 0, feed.ErrTime.Error()
	}
	return t, ""
}
