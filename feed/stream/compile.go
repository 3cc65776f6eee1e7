package stream

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"corrgraph/feed/internal/jsondoc"
	"corrgraph/feed/internal/keys"
	"corrgraph/odds"
)

// Words of a map.
const (
	SSE       = "sse"
	WebSocket = "websocket"

	Reconnect = "reconnect"
	Wait      = "wait"
	Refuse    = "refuse"
	Ignore    = "ignore"

	EventID = "@id" // in resume.id: that of a server-sent event
)

// Kind is what a message is.
type Kind string

// The kinds of messages.
const (
	Snapshot  Kind = "snapshot"
	Delta     Kind = "delta"
	Remove    Kind = "remove"    // its rows are of what is not offered any more
	Event     Kind = "event"     // its rows say something of events, and no prices
	Heartbeat Kind = "heartbeat" // shows that the source is alive and up to date
	Resync    Kind = "resync"    // the source says that it has lost something
	Error     Kind = "error"
	Ignored   Kind = "ignore"
	Unknown   Kind = "" // the map does not know it
)

var kinds = []string{string(Delta), string(Snapshot), string(Remove), string(Event), string(Heartbeat), string(Resync), string(Error), string(Ignored)}

// name of a field of a row.
type name int

const (
	eventID name = iota
	sport
	league
	home
	away
	title
	start
	bookmaker
	market
	selection
	subject
	side
	line
	price
	priceFormat
	size
	status
	stamp
	isMain
	live
	rowKey
	winners
	complete
	backLay
	settlement
	names
)

var fieldNames = [names]string{
	"event_id", "sport", "league", "home", "away", "title", "start", "bookmaker", "market", "selection", "subject", "side", "line", "price", "price_format",
	"size", "status", "ts_source", "main", "live", "key", "winners", "complete", "back_lay", "settlement",
}

// vocabulary are the words that some fields must come to.
var vocabulary = map[name][]string{
	side:        {"home", "away", "draw", "over", "under", "yes", "no"},
	priceFormat: {"decimal", "american", "fractional", "probability", "cents", "raw"},
	status:      {"open", "suspended", "closed", "removed", "unknown"},
	backLay:     {"back", "lay", "middle"},
}

// program is a compiled map: immutable, shared by all decoders.
type program struct {
	sequence, position *jsondoc.Path
	messages           []message
	images             bool // some messages are snapshots
	wholes             bool // and cover all that there is
	marks              bool // some rows say which line is the main one
	fields             int  // numbered so far
}

type message struct {
	kind   Kind
	when   []condition
	rows   []rowsAt
	covers string
	final  []condition
	act    Act
}

type condition struct {
	path  jsondoc.Path
	words []string // none: any value
}

type rowsAt struct {
	at     jsondoc.Path
	fields [names]*field
}

// field is a compiled Field.
type field struct {
	n     int // in its program
	name  name
	path  jsondoc.Path
	fixed []byte // nil: none
	match *regexp.Regexp
	lower bool
	words map[string]string
	keep  bool   // a value without a translation
	els   string // in place of such a value; empty: its row is left out
	unit  int64  // ns; 0 none
}

func (c *compiler) messages() error {
	m := c.m
	if len(m.Messages) == 0 {
		return c.fault([]any{"messages"}, "it is required; write a list such as - {when: {type: delta}, is: delta, rows: [\"data[]\"]}")
	}
	if len(m.Messages) > mostMessages {
		return c.fault([]any{"messages"}, "%d kinds, want at most %d", len(m.Messages), mostMessages)
	}
	if err := c.known([]any{"fields"}, m.Fields); err != nil {
		return err
	}
	for i := range m.Messages {
		at := []any{"messages", i}
		msg, err := c.message(at, &m.Messages[i])
		if err != nil {
			return err
		}
		c.p.images = c.p.images || msg.kind == Snapshot
		c.p.wholes = c.p.wholes || msg.covers == "all"
		c.p.messages = append(c.p.messages, msg)
	}
	if !slices.ContainsFunc(c.p.messages, func(m message) bool { return m.kind == Snapshot || m.kind == Delta }) {
		return c.fault([]any{"messages"}, "none of them has prices; say which ones are: snapshot or delta")
	}
	return nil
}

