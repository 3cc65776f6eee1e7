package columns

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/feed"
	"corrgraph/odds"
)

// row is one parsed row.
type row struct {
	line          int
	at, updated   odds.Time
	source        string
	facts         odds.Event // ID holds the key
	venue, market string
	status        odds.Status
	inPlay        bool
	terms         odds.Terms
	subject       string
	quotes        []odds.Quote
}

// read evaluates the row in s.cells. A skipped row has no venue.
func (s *state) read() (r row, err error) {
	s.fields = [slots]string{}
	r.line = s.line
	if s.skipped() {
		return row{}, nil
	}
	if r.at, err = s.instant(s.time); err != nil {
		return row{}, err
	}
	if r.at == 0 {
		return row{}, reject("bad_time", "the time is empty")
	}
	s.fields[slotDay] = s.dayOf(r.at)
	if r.updated, err = s.instant(s.updated); err != nil {
		return row{}, err
	}
	if err := s.identify(&r); err != nil {
		return row{}, err
	}
	if r.status != odds.Open && !s.partial(&r) {
		return r, nil
	}
	if err := s.quotes(&r); err != nil || r.status == odds.Open || len(r.quotes) == 0 {
		return r, err
	}
	for i := range r.quotes {
		r.quotes[i].Status = r.status
	}
	r.status = odds.Open // of the market: its other selections may be
	return r, nil
}

// partial reports whether the row speaks of a part of its market, one line or the selections
// that it names, so that its status is not that of the whole market.
func (s *state) partial(r *row) bool {
	if s.fields[slotLine] != "" {
		return true
	}
	for i := range s.prices {
		if is := s.prices[i].is; is != nil && is.from.varies() {
			return true
		}
	}
	return false
}

// varies reports whether a template differs from row to row.
func (t template) varies() bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.kind == fromColumn })
}

// dayOf formats a day once for all its rows.
func (s *state) dayOf(t odds.Time) string {
	if n := int64(t) / 86_400_000; n != s.dayN || s.day == "" {
		s.dayN, s.day = n, t.Std().Format(time.DateOnly)
	}
	return s.day
}

func (s *state) skipped() bool {
	for i := range s.skip {
		if k := &s.skip[i]; k.match.MatchString(s.expand(k.from)) {
			s.rep.Skip(k.why)
			return true
		}
	}
	return false
}

// identify evaluates everything except the prices.
func (s *state) identify(r *row) (err error) {
	for _, f := range [...]struct {
		t  *text
		at slot
	}{
		{s.venue, slotVenue},
		{s.sport, slotSport},
		{s.league, slotLeague},
		{s.home, slotHome},
		{s.away, slotAway},
		{s.market, slotMarket},
		{s.program.line, slotLine},
		{s.event, slotEvent},
		{s.title, slotTitle},
	} {
		if f.t == nil {
			continue
		}
		if s.fields[f.at], err = s.eval(f.t); err != nil {
			if f.at != slotLine {
				return err
			}
			s.fields[f.at] = "" // a label without a number means a market without a line
		}
	}
	r.venue, r.market = s.intern(s.fields[slotVenue]), s.intern(s.fields[slotMarket])
	r.facts = odds.Event{
		ID: s.intern(s.fields[slotEvent]), Sport: s.intern(s.fields[slotSport]), League: s.intern(s.fields[slotLeague]),
		Home: s.intern(s.fields[slotHome]), Away: s.intern(s.fields[slotAway]), Title: s.intern(s.fields[slotTitle]),
	}
	if r.facts.ID == "" || r.venue == "" || r.market == "" {
		return reject("no_event", "event %q, venue %q, market %q: want none empty", r.facts.ID, r.venue, r.market)
	}
	if r.facts.Start, err = s.instant(s.start); err != nil {
		return err
	}
	r.source = s.Map.Name
	if s.program.source != nil {
		src, err := s.eval(s.program.source)
		if err != nil {
			return err
		}
		r.source = s.intern(src)
	}
	if err := s.terms(r); err != nil {
		return err
	}
	return s.condition(r)
}

// condition evaluates status and in_play.
func (s *state) condition(r *row) error {
	if s.status != nil {
		word, err := s.eval(s.status)
		if err != nil {
			return err
		}
		found := false
		for st := odds.Open; st <= odds.Unknown; st++ {
			if strings.EqualFold(word, st.String()) {
				r.status, found = st, true
			}
		}
		if !found {
			return reject("bad_status", "%q, wanted open, suspended, closed, removed or unknown", word)
		}
	}
	if s.inPlay == nil {
		return nil
	}
	word, err := s.eval(s.inPlay)
	if err != nil || word == "" {
		return err
	}
	if r.inPlay, err = strconv.ParseBool(strings.ToLower(word)); err != nil {
		return reject("bad_bool", "in_play %q, wanted true or false", word)
	}
	return nil
}

