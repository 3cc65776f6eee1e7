package oddsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/odds"
)

// The limits of what a Decoder keeps, whatever is sent.
const (
	mostFrame   = 16 << 20 // bytes of an answer; a longer one is refused
	mostEvents  = 20_000   // beyond it all are forgotten, and made anew
	mostMarkets = 10_000   // requests; those beyond are answered without a state
	mostStamps  = 1 << 18  // last updates remembered; beyond it all are forgotten
	mostSports  = 1_000
)

const (
	// oldCopy is the age of the newest last_update from which on an answer is no news: in 2,184
	// recorded polls it was 6 s in the median and 840 s at most.
	oldCopy odds.Millis = 30 * 60_000
	// insists is how often in a row a price may be stamped before the newest one seen of its
	// market until it counts again.
	insists = 3
)

// Decoder knows what the answers to requests of The Odds API mean. The channel of a frame is
// the request without its key, "GET /v4/sports/baseball_mlb/odds?regions=eu&markets=h2h"; if the
// answer was not 200, its status comes first: "429 GET /v4/…". A market of [frames.Decoder]
// is one such request, by the id of [Request].
//
// The answer about a single event, to "GET /v4/sports/baseball_mlb/events/{id}/odds?…", says nothing
// of other events, nor of markets that were not asked for. Without prices it is no batch: those
// that it had end by themselves.
//
// A whole answer is a poll stamped with its receipt, and makes its request Live. Of an answer
// that is cut off nothing counts: what is missing from a poll is unknown from then on, and nobody
// knows what was missing.
//
// A Notice of Stale or Gap makes no batch: prices of a poll are relied on for two and a half of its
// steps and end by themselves, whoever has lost the connection meanwhile.
//
// An older copy is no news. A market of a bookmaker whose last_update goes back is left out, so
// that it is unknown, until it has done so three times in a row; and an answer without any
// last_update of the last half hour makes its request Stale and says nothing.
type Decoder struct {
	p       parser
	out     []*odds.Batch // of the frame at hand
	unknown []string      // in the frame at hand
	markets map[string]*request
	ids     map[string]string // of channels
	stamps  map[cell]seen
}

// request is a market of the contract.
type request struct {
	market frames.Market
	conn   int
	had    bool   // events, in the last answer
	event  string // the id of the one that is asked for; empty: all of the sport
	over   bool   // nobody asks any more
}

// cell is a market of a bookmaker.
type cell struct{ event, book, market string }

type seen struct {
	newest odds.Time
	back   int // how often in a row it went back
}

// NewDecoder returns a Decoder that has heard nothing.
func NewDecoder() *Decoder {
	d := &Decoder{
		p:       parser{known: map[string]*odds.Event{}, count: map[selection]int{}, ctx: context.Background(), name: "answer"},
		markets: map[string]*request{}, ids: map[string]string{}, stamps: map[cell]seen{},
	}
	d.p.dec.other = d.note
	d.p.emit = func(b *odds.Batch) error {
		d.out = append(d.out, b)
		return nil
	}
	return d
}

// Request returns the id of the request that a channel names, "baseball_mlb?regions=eu&markets=h2h",
// of a single event "baseball_mlb/{id}?…"; ok is false if it does not ask for prices.
func Request(channel string) (id string, ok bool) {
	path, query, _ := strings.Cut(channel, "?")
	sport, ok := strings.CutSuffix(path, "/odds")
	if !ok || !strings.HasPrefix(path, "GET ") {
		return "", false
	}
	event := ""
	if of, id, ok := strings.Cut(sport, "/events/"); ok {
		sport, event = of, "/"+id
	}
	i := strings.LastIndexByte(sport, '/')
	if i < 0 || !strings.HasSuffix(sport[:i], "/sports") || event == "/" || strings.Count(event, "/") > 1 {
		return "", false
	}
	id = sport[i+1:] + event
	sep := "?"
	for member := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(member, "="); name == "regions" || name == "bookmakers" || name == "markets" {
			id += sep + member
			sep = "&"
		}
	}
	return id, len(id) <= feed.MaxName*4
}

// Frame implements [frames.Decoder].
func (d *Decoder) Frame(f *frames.Frame) (told frames.Told, err error) {
	d.out, d.unknown = nil, nil
	id, asks := d.id(f.Channel)
	switch {
	case f.Kind == frames.Out && asks:
		if d.request(id, f.Conn) {
			told.Changes = []frames.Change{{Market: id, State: frames.Subscribed}}
		}
	case f.Kind == frames.Note: // ends nothing: see above
		d.over(f)
	case f.Kind != frames.In:
	case asks:
		told, err = d.answer(f, id)
	default:
		d.other(f)
	}
	told.Unknown = d.unknown
	return told, err
}

