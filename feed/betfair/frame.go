package betfair

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// Channels of the frames of a connection.
const (
	Stream    = "stream"    // lines of the Exchange Stream, without their ends
	Catalogue = "catalogue" // answers of listMarketCatalogue: the names, which the stream does not have
)

// What a Decoder keeps at most, whatever is sent. A runner takes up to 15 KB, if all its
// ladders are full; the best offers alone, which a connection asks for, 0.4 KB.
const (
	mostMarkets  = 20_000
	mostRunners  = 50_000
	mostListed   = 20_000
	mostSegments = 64 << 20 // bytes of a message in segments, per connection
	mostConns    = 64
	mostUnknown  = 20 // names told of one frame
	longestText  = 2048
)

const (
	closedFor = 10 * 60_000      // ms after which a closed market is forgotten
	lostFor   = 24 * 60 * 60_000 // ms after which a lost one is
	sweeping  = 60_000
)

// Decoder is a [frames.Decoder]: it makes of the frames of live connections what the parser
// makes of a recorded stream, with the names of the catalogue. Batches have the stream's stamp,
// but none later than receipt, and none earlier than what was told of the same market before. A market is known by its first
// image or definition. After Gap its books are kept: a subscription that goes on from the
// clocks of the lost connection tells what has changed meanwhile, and all its markets are
// Live again.
type Decoder struct {
	s      *stream
	conns  map[int]*conn
	listed map[string]*Listed
	swept  odds.Time

	told frames.Told // of the present frame
	errs []error     // the first of the present frame

	scan  decoder // kept, with the next three, so that they need not be made for each frame
	head  Header
	spare *odds.Batch
	known map[string]string // the ids of markets, and what messages have in common
}

// conn is one connection to the stream.
type conn struct {
	link
	id     int64 // of the present subscription; 0: not known, then all messages count
	pos    Position
	broken bool // something could not be read: only an image helps
	gone   bool

	segments *message // of which the last has not come; nil: none
	bytes    int
}

// NewDecoder returns a decoder that knows no market.
func NewDecoder(o Options) *Decoder {
	d := &Decoder{conns: map[int]*conn{}, listed: map[string]*Listed{}}
	d.s = newStream(o.filled(), d.reject, d.unknown)
	d.s.most = mostRunners
	d.known = map[string]string{}
	d.know("mcm", "HEARTBEAT", "SUB_IMAGE", "RESUB_DELTA")
	d.scan = decoder{head: &d.head, longest: longestText, unknown: d.unknown, known: d.known}
	return d
}

func (d *Decoder) know(texts ...string) {
	for _, t := range texts {
		d.known[t] = t
	}
}

func (d *Decoder) reject(reason, detail string) {
	if len(d.errs) < 3 {
		d.errs = append(d.errs, fmt.Errorf("%s: %s", reason, detail))
	}
}

func (d *Decoder) unknown(what string) {
	if len(d.told.Unknown) < mostUnknown {
		d.told.Unknown = append(d.told.Unknown, what)
	}
}

// Frame implements [frames.Decoder].
func (d *Decoder) Frame(f *frames.Frame) (frames.Told, error) {
	d.told, d.errs = frames.Told{}, nil
	if f.Recv.Sub(d.swept) >= sweeping {
		d.sweep(f.Recv)
	}
	switch {
	case f.Kind == frames.Note:
		d.note(f)
	case f.Kind == frames.Out && f.Channel == Stream:
		d.asked(f)
	case f.Kind == frames.In && f.Channel == Catalogue:
		d.list(f.Data)
	case f.Kind == frames.In:
		d.line(f)
	}
	if d.errs == nil {
		return d.told, nil
	}
	return d.told, errors.Join(d.errs...)
}

// Market implements [frames.Decoder].
func (d *Decoder) Market(id string) (m frames.Market, ok bool) {
	mk := d.s.markets[id]
	if mk == nil {
		return m, false
	}
	return frames.Market{Event: mk.event, Venue: Source, Name: mk.key}, true
}

// conn returns a connection by its number.
func (d *Decoder) conn(n int) *conn {
	c := d.conns[n]
	if c != nil {
		return c
	}
	if len(d.conns) >= mostConns {
		oldest := n
		for k := range d.conns {
			oldest = min(oldest, k)
		}
		delete(d.conns, oldest)
	}
	c = &conn{link: link{conn: n, apart: true}}
	d.conns[n] = c
	return c
}

// line takes a line of the stream.
func (d *Decoder) line(f *frames.Frame) {
	var m message
	c := d.conn(f.Conn)
	d.head, d.scan.scan, d.scan.wrong = Header{}, jsonscan.New(f.Data, 0), nil
	if err := d.scan.line(&m); err != nil {
		d.reject("bad_json", err.Error())
		d.broke(f.Recv, c, "a message could not be read")
		return
	}
	switch m.Op {
	case "mcm":
		d.mcm(f, c, &m, &d.head)
	case "connection", "status":
	default:
		d.unknown("op " + m.Op)
	}
}