func (c *compiler) message(at []any, m *Message) (out message, err error) {
	if m.Is == "" {
		return out, c.fault(at, "say what it is; write is: delta, or another of %q", kinds)
	}
	if err := c.word(append(at, "is"), &m.Is, kinds...); err != nil {
		return out, err
	}
	out.kind = Kind(m.Is)
	if out.when, err = c.conditions(append(at, "when"), m.When); err != nil {
		return out, err
	}
	if out.final, err = c.conditions(append(at, "final"), m.Final); err != nil {
		return out, err
	}
	if err := c.word(append(at, "covers"), &m.Covers, "market", "event", "all"); err != nil {
		return out, err
	}
	if out.covers = m.Covers; out.covers != "market" && out.kind != Snapshot {
		return out, c.fault(append(at, "covers"), "it is for a snapshot")
	}
	if len(out.final) > 0 && out.covers != "all" {
		return out, c.fault(append(at, "final"), "it is for a snapshot in parts; write covers: all beside it")
	}
	out.act = Act{m.Do, m.After, m.Say}
	if m.Do != "" && out.kind != Error {
		return out, c.fault(append(at, "do"), "it is for an error")
	}
	if err := c.act(at, &out.act); err != nil {
		return out, err
	}
	if err := c.known(append(at, "fields"), m.Fields); err != nil {
		return out, err
	}
	return out, c.rows(at, m, &out)
}

// conditions compiles when and final.
func (c *compiler) conditions(at []any, when map[string]Words) (out []condition, err error) {
	for _, k := range slices.Sorted(maps.Keys(when)) {
		p, err := c.path(append(at, k), k)
		if err != nil {
			return nil, err
		}
		words := []string(when[k])
		if len(words) == 0 {
			return nil, c.fault(append(at, k), `it has no value; write the one that tells the message, or "*" for any`)
		}
		if slices.Contains(words, "*") {
			words = nil
		}
		out = append(out, condition{p, words})
	}
	return out, nil
}

// known checks the names of fields.
func (c *compiler) known(at []any, fields map[string]Field) error {
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(fieldNames[:], k) {
			return c.fault(append(at, k), "unknown field; did you mean %q?", keys.Nearest(k, fieldNames[:]))
		}
	}
	return nil
}

// rows compiles the rows of a kind of message.
func (c *compiler) rows(at []any, m *Message, out *message) error {
	switch out.kind {
	case Snapshot, Delta, Remove, Event:
	default:
		if len(m.Rows) > 0 {
			return c.fault(append(at, "rows"), "a message that is %s has none", out.kind)
		}
		return nil
	}
	rows := m.Rows
	if len(rows) == 0 {
		rows = []Rows{{At: "/"}}
	}
	if len(rows) > mostRows {
		return c.fault(append(at, "rows"), "%d places, want at most %d", len(rows), mostRows)
	}
	for i := range rows {
		here := append(at, "rows", i)
		p, err := jsondoc.ParsePath(rows[i].At)
		if err != nil || p.Of == jsondoc.OfEvent || p.Of == jsondoc.OfText || p.Key {
			return c.fault(here, "where the rows are: %w", orPath(err, rows[i].At))
		}
		r := rowsAt{at: p}
		if err := c.known(append(here, "fields"), rows[i].Fields); err != nil {
			return err
		}
		for n := range names {
			if r.fields[n], err = c.choose(at, here, n, m, &rows[i], p); err != nil {
				return err
			}
		}
		if err := c.enough(here, out.kind, &r); err != nil {
			return err
		}
		out.rows = append(out.rows, r)
	}
	return nil
}

func orPath(err error, text string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%q is no array; write data[]", text)
}

