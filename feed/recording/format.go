package recording

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"corrgraph/feed"
	"corrgraph/feed/betfair"
	"corrgraph/feed/canonical"
	"corrgraph/feed/columns"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/feed/oddsapi"
)

// Formats returns the valid values of Options.Format.
func Formats() []string {
	return []string{"auto", "oddsapi", "betfair", "canonical", "columns"}
}

// parser returns the parser for the content of c.
func (s *Stream) parser(name string, c *content) (feed.Parser, error) {
	if s.o.Format == "columns" && s.o.Map != nil {
		return columns.New(s.o.Map), nil
	}
	if s.o.Format != "auto" && s.o.Format != "columns" {
		return s.named(s.o.Format), nil
	}
	head, err := c.Peek(sniff)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, err
	}
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	text = bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(text) == 0:
		return nil, fmt.Errorf("%w: it is empty", feed.ErrFormat)
	case bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%w: it is UTF-16; convert it to UTF-8", feed.ErrFormat)
	case bytes.IndexByte(text, 0) >= 0:
		return nil, fmt.Errorf("%w: it is binary, and neither gzip, bzip2, zstd nor tar", feed.ErrFormat)
	case text[0] == '{' || text[0] == '[':
		return s.ofJSON(name, text)
	}
	return s.table(name, text)
}

func (s *Stream) named(format string) feed.Parser {
	switch format {
	case "oddsapi":
		return oddsapi.New()
	case "betfair":
		return betfair.New(betfair.Options{})
	default:
		return canonical.New(canonical.Options{Zone: s.o.Zone})
	}
}

// ofJSON detects a JSON format from the members of the first object, which may be longer
// than text.
func (s *Stream) ofJSON(name string, text []byte) (feed.Parser, error) {
	scan := jsonscan.New(text, 0)
	if scan.Peek() == '[' && !scan.Array() && scan.Err() == nil {
		return oddsapi.New(), nil // a response without events
	}
	var members []string
	for more := scan.Object(); more && len(members) < 1000; more = scan.More('}') {
		key := string(scan.Key())
		scan.Skip()
		if key != "" {
			members = append(members, key)
		}
	}
	if p := s.mapped("ndjson", name, func(byte) []string { return members }); p != nil {
		return p, nil
	}
	for _, key := range members {
		switch key {
		case "data", "bookmakers", "sport_key", "commence_time":
			return oddsapi.New(), nil
		case "op", "mc", "clk":
			return s.named("betfair"), nil
		}
	}
	if missing := canonical.Missing(members); len(missing) < 3 {
		return s.named("canonical"), nil // a row may lack columns that others have
	}
	if len(members) == 0 && scan.Err() != nil {
		return nil, fmt.Errorf("%w: bad JSON: %w", feed.ErrFormat, scan.Err())
	}
	return nil, fmt.Errorf("%w: JSON of an unknown kind, members %s", feed.ErrFormat, list(members))
}

// table selects the parser for a table by its header.
func (s *Stream) table(name string, text []byte) (feed.Parser, error) {
	header := func(delimiter byte) []string {
		h, _ := canonical.Header(text, delimiter)
		return h
	}
	if p := s.mapped("csv", name, header); p != nil {
		return p, nil
	}
	missing := canonical.Missing(header(','))
	if len(missing) == 0 && s.o.Format == "auto" {
		return s.named("canonical"), nil
	}
	return nil, fmt.Errorf("%w: columns missing: %s (found %s), and no map fits",
		feed.ErrFormat, strings.Join(missing, ", "), list(header(',')))
}

// mapped returns the parser of the first map that knows these columns: the given map, then
// the shipped ones whose file names fit, then the others.
func (s *Stream) mapped(input, name string, header func(delimiter byte) []string) feed.Parser {
	fits := func(m *columns.Map) bool {
		if cmp.Or(m.Input, "csv") != input {
			return false
		}
		delimiter := byte(',')
		if m.Delimiter != "" {
			delimiter = m.Delimiter[0]
		}
		return m.Matches(header(delimiter))
	}
	if m := s.o.Map; m != nil && (fits(m) || len(m.Header) == 0 && cmp.Or(m.Input, "csv") == input) {
		return columns.New(m)
	}
	// A table with all canonical columns is canonical, whatever other columns it has.
	if s.o.Format == "auto" && len(canonical.Missing(header(','))) == 0 {
		return nil
	}
	var found *columns.Map
	for _, m := range s.shipped() {
		if fits(m) && (found == nil || !found.MatchesFile(name)) {
			found = m
		}
	}
	if found == nil {
		return nil
	}
	return columns.New(found)
}

// list formats names for a message.
func list(names []string) string {
	if len(names) > 20 {
		names = append(names[:20:20], "…")
	}
	text := strings.Join(names, ", ")
	if len(text) > 400 {
		text = text[:400] + "…"
	}
	return strings.ToValidUTF8(text, "?") // the cut may be inside a letter
}
