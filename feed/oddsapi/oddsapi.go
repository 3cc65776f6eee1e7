// Package oddsapi reads recordings of The Odds API v4: the response of
// /v4/sports/{sport}/odds unchanged (an array of events), the historical wrapper
// {"timestamp", "data"} around it, a single event, or any of these one per line.
// Prices are decimal or American, detected for each poll.
//
// Each poll becomes one polled [odds.Batch] per sport_key, which is its Source. The
// wrapper's timestamp is the event time, one clock for every venue; the market's
// last_update (else the bookmaker's) is kept as Update.Updated. A bare array has no
// poll timestamp: its event time is the newest last_update in it, and never before that of
// the response before it in the recording.
//
// A venue or market that is missing from a poll is unknown from then on, not
// suspended: Batch.Polled says so, and no quote is invented for it. An empty poll
// is a batch without updates, if only one sport was seen before.
//
// h2h_lay and outrights_lay are separate markets: lay prices of exchanges lead and
// follow each other like any price, and never enter h2h. An outcome's description, a player
// or a team, is Quote.Subject. An outcome without a usable price (null, 1.0) is rejected as
// bad_price and listed as unpriced, because it exists.
package oddsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/feed/internal/lines"
	"corrgraph/odds"
)

// New returns a parser for one recording. It interns strings and events for its lifetime
// and is not safe for concurrent use.
func New() feed.Parser {
	return &parser{known: map[string]*odds.Event{}, count: map[selection]int{}, american: true}
}

// Has reports whether an object with these members is of this format: an answer or an event.
func Has(members []string) bool {
	return slices.ContainsFunc(members, func(m string) bool {
		return m == "data" || m == "bookmakers" || m == "sport_key" || m == "commence_time"
	})
}

// Begins reports whether text begins with an object of this format, or with an array of
// them.
func Begins(text []byte) bool {
	scan := jsonscan.New(bytes.TrimPrefix(text, []byte("\ufeff")), 0)
	if scan.Peek() == '[' && !scan.Array() {
		return false
	}
	for more := scan.Object(); more; more = scan.More('}') {
		if Has([]string{string(scan.Key())}) {
			return true
		}
		scan.Skip()
	}
	return false
}

type parser struct {
	dec      decoder
	known    map[string]*odds.Event // by event id
	sports   []string               // sport keys seen so far
	clock    odds.Time              // of the bare responses so far
	american bool                   // whether the previous poll had American odds
	count    map[selection]int      // scratch of mainLines

	ctx  context.Context // of the Parse in progress
	name string
	emit feed.Emit
	rep  *feed.Report
	text []byte // being parsed
	line int    // at text[placed]
	// placed is the offset up to which lines are counted. Rejects come in text order, so
	// finding all their lines takes one pass.
	placed int
}

// Parse implements feed.Parser. In a recording with one response per line, a bad line is
// one reject, "bad_json". If the input is cut off, complete events are emitted before the
// error is returned.
func (p *parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
	p.ctx, p.name, p.emit, p.rep = ctx, name, emit, rep
	in := lines.New(r)
	taken := 0
	var cut error // of the previous line; only now it is known whether that was the last
	for in.Scan() {
		if cut != nil {
			p.reject(p.placed, "bad_json", cut.Error())
			cut = nil
		}
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		p.text, p.line, p.placed = in.Bytes(), in.Number(), 0
		n, err := p.dec.decode(p.text, 0)
		if err == nil && !p.dec.scan.End() {
			err = fmt.Errorf("byte %d: more than one JSON value in the line", n)
		}
		switch {
		case err == nil:
			taken++
			err = p.take()
		case errors.Is(err, jsonscan.ErrCut) && taken == 0:
			return p.document(in)
		case errors.Is(err, jsonscan.ErrCut):
			cut, err = err, nil
		default:
			p.reject(n, "bad_json", err.Error())
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return p.end(in.Number(), cut, in.Err())
}

// document parses values that span several lines, which requires all of the input in
// memory.
func (p *parser) document(in *lines.Reader) error {
	first, text := in.Number(), bytes.Clone(in.Bytes())
	for in.Scan() {
		if len(text)+len(in.Bytes()) >= lines.Max {
			return p.failed(first, feed.ErrTooLong)
		}
		text = append(append(text, '\n'), in.Bytes()...)
	}
	p.text, p.line, p.placed = text, first, 0
	for from := 0; ; {
		p.lineAt(from)
		n, err := p.dec.decode(text, from)
		if errors.Is(err, jsonscan.ErrCut) {
			return p.end(p.lineAt(n), err, in.Err())
		}
		if err != nil {
			return p.failed(p.lineAt(n), fmt.Errorf("%w: bad JSON: %w", feed.ErrFormat, err))
		}
		if err := p.take(); err != nil {
			return err
		}
		if from = n; p.dec.scan.End() {
			return p.end(p.lineAt(n), nil, in.Err())
		}
	}
}

// end emits the complete part of a value that was cut, and returns the error the input
// ended with.
func (p *parser) end(line int, cut, read error) error {
	if cut != nil && len(p.dec.poll.events) > 0 && p.dec.poll.stamped {
		if err := p.take(); err != nil {
			return err
		}
	}
	switch {
	case read != nil:
		return p.failed(line, read)
	case cut != nil:
		return p.failed(line, fmt.Errorf("%w: %w", feed.ErrTruncated, cut))
	}
	return nil
}

func (p *parser) failed(line int, err error) error {
	return &feed.FileError{File: p.name, Line: line, Err: err}
}

// lineAt returns the line of an offset in p.text. Offsets must not decrease from call to
// call.
func (p *parser) lineAt(pos int) int {
	if pos = min(pos, len(p.text)); pos > p.placed {
		p.line += bytes.Count(p.text[p.placed:pos], []byte{'\n'})
		p.placed = pos
	}
	return p.line
}

func (p *parser) reject(pos int, reason, detail string) {
	p.rep.Reject(feed.Reject{File: p.name, Line: p.lineAt(pos), Reason: reason, Detail: detail})
}
