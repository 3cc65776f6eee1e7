package canonical

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"corrgraph/feed"
	"corrgraph/odds"
)

// values are the fields of one row; a missing field is nil.
type values [columnCount][]byte

// rows collects rows into batches.
type rows struct {
	o      Options
	name   string
	emit   feed.Emit
	rep    *feed.Report
	line   int
	values values
	comma  bool // a comma is a decimal point

	*Names
	words map[string]odds.Side

	at   odds.Time
	open []*batch // of the present time, one per source

	garbled bool // a text of this row is not UTF-8

	last [columnCount]string // previous value of each column: rows of one market repeat most of them
}

// batch is a batch being collected.
type batch struct {
	*odds.Batch
	place   map[key]int // in Updates
	guessed []bool      // by update: is_main was not given

	first int // line
}

type key struct {
	venue, market string
	event         *odds.Event
	format        odds.PriceFormat
	inPlay        bool
	lay, middle   bool
	settlement    string
}

// tick is one parsed row.
type tick struct {
	source     string
	at, recv   odds.Time
	seq        int64
	resolution odds.Millis
	polled     bool
	key        key
	updated    odds.Time
	image      bool
	winners    int
	complete   odds.Stated
	whole      bool // the row concerns the whole market: it has no selection
	status     odds.Status
	quote      odds.Quote
	guessed    bool
	unpriced   bool // the price was refused: the outcome exists and has none
}

func newRows(o Options, name string, emit feed.Emit, rep *feed.Report) *rows {
	if o.Names == nil {
		o.Names = NewNames()
	}
	return &rows{
		o: o, name: name, emit: emit, rep: rep, Names: o.Names,
		words: map[string]odds.Side{
			"home": odds.Home, "away": odds.Away, "draw": odds.Draw,
			"over": odds.Over, "under": odds.Under, "yes": odds.Yes, "no": odds.No,
		},
	}
}

func (r *rows) reject(line int, reason, detail string) {
	r.rep.Reject(feed.Reject{File: r.name, Line: line, Reason: reason, Detail: detail})
}

func (r *rows) failed(line int, err error) error {
	return &feed.FileError{File: r.name, Line: line, Err: err}
}

// take adds the row in r.values. A reason makes it a reject; an error without a reason ends
// the reading.
func (r *rows) take() (reason string, err error) {
	var t tick
	if reason, err = r.read(&t); reason != "" && !t.unpriced {
		return reason, err
	}
	if t.at != r.at {
		if err := r.flush(); err != nil {
			return "", err
		}
		r.at = t.at
	}
	r.batchOf(&t).add(&t)
	return reason, err
}

func (r *rows) batchOf(t *tick) *batch {
	for _, b := range r.open {
		if b.Source == t.source {
			b.Recv = max(b.Recv, t.recv)
			return b
		}
	}
	b := &batch{Batch: &odds.Batch{Source: t.source, At: t.at, Recv: t.recv, Polled: t.polled, Resolution: t.resolution, Seq: t.seq}, first: r.line}
	r.open = append(r.open, b)
	return b
}

func (b *batch) add(t *tick) {
	u := b.update(t)
	u.Updated = max(u.Updated, t.updated)
	u.Image = u.Image || t.image
	u.Winners = max(u.Winners, t.winners)
	if t.complete != odds.Unstated && u.Complete != odds.StatedNo { // rows that contradict each other say no
		u.Complete = t.complete
	}
	if t.whole {
		u.Status = t.status
		return
	}
	u.Quotes = append(u.Quotes, t.quote)
}

// update returns the update a row belongs to. Rows of one market are usually adjacent, so
// the last update is tried first.
func (b *batch) update(t *tick) *odds.Update {
	if n := len(b.Updates); n > 0 {
		u := &b.Updates[n-1]
		if keyOf(u) == t.key {
			b.guessed[n-1] = b.guessed[n-1] || t.guessed
			return u
		}
		if b.place == nil {
			b.place = map[key]int{keyOf(u): 0}
		}
		if i, ok := b.place[t.key]; ok {
			b.guessed[i] = b.guessed[i] || t.guessed
			return &b.Updates[i]
		}
		b.place[t.key] = n
	}
	b.guessed = append(b.guessed, t.guessed)
	b.Updates = append(b.Updates, odds.Update{
		Event: t.key.event, Venue: t.key.venue, Market: t.key.market, Format: t.key.format, InPlay: t.key.inPlay,
		Terms: odds.Terms{Lay: t.key.lay, Middle: t.key.middle, Settlement: t.key.settlement},
	})
	return &b.Updates[len(b.Updates)-1]
}

func keyOf(u *odds.Update) key {
	return key{u.Venue, u.Market, u.Event, u.Format, u.InPlay, u.Lay, u.Middle, u.Settlement}
}

