package columns

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // maps name zones; some machines have no zone files

	"corrgraph/feed/internal/keys"
	"corrgraph/odds"
)

// slot is a field that templates can refer to.
type slot int

const (
	slotVenue slot = iota
	slotSport
	slotLeague
	slotHome
	slotAway
	slotMarket
	slotLine
	slotEvent
	slotTitle
	slotDay
	slotValue // {value} of an else
	slots
)

var slotNames = [slots]string{"venue", "sport", "league", "home", "away", "market", "line", "event", "title", "day", "value"}

// part is a piece of a template: a literal, slot, column or file group.
type part struct {
	kind  partKind
	index int // of the slot, column or group
	text  string
}

type partKind uint8

const (
	literal partKind = iota
	fromSlot
	fromColumn
	fromFile
)

type template []part

// text is a compiled Text. id numbers it within its program.
type text struct {
	id    int
	what  string // its key, for messages
	from  template
	match *regexp.Regexp
	to    string
	table map[string]string
	els   template
	lower bool
}

type timeText struct {
	text
	unit   int64 // ns
	layout string
	offset bool           // the layout has an offset
	zone   *time.Location // nil: a time without an offset is refused
}

type priceText struct {
	from, is, size *text
	split          string
	are            []Names
	gone           *regexp.Regexp
}

type skipText struct {
	text
	why string
}

// program is a compiled map: immutable, shared by all parsers.
type program struct {
	columns  []string // columns referred to by templates
	keys     []string // the first key that refers to each
	file     *regexp.Regexp
	format   odds.PriceFormat
	notation odds.Notation // unless format is Raw
	skip     []skipText

	source, venue, sport, league, home, away, market, event, title, status, inPlay *text
	player, team, winners, complete, backLay, settlement                           *text
	line                                                                           *text
	time                                                                           *timeText
	updated, start                                                                 *timeText
	prices                                                                         []priceText
	texts                                                                          int

	seen [slots]bool // fields already evaluated at this point of compiling
}

func compile(m *Map) (*program, error) {
	p := &program{}
	var err error
	if m.Name == "" {
		return nil, fmt.Errorf("key name is required: write name: my-source")
	}
	if m.File != "" {
		if p.file, err = regexp.Compile(m.File); err != nil {
			return nil, fmt.Errorf("key file: %w", err)
		}
	}
	if err := checkWords(m); err != nil {
		return nil, err
	}
	if m.PriceFormat == "raw" {
		p.format = odds.Raw
	} else if m.PriceFormat != "" {
		if p.notation, err = odds.ParseNotation(m.PriceFormat); err != nil {
			return nil, fmt.Errorf("key price_format: %w", err)
		}
	}
	for _, s := range m.Skip {
		t, err := p.text("skip", Text{From: s.From, Match: s.Match}, true)
		if err != nil {
			return nil, err
		}
		if s.Why == "" || s.Match == "" {
			return nil, fmt.Errorf("key skip: why and match are required: {from: \"{column}\", match: '^$', why: a word to count under}")
		}
		p.skip = append(p.skip, skipText{*t, s.Why})
	}
	if p.time, err = p.timeText("time", m.Time, true); err != nil {
		return nil, err
	}
	p.seen[slotDay] = true
	if p.updated, err = p.timeText("updated", m.Updated, false); err != nil {
		return nil, err
	}
	if err := p.fields(m); err != nil {
		return nil, err
	}
	return p, p.pricesOf(m)
}

