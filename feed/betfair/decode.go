package betfair

import (
	"fmt"
	"strconv"

	"corrgraph/feed/internal/jsonscan"
)

// decode reads one line into m, which must be zero. Members not named in message are
// skipped, whatever their content. Null counts as absent, as do the words Betfair writes
// for a missing number ("NaN", "Infinity"). Of duplicate members the last one counts. A
// member of the wrong type fails the line, with its offset. The line is not retained.
func decode(line []byte, m *message) error {
	d := decoder{scan: jsonscan.New(line, 0)}
	return d.line(m)
}

// line reads the whole line into m.
func (d *decoder) line(m *message) error {
	d.message(m)
	switch {
	case d.scan.Err() != nil:
		return d.scan.Err()
	case d.wrong != nil:
		return d.wrong
	case !d.scan.End():
		return fmt.Errorf("byte %d: more than one JSON value in the line", d.scan.Pos())
	}
	return nil
}

// decoder reads the members of one line.
type decoder struct {
	scan  jsonscan.Scanner
	wrong error // the first value of a wrong type

	// Of a connection only:
	head    *Header           // also read, if it is set
	brief   bool              // the markets are passed over
	longest int               // text in bytes; 0: no limit
	known   map[string]string // texts that need not be copied
	unknown func(what string) // told the members that nobody has heard of, if it is set
}

// pass passes over a member that no price depends on.
func (d *decoder) pass(of string, key []byte) {
	if d.unknown != nil && !wellKnown(of, string(key)) {
		d.unknown("member " + of + "." + string(key[:min(len(key), 64)]))
	}
	d.scan.Skip()
}

// wellKnown reports whether a member that is passed over is one of the protocol's.
func wellKnown(of, key string) bool {
	switch of {
	case "change":
		return key == "tv"
	case "runner change":
		switch key {
		case "trd", "spn", "spf", "spb", "spl":
			return true
		}
	case "runner":
		return key == "adjustmentFactor" || key == "bsp" || key == "removalDate"
	case "definition":
		switch key {
		case "bspMarket", "turnInPlayEnabled", "persistenceEnabled", "marketBaseRate", "suspendTime", "bspReconciled", "crossMatching",
			"runnersVoidable", "numberOfActiveRunners", "betDelay", "betDelayModels", "regulators", "discountAllowed", "timezone", "openDate",
			"version", "priceLadderDefinition", "eachWayDivisor", "lineMinUnit", "lineMaxUnit", "lineInterval", "raceType", "settledTime", "suspendReason":
			return true
		}
	}
	return false
}

// is reports whether the next value begins with first. Null is skipped; any other value is
// skipped and recorded as wrong.
func (d *decoder) is(first byte, what string) bool {
	switch c := d.scan.Peek(); c {
	case first:
		return true
	case 'n':
	default:
		d.mistake(d.scan.Pos(), what)
	}
	d.scan.Skip()
	return false
}

// mistake records that the value at an offset is invalid.
func (d *decoder) mistake(at int, want string) {
	if d.wrong == nil && d.scan.Err() == nil {
		d.wrong = fmt.Errorf("byte %d: want %s", at, want)
	}
}

func (d *decoder) object() bool { return d.is('{', "an object") && d.scan.Object() }

func (d *decoder) array() bool { return d.is('[', "an array") && d.scan.Array() }

func (d *decoder) text() string {
	if !d.is('"', "a string") {
		return ""
	}
	at := d.scan.Pos()
	b, _ := d.scan.String()
	if known := d.known[string(b)]; known != "" {
		return known
	}
	if d.longest > 0 && len(b) > d.longest {
		d.mistake(at, "a text of at most "+strconv.Itoa(d.longest)+" bytes")
		return ""
	}
	return string(b)
}

func (d *decoder) bool() bool {
	if d.scan.Peek() == 't' {
		d.scan.Skip()
		return true
	}
	if d.is('f', "true or false") {
		d.scan.Skip()
	}
	return false
}

func (d *decoder) integer() int64 {
	v, _ := d.maybeInteger()
	return v
}

// maybeInteger treats null as absent.
func (d *decoder) maybeInteger() (v int64, ok bool) {
	if d.scan.Peek() == 'n' {
		d.scan.Skip()
		return 0, false
	}
	at := d.scan.Pos()
	v, err := strconv.ParseInt(string(d.scan.Raw()), 10, 64)
	if err != nil {
		d.mistake(at, "an integer")
	}
	return v, err == nil
}

func (d *decoder) number() float64 {
	v, _ := d.maybeNumber()
	return v
}

// maybeNumber treats null and words for a missing number as absent.
func (d *decoder) maybeNumber() (v float64, ok bool) {
	first, at := d.scan.Peek(), d.scan.Pos()
	switch first {
	case 'n':
		d.scan.Skip()
		return 0, false
	case '"':
		switch word, _ := d.scan.String(); string(word) {
		case "NaN", "Infinity", "-Infinity":
		default:
			d.mistake(at, "a number")
		}
		return 0, false
	}
	if v, ok = d.scan.Number(); !ok {
		d.mistake(at, "a number")
	}
	return v, ok
}

// list reads an array, or nil if there is none. read is called with a zero element for each
// value.
func list[T any](d *decoder, read func(*decoder, *T)) (out []T) {
	if d.scan.Peek() == '[' {
		out = []T{} // an empty ladder differs from a missing one
	}
	for more := d.array(); more; more = d.scan.More(']') {
		out = append(out, *new(T))
		read(d, &out[len(out)-1])
	}
	return out
}