// flush emits the collected batches.
func (r *rows) flush() error {
	open := r.open
	r.open = nil
	for _, b := range open {
		for i := range b.Updates {
			if b.guessed[i] {
				markAlternates(b.Updates[i].Quotes)
			}
		}
		r.rep.Read(b.first, b.Quotes())
		if err := r.emit(b.Batch); err != nil {
			return err
		}
	}
	return nil
}

// markAlternates clears Main for selections with several lines.
func markAlternates(quotes []odds.Quote) {
	if len(quotes) < 2 {
		return
	}
	type name struct{ subject, selection string }
	lines := map[name]float64{}
	alternate := map[name]bool{}
	for i := range quotes {
		q := &quotes[i]
		n := name{q.Subject, q.Selection}
		at, seen := lines[n]
		if seen && at != q.Line && (at == at || q.Line == q.Line) {
			alternate[n] = true
		}
		lines[n] = q.Line
	}
	for i := range quotes {
		quotes[i].Main = quotes[i].Main && !alternate[name{quotes[i].Subject, quotes[i].Selection}]
	}
}

// read parses r.values into t.
func (r *rows) read(t *tick) (reason string, err error) {
	r.garbled = false
	if reason, err = r.times(t); reason != "" {
		return reason, err
	}
	badStatus, statusErr := r.state(t)
	if reason, err = r.batchFields(t); reason != "" {
		return reason, err
	}
	for _, c := range [...]column{bookmaker, eventID, market, selection} {
		if len(r.values[c]) == 0 && !(c == selection && t.status != odds.Open) {
			if badStatus != "" {
				return badStatus, statusErr
			}
			return "missing_value", errors.New(Columns()[c][0])
		}
	}
	t.source = r.text(source)
	if reason, err = r.event(t); reason != "" {
		return reason, err
	}
	t.key.venue = r.text(bookmaker)
	t.key.market = r.text(market)
	t.whole = len(r.values[selection]) == 0
	if reason, err = r.quote(t); badStatus != "" {
		reason, err = badStatus, statusErr
	}
	// On a line that is unknown it is not known either what the row is about.
	lost := reason == badLine && odds.KindOf(t.key.event.Sport, t.key.market).Lines
	if t.unpriced = reason != "" && !t.whole && !r.garbled && !lost; t.unpriced {
		t.quote = *t.quote.Without()
	}
	if r.garbled {
		return "bad_text", errors.New("a text is not UTF-8; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8")
	}
	return reason, err
}

// mostNames limits the strings, and the events, remembered.
const mostNames = 1 << 18

// text returns a field as a string that all rows share.
func (r *rows) text(c column) string {
	v := r.values[c]
	if string(v) == r.last[c] {
		return r.last[c]
	}
	if s, ok := r.strings[string(v)]; ok {
		r.last[c] = s
		return s
	}
	if len(r.strings) >= mostNames {
		clear(r.strings) // a table of strings that never repeat is useless
	}
	s := string(v)
	if !utf8.ValidString(s) {
		r.garbled = true
		return s
	}
	if len(s) > feed.MaxName { // it will be rejected
		return s
	}
	r.strings[s], r.last[c] = s, s
	return s
}

func (r *rows) time(c column) (t odds.Time, reason string, err error) {
	v := r.values[c]
	if len(v) == 0 {
		return 0, "", nil
	}
	t, err = feed.ParseTime(v, r.o.Zone)
	switch {
	case errors.Is(err, feed.ErrNaiveTime):
		reason = "naive_time"
	case errors.Is(err, feed.ErrTwice):
		reason = "ambiguous_time"
	case err != nil:
		reason = "bad_time"
	default:
		return t, "", nil
	}
	return 0, reason, fmt.Errorf("%s: %w", Columns()[c][0], err)
}

func (r *rows) times(t *tick) (reason string, err error) {
	if t.at, reason, err = r.time(tsSource); reason != "" {
		return reason, err
	}
	if t.recv, reason, err = r.time(tsReceived); reason != "" {
		return reason, err
	}
	if t.updated, reason, err = r.time(lastUpdate); reason != "" {
		return reason, err
	}
	switch {
	case t.at == 0 && t.recv == 0:
		return "missing_value", errors.New("ts_source or ts_received")
	case t.at == 0:
		t.at = t.recv
	case t.recv == 0:
		t.recv = t.at
	}
	return "", nil
}

func (r *rows) state(t *tick) (reason string, err error) {
	v := r.values[status]
	if len(v) == 0 {
		return "", nil
	}
	for s := odds.Open; s <= odds.Unpriced; s++ {
		if strings.EqualFold(string(v), s.String()) {
			t.status = s
			return "", nil
		}
	}
	return "bad_status", fmt.Errorf("%q: want open, suspended, closed, removed, unknown or unpriced", v)
}

