package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"

	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsondoc"
	"corrgraph/odds"
)

// Limits bound what a decoder holds, whatever is sent. Where one is reached, the tenth of the
// events that was heard of longest ago is forgotten, and its prices are told as unknown.
type Limits struct {
	Events     int // zero means 20,000
	Markets    int // of all events, one for each bookmaker; zero means 200,000
	Selections int // of all markets; zero means 1,000,000
	Wide       int // selections of one market; further ones are left out; zero means 1,000
}

func (l *Limits) fill() {
	for _, x := range []struct {
		at *int
		to int
	}{{&l.Events, 20_000}, {&l.Markets, 200_000}, {&l.Selections, 1_000_000}, {&l.Wide, 1_000}} {
		if *x.at <= 0 {
			*x.at = x.to
		}
	}
}

// Resumed is the channel of the frame that a connection sends to itself, as [frames.Out], when
// it asks the source to go on where the connection before it ended.
const Resumed = "resume"

// Decoder reads the frames of one source by its map. It is not safe for concurrent use, but for
// Heard.
type Decoder struct {
	m      *Map
	p      *program
	limits Limits
	doc    jsondoc.Document
	told   frames.Told
	wrong  error // what could not be read of this frame, the first of it
	f      *frames.Frame

	conn    int
	frame   int       // how many there were
	channel []byte    // of the frame
	begun   odds.Time // when the connection was opened
	opened  bool      // it has sent something
	resumed bool      // it goes on where the one before it ended
	caught  bool      // what was resumed has been caught up
	whole   bool      // it has had an image of everything
	before  bool      // whole, of the connection before it
	parts   bool      // an image in parts has begun
	gen     int       // of images of everything
	last    int64     // number of the last message
	counted bool      // last is known
	again   int       // numbers in a row that came again
	clock   odds.Time // the newest stamp of the source, never ahead of ours

	words   map[string]string
	memo    []map[string]memo // by field.n
	events  map[string]*event
	markets map[place]*book
	byID    map[string]*book
	byKey   map[string]*entry
	entries int
	touched []*book
	moving  []*book // that wait for a line that takes the place of a locked one

	now   Heard // of the present frame
	mu    sync.Mutex
	heard Heard // guarded by mu
}

// memo is what a text came to.
type memo struct {
	word string
	ok   bool
}

// Heard is what the last frame was.
type Heard struct {
	Kind     Kind
	Rows     int
	Lost     string // why books are of no use any more; empty: they are
	Partial  bool   // the image of everything has not come whole: there is nothing to go on from
	Act      Act    // of an error
	Text     string // of an error, what it said
	Position string // the newest position to go on from; empty: none was told
}

// NewDecoder returns a decoder of a map's frames.
func NewDecoder(m *Map, l Limits) *Decoder {
	l.fill()
	return &Decoder{
		m: m, p: m.prog, limits: l, words: map[string]string{}, memo: make([]map[string]memo, m.prog.fields),
		events: map[string]*event{}, markets: map[place]*book{}, byID: map[string]*book{}, byKey: map[string]*entry{},
	}
}

// Heard returns what the last frame was. It is safe for concurrent use.
func (d *Decoder) Heard() Heard {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heard
}

// Market implements [frames.Decoder].
func (d *Decoder) Market(id string) (m frames.Market, ok bool) {
	b := d.byID[id]
	if b == nil {
		return m, false
	}
	return frames.Market{Event: b.event.Event, Venue: b.venue, Name: b.name}, true
}

// Frame implements [frames.Decoder].
func (d *Decoder) Frame(f *frames.Frame) (frames.Told, error) {
	d.told, d.wrong, d.f = frames.Told{}, nil, f
	switch {
	case f.Conn < d.conn: // of a connection that is over
	case f.Kind == frames.Note:
		d.notice(f)
	case f.Kind == frames.Out:
		d.connection(f)
		d.resumed = d.resumed || f.Channel == Resumed
	case f.Kind == frames.In:
		d.connection(f)
		d.open()
		d.settle()
		d.in(f)
	}
	d.flush()
	return d.told, d.wrong
}

// connection begins to read a new connection.
func (d *Decoder) connection(f *frames.Frame) {
	if f.Conn <= d.conn {
		return
	}
	d.conn, d.begun, d.before = f.Conn, f.Recv, d.whole || d.before && !d.opened
	d.opened, d.resumed, d.caught, d.whole, d.parts, d.again = false, false, false, false, false, 0
}

// open decides, with the first frame that a connection sends, whether what the one before it
// left is of use.
func (d *Decoder) open() {
	if d.opened {
		return
	}
	if d.opened = true; d.resumed {
		d.whole = d.before
		return
	}
	d.counted = false
	for _, b := range d.books() {
		if b.kept {
			b.kept = false
			d.clear(b)
		}
	}
}

// notice ends the prices of the markets of a connection.
func (d *Decoder) notice(f *frames.Frame) {
	var n frames.Notice
	if err := json.Unmarshal(f.Data, &n); err != nil {
		d.wrong = err
		return
	}
	if n.State != frames.Stale && n.State != frames.Gap {
		return
	}
	if n.Markets == nil {
		d.lose(n.State, n.Why, f.Recv)
		return
	}
	for _, id := range n.Markets {
		if b := d.byID[id]; b != nil {
			d.end(b, n.State, n.Why, f.Recv)
		}
	}
}

// unknown counts something that the map does not know.
func (d *Decoder) unknown(what string) {
	if len(d.told.Unknown) < 100 {
		d.told.Unknown = append(d.told.Unknown, what)
	}
}

