package stream

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsondoc"
	"corrgraph/odds"
)

// row is one row of a message.
type row struct {
	at     int32   // its node
	in     []int32 // the elements that it is in, outermost first
	fields *[names]*field

	facts           odds.Event
	venue, market   string
	selection       string
	subject         string
	side            odds.Side
	line            float64 // NaN none
	status          odds.Status
	marked          bool // main is known
	main            bool
	inPlay, playing bool // playing: inPlay is known
	stamp           odds.Time
	terms           odds.Terms
	key             string
	format          odds.PriceFormat
	price, size     float64
	priced          bool // the row has a price
}

// rows reads the rows of a message and returns how many there were.
func (d *Decoder) rows(m *message) (n int) {
	var room [8]int32
	var r row
	if m.covers == "all" && !d.parts {
		d.gen, d.parts = d.gen+1, true
	}
	for i := range m.rows {
		at := &m.rows[i]
		d.doc.Each(0, at.at.Steps, room[:0], func(node int32, in []int32) {
			n++
			r = row{at: node, in: in, fields: &at.fields, line: math.NaN()}
			if why := d.read(&r, m.kind); why != "" {
				d.unknown(why)
				return
			}
			d.take(m, &r)
		})
	}
	switch {
	case m.kind != Snapshot:
	case m.covers == "all" && d.all(m.final):
		d.parts, d.whole = false, true
		d.sweep()
	case m.covers == "event":
		d.sweepEvents()
	}
	return n
}

// value returns the text of a field of a row; nil if it has none.
func (d *Decoder) value(r *row, f *field) []byte {
	if f == nil {
		return nil
	}
	if f.fixed != nil {
		return f.fixed
	}
	at := r.at
	switch f.path.Of {
	case jsondoc.OfEvent, jsondoc.OfText:
		return d.top(&f.path)
	case jsondoc.OfRoot:
		at = 0
	case jsondoc.OfLoop:
		at = r.in[f.path.Loop-1]
	}
	if at = d.doc.Follow(at, f.path.Steps); at < 0 {
		return nil
	}
	n := &d.doc.Nodes[at]
	if f.path.Key {
		return n.Key
	}
	return n.Word()
}

// mostWords limits what is remembered of texts.
const mostWords = 1 << 16

// word returns the word that a field comes to; empty if there is none. why says why the row is
// to be left out.
func (d *Decoder) word(r *row, n name) (word, why string) {
	f := r.fields[n]
	b := d.value(r, f)
	if len(b) == 0 {
		return "", ""
	}
	if len(b) > feed.MaxName {
		return "", "too long: " + fieldNames[n]
	}
	if f.match == nil && !f.lower && f.words == nil {
		return d.intern(b)
	}
	if m, ok := d.memo[f.n][string(b)]; ok {
		if !m.ok {
			return "", m.word
		}
		return m.word, ""
	}
	word, ok := f.translate(string(b))
	if !ok {
		word = fieldNames[n] + "=" + word
	}
	if d.memo[f.n] == nil || len(d.memo[f.n]) >= mostWords {
		d.memo[f.n] = map[string]memo{}
	}
	if !utf8.ValidString(word) {
		return "", "not UTF-8: " + fieldNames[n]
	}
	d.memo[f.n][string(b)] = memo{word, ok}
	if !ok {
		return "", word
	}
	return word, ""
}