// Market implements [frames.Decoder]. The event stands for all events of the sport, the venue for
// all bookmakers that are asked for.
func (d *Decoder) Market(id string) (m frames.Market, ok bool) {
	r := d.markets[id]
	if r == nil {
		return m, false
	}
	return r.market, true
}

func (d *Decoder) id(channel string) (id string, ok bool) {
	if id, ok := d.ids[channel]; ok {
		return id, id != ""
	}
	id, ok = Request(channel)
	if len(d.ids) < mostMarkets && len(channel) < 16*feed.MaxName {
		d.ids[channel] = id
	}
	return id, ok
}

// request notes over which connection a request was made, and reports whether it is a new one
// there. Without room for more it does nothing.
func (d *Decoder) request(id string, conn int) (fresh bool) {
	r := d.markets[id]
	if r == nil {
		if len(d.markets) >= mostMarkets {
			maps.DeleteFunc(d.markets, func(_ string, r *request) bool { return r.over })
		}
		if len(d.markets) >= mostMarkets {
			return false
		}
		r = &request{market: name(id)}
		sport, _, _ := strings.Cut(id, "?")
		_, r.event, _ = strings.Cut(sport, "/")
		d.markets[id] = r
	}
	fresh = r.conn != conn || r.over
	r.conn, r.over = conn, false
	return fresh
}

// over notes which requests nobody makes any more: they are forgotten once there is no room.
func (d *Decoder) over(f *frames.Frame) {
	var n frames.Notice
	if json.Unmarshal(f.Data, &n) != nil || n.State != frames.Idle {
		return
	}
	for _, id := range n.Markets {
		if r := d.markets[id]; r != nil {
			r.over = true
		}
	}
}

// name says what a request asks for.
func name(id string) (m frames.Market) {
	sport, query, _ := strings.Cut(id, "?")
	sport, event, single := strings.Cut(sport, "/")
	m.Event = &odds.Event{ID: sport, Title: "all events of " + sport}
	if single {
		m.Event.ID, m.Event.Title = event, "event "+event
	}
	m.Event.Sport, m.Event.League, _ = strings.Cut(sport, "_")
	for member := range strings.SplitSeq(query, "&") {
		switch name, value, _ := strings.Cut(member, "="); name {
		case "markets":
			m.Name = value
		case "regions", "bookmakers":
			m.Venue = value
		}
	}
	return m
}

func (d *Decoder) note(what string) {
	if len(d.unknown) < mostSports {
		d.unknown = append(d.unknown, what)
	}
}

// answer reads an answer as a poll.
func (d *Decoder) answer(f *frames.Frame, id string) (told frames.Told, err error) {
	if err := d.read(f); err != nil {
		return told, err
	}
	d.request(id, f.Conn)
	if err := d.named(id); err != nil {
		return told, err
	}
	told.Heard = []string{id}
	change := frames.Change{Market: id, State: frames.Live}
	if newest := d.p.dec.poll.newest(); newest != 0 && f.Recv.Sub(newest) > oldCopy {
		change.State, change.Why = frames.Stale, "the newest last_update of the answer is from "+newest.String()
		d.note("old copy")
		told.Changes = []frames.Change{change}
		return told, nil
	}
	told.Changes = []frames.Change{change}
	told.Batches, err = d.batches(f, id)
	return told, err
}

// named checks that an answer is about the event that was asked for, and says what that is.
func (d *Decoder) named(id string) error {
	r, events := d.markets[id], d.p.dec.poll.events
	if r == nil || r.event == "" {
		return nil
	}
	if len(events) != 1 || events[0].id != r.event {
		return fmt.Errorf("no answer about the event %s", clip(r.event))
	}
	if e := &events[0]; r.market.Event.Home == "" && e.home != "" && e.away != "" {
		r.market.Event = d.p.event(e)
	}
	return nil
}