// quotes reads the prices of the row.
func (s *state) quotes(r *row) error {
	line, err := s.handicap(s.fields[slotLine])
	if err != nil {
		if odds.KindOf(r.facts.Sport, r.market).Lines {
			return err // it is not known what the row is about
		}
		s.refused = append(s.refused, err)
	}
	s.lineless = err != nil
	for i := range s.prices {
		p := &s.prices[i]
		v, err := s.eval(p.from)
		if err != nil {
			return err
		}
		switch {
		case p.split == "":
			var word string
			if word, err = s.eval(p.is); err != nil {
				err = s.unknown(r, p, line, err)
			} else if word != "" || r.status == odds.Open {
				err = s.quote(r, p, word, v, line)
			}
		case v != "" || r.status == odds.Open:
			err = s.list(r, p, strings.Split(v, p.split), line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list reads a list of prices with the first names that fit it.
func (s *state) list(r *row, p *priceText, vs []string, line float64) error {
	for _, names := range p.are {
		if len(names.Names) != len(vs) || !covers(names.Market, r.market) {
			continue
		}
		for i, v := range vs {
			if err := s.quote(r, p, names.Names[i], v, line); err != nil {
				return err
			}
		}
		return nil
	}
	return reject("no_selection", "no names for the %d prices of market %q", len(vs), r.market)
}

// covers reports whether a pattern, a name or a prefix and *, matches a market.
func covers(pattern, market string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(market, begin)
	}
	return pattern == "" || pattern == market
}

func (s *state) quote(r *row, p *priceText, word, v string, line float64) error {
	q := odds.Quote{Subject: r.subject, Line: line}
	q.Selection, q.Side = s.selection(word)
	if q.Selection == "" {
		return reject("no_selection", "a price without the name of its selection")
	}
	if q.Side == odds.Away && s.Map.Line.Of == "home" {
		q.Line = 0 - line // not −0
	}
	v = strings.TrimSpace(v)
	switch {
	case r.status != odds.Open: // the row's, which counts
	case s.lineless: // counted already
		q.Status = odds.Unpriced
	case p.gone != nil && p.gone.MatchString(v):
		q.Status = odds.Suspended
	default:
		if err := s.offer(&q, p, v); err != nil {
			return err
		}
	}
	r.quotes = append(r.quotes, q)
	return nil
}

// offer reads a selection's price and size. One whose price is refused exists all the same:
// it is listed as unpriced, and the row's other prices are read.
func (s *state) offer(q *odds.Quote, p *priceText, v string) (err error) {
	if q.Price, err = s.price(v); err != nil {
		q.Status = odds.Unpriced
		s.refused = append(s.refused, err)
		return nil
	}
	if p.size == nil {
		return nil
	}
	if v, err = s.eval(p.size); err != nil {
		return err
	}
	if x, err := odds.ParseNumber(s.pointed(v)); err == nil && x > 0 && x <= odds.Most {
		q.Size = x
	}
	return nil
}

// pointed turns the decimal comma of a table that is delimited by semicolons into a point:
// there it can't separate thousands, since it is why the delimiter is none.
func (s *state) pointed(v string) string {
	if s.comma == ';' && strings.Count(v, ",") == 1 && !strings.Contains(v, ".") {
		return strings.Replace(v, ",", ".", 1)
	}
	return v
}

// price reads a price as every format does, or one that is not of a bet.
func (s *state) price(v string) (float64, error) {
	if s.notation != odds.InAmerican { // +1,200 is 1200 everywhere
		v = s.pointed(v)
	}
	if s.format != odds.Raw {
		o, err := odds.Parse(v, s.notation)
		if err != nil {
			return 0, reject("bad_price", "%q is not a valid %s price: %v", v, s.notation, err)
		}
		return float64(o), nil
	}
	x, err := odds.ParseNumber(v)
	if err != nil || !(x > 0 && x <= odds.Most) {
		return 0, reject("bad_price", "%q is not a valid raw price", v)
	}
	return x, nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// handicap parses a line; NaN if empty.
func (s *state) handicap(v string) (float64, error) {
	v = strings.TrimSpace(v)
	if v == "" {
		return math.NaN(), nil
	}
	x, err := odds.ParseLine(s.pointed(v))
	if err != nil || !odds.ValidLine(x) {
		return math.NaN(), reject("bad_line", "%q is not a handicap or total", v)
	}
	return x, nil
}

// instant parses a time; 0 (unknown) if empty.
func (s *state) instant(t *timeText) (odds.Time, error) {
	if t == nil {
		return 0, nil
	}
	v, err := s.eval(&t.text)
	if err != nil {
		return 0, err
	}
	if v == "" {
		return 0, nil
	}
	at, err := t.parse(v)
	switch {
	case errors.Is(err, feed.ErrTwice):
		return 0, reject("ambiguous_time", "%s: %v: %q", t.what, err, v)
	case errors.Is(err, feed.ErrNaiveTime):
		return 0, reject("naive_time", "%s: %v: give key %s a zone", t.what, err, t.what)
	case err != nil:
		return 0, reject("bad_time", "%s: %v", t.what, err)
	}
	return at, nil
}

// lastTime is the end of the year 5138, where milliseconds reach 10^14.
const lastTime = 1e14

func (t *timeText) parse(v string) (odds.Time, error) {
	switch {
	case t.layout != "":
		at, err := t.read(v)
		if err != nil || at > 0 && float64(at) < lastTime {
			return at, err
		}
		return 0, feed.ErrTime
	case t.unit == 0:
		return feed.ParseTime(v, t.zone)
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 && float64(n)*float64(t.unit)/1e6 < lastTime {
		if t.unit >= 1e6 {
			return odds.Time(n * (t.unit / 1e6)), nil
		}
		return odds.Time(n / (1e6 / t.unit)), nil
	}
	x, err := strconv.ParseFloat(v, 64)
	if ms := x * float64(t.unit) / 1e6; err == nil && ms >= 1 && ms < lastTime {
		return odds.Time(math.Round(ms)), nil
	}
	return 0, feed.ErrTime
}

// read reads a time in the layout.
func (t *timeText) read(v string) (odds.Time, error) {
	at, err := time.ParseInLocation(t.layout, v, time.UTC)
	switch {
	case err != nil:
		return 0, err
	case t.offset:
		return odds.TimeOf(at), nil
	case !strings.Contains(t.layout, "MST"):
		return feed.InZone(at, t.zone)
	}
	// Package time reads the clock of an abbreviation that it does not know as UTC.
	name, shift := at.Zone()
	wall := at.Add(time.Duration(shift) * time.Second).UTC()
	if at, ok := feed.NamedZone(wall, name, t.zone); ok {
		return at, nil
	}
	return 0, fmt.Errorf("no zone is known to be meant by %s", name)
}

// eval returns a text's value for the row.
func (s *state) eval(t *text) (string, error) {
	v := s.expand(t.from)
	if t.match == nil && t.table == nil {
		if t.lower {
			v = strings.ToLower(v)
		}
		return v, nil
	}
	m := &s.memo[t.id]
	if m.set && m.in == v {
		return m.out, m.err
	}
	out, err := s.translate(t, v)
	if t.lower {
		out = strings.ToLower(out)
	}
	// An else may refer to other columns, so only results that depend on the value alone
	// are kept.
	*m = memo{in: v, out: out, err: err, set: t.els == nil}
	return out, err
}

func (s *state) translate(t *text, v string) (string, error) {
	out := v
	if t.match != nil {
		at := t.match.FindStringSubmatchIndex(v)
		if at == nil {
			return s.otherwise(t, v, "no_match")
		}
		out = string(t.match.ExpandString(nil, t.to, v, at))
	}
	if t.table == nil {
		return out, nil
	}
	if word, ok := t.table[out]; ok {
		return word, nil
	}
	return s.otherwise(t, out, "no_translation")
}

func (s *state) otherwise(t *text, v, reason string) (string, error) {
	if t.els == nil {
		return "", reject(reason, "%s: %q", t.what, v)
	}
	s.fields[slotValue] = v
	return s.expand(t.els), nil
}

// expand fills a template in.
func (s *state) expand(t template) string {
	if len(t) == 1 {
		return s.part(&t[0])
	}
	var b strings.Builder
	for i := range t {
		b.WriteString(s.part(&t[i]))
	}
	return b.String()
}

func (s *state) part(p *part) string {
	switch p.kind {
	case fromSlot:
		return s.fields[p.index]
	case fromColumn:
		return s.cells[p.index]
	case fromFile:
		return s.groups[p.index]
	}
	return p.text
}
