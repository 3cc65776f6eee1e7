package columns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"corrgraph/feed"
	"corrgraph/odds"
)

type parser struct{ m *Map }

// New returns a parser for a map from [Load], [Read] or [Shipped]. It is safe for
// concurrent use.
func New(m *Map) feed.Parser { return parser{m} }

// Parse implements [feed.Parser]. Consecutive rows of one time and source become one batch,
// and its rows of one market one update, unless they repeat a selection. A price that is
// refused counts as one reject, and its selection is listed as unpriced; other faults reject
// the row. Reject reasons:
// bad_row (not CSV or JSON, or the wrong number of columns), bad_time, naive_time (no zone),
// ambiguous_time (an hour that comes twice), no_match,
// no_translation, bad_status, bad_price, bad_line, bad_bool, bad_number, bad_word, no_event (an empty key),
// no_selection, bad_text. Rows left out by the map's skip rules are counted by [feed.Report.Skip].
//
// It fails with [feed.ErrFormat], naming the nearest column, if the file's name or columns
// do not fit the map, and with [feed.ErrTruncated] if the last row is cut off.
func (p parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
	s := &state{Map: p.m, program: p.m.prog, name: name, emit: emit, rep: rep}
	s.init()
	if s.file != nil {
		if s.groups = s.file.FindStringSubmatch(base(name)); s.groups == nil {
			return s.failed(0, fmt.Errorf("%w: map %s takes facts from the file's name, which does not match %s", feed.ErrFormat, p.m.Name, p.m.File))
		}
	}
	err := s.rows(ctx, r)
	if err == nil || errors.Is(err, feed.ErrTruncated) {
		if flushErr := s.flush(); flushErr != nil {
			return flushErr
		}
	}
	return err
}

// rejection is the reason why a row is rejected.
type rejection struct{ reason, detail string }

func (r *rejection) Error() string { return r.reason + ": " + r.detail }

func reject(reason, format string, args ...any) error {
	return &rejection{reason, fmt.Sprintf(format, args...)}
}

// state is one recording in the course of reading.
type state struct {
	*Map
	*program
	name   string
	groups []string // of the file's name
	emit   feed.Emit
	rep    *feed.Report

	comma  rune // the delimiter
	line   int
	cells  []string // of the row, parallel to program.columns
	fields [slots]string
	day    string // of dayN, days since 1970
	dayN   int64
	memo   []memo // by text.id
	words  map[string]string

	garbled bool    // a text of this row is not UTF-8
	refused []error // prices of this row
	// lineless means that this row's line was refused, and with it its prices.
	lineless bool

	group  []row // rows of one time and source
	events meetings
}

type memo struct {
	in, out string
	err     error
	set     bool
}

func (s *state) init() {
	s.cells = make([]string, len(s.columns))
	s.memo = make([]memo, s.texts)
	s.words = map[string]string{}
	s.events = newMeetings(s.Map)
}

func (s *state) failed(line int, err error) error {
	return &feed.FileError{File: s.name, Line: line, Err: err}
}

// intern returns a shared copy of a string that occurs in many rows, so that a quote does
// not keep its whole row in memory.
func (s *state) intern(w string) string {
	if kept, ok := s.words[w]; ok {
		return kept
	}
	if !utf8.ValidString(w) {
		s.garbled = true
		return ""
	}
	w = string([]byte(w))
	s.words[w] = w
	return w
}

// add processes the row in s.cells. A rejection of the row or of one of its prices is
// counted; any other error stops the reading.
func (s *state) add() error {
	s.garbled, s.refused = false, s.refused[:0]
	r, err := s.read()
	if s.garbled {
		err = reject("bad_text", "a text is not UTF-8; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8")
	}
	if err == nil {
		for _, price := range s.refused {
			s.reject(price)
		}
	}
	if s.reject(err) {
		return nil
	}
	if err != nil || r.venue == "" {
		return err
	}
	if len(s.group) > 0 && (r.at != s.group[0].at || r.source != s.group[0].source) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.group = append(s.group, r)
	return nil
}

// reject counts an error that is a rejection; else it reports false.
func (s *state) reject(err error) bool {
	var no *rejection
	if !errors.As(err, &no) {
		return false
	}
	s.rep.Reject(feed.Reject{File: s.name, Line: s.line, Reason: no.reason, Detail: no.detail})
	return true
}

// flush emits the group as one batch.
func (s *state) flush() error {
	if len(s.group) == 0 {
		return nil
	}
	first := &s.group[0]
	b := &odds.Batch{Source: first.source, At: first.at, Recv: first.at, Polled: s.Polled, Resolution: odds.Millis(s.Resolution)}
	type place struct {
		event         *odds.Event
		venue, market string
	}
	at := map[place]*joint{}
	for i, e := range s.events.assign(s.group) {
		r := &s.group[i]
		k := place{e, r.venue, r.market}
		if j := at[k]; j != nil && j.takes(r, &b.Updates[j.update]) {
			b.Updates[j.update].Quotes = append(b.Updates[j.update].Quotes, r.quotes...)
			continue
		}
		at[k] = &joint{update: len(b.Updates)}
		b.Updates = append(b.Updates, odds.Update{
			Event: e, Venue: r.venue, Market: r.market, Format: s.format,
			Status: r.status, InPlay: r.inPlay, Updated: r.updated, Terms: r.terms, Quotes: r.quotes,
		})
	}
	line := first.line
	s.group = s.group[:0]
	s.rep.Read(line, b.Quotes())
	return s.emit(b)
}

// joint is an update that further rows may join.
type joint struct {
	update int
	known  int // how many of the update's quotes are in has
	has    map[selection]bool
}

// selection is what an update quotes once.
type selection struct {
	subject, name string
	line          float64 // +Inf none
}

func selectionOf(q *odds.Quote) selection {
	s := selection{q.Subject, q.Selection, q.Line}
	if math.IsNaN(s.line) {
		s.line = math.Inf(1)
	}
	return s
}

// takes reports whether the row adds selections to the update u without repeating any.
// Cost: O(quotes of the row), and once O(quotes of u).
func (j *joint) takes(r *row, u *odds.Update) bool {
	if r.status != u.Status || r.inPlay != u.InPlay || r.updated != u.Updated || r.terms != u.Terms {
		return false
	}
	if j.has == nil {
		j.has = map[selection]bool{}
	}
	for ; j.known < len(u.Quotes); j.known++ {
		j.has[selectionOf(&u.Quotes[j.known])] = true
	}
	for i := range r.quotes {
		if j.has[selectionOf(&r.quotes[i])] {
			return false
		}
	}
	return true
}