// fail notes what could not be read.
func (d *Decoder) fail(err error) {
	if d.wrong == nil {
		d.wrong = err
	}
}

// in reads what the source sent.
func (d *Decoder) in(f *frames.Frame) {
	d.frame++
	d.channel = append(d.channel[:0], f.Channel...)
	bad := d.doc.Read(f.Data)
	if bad != nil { // what is no JSON has no members: it is an object without any
		d.doc.Nodes = append(d.doc.Nodes[:0], jsondoc.Node{Kind: '{'})
	}
	m := d.which(bad != nil)
	d.now = Heard{Position: d.heard.Position}
	if m == nil {
		d.strange(bad)
	} else {
		d.now.Kind = m.kind
	}
	d.position()
	if d.numbered(m) && m != nil {
		d.act(m)
	}
	d.catchUp(m)
	if d.now.Partial = d.p.wholes && !d.whole; d.now.Partial {
		d.now.Position = ""
	}
	d.mu.Lock()
	d.heard = d.now
	d.mu.Unlock()
}

// act does what a message says.
func (d *Decoder) act(m *message) {
	switch m.kind {
	case Snapshot, Delta, Remove, Event:
		d.now.Rows = d.rows(m)
	case Resync:
		d.lost("the source says that something was lost")
	case Error:
		d.now.Act, d.now.Text = m.act, string(clipped(d.f.Data))
	}
}

// clipped is the beginning of a text.
func clipped(b []byte) []byte {
	for len(b) > 300 || len(b) > 0 && !utf8.Valid(b) {
		b = b[:min(len(b)-1, 300)]
	}
	return b
}

// strange counts a message that the map does not know.
func (d *Decoder) strange(bad error) {
	if bad != nil {
		d.fail(bad)
		return
	}
	for i := range d.p.messages {
		for j := range d.p.messages[i].when {
			p := &d.p.messages[i].when[j].path
			if w := d.top(p); w != nil {
				d.unknown("message " + p.Text + "=" + string(clipped(w)))
				return
			}
		}
	}
	d.unknown("message")
}

// which returns the first kind of message that fits; nil for none.
func (d *Decoder) which(text bool) *message {
	for i := range d.p.messages {
		m := &d.p.messages[i]
		if text && !m.ofText() {
			continue
		}
		if d.all(m.when) {
			return m
		}
	}
	return nil
}

// jsondoc.OfText reports whether a message may be no JSON.
func (m *message) ofText() bool {
	for i := range m.when {
		if of := m.when[i].path.Of; of == jsondoc.OfText || of == jsondoc.OfEvent {
			return m.kind != Snapshot && m.kind != Delta && m.kind != Remove && m.kind != Event
		}
	}
	return false
}

func (d *Decoder) all(cs []condition) bool {
	for i := range cs {
		if !d.fits(&cs[i]) {
			return false
		}
	}
	return true
}

func (d *Decoder) fits(c *condition) bool {
	w := d.top(&c.path)
	if c.words == nil {
		return w != nil
	}
	for _, word := range c.words {
		if w != nil && string(w) == word {
			return true
		}
	}
	return false
}

// top returns the word at a path from the message; nil for none. With "*" any value counts.
func (d *Decoder) top(p *jsondoc.Path) []byte {
	switch p.Of {
	case jsondoc.OfEvent:
		return d.channel
	case jsondoc.OfText:
		return d.f.Data
	}
	at := d.doc.Follow(0, p.Steps)
	if at < 0 {
		return nil
	}
	n := &d.doc.Nodes[at]
	if p.Key {
		return n.Key
	}
	if n.Kind == '{' || n.Kind == '[' {
		return []byte{n.Kind}
	}
	return n.Word()
}

// position notes where to go on from if the connection is lost.
func (d *Decoder) position() {
	if d.p.position == nil {
		return
	}
	if w := d.top(d.p.position); len(w) > 0 && len(w) <= 200 && string(w) != d.now.Position {
		d.now.Position = string(w)
	}
}

// mostAgain is how many numbers in a row may have been before: then they were begun anew.
const mostAgain = 100

// numbered checks the number of a message and reports whether it is to be read.
func (d *Decoder) numbered(m *message) bool {
	if d.p.sequence == nil || m != nil && m.kind == Error {
		return true
	}
	w := d.top(d.p.sequence)
	if w == nil {
		return true
	}
	n, err := strconv.ParseInt(string(w), 10, 64)
	if err != nil {
		d.fail(fmt.Errorf("sequence %q is no whole number", clipped(w)))
		return true
	}
	was, known := d.last, d.counted
	switch {
	case !known, m != nil && m.kind == Snapshot && m.covers == "all" && !d.parts: // it begins anew
	case n <= was && m != nil && m.kind == Heartbeat: // it says what the last one was
		return true
	case n == was && d.parts && m != nil && m.kind == Snapshot: // another part of it
	case n <= was && d.again < mostAgain:
		d.again++
		return false
	case n != was+1:
		d.lost(fmt.Sprintf("message %d came after %d", n, was))
	}
	d.last, d.counted, d.again = n, true, 0
	return true
}

// lost says that something of the connection was lost: its books are of no use any more.
func (d *Decoder) lost(why string) {
	d.now.Lost = why
	d.whole, d.parts = false, false
	d.lose(frames.Gap, why, d.f.Recv)
}

var errNoEvent = errors.New("a row has no event_id")
