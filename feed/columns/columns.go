package columns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"

	"corrgraph/feed"
	"corrgraph/odds"
)

// Parser reads recordings as described by one map. It is safe for concurrent use.
type Parser struct {
	m *Map

	mu      sync.Mutex
	skipped map[string]int // guarded by mu
}

// New returns a parser, a *[Parser], for a map from [Load], [Read] or [Shipped].
func New(m *Map) feed.Parser { return &Parser{m: m, skipped: map[string]int{}} }

// Skipped returns the number of rows left out by the map's skip rules, by reason,
// over all recordings read so far.
func (p *Parser) Skipped() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.skipped)
}

// Parse implements [feed.Parser]. Consecutive rows of one time and source become one batch,
// and its rows of one market one update, unless they repeat a selection. Reject reasons:
// bad_row (not CSV or JSON, or the wrong number of columns), bad_time, no_match,
// no_translation, bad_status, bad_price, bad_line, bad_bool, no_event (an empty key),
// no_selection.
//
// It fails with [feed.ErrFormat], naming the nearest column, if the file's name or columns
// do not fit the map, and with [feed.ErrTruncated] if the last row is cut off.
func (p *Parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
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
	p.mu.Lock()
	defer p.mu.Unlock()
	for why, n := range s.skips {
		p.skipped[why] += n
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
	skips  map[string]int

	line   int
	cells  []string // of the row, parallel to program.columns
	fields [slots]string
	day    string // of dayN, days since 1970
	dayN   int64
	memo   []memo // by text.id
	words  map[string]string

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
	s.skips = map[string]int{}
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
	w = string([]byte(w))
	s.words[w] = w
	return w
}

// add processes the row in s.cells. A rejection is counted; any other error stops the
// reading.
func (s *state) add() error {
	r, err := s.read()
	var no *rejection
	if errors.As(err, &no) {
		s.rep.Reject(feed.Reject{File: s.name, Line: s.line, Reason: no.reason, Detail: no.detail})
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
	at := map[place]int{}
	for i, e := range s.events.assign(s.group) {
		r := &s.group[i]
		k := place{e, r.venue, r.market}
		if j, ok := at[k]; ok && r.joins(&b.Updates[j]) {
			b.Updates[j].Quotes = append(b.Updates[j].Quotes, r.quotes...)
			continue
		}
		at[k] = len(b.Updates)
		b.Updates = append(b.Updates, odds.Update{
			Event: e, Venue: r.venue, Market: r.market, Format: s.format,
			Status: r.status, InPlay: r.inPlay, Updated: r.updated, Quotes: r.quotes,
		})
	}
	s.group = s.group[:0]
	s.rep.Read(b.Quotes())
	return s.emit(b)
}

// joins reports whether the row adds selections to u without repeating any.
func (r *row) joins(u *odds.Update) bool {
	if r.status != u.Status || r.inPlay != u.InPlay || r.updated != u.Updated {
		return false
	}
	for i := range r.quotes {
		for j := range u.Quotes {
			a, b := &r.quotes[i], &u.Quotes[j]
			if a.Selection == b.Selection && (a.Line == b.Line || a.Line != a.Line && b.Line != b.Line) {
				return false
			}
		}
	}
	return true
}