// translate computes a field from its text; ok is false if there is no translation.
func (f *field) translate(v string) (word string, ok bool) {
	if f.match != nil {
		g := f.match.FindStringSubmatch(v)
		if g == nil {
			return "", true
		}
		v = g[min(1, len(g)-1)]
	}
	if f.lower {
		v = strings.ToLower(v)
	}
	if f.words == nil {
		return v, true
	}
	if w, ok := f.words[v]; ok {
		return w, true
	}
	if f.keep {
		return v, true
	}
	return orElse(f.els, v), f.els != ""
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// intern returns a kept copy of a text that occurs often.
func (d *Decoder) intern(b []byte) (word, why string) {
	if w, ok := d.words[string(b)]; ok {
		return w, ""
	}
	if !utf8.Valid(b) {
		return "", "not UTF-8"
	}
	if len(d.words) >= mostWords {
		clear(d.words)
	}
	w := string(b)
	d.words[w] = w
	return w, ""
}

// read evaluates a row; why says why it is to be left out.
func (d *Decoder) read(r *row, k Kind) (why string) {
	for _, t := range [...]struct {
		n  name
		to *string
	}{
		{eventID, &r.facts.ID},
		{sport, &r.facts.Sport},
		{league, &r.facts.League},
		{home, &r.facts.Home},
		{away, &r.facts.Away},
		{title, &r.facts.Title},
		{bookmaker, &r.venue},
		{market, &r.market},
		{selection, &r.selection},
		{subject, &r.subject},
		{settlement, &r.terms.Settlement},
		{rowKey, &r.key},
	} {
		if r.fields[t.n] == nil {
			continue
		}
		if *t.to, why = d.word(r, t.n); why != "" {
			return why
		}
	}
	if r.facts.Start, why = d.time(r, start); why != "" {
		return why
	}
	if r.stamp, why = d.time(r, stamp); why != "" {
		return why
	}
	for _, f := range [...]func(*row) string{d.sideOf, d.statusOf, d.flags, d.termsOf} {
		if why = f(r); why != "" {
			return why
		}
	}
	if k == Event {
		return ""
	}
	return d.numbers(r, k)
}

// time reads an instant; 0 if there is none.
func (d *Decoder) time(r *row, n name) (at odds.Time, why string) {
	f := r.fields[n]
	if f == nil {
		return 0, ""
	}
	b := d.value(r, f)
	if len(b) == 0 {
		return 0, ""
	}
	if f.unit == 0 {
		at, err := feed.ParseTime(b, nil)
		if err != nil {
			return 0, fieldNames[n] + ": " + err.Error()
		}
		return at, ""
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if ms := x * float64(f.unit) / 1e6; err == nil && ms >= 1e11 && ms < 1e14 {
		return odds.Time(math.Round(ms)), ""
	}
	return 0, fieldNames[n] + ": " + feed.ErrTime.Error()
}

var sides = map[string]odds.Side{
	"home": odds.Home, "away": odds.Away, "draw": odds.Draw, "over": odds.Over, "under": odds.Under, "yes": odds.Yes, "no": odds.No,
}

// sideOf reads the side of the row's outcome, as its field says it; see outcome.
func (d *Decoder) sideOf(r *row) string {
	if r.fields[side] == nil {
		return ""
	}
	w, why := d.word(r, side)
	if why == "" && w != "" {
		known := false
		if r.side, known = sides[w]; !known {
			if r.side, known = sides[strings.ToLower(w)]; !known {
				why = "side=" + w
			}
		}
	}
	return why
}

func (d *Decoder) statusOf(r *row) string {
	if r.fields[status] == nil {
		return ""
	}
	w, why := d.word(r, status)
	if why != "" || w == "" {
		return why
	}
	for st := odds.Open; st <= odds.Unknown; st++ {
		if st.String() == w || strings.EqualFold(st.String(), w) {
			r.status = st
			return ""
		}
	}
	return "status=" + w
}

// flags reads main and live.
func (d *Decoder) flags(r *row) (why string) {
	flag := func(n name) (yes, known bool) {
		if r.fields[n] == nil || why != "" {
			return false, false
		}
		var w string
		if w, why = d.word(r, n); w == "" {
			return false, false
		}
		switch strings.ToLower(w) {
		case "true", "1", "yes":
			return true, true
		case "false", "0", "no":
			return false, true
		}
		why = fieldNames[n] + "=" + w
		return false, false
	}
	r.main, r.marked = flag(isMain)
	r.inPlay, r.playing = flag(live)
	return why
}

// termsOf reads what the row says of its market.
func (d *Decoder) termsOf(r *row) (why string) {
	if r.fields[winners] != nil {
		var w string
		if w, why = d.word(r, winners); w != "" {
			n, err := strconv.Atoi(w)
			if err != nil || n < 1 {
				return "winners=" + w
			}
			r.terms.Winners = n
		}
	}
	if r.fields[complete] != nil && why == "" {
		var w string
		switch w, why = d.word(r, complete); w {
		case "true":
			r.terms.Complete = odds.StatedYes
		case "false":
			r.terms.Complete = odds.StatedNo
		}
	}
	if r.fields[backLay] != nil && why == "" {
		var w string
		w, why = d.word(r, backLay)
		r.terms.Lay, r.terms.Middle = w == "lay", w == "middle"
	}
	return why
}

// numbers reads line, price and size. A price that is refused counts as none.
func (d *Decoder) numbers(r *row, k Kind) string {
	if b := d.value(r, r.fields[line]); len(b) > 0 {
		x, err := odds.ParseLine(string(b))
		if err != nil || !odds.ValidLine(x) {
			return "line: not a handicap or total"
		}
		r.line = x + 0
	}
	notation := odds.InDecimal
	if f := r.fields[priceFormat]; f != nil {
		w, why := d.word(r, priceFormat)
		if why != "" {
			return why
		}
		if w == "raw" {
			r.format = odds.Raw
		} else if n, err := odds.ParseNotation(w); w != "" && (err != nil || n == odds.InLogOdds) {
			return "price_format=" + w
		} else {
			notation = n
		}
	}
	if k == Remove || r.status != odds.Open {
		return ""
	}
	if b := bytes.TrimSpace(d.value(r, r.fields[price])); len(b) > 0 {
		d.price(r, b, notation)
	}
	if b := d.value(r, r.fields[size]); len(b) > 0 && r.priced {
		if x, err := odds.ParseNumber(string(b)); err == nil && x > 0 && x <= odds.Most {
			r.size = x
		}
	}
	return ""
}

func (d *Decoder) price(r *row, b []byte, notation odds.Notation) {
	if r.format == odds.Raw {
		x, err := odds.ParseNumber(string(b))
		if err != nil || !(x >= 1/odds.Most && x <= odds.Most) {
			d.fail(fmt.Errorf("price %q is no raw price", clipped(b)))
			return
		}
		r.price, r.priced = x, true
		return
	}
	o, err := odds.Parse(string(b), notation)
	if err != nil {
		d.fail(fmt.Errorf("price %q is not %s: %w", clipped(b), notation, err))
		return
	}
	r.price, r.priced = float64(o), true
}

// outcome says what the row's outcome is called and what its side is, from what is known of
// its event.
func (r *row) outcome(e *odds.Event) {
	if r.side == odds.OtherSide && r.selection != "" {
		switch {
		case r.selection == e.Home:
			r.side = odds.Home
		case r.selection == e.Away:
			r.side = odds.Away
		default:
			r.side = sideNamed(r.selection)
		}
	}
	switch r.side {
	case odds.Over, odds.Under, odds.Yes, odds.No, odds.Draw:
		if r.subject == "" && r.selection != "" && sideNamed(r.selection) == odds.OtherSide && r.side != odds.Draw {
			r.subject = r.selection // whose points, a player's or a team's
		}
		r.selection = nameOf[r.side]
	case odds.Home:
		r.selection = orElse(r.selection, orElse(e.Home, "Home"))
	case odds.Away:
		r.selection = orElse(r.selection, orElse(e.Away, "Away"))
	}
	if sideNamed(r.selection) == r.side && r.side == odds.Home && e.Home != "" {
		r.selection = e.Home
	}
	if sideNamed(r.selection) == r.side && r.side == odds.Away && e.Away != "" {
		r.selection = e.Away
	}
	if r.subject == r.selection {
		r.subject = ""
	}
}

var nameOf = map[odds.Side]string{odds.Over: "Over", odds.Under: "Under", odds.Yes: "Yes", odds.No: "No", odds.Draw: "Draw"}

// sideNamed is the side that a word names, in any case.
func sideNamed(w string) odds.Side {
	if len(w) > 5 {
		return odds.OtherSide
	}
	if s, ok := sides[w]; ok {
		return s
	}
	switch {
	case strings.EqualFold(w, "tie"), strings.EqualFold(w, "x"):
		return odds.Draw
	}
	return sides[strings.ToLower(w)]
}
