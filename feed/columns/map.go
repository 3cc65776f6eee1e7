// Package columns parses CSV or NDJSON tables of prices as described by a map, a
// small YAML file that gives each column its meaning. The map language will not
// grow: a source that needs more gets its own parser.
//
// [Load] reads a map, [Shipped] returns the built-in ones, and [New] makes a
// [feed.Parser] from one. The keys are those of [Map], [Text], [Time], [Line],
// [Price], [Names] and [Skip]; the shipped maps in maps/ are worked examples of all
// of them.
//
// # Texts
//
// Every value in a map is a template such as "{league}:{home}". {name} is a field
// of the map that is already computed, else the column of that name. The fields, in
// order: venue, sport, league, home, away,
// market, line, event, title; and day, the UTC date of the row's time. {file.x}
// is the group x of the expression in the key file, matched with the base name
// of the file. NDJSON columns are members of the object, a.b inside others.
// A text can be extracted by a regular expression and translated by a table: [Text].
package columns

import (
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"corrgraph/feed/internal/keys"
)

// Map describes how the rows of one format become quotes. Only name, time, venue, event,
// market and prices are required.
type Map struct {
	Name  string `yaml:"name"`  // of the map, in messages and as the default source
	About string `yaml:"about"` // one line for people

	Input     string   `yaml:"input"`     // csv (default) or ndjson: an object a line, or a JSON array of them
	Delimiter string   `yaml:"delimiter"` // of a CSV, one character; default the one of comma, semicolon, tab and bar that fits
	Header    []string `yaml:"header"`    // the columns that identify this format
	Exact     bool     `yaml:"exact"`     // the file has these columns and no others
	File      string   `yaml:"file"`      // regular expression over the file's base name, whose named groups are {file.x}

	Source     Text  `yaml:"source"`        // the clock behind time; default the map's name
	Time       Time  `yaml:"time"`          // event time of the row
	Updated    Time  `yaml:"updated"`       // the venue's own stamp, if the row has one beside time
	Polled     bool  `yaml:"polled"`        // all rows of one time are one poll, and anything missing from it is unknown
	Resolution int64 `yaml:"resolution_ms"` // time step of the source; default 0, not stated

	Skip []Skip `yaml:"skip"` // rows to leave out and count; they are not errors

	Venue  Text `yaml:"venue"`
	Sport  Text `yaml:"sport"`
	League Text `yaml:"league"`
	Home   Text `yaml:"home"`
	Away   Text `yaml:"away"`
	Market Text `yaml:"market"`
	Line   Line `yaml:"line"`  // handicap or total; default none
	Start  Time `yaml:"start"` // scheduled start; default unknown
	Event  Text `yaml:"event"` // the key of the event
	Title  Text `yaml:"title"`
	Status Text `yaml:"status"`  // of the row's line, or of the selection that a column names, else of the market: open (default), suspended, closed, removed or unknown. Prices are read only if open
	InPlay Text `yaml:"in_play"` // true or false; default false

	Player     Text `yaml:"player"`     // whom the prices are about
	Team       Text `yaml:"team"`       // the same, of a team
	Winners    Text `yaml:"winners"`    // how many outcomes of the market win
	Complete   Text `yaml:"complete"`   // true if the outcomes listed are all there are, false if not; default by the market's name
	BackLay    Text `yaml:"back_lay"`   // back or lay; default back
	Settlement Text `yaml:"settlement"` // the rules by which bets are settled; default not stated

	// NewEventAfter splits a key shared by several meetings (the same teams on following
	// days): after this long without a row the key means a new event. Zero means that keys
	// are never shared. In polls, a key that occurs twice is two meetings: rows are
	// assigned in order to the meeting whose price is nearest.
	NewEventAfter Duration `yaml:"new_event_after"`
	// NewEventAfterPolls does the same after this many consecutive polls with the league
	// but without the key, unless it comes back with all prices as they were. Zero means
	// never.
	NewEventAfterPolls int `yaml:"new_event_after_polls"`

	PriceFormat string  `yaml:"price_format"` // decimal (default), american, fractional, probability, cents (of a contract that pays 100) or raw
	Prices      []Price `yaml:"prices"`       // the prices of a row

	prog *program
}