// mcm takes a change message, or a segment of one.
func (d *Decoder) mcm(f *frames.Frame, c *conn, m *message, h *Header) {
	if c.id != 0 && h.ID != 0 && h.ID != c.id {
		return // of a subscription that was replaced
	}
	at := f.Recv
	if m.PT > 0 {
		at = min(at, odds.Time(m.PT))
	}
	if m = d.joined(f, c, m, h); m == nil {
		return
	}
	if m.CT == "SUB_IMAGE" {
		c.broken = false
		for i := range m.MC {
			m.MC[i].Image = true
		}
	}
	c.pos.See(h)
	d.names(m)
	all := m.Status == 503 != c.late
	if m.CT == "RESUB_DELTA" {
		all = d.restore(c) || all
	}
	b := d.batch(min(f.Recv, d.after(at, c, m, all)), f.Recv)
	d.apply(f, c, m, b, all)
	d.emit(b)
}

// after returns a time, or that of what was told last of a message's markets, if it is later: what
// comes after a loss, which is stamped with its receipt, must not seem older than it.
func (d *Decoder) after(at odds.Time, c *conn, m *message, all bool) odds.Time {
	for i := range m.MC {
		if mk := d.s.markets[m.MC[i].ID]; mk != nil {
			at = max(at, mk.seen)
		}
	}
	for _, mk := range d.s.order {
		if !all {
			break
		}
		if mk.conn == c.conn {
			at = max(at, mk.seen)
		}
	}
	return at
}

// batch returns an empty batch.
func (d *Decoder) batch(at, recv odds.Time) *odds.Batch {
	b := d.spare
	if d.spare = nil; b == nil {
		b = new(odds.Batch)
	}
	b.Source, b.At, b.Recv, b.Resolution = Source, at, recv, 0
	return b
}

// emit tells a batch if there is something in it.
func (d *Decoder) emit(b *odds.Batch) {
	if len(b.Updates) == 0 {
		d.spare = b
		return
	}
	d.told.Batches = append(d.told.Batches, b)
}

// apply has the stream take a message, and says which markets changed their states: those that
// it names, or all of the connection.
func (d *Decoder) apply(f *frames.Frame, c *conn, m *message, b *odds.Batch, all bool) {
	rejects := len(d.errs)
	d.s.mcm(b, &c.link, m)
	for i := range m.MC {
		id := m.MC[i].ID
		mk := d.s.markets[id]
		switch {
		case mk != nil && mk.conn != c.conn:
			if mk.lost {
				d.told.Changes = append(d.told.Changes, frames.Change{Market: id, State: frames.Gap, Why: early})
			}
		case mk != nil:
			if mk.state == "" {
				d.know(mk.id)
			}
			d.told.Heard = append(d.told.Heard, mk.id)
			d.state(f.Recv, mk)
		case d.s.points[id]:
			d.told.Changes = append(d.told.Changes, frames.Change{Market: id, State: frames.Idle, Why: "its prices are points, and no odds"})
		case len(d.errs) > rejects && d.errs[rejects] != nil:
			d.told.Changes = append(d.told.Changes, frames.Change{Market: id, State: frames.Gap, Why: early})
		}
	}
	if !all {
		return
	}
	for _, mk := range d.s.order {
		if mk.conn != c.conn {
			continue
		}
		if mk.restored {
			mk.restored = false
			d.s.report(b, mk, true)
		}
		d.state(f.Recv, mk)
	}
	b.Resolution = c.clock.resolution()
}

// early is why a change of a market says nothing.
const early = "a change came before its image"

// state tells a market's state if it is another one.
func (d *Decoder) state(at odds.Time, mk *market) {
	state, why := frames.Live, ""
	switch {
	case mk.status == odds.Closed:
		if state, why = frames.Idle, "closed"; mk.closed == 0 {
			mk.closed = at
		}
	case mk.lost:
		return // told when it was lost
	case mk.late:
		state, why = frames.Stale, "the venue says that its prices are late (status 503)"
	}
	if mk.status != odds.Closed {
		mk.closed = 0
	}
	if state != mk.state {
		mk.state = state
		d.told.Changes = append(d.told.Changes, frames.Change{Market: mk.id, State: state, Why: why})
	}
}