// maybe returns a pointer to a value that is present, else nil.
func maybe[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

func (d *decoder) message(m *message) {
	for more := d.object(); more; more = d.scan.More('}') {
		switch key := d.scan.Key(); string(key) {
		case "op":
			m.Op = d.text()
		case "ct":
			m.CT = d.text()
		case "pt":
			m.PT = d.integer()
		case "status":
			m.Status = int(d.integer())
		case "conflateMs":
			m.ConflateMs = maybe(d.maybeInteger())
		case "mc":
			if d.brief {
				d.scan.Skip()
			} else {
				m.MC = list(d, (*decoder).change)
			}
		default:
			if d.head == nil || !d.head.member(d, key) {
				d.pass("message", key)
			}
		}
	}
}

func (d *decoder) change(c *change) {
	for more := d.object(); more; more = d.scan.More('}') {
		switch key := d.scan.Key(); string(key) {
		case "id":
			c.ID = d.text()
		case "img":
			c.Image = d.bool()
		case "con":
			c.Con = d.bool()
		case "marketDefinition":
			c.Def = d.definition()
		case "rc":
			c.Runners = list(d, (*decoder).runnerChange)
		default:
			d.pass("change", key)
		}
	}
}

func (d *decoder) runnerChange(r *runnerChange) {
	for more := d.object(); more; more = d.scan.More('}') {
		switch key := d.scan.Key(); string(key) {
		case "id":
			r.ID = d.integer()
		case "hc":
			r.HC = d.number()
		case "ltp":
			r.LTP = maybe(d.maybeNumber())
		case "tv":
			r.TV = maybe(d.maybeNumber())
		case "atb":
			r.ATB = list(d, (*decoder).price)
		case "atl":
			r.ATL = list(d, (*decoder).price)
		case "batb":
			r.BATB = list(d, (*decoder).level)
		case "batl":
			r.BATL = list(d, (*decoder).level)
		case "bdatb":
			r.BDATB = list(d, (*decoder).level)
		case "bdatl":
			r.BDATL = list(d, (*decoder).level)
		default:
			d.pass("runner change", key)
		}
	}
}

// price reads [price, size].
func (d *decoder) price(l *[2]float64) { d.numbers(l[:]) }

// level reads [level, price, size].
func (d *decoder) level(l *[3]float64) { d.numbers(l[:]) }

// numbers fills to with the elements of an array; extra elements are skipped.
func (d *decoder) numbers(to []float64) {
	i := 0
	for more := d.array(); more; more = d.scan.More(']') {
		if i < len(to) {
			to[i] = d.number()
		} else {
			d.scan.Skip()
		}
		i++
	}
}

func (d *decoder) definition() *definition {
	if !d.is('{', "an object") {
		return nil
	}
	var f definition
	for more := d.scan.Object(); more; more = d.scan.More('}') {
		switch key := d.scan.Key(); string(key) {
		case "inPlay":
			f.InPlay = d.bool()
		case "numberOfWinners":
			f.Winners = int(d.integer())
		case "complete":
			yes := d.bool()
			f.Complete = &yes
		case "runners":
			f.Runners = list(d, (*decoder).runner)
		case "keyLineDefinition":
			f.KeyLine = d.keyLine()
		default:
			if to := f.text(key); to != nil {
				*to = d.text()
			} else {
				d.pass("definition", key)
			}
		}
	}
	return &f
}

// text returns where to store the text of a member, nil for other members.
func (f *definition) text(name []byte) *string {
	switch string(name) {
	case "eventId":
		return &f.EventID
	case "eventTypeId":
		return &f.EventTypeID
	case "eventName":
		return &f.EventName
	case "name":
		return &f.Name
	case "marketType":
		return &f.MarketType
	case "bettingType":
		return &f.BettingType
	case "marketTime":
		return &f.MarketTime
	case "venue":
		return &f.Venue
	case "countryCode":
		return &f.Country
	case "competition":
		return &f.Competition
	case "status":
		return &f.Status
	}
	return nil
}

func (d *decoder) runner(r *runnerDef) {
	for more := d.object(); more; more = d.scan.More('}') {
		switch key := d.scan.Key(); string(key) {
		case "id":
			r.ID = d.integer()
		case "hc":
			r.HC = d.number()
		case "name":
			r.Name = d.text()
		case "sortPriority":
			r.Sort = int(d.integer())
		case "status":
			r.Status = d.text()
		default:
			d.pass("runner", key)
		}
	}
}

func (d *decoder) keyLine() *keyLine {
	if !d.is('{', "an object") {
		return nil
	}
	var k keyLine
	for more := d.scan.Object(); more; more = d.scan.More('}') {
		if string(d.scan.Key()) != "kl" {
			d.scan.Skip()
			continue
		}
		k.Lines = list(d, (*decoder).keyRunner)
	}
	return &k
}

func (d *decoder) keyRunner(r *keyRunner) {
	for more := d.object(); more; more = d.scan.More('}') {
		switch string(d.scan.Key()) {
		case "id":
			r.ID = d.integer()
		case "hc":
			r.HC = d.number()
		default:
			d.scan.Skip()
		}
	}
}