// fields compiles the texts in order of evaluation.
func (p *program) fields(m *Map) (err error) {
	for _, f := range []struct {
		at       **text
		key      string
		t        Text
		required bool
		slot     slot
	}{
		{&p.venue, "venue", m.Venue, true, slotVenue},
		{&p.sport, "sport", m.Sport, false, slotSport},
		{&p.league, "league", m.League, false, slotLeague},
		{&p.home, "home", m.Home, false, slotHome},
		{&p.away, "away", m.Away, false, slotAway},
		{&p.market, "market", m.Market, true, slotMarket},
		{&p.line, "line", Text{From: m.Line.From, Match: m.Line.Match, To: m.Line.To}, false, slotLine},
		{&p.event, "event", m.Event, true, slotEvent},
		{&p.title, "title", m.Title, false, slotTitle},
		{&p.status, "status", m.Status, false, slots},
		{&p.inPlay, "in_play", m.InPlay, false, slots},
		{&p.source, "source", m.Source, false, slots},
		{&p.player, "player", m.Player, false, slots},
		{&p.team, "team", m.Team, false, slots},
		{&p.winners, "winners", m.Winners, false, slots},
		{&p.complete, "complete", m.Complete, false, slots},
		{&p.backLay, "back_lay", m.BackLay, false, slots},
		{&p.settlement, "settlement", m.Settlement, false, slots},
	} {
		if *f.at, err = p.text(f.key, f.t, f.required); err != nil {
			return err
		}
		if f.slot < slots && *f.at != nil {
			p.seen[f.slot] = true
		}
	}
	p.start, err = p.timeText("start", m.Start, false)
	return err
}

func (p *program) pricesOf(m *Map) (err error) {
	if len(m.Prices) == 0 {
		return fmt.Errorf("key prices is required: write prices: [{from: \"{column}\", is: home}]")
	}
	for _, pr := range m.Prices {
		c := priceText{split: pr.Split, are: pr.Are}
		if c.from, err = p.text("prices.from", pr.From, true); err != nil {
			return err
		}
		if c.is, err = p.text("prices.is", pr.Is, pr.Split == ""); err != nil {
			return err
		}
		if c.size, err = p.text("prices.size", pr.Size, false); err != nil {
			return err
		}
		if (pr.Split == "") != (len(pr.Are) == 0) || pr.Split != "" && c.is != nil {
			return fmt.Errorf("key prices: one price has is; a list has split and are, and no is")
		}
		if pr.Gone != "" {
			if c.gone, err = regexp.Compile(pr.Gone); err != nil {
				return fmt.Errorf("key prices.gone: %w", err)
			}
		}
		p.prices = append(p.prices, c)
	}
	return nil
}

// checkWords checks the keys that accept only certain words.
func checkWords(m *Map) error {
	for _, w := range []struct {
		key, value string
		known      []string
	}{
		{"input", m.Input, []string{"", "csv", "ndjson"}},
		{"price_format", m.PriceFormat, []string{"", "decimal", "american", "fractional", "probability", "cents", "raw"}},
		{"line.of", m.Line.Of, []string{"", "home"}},
		{"time.unit", m.Time.Unit, []string{"", "s", "ms", "us", "ns"}},
		{"start.unit", m.Start.Unit, []string{"", "s", "ms", "us", "ns"}},
		{"updated.unit", m.Updated.Unit, []string{"", "s", "ms", "us", "ns"}},
	} {
		if !slices.Contains(w.known, w.value) {
			return fmt.Errorf("key %s: unknown word %q; did you mean %q?", w.key, w.value, keys.Nearest(w.value, w.known[1:]))
		}
	}
	switch {
	case len([]rune(m.Delimiter)) > 1 || strings.ContainsAny(m.Delimiter, "\"\r\n\uFFFD"):
		return fmt.Errorf("key delimiter: want one character, not %q; leave the key out to have it found", m.Delimiter)
	case m.Resolution < 0 || m.NewEventAfter < 0 || m.NewEventAfterPolls < 0:
		return fmt.Errorf("keys resolution_ms, new_event_after and new_event_after_polls: must not be negative")
	case m.NewEventAfterPolls > 0 && (!m.Polled || m.NewEventAfter == 0):
		return fmt.Errorf("key new_event_after_polls: requires polled: true and new_event_after")
	}
	return nil
}