// choose compiles a field as it is meant in some rows; nil if it is not there.
func (c *compiler) choose(msg, here []any, n name, m *Message, r *Rows, rows jsondoc.Path) (*field, error) {
	key := fieldNames[n]
	for _, of := range []struct {
		at     []any
		fields map[string]Field
	}{{here, r.Fields}, {msg, m.Fields}, {nil, c.m.Fields}} {
		if f, ok := of.fields[key]; ok {
			return c.field(append(slices.Clone(of.at), "fields", key), n, f, rows)
		}
	}
	return nil, nil
}

// enough checks that rows have what they need.
func (c *compiler) enough(at []any, k Kind, r *rowsAt) error {
	c.p.marks = c.p.marks || r.fields[isMain] != nil
	lacks := func(what ...name) error {
		for _, n := range what {
			if r.fields[n] == nil {
				return c.fault(at, "rows of a message that is %s need the field %s; write it under fields", k, fieldNames[n])
			}
		}
		return nil
	}
	switch {
	case k == Event:
		return lacks(eventID)
	case k == Remove && r.fields[rowKey] != nil:
		return nil
	case k == Remove:
		return lacks(eventID)
	}
	if r.fields[selection] == nil && r.fields[side] == nil && r.fields[status] == nil {
		return c.fault(at, "rows of prices need the field selection or side; write it under fields")
	}
	if r.fields[price] == nil && r.fields[status] == nil {
		return lacks(price)
	}
	return lacks(eventID, bookmaker, market)
}

// field compiles a field.
func (c *compiler) field(at []any, n name, f Field, rows jsondoc.Path) (*field, error) {
	out := &field{n: c.p.fields, name: n, lower: f.Lower, words: f.Words}
	c.p.fields++
	var err error
	switch {
	case f.Const != nil && f.Path != "":
		return nil, c.fault(at, "it has a path and is constant; leave one out")
	case f.Const != nil:
		out.fixed = append([]byte{}, *f.Const...)
	default:
		if out.path, err = jsondoc.ParsePath(f.Path); err == nil {
			out.path, err = out.path.Within(rows)
		}
		if err != nil {
			return nil, c.fault(at, "%w", err)
		}
	}
	if f.Match != "" {
		if out.match, err = regexp.Compile(f.Match); err != nil {
			return nil, c.fault(append(at, "match"), "%w", err)
		}
	}
	switch f.Else {
	case "", "skip":
	case "keep":
		out.keep = true
	default:
		out.els = f.Else
	}
	if f.Else != "" && f.Words == nil {
		return nil, c.fault(append(at, "else"), "it is for values without a translation; write words beside it")
	}
	if f.Unit != "" && n != stamp && n != start {
		return nil, c.fault(append(at, "unit"), "it is for ts_source and start")
	}
	if f.Unit != "" {
		if err := c.word(append(at, "unit"), &f.Unit, "s", "ms", "us", "ns"); err != nil {
			return nil, err
		}
		out.unit = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[f.Unit]
	}
	return out, c.vocabulary(at, n, out)
}

// vocabulary checks that the words of a field are those that it can have.
func (c *compiler) vocabulary(at []any, n name, f *field) error {
	known := vocabulary[n]
	check := func(w string, key ...any) error {
		if known == nil || slices.Contains(known, w) {
			return nil
		}
		return c.fault(append(slices.Clone(at), key...), "unknown word %q; want one of %q", w, known)
	}
	if f.fixed != nil && f.words == nil {
		if err := check(string(f.fixed), "const"); err != nil {
			return err
		}
	}
	for _, k := range slices.Sorted(maps.Keys(f.words)) {
		if w := f.words[k]; w != "" {
			if err := check(w, "words", k); err != nil {
				return err
			}
		}
	}
	if f.els != "" {
		if err := check(f.els, "else"); err != nil {
			return err
		}
	}
	if _, err := odds.ParseNotation(string(f.fixed)); n == priceFormat && f.fixed != nil && err != nil && string(f.fixed) != "raw" {
		return c.fault(at, "%w", err)
	}
	return nil
}