// joined returns the message that a segment ends, or the message itself if it is no segment;
// nil while segments are missing.
func (d *Decoder) joined(f *frames.Frame, c *conn, m *message, h *Header) *message {
	switch {
	case h.Segment == "" && (c.segments == nil || m.CT == "HEARTBEAT"):
		return m
	case h.Segment == "SEG_START" && c.segments == nil:
		first := *m
		c.segments, c.bytes = &first, len(f.Data)
	case (h.Segment == "SEG" || h.Segment == "SEG_END") && c.segments != nil && c.bytes+len(f.Data) <= mostSegments:
		c.segments.MC = append(c.segments.MC, m.MC...)
		c.segments.Status, c.segments.PT = m.Status, m.PT
		if c.bytes += len(f.Data); h.Segment == "SEG_END" {
			m, c.segments = c.segments, nil
			return m
		}
	default:
		d.reject("bad_segment", fmt.Sprintf("%q after %d bytes of segments", h.Segment, c.bytes))
		d.broke(f.Recv, c, "a segment of a message is missing")
		return nil
	}
	c.pos.See(h)
	return nil
}

// restore makes the markets that wait for it known again, as they were; whether there are any.
func (d *Decoder) restore(c *conn) (any bool) {
	for _, mk := range d.s.order {
		if mk.conn == c.conn && mk.lost && mk.resumes {
			mk.lost, mk.resumes, mk.restored, mk.late = false, false, true, c.late
			any = true
		}
	}
	return any
}

// asked takes what the stream was asked: a subscription, with the clocks from which it goes on.
func (d *Decoder) asked(f *frames.Frame) {
	var ask struct {
		Op string `json:"op"`
		ID int64  `json:"id"`
		Clocks
	}
	if json.Unmarshal(f.Data, &ask) != nil || ask.Op != "marketSubscription" {
		return
	}
	c := d.conn(f.Conn)
	c.id, c.segments, c.pos = ask.ID, nil, Position{Clocks: ask.Clocks}
	if !ask.Set() {
		return
	}
	for n, was := range d.conns {
		if n == f.Conn || !was.gone || was.broken || was.pos.Clocks != ask.Clocks {
			continue
		}
		for _, mk := range d.s.order {
			if mk.conn == n && mk.resumes {
				mk.conn = f.Conn
			}
		}
		c.clock = was.clock
	}
}

// note takes what the connection found out itself.
func (d *Decoder) note(f *frames.Frame) {
	var n frames.Notice
	if err := json.Unmarshal(f.Data, &n); err != nil {
		d.reject("bad_notice", err.Error())
		return
	}
	if n.State != frames.Stale && n.State != frames.Gap {
		return
	}
	c := d.conn(f.Conn)
	if n.Markets == nil {
		c.gone, c.segments = true, nil
		d.lose(f.Recv, c, func(mk *market) bool { return true }, !c.broken)
		return
	}
	d.lose(f.Recv, c, func(mk *market) bool { return slices.Contains(n.Markets, mk.id) }, false)
}

// broke says that nothing is known of a connection's markets before their next image.
func (d *Decoder) broke(at odds.Time, c *conn, why string) {
	c.broken, c.segments = true, nil
	for _, mk := range d.lose(at, c, func(mk *market) bool { return !mk.lost }, false) {
		d.told.Changes = append(d.told.Changes, frames.Change{Market: mk.id, State: frames.Gap, Why: why})
	}
}

// lose ends the prices of a connection's markets. They resume with the next image, or also
// when a subscription goes on from the clocks of this one.
func (d *Decoder) lose(at odds.Time, c *conn, which func(*market) bool, resumes bool) (lost []*market) {
	b := d.batch(at, at)
	for _, mk := range d.s.order {
		if mk.conn != c.conn || mk.status == odds.Closed || !which(mk) {
			continue
		}
		mk.resumes = resumes && (!mk.lost || mk.resumes)
		if !mk.lost {
			mk.closed = at
		}
		mk.lost, mk.state = true, frames.Gap
		lost = append(lost, mk)
		d.s.report(b, mk, false)
	}
	d.emit(b)
	return lost
}

// sweep forgets the markets that ended long ago, and what only they needed.
func (d *Decoder) sweep(now odds.Time) {
	d.swept = now
	s := d.s
	events, meetings := map[string]bool{}, map[string]bool{}
	s.runners = 0
	s.order = slices.DeleteFunc(s.order, func(mk *market) bool {
		old := mk.closed != 0 && (now.Sub(mk.closed) >= lostFor || mk.status == odds.Closed && now.Sub(mk.closed) >= closedFor)
		if old {
			delete(s.markets, mk.id)
			delete(d.listed, mk.id)
			delete(d.known, mk.id)
			return true
		}
		events[mk.eventID], meetings[mk.meeting] = true, true
		s.runners += len(mk.runners)
		return false
	})
	drop(s.events, func(id string, _ *odds.Event) bool { return events[id] })
	drop(s.races, func(id string, _ []race) bool { return meetings[id] })
	drop(s.keys, func(_ [2]string, id string) bool { return s.markets[id] != nil })
	if len(s.points) > mostMarkets {
		clear(s.points)
	}
}

// drop deletes what is not to be kept.
func drop[K comparable, V any](m map[K]V, keep func(K, V) bool) {
	for k, v := range m {
		if !keep(k, v) {
			delete(m, k)
		}
	}
}
