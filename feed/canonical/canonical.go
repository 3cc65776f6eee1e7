// Package canonical reads and writes the project's own tick format: one quote per
// row, as CSV with a header (delimited by commas, semicolons, tabs or bars), or as NDJSON
// or a JSON array of objects with the same names as members.
//
// Required are ts_source or ts_received, bookmaker, event_id, market, selection
// and price; [Columns] lists all columns and their aliases. Names may be in any
// case and order, and other columns are ignored.
//
//   - ts_source orders the ticks; a row without it is ordered by ts_received.
//     Times are RFC 3339, or epochs in s, ms, µs or ns by magnitude.
//   - price is in price_format: decimal (default), american, fractional,
//     probability, cents (of a contract that pays 100) or raw, the price of
//     something other than a bet.
//   - status is open (default), suspended, closed, removed, unknown or unpriced (the outcome
//     exists and has no price). The price is
//     read only if it is open. A row without a selection sets the whole market's.
//   - is_main: if empty, a line is the main one unless its selection has several
//     lines at the same time.
//   - in_play: if empty, true once start_time has passed.
//   - polled: the rows of one time are all that a poll held, and last_update is the
//     venue's own timestamp.
//   - image: the row replaces everything known of its market.
//   - player, team: whom the outcome is about. Two rows that differ in them are two
//     selections.
//   - winners, complete, back_lay, settlement: what the source says of the market: how
//     many outcomes win, whether those listed are all there are (true or false), whether
//     the prices are to back (default) or to lay, and the rules by which bets are settled.
//
// Consecutive rows with the same source and time become one [odds.Batch]; those with
// the same bookmaker, event and market in it become one [odds.Update]. A selection's
// role is derived from its name: home, away, draw, over, under, yes, no or the name
// of a side. Fields can't contain line breaks, quoted or not.
package canonical

import (
	"bytes"
	"fmt"
	"strings"

	"corrgraph/feed"
)

type column int

const (
	tsSource column = iota
	tsReceived
	bookmaker
	eventID
	market
	selection
	price
	sport
	league
	startTime
	home
	away
	title
	line
	priceFormat
	status
	isMain
	inPlay
	size
	seq
	source
	resolution
	polled
	lastUpdate
	image
	winners
	player
	team
	complete
	backLay
	settlement
	columnCount
)

// Columns returns the names of all columns, each with its aliases, in the order
// in which the writer writes them.
func Columns() [][]string {
	return [][]string{
		tsSource: {"ts_source"}, tsReceived: {"ts_received"},
		bookmaker: {"bookmaker", "sportsbook", "book"}, eventID: {"event_id"}, market: {"market"},
		selection: {"selection", "outcome", "name"}, price: {"price"},
		sport: {"sport"}, league: {"league"}, startTime: {"start_time"}, home: {"home"}, away: {"away"}, title: {"title"},
		line: {"line", "point", "points", "hc"}, priceFormat: {"price_format"}, status: {"status"},
		isMain: {"is_main"}, inPlay: {"in_play"}, size: {"size"}, seq: {"seq"}, source: {"source"},
		resolution: {"resolution_ms"}, polled: {"polled"}, lastUpdate: {"last_update"}, image: {"image"}, winners: {"winners"},
		player: {"player"}, team: {"team"}, complete: {"complete"}, backLay: {"back_lay"}, settlement: {"settlement"},
	}
}

// names returns the column for every name and alias.
func names() map[string]column {
	of := map[string]column{}
	for c, all := range Columns() {
		for _, name := range all {
			of[name] = column(c)
		}
	}
	return of
}

// Missing returns the required columns that a header lacks.
func Missing(header []string) (missing []string) {
	of, has := names(), [columnCount]bool{}
	for _, name := range header {
		if c, ok := of[normal(name)]; ok {
			has[c] = true
		}
	}
	if !has[tsSource] && !has[tsReceived] {
		missing = append(missing, "ts_source or ts_received")
	}
	for c := bookmaker; c <= price; c++ {
		if !has[c] {
			missing = append(missing, Columns()[c][0])
		}
	}
	return missing
}

func normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Header splits the first line of a table written with the given delimiter. It
// fails with feed.ErrFormat if that is not a line of CSV.
func Header(text []byte, delimiter byte) ([]string, error) {
	text = bytes.TrimPrefix(text, bom())
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	fields, ok := split(nil, bytes.TrimRight(text, "\r"), delimiter)
	if !ok {
		return nil, fmt.Errorf("%w: the header ends inside quotes", feed.ErrFormat)
	}
	header := make([]string, len(fields))
	for i, f := range fields {
		header[i] = string(f)
	}
	return header, nil
}

// Delimiter returns the delimiter of a table: the first of comma, semicolon, tab and bar with
// which its first line has most of the required columns.
func Delimiter(text []byte) byte {
	best, least := byte(','), 0
	for i, d := range []byte(",;\t|") {
		header, err := Header(text, d)
		if n := len(Missing(header)); err == nil && (i == 0 || n < least) {
			best, least = d, n
		}
	}
	return best
}

func bom() []byte { return []byte("\xef\xbb\xbf") }

// split appends the fields of a CSV line to fields. They point into the line if possible.
// ok is false if a quoted field does not end, or continues after its closing quote.
func split(fields [][]byte, text []byte, delimiter byte) (_ [][]byte, ok bool) {
	for {
		if len(text) == 0 || text[0] != '"' {
			i := bytes.IndexByte(text, delimiter)
			if i < 0 {
				return append(fields, text), true
			}
			fields, text = append(fields, text[:i]), text[i+1:]
			continue
		}
		field, rest, ok := quoted(text[1:])
		if !ok || len(rest) > 0 && rest[0] != delimiter {
			return fields, false
		}
		if fields = append(fields, field); len(rest) == 0 {
			return fields, true
		}
		text = rest[1:]
	}
}

// quoted reads up to the closing quote; two quotes stand for one.
func quoted(text []byte) (field, rest []byte, ok bool) {
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], '"')
		if i < 0 {
			return nil, nil, false
		}
		from += i + 1
		if from == len(text) || text[from] != '"' {
			field = text[:from-1]
			if bytes.IndexByte(field, '"') >= 0 {
				field = bytes.ReplaceAll(field, []byte(`""`), []byte(`"`))
			}
			return field, text[from:], true
		}
		from++
	}
}