func (p *program) text(key string, t Text, required bool) (*text, error) {
	if t.From == "" {
		if required {
			return nil, fmt.Errorf("key %s is required: write a text or a column, such as \"{column}\"", key)
		}
		if t.Match != "" || t.Map != nil {
			return nil, fmt.Errorf("key %s: from is required", key)
		}
		return nil, nil
	}
	c := &text{id: p.texts, what: key, to: t.To, table: t.Map, lower: t.Lower}
	p.texts++
	var err error
	if c.from, err = p.template(key, t.From, false); err != nil {
		return nil, err
	}
	if t.Else != nil {
		if c.els, err = p.template(key, *t.Else, true); err != nil {
			return nil, err
		}
		if c.els == nil {
			c.els = template{}
		}
	}
	if t.Match != "" {
		if c.match, err = regexp.Compile(t.Match); err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		if c.to == "" {
			c.to = "$0"
			if c.match.NumSubexp() > 0 {
				c.to = "$1"
			}
		}
	} else if t.To != "" {
		return nil, fmt.Errorf("key %s: to requires match, whose groups it names: $1", key)
	}
	return c, nil
}

func (p *program) timeText(key string, t Time, required bool) (*timeText, error) {
	c, err := p.text(key, Text{From: t.From, Match: t.Match, To: t.To}, required)
	if err != nil || c == nil {
		return nil, err
	}
	tt := &timeText{text: *c, layout: t.Layout}
	tt.unit = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}[t.Unit]
	tt.offset = strings.Contains(t.Layout, "Z07") || strings.Contains(t.Layout, "-07")
	switch {
	case t.Unit != "" && (t.Layout != "" || t.Zone != ""):
		return nil, fmt.Errorf("key %s: unit counts from 1970 UTC; remove layout and zone", key)
	case t.Layout != "" && !strings.Contains(t.Layout, "06"):
		return nil, fmt.Errorf("key %s: layout %q has no year; write how 2006-01-02 15:04:05 would look", key, t.Layout)
	case t.Layout != "" && !tt.offset && t.Zone == "":
		return nil, fmt.Errorf("key %s: the layout has no offset, so zone is required: UTC, America/New_York, …", key)
	case t.Zone == "Local":
		return nil, fmt.Errorf("key %s: zone Local differs from machine to machine; name the zone: UTC, America/New_York, …", key)
	}
	if t.Zone != "" {
		if tt.zone, err = time.LoadLocation(t.Zone); err != nil {
			return nil, fmt.Errorf("key %s: %w; write UTC or a name such as America/New_York", key, err)
		}
	}
	return tt, nil
}

// template splits "{a}:{b}" into its parts. {{ and }} are literal braces.
func (p *program) template(key, s string, value bool) (t template, err error) {
	lit := func(s string) {
		s = strings.NewReplacer("{{", "{", "}}", "}").Replace(s)
		if s != "" {
			t = append(t, part{text: s})
		}
	}
	for {
		open := braceAt(s)
		if open < 0 {
			lit(s)
			return t, nil
		}
		end := strings.IndexByte(s[open:], '}')
		if end < 0 {
			return nil, fmt.Errorf("key %s: { without } in %q; a brace itself is written {{", key, s)
		}
		lit(s[:open])
		pt, err := p.part(key, s[open+1:open+end], value)
		if err != nil {
			return nil, err
		}
		t = append(t, pt)
		s = s[open+end+1:]
	}
}

// braceAt returns the index of the first { that is not doubled, or -1.
func braceAt(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '{' {
			if i+1 == len(s) || s[i+1] != '{' {
				return i
			}
			i++
		}
	}
	return -1
}

func (p *program) part(key, name string, value bool) (part, error) {
	if group, ok := strings.CutPrefix(name, "file."); ok {
		if p.file == nil || p.file.SubexpIndex(group) < 0 {
			return part{}, fmt.Errorf("key %s: {%s} requires a group (?P<%s>…) in the key file, which is matched with the name of the file", key, name, group)
		}
		return part{kind: fromFile, index: p.file.SubexpIndex(group)}, nil
	}
	if i := slices.Index(slotNames[:], name); i >= 0 && (p.seen[i] || value && slot(i) == slotValue) {
		return part{kind: fromSlot, index: i}, nil
	}
	if name == "" {
		return part{}, fmt.Errorf("key %s: {} without a name", key)
	}
	i := slices.Index(p.columns, name)
	if i < 0 {
		i = len(p.columns)
		p.columns, p.keys = append(p.columns, name), append(p.keys, key)
	}
	return part{kind: fromColumn, index: i}, nil
}
