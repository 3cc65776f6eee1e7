package canonical

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/feed/internal/lines"
	"corrgraph/odds"
)

// Options of New. The zero value is the default.
type Options struct {
	// Zone applies to times without a zone. Nil rejects them as "naive_time".
	Zone *time.Location
	// Names carries interned strings and events over to the next parse. Nil: each parse
	// starts empty.
	Names *Names
}

// New returns a parser for CSV, NDJSON and JSON arrays, told apart by the first byte. Without
// Options.Names it keeps no state between recordings and is safe for concurrent
// use.
func New(o Options) feed.Parser { return parser{o} }

// Names interns strings and events across parses, so that many small requests cost no more
// per tick than one file. Interned values are shared and never modified. Its size is
// bounded. It must be used by one parse at a time.
type Names struct {
	strings map[string]string
	events  map[[2]string]*odds.Event // by source and id
}

// NewNames returns an empty Names.
func NewNames() *Names {
	return &Names{strings: map[string]string{}, events: map[[2]string]*odds.Event{}}
}

type parser struct{ o Options }

// Parse implements feed.Parser. An unusable row is one reject: bad_json, bad_csv,
// missing_value, naive_time, ambiguous_time, bad_time, bad_price, bad_status, bad_line, bad_size, bad_flag,
// bad_number, bad_word, bad_format or bad_text. A header without the required columns fails with feed.ErrFormat
// and names them.
func (p parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
	rows := newRows(p.o, name, emit, rep)
	in := lines.New(r)
	var decode func(text []byte) (reason string, err error)
	if in.Begins('[') {
		in, decode = lines.New(lines.Elements(in.Rest())), newObjects(rows).row
	}
	err := read(ctx, in, rows, decode)
	// Rows read before an error are complete, so they are delivered. Whoever does not take them
	// must learn of it: a recording that is cut off is good to its end.
	if last := rows.flush(); last != nil {
		err = last
	}
	return err
}

// read takes all lines. A decoder of nil is chosen by the first of them.
func read(ctx context.Context, in *lines.Reader, rows *rows, decode func(text []byte) (reason string, err error)) error {
	var cut error
	for in.Scan() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if in.Err() != nil {
			break // cut off inside this line, and half a row can look complete
		}
		text := in.Bytes()
		if in.Number() == 1 {
			text = bytes.TrimPrefix(text, bom())
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if cut != nil { // it was not the last line after all
			rows.reject(rows.line, "bad_json", cut.Error())
			cut = nil
		}
		rows.line = in.Number()
		switch {
		case decode == nil && bytes.TrimSpace(text)[0] == '{':
			decode = newObjects(rows).row
		case decode == nil:
			t, err := newTable(rows, text)
			if err != nil {
				return rows.failed(in.Number(), err)
			}
			decode = t.row
			continue
		}
		reason, err := decode(text)
		if errors.Is(err, jsonscan.ErrCut) || reason == "bad_csv" && !in.Ended() {
			cut = err
			continue
		}
		if reason == "" {
			reason, err = rows.take()
		}
		if reason != "" {
			rows.reject(in.Number(), reason, err.Error())
		} else if err != nil {
			return err
		}
	}
	switch err := in.Err(); {
	case err != nil:
		return rows.failed(in.Number(), err)
	case cut != nil:
		return rows.failed(in.Number(), fmt.Errorf("%w: %w", feed.ErrTruncated, cut))
	}
	return nil
}

// table decodes rows of CSV.
type table struct {
	rows   *rows
	comma  byte     // the delimiter
	of     []column // of each field; columnCount for unknown columns
	fields [][]byte
}

func newTable(rows *rows, text []byte) (*table, error) {
	comma := Delimiter(text)
	header, err := Header(text, comma)
	if err != nil {
		return nil, err
	}
	if missing := Missing(header); len(missing) > 0 {
		return nil, fmt.Errorf("%w: columns missing: %s", feed.ErrFormat, strings.Join(missing, ", "))
	}
	rows.comma = comma == ';'
	t := &table{rows: rows, comma: comma, of: make([]column, len(header))}
	of := names()
	for i, name := range header {
		c, ok := of[normal(name)]
		if !ok {
			c = columnCount
		}
		t.of[i] = c
	}
	return t, nil
}

func (t *table) row(text []byte) (reason string, err error) {
	var ok bool
	t.fields, ok = split(t.fields[:0], text, t.comma)
	switch {
	case !ok:
		return "bad_csv", errors.New("a quoted field does not end on its line, or goes on behind its closing quote")
	case len(t.fields) < len(t.of):
		return "bad_csv", fmt.Errorf("%d fields, want %d", len(t.fields), len(t.of))
	}
	t.rows.values = values{}
	for i, c := range t.of {
		if c == columnCount {
			continue
		}
		// If a column and its alias are both present, the nonempty one counts.
		if v := bytes.TrimSpace(t.fields[i]); len(v) > 0 {
			t.rows.values[c] = v
		}
	}
	return "", nil
}

// objects decodes rows of NDJSON.
type objects struct {
	rows *rows
	of   map[string]column
}

func newObjects(rows *rows) *objects { return &objects{rows, names()} }

func (o *objects) row(text []byte) (reason string, err error) {
	s := jsonscan.New(text, 0)
	o.rows.values = values{}
	if s.Peek() != '{' {
		return "bad_json", errors.New("not an object")
	}
	for more := s.Object(); more; more = s.More('}') {
		c, known := o.column(s.Key())
		switch first := s.Peek(); {
		case !known || first == 'n' || first == '{' || first == '[':
			s.Skip()
		case first == '"':
			text, _ := s.String()
			if v := bytes.TrimSpace(text); len(v) > 0 {
				o.rows.values[c] = v
			}
		default:
			o.rows.values[c] = s.Raw()
		}
	}
	if s.Err() == nil && !s.End() {
		return "bad_json", errors.New("more than one value in the line")
	}
	if s.Err() != nil {
		return "bad_json", s.Err()
	}
	return "", nil
}

// column finds the column of a member, in any case as in the header of a table.
func (o *objects) column(key []byte) (c column, known bool) {
	if c, known = o.of[string(key)]; !known {
		c, known = o.of[normal(string(key))]
	}
	return c, known
}
