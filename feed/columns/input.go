package columns

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"corrgraph/feed"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/feed/internal/keys"
	"corrgraph/feed/internal/lines"
)

// longestHeader is how much of a table is looked at for its delimiter.
const longestHeader = 16 << 10

// Comma returns the delimiter of a table that begins with text: the map's, or if it states
// none that of comma, semicolon, tab and bar with which most of the map's columns are there.
func (m *Map) Comma(text []byte) rune {
	if m.Delimiter != "" {
		return []rune(m.Delimiter)[0]
	}
	best, most := ',', -1
	for _, comma := range ",;\t|" {
		in := csv.NewReader(bytes.NewReader(text))
		in.Comma = comma
		header, err := in.Read()
		if n := m.has(header); err == nil && n > most {
			best, most = comma, n
		}
	}
	return best
}

// has counts the columns of the map that a header has.
func (m *Map) has(header []string) (n int) {
	for _, h := range header {
		if h = strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")); slices.Contains(m.prog.columns, h) {
			n++
		}
	}
	return n
}

// maxLine limits one row of NDJSON.
const maxLine = 64 << 20

// tail remembers the last byte, to tell a cut-off row from a bad one.
type tail struct {
	r    io.Reader
	last byte
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n > 0 {
		t.last = p[n-1]
	}
	return n, err
}

// rows reads the input and adds each of its rows.
func (s *state) rows(ctx context.Context, r io.Reader) error {
	in := bufio.NewReaderSize(r, longestHeader)
	if head, _ := in.Peek(3); string(head) == "\ufeff" {
		if _, err := in.Discard(3); err != nil {
			return s.failed(1, err)
		}
	}
	t := &tail{r: in, last: '\n'}
	if s.Input != "ndjson" {
		head, _ := in.Peek(longestHeader)
		s.comma = s.Comma(head)
		return s.csv(ctx, t)
	}
	if l := lines.New(in); l.Begins('[') {
		t.r = lines.Elements(l.Rest())
	} else {
		t.r = l.Rest()
	}
	return s.ndjson(ctx, t)
}

// bad counts an unreadable row, or returns that it was cut off: whether it was the last row
// is known only after reading on.
func (s *state) bad(line int, detail string, end bool, t *tail) error {
	if end && t.last != '\n' {
		return s.failed(line, fmt.Errorf("%w: %s", feed.ErrTruncated, detail))
	}
	s.rep.Reject(feed.Reject{File: s.name, Line: line, Reason: "bad_row", Detail: detail})
	return nil
}

func (s *state) csv(ctx context.Context, t *tail) error {
	in := csv.NewReader(t)
	in.ReuseRecord, in.FieldsPerRecord, in.Comma = true, -1, s.comma
	header, err := in.Read()
	if err != nil {
		return s.csvError(1, err)
	}
	width := len(header)
	places, err := s.places(header)
	if err != nil {
		return err
	}
	held, heldLine := "", 0
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rec, err := in.Read()
		if held != "" {
			if err := s.bad(heldLine, held, err == io.EOF, t); err != nil {
				return err
			}
			held = ""
		}
		var pe *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &pe) && pe.StartLine == pe.Line:
			held, heldLine = pe.Err.Error(), pe.Line
			continue
		case err != nil:
			return s.csvError(s.line+1, err)
		}
		s.line, _ = in.FieldPos(0)
		if len(rec) != width {
			held, heldLine = fmt.Sprintf("%d columns, the header has %d", len(rec), width), s.line
			continue
		}
		for i, at := range places {
			s.cells[i] = rec[at]
		}
		if err := s.add(); err != nil {
			return err
		}
	}
}

// csvError reports where reading stopped for good.
func (s *state) csvError(line int, err error) error {
	var pe *csv.ParseError
	switch {
	case errors.As(err, &pe):
		return s.failed(pe.StartLine, fmt.Errorf("%w: unterminated quoted value: %w", feed.ErrFormat, pe.Err))
	case err == io.EOF:
		return s.failed(line, fmt.Errorf("%w: it is empty", feed.ErrFormat))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s.failed(line, fmt.Errorf("%w: %w", feed.ErrTruncated, err))
	}
	return s.failed(line, err)
}

// places returns the position in a row of each column of the program.
func (s *state) places(header []string) ([]int, error) {
	places := make([]int, len(s.columns))
	for i, c := range s.columns {
		places[i] = slices.IndexFunc(header, func(h string) bool { return strings.TrimSpace(h) == c })
		if places[i] < 0 {
			return nil, s.failed(1, fmt.Errorf("%w: no column %q, which key %s of map %s reads; the nearest is %q", feed.ErrFormat, c, s.keys[i], s.Name, keys.Nearest(c, header)))
		}
	}
	return places, nil
}

func (s *state) ndjson(ctx context.Context, t *tail) error {
	in := bufio.NewScanner(t)
	in.Buffer(make([]byte, 64<<10), maxLine)
	held, heldLine := "", 0
	for s.line = 1; ; s.line++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		more := in.Scan()
		if held != "" {
			if err := s.bad(heldLine, held, !more, t); err != nil {
				return err
			}
			held = ""
		}
		if !more {
			return s.scanned(in.Err())
		}
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		if err := s.object(in.Bytes()); err != nil {
			held, heldLine = err.Error(), s.line
			continue
		}
		if err := s.add(); err != nil {
			return err
		}
	}
}

func (s *state) scanned(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bufio.ErrTooLong):
		err = feed.ErrTooLong
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w: %w", feed.ErrTruncated, err)
	}
	return s.failed(s.line, err)
}

// object fills the cells from one JSON object; a missing member is empty.
func (s *state) object(line []byte) error {
	o, err := members(line)
	if err != nil {
		return err
	}
	for i, c := range s.columns {
		if s.cells[i], err = member(o, c); err != nil {
			return err
		}
	}
	return nil
}

// members returns the text of each member of one JSON object.
func members(text []byte) (map[string][]byte, error) {
	scan := jsonscan.New(text, 0)
	if scan.Peek() != '{' {
		return nil, fmt.Errorf("byte %d: want an object", scan.Pos())
	}
	o := map[string][]byte{}
	for more := scan.Object(); more; more = scan.More('}') {
		name := string(scan.Key())
		o[name] = scan.Raw()
	}
	if scan.Err() == nil && !scan.End() {
		return nil, fmt.Errorf("byte %d: more than one JSON value in the line", scan.Pos())
	}
	return o, scan.Err()
}

// member returns the text of a member; a.b is b inside a.
func member(o map[string][]byte, path string) (string, error) {
	v, ok := o[path]
	if !ok {
		outer, inner, dotted := strings.Cut(path, ".")
		if !dotted || o[outer] == nil || o[outer][0] == 'n' {
			return "", nil
		}
		sub, err := members(o[outer])
		if err != nil {
			return "", fmt.Errorf("%s: %w", outer, err)
		}
		return member(sub, inner)
	}
	switch v[0] {
	case 'n': // null
		return "", nil
	case '"':
		scan := jsonscan.New(v, 0)
		text, _ := scan.String()
		return string(text), scan.Err()
	}
	return string(v), nil
}