// flag reads a boolean; an empty field is not given.
func (r *rows) flag(c column) (yes, given bool, err error) {
	v := r.values[c]
	if len(v) == 0 {
		return false, false, nil
	}
	if yes, err = strconv.ParseBool(strings.ToLower(string(v))); err != nil {
		return false, false, fmt.Errorf("%s: %q: want true or false", Columns()[c][0], v)
	}
	return yes, true, nil
}

func (r *rows) integer(c column) (int64, error) {
	v := r.values[c]
	if len(v) == 0 {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q: want a whole number, not negative", Columns()[c][0], v)
	}
	return n, nil
}

// coarsest is the coarsest resolution in ms that a source may state.
const coarsest = 24 * 3_600_000

func (r *rows) batchFields(t *tick) (reason string, err error) {
	if t.seq, err = r.integer(seq); err != nil {
		return "bad_number", err
	}
	ms, err := r.integer(resolution)
	if err != nil {
		return "bad_number", err
	}
	if ms > coarsest {
		return "bad_number", fmt.Errorf("resolution_ms: %d: want at most a day, %d", ms, coarsest)
	}
	t.resolution = odds.Millis(ms)
	n, err := r.integer(winners)
	if err != nil {
		return "bad_number", err
	}
	t.winners = int(n)
	if reason, err = r.terms(t); reason != "" {
		return reason, err
	}
	if t.polled, _, err = r.flag(polled); err != nil {
		return "bad_flag", err
	}
	if t.image, _, err = r.flag(image); err != nil {
		return "bad_flag", err
	}
	return "", nil
}

// terms reads what the row says of its market.
func (r *rows) terms(t *tick) (reason string, err error) {
	switch yes, given, err := r.flag(complete); {
	case err != nil:
		return "bad_flag", err
	case yes:
		t.complete = odds.StatedYes
	case given:
		t.complete = odds.StatedNo
	}
	switch v := r.values[backLay]; {
	case len(v) == 0 || strings.EqualFold(string(v), "back"):
	case strings.EqualFold(string(v), "lay"):
		t.key.lay = true
	case strings.EqualFold(string(v), "middle"):
		t.key.middle = true
	default:
		return "bad_word", fmt.Errorf("back_lay: %q: want back, lay or middle", v)
	}
	t.key.settlement = r.text(settlement)
	return "", nil
}

// subject joins the player and team of a row.
func (r *rows) subject() string {
	p, t := r.text(player), r.text(team)
	if p == "" || t == "" {
		return p + t
	}
	return p + ", " + t
}

// event finds the row's event. A new fact makes a new Event; an empty field removes none.
func (r *rows) event(t *tick) (reason string, err error) {
	start, reason, err := r.time(startTime)
	if reason != "" {
		return reason, err
	}
	fresh := odds.Event{
		ID: r.text(eventID), Start: start, Sport: r.text(sport), League: r.text(league),
		Home: r.text(home), Away: r.text(away), Title: r.text(title),
	}
	id := [2]string{t.source, fresh.ID}
	old := r.events[id]
	if old != nil && !otherSides(&fresh, old) {
		keepStrings(&fresh, old)
	}
	if old == nil || old.Start != fresh.Start || old.Sport != fresh.Sport || old.League != fresh.League ||
		old.Home != fresh.Home || old.Away != fresh.Away || old.Title != fresh.Title {
		if len(r.events) >= mostNames {
			clear(r.events)
		}
		own := fresh // copied, so that fresh itself stays on the stack: it is rarely new
		old = &own
		r.events[id] = old
	}
	t.key.event = old
	yes, given, err := r.flag(inPlay)
	if err != nil {
		return "bad_flag", err
	}
	t.key.inPlay = yes || !given && old.Start != 0 && t.at >= old.Start
	return "", nil
}

// otherSides reports whether an id is used again, for two sides of which neither was the
// other's: nothing known of the old match holds for the new one.
func otherSides(fresh, old *odds.Event) bool {
	return fresh.Home != "" && fresh.Away != "" && old.Home != "" && old.Away != "" &&
		fresh.Home != old.Home && fresh.Home != old.Away && fresh.Away != old.Home && fresh.Away != old.Away
}

func keepStrings(fresh, old *odds.Event) {
	if fresh.Start == 0 {
		fresh.Start = old.Start
	}
	for _, f := range [...]struct {
		to   *string
		from string
	}{{&fresh.Sport, old.Sport}, {&fresh.League, old.League}, {&fresh.Home, old.Home}, {&fresh.Away, old.Away}, {&fresh.Title, old.Title}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
}