// read decodes an answer whole or not at all.
func (d *Decoder) read(f *frames.Frame) error {
	p := &d.p
	if len(f.Data) > mostFrame {
		return fmt.Errorf("an answer of %d bytes, want at most %d: ask for fewer markets or bookmakers at once", len(f.Data), mostFrame)
	}
	n, err := p.dec.decode(f.Data, 0)
	switch {
	case errors.Is(err, jsonscan.ErrCut):
		return fmt.Errorf("the answer is cut off, nothing of it counts: %w", err)
	case err != nil:
		return fmt.Errorf("bad JSON: %w", err)
	case !p.dec.scan.End():
		return fmt.Errorf("byte %d: more than one JSON value in the answer", n)
	case !p.dec.poll.hasData:
		return errors.New("no answer of /odds, which is an array of events")
	}
	poll := &p.dec.poll
	poll.stamp, poll.stamped, poll.badStamp = f.Recv, true, ""
	return nil
}

// batches makes the batches of a decoded answer.
func (d *Decoder) batches(f *frames.Frame, id string) ([]*odds.Batch, error) {
	p, r := &d.p, d.markets[id]
	if len(p.dec.poll.events) == 0 {
		if r == nil || !r.had {
			return nil, nil // again nothing: that says nothing new
		}
		r.had = false
		return []*odds.Batch{{Source: r.market.Event.ID, At: f.Recv, Recv: f.Recv, Polled: true}}, nil
	}
	if r != nil {
		r.had = true
	}
	p.rep = &feed.Report{Keep: 1}
	p.text, p.line, p.placed = f.Data, 1, 0
	err := p.take()
	p.text = nil
	if r != nil && r.event != "" {
		d.out = slices.DeleteFunc(d.out, func(b *odds.Batch) bool { return len(b.Updates) == 0 })
	}
	for _, b := range d.out {
		b.Updates = slices.DeleteFunc(b.Updates, func(u odds.Update) bool { return d.older(&u, f.Recv) })
	}
	d.forget()
	if _, n := p.rep.Rejected(); err == nil && n > 0 {
		err = fmt.Errorf("%d refused, the first %s: %s", n, p.rep.Shown()[0].Reason, p.rep.Shown()[0].Detail)
	}
	return d.out, err
}

// forget keeps the memory within its limits.
func (d *Decoder) forget() {
	long := d.p.dec.long // whoever sends such names sends many
	if len(d.p.known) > mostEvents || long {
		clear(d.p.known)
	}
	if len(d.stamps) > mostStamps || long {
		clear(d.stamps)
	}
	d.p.dec.long = false
	if len(d.p.sports) > mostSports {
		d.p.sports = nil
	}
}

// older reports whether an update is an older copy of what was told.
func (d *Decoder) older(u *odds.Update, recv odds.Time) bool {
	if u.Updated == 0 {
		return false
	}
	k := cell{u.Event.ID, u.Venue, u.Market}
	s := d.stamps[k]
	old := false
	switch {
	case u.Updated >= s.newest:
		s = seen{newest: min(u.Updated, recv)} // a stamp of the future must not forbid the present
	case s.back+1 < insists:
		s.back++
		old = true
		d.note("last_update went back")
	default:
		s = seen{newest: u.Updated}
	}
	d.stamps[k] = s
	return old
}

// codes are the reasons that the venue gives for an answer that is none.
var codes = []string{
	"MISSING_KEY", "INVALID_KEY", "DEACTIVATED_KEY", "EXCEEDED_FREQ_LIMIT", "OUT_OF_USAGE_CREDITS",
	"UNKNOWN_SPORT", "INVALID_SPORT", "INVALID_MARKET", "INVALID_REGION", "INVALID_BOOKMAKERS",
}

// other counts what is unknown in frames that hold no prices.
func (d *Decoder) other(f *frames.Frame) {
	path, _, _ := strings.Cut(f.Channel, "?")
	switch {
	case len(path) > 4 && path[0] >= '1' && path[0] <= '9' && path[3] == ' ':
		if _, code := Problem(f.Data); code != "" && !slices.Contains(codes, code) {
			d.note("error_code " + clip(code))
		}
	case strings.HasPrefix(path, "GET ") && (strings.HasSuffix(path, "/events") || strings.HasSuffix(path, "/sports")):
	default:
		d.note("channel " + clip(path))
	}
}

// Problem reads an answer that is none: the venue's message and its error_code, both empty if it
// has no such form.
func Problem(body []byte) (message, code string) {
	s := jsonscan.New(body, 0)
	for more := s.Object(); more; more = s.More('}') {
		switch string(s.Key()) {
		case "message":
			b, _ := s.String()
			message = clip(string(b))
		case "error_code":
			b, _ := s.String()
			code = clip(string(b))
		default:
			s.Skip()
		}
	}
	return message, code
}

// clip shortens what somebody else wrote.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