// Text is a template, alone or in a mapping with these keys. The value is computed in the
// order from, match, to, map, lower.
type Text struct {
	From  string            `yaml:"from"`
	Match string            `yaml:"match"` // regular expression; the value becomes its first group, or the whole match
	To    string            `yaml:"to"`    // replacement for the value: "$1-$2"
	Map   map[string]string `yaml:"map"`   // translations; a value without one is rejected
	Else  *string           `yaml:"else"`  // template for values that do not match or have no translation; {value} is the value
	Lower bool              `yaml:"lower"`
}

// Time is a Text parsed as an instant: by unit, by layout, else as [feed.ParseTime] does.
type Time struct {
	From   string `yaml:"from"`
	Match  string `yaml:"match"`
	To     string `yaml:"to"`
	Unit   string `yaml:"unit"`   // s, ms, us or ns since 1970
	Layout string `yaml:"layout"` // in Go's notation: "2006-01-02 15:04:05"
	Zone   string `yaml:"zone"`   // "UTC", "Asia/Seoul"; for times without an offset, required if the layout has none
}

// Line is a Text parsed as a number; no match or an empty value means no line.
type Line struct {
	From  string `yaml:"from"`
	Match string `yaml:"match"`
	To    string `yaml:"to"`
	// Of is "home" if the number is the home side's handicap: the away side's then has the
	// opposite sign. By default all selections have the number unchanged.
	Of string `yaml:"of"`
}

// Price is one column that holds a price, or a list of them.
type Price struct {
	From Text `yaml:"from"`
	// Is names the selection. home, away, draw, over, under, yes and no (in any case) and
	// the names of the two sides also determine its role.
	Is    Text    `yaml:"is"`
	Split string  `yaml:"split"` // the separator of a list of prices, whose selections are named by are
	Are   []Names `yaml:"are"`   // the first that fits the market and the number of prices is used
	Size  Text    `yaml:"size"`  // stake available
	Gone  string  `yaml:"gone"`  // regular expression of values that mean "no price now": the selection is suspended
}

// Names are the selections of a list of prices, in the same order.
type Names struct {
	Market string   `yaml:"market"` // the market they are for, totals* for a prefix; default any
	Names  []string `yaml:"names"`
}

// Skip leaves out the rows whose text matches.
type Skip struct {
	From  string `yaml:"from"`
	Match string `yaml:"match"`
	Why   string `yaml:"why"` // counted under this word: "no trade in that minute"
}

// Duration is a time.Duration in Go's notation: "18h".
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil {
		return keys.ErrAt(n, "%v; write a duration such as 12h or 90m", err)
	}
	*d = Duration(v)
	return nil
}

// Matches reports whether a table with these columns (for NDJSON the members of the
// first object) fits the map: it has every column of the map's header and, if the
// map is exact, no others. A map without a header never matches.
func (m *Map) Matches(header []string) bool {
	return len(m.Header) > 0 && m.Lacks(header) == "" && (!m.Exact || len(header) == len(m.Header))
}

// Lacks returns the first column of the map's header that a table does not have, or "".
func (m *Map) Lacks(header []string) string {
	for _, h := range m.Header {
		if !slices.Contains(header, h) {
			return h
		}
	}
	return ""
}

// MatchesFile reports whether a file name matches the map's file expression. A map
// without one matches every name.
func (m *Map) MatchesFile(name string) bool {
	return m.prog.file == nil || m.prog.file.MatchString(base(name))
}

var pathEnd = regexp.MustCompile(`[^/\\]*$`)

func base(name string) string { return pathEnd.FindString(name) }
