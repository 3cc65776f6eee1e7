package recording

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"corrgraph/feed"
	"corrgraph/feed/betfair"
	"corrgraph/feed/canonical"
	"corrgraph/feed/columns"
	"corrgraph/feed/frames"
	"corrgraph/feed/internal/jsonscan"
	"corrgraph/feed/kalshi"
	"corrgraph/feed/oddsapi"
	"corrgraph/feed/polymarket"
	"corrgraph/feed/stream"
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
	if err := unreadable(text, len(head) == sniff); err != nil {
		return nil, err
	}
	switch {
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

// unreadable says what content is that no parser reads. cut is whether text is only the
// beginning of it.
func unreadable(text []byte, cut bool) error {
	if len(text) == 0 {
		return fmt.Errorf("%w: it is empty", feed.ErrFormat)
	}
	for _, k := range [...]struct{ begin, is string }{
		{"\xfd7zXZ\x00", "xz: unpack it (xz -d), or pack it with gzip, bzip2 or zstd"},
		{"\x5d\x00\x00", "lzma: unpack it (unlzma), or pack it with gzip, bzip2 or zstd"},
		{"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save its table as CSV"},
		{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"},
		{"Rar!\x1a\x07", "a RAR archive: unpack it"},
		{"\x04\x22\x4d\x18", "lz4: unpack it (lz4 -d), or pack it with gzip, bzip2 or zstd"},
		{"\x1f\x9d", "compressed with compress: unpack it (uncompress), or pack it with gzip, bzip2 or zstd"},
		{"PAR1", "Parquet: write its table as CSV"},
		{"SQLite format 3\x00", "an SQLite database: write its table as CSV"},
		{"\xd0\xcf\x11\xe0", "an Excel workbook: save its table as CSV"},
		{"%PDF-", "PDF"},
	} {
		if bytes.HasPrefix(text, []byte(k.begin)) {
			return fmt.Errorf("%w: it is %s", feed.ErrFormat, k.is)
		}
	}
	if text[0] != '{' && text[0] != '[' && bytes.IndexByte(text, '\n') < 0 && bytes.Count(text, []byte{'\r'}) > 1 {
		return fmt.Errorf("%w: its lines end in CR alone; convert it, for example with tr '\\r' '\\n'", feed.ErrFormat)
	}
	if text[0] == '<' {
		return fmt.Errorf("%w: it is a web page or XML, perhaps an error in place of an answer", feed.ErrFormat)
	}
	return encoded(text, cut)
}

// encoded says how text is encoded if not in UTF-8.
func encoded(text []byte, cut bool) error {
	switch nulls := bytes.Count(text, []byte{0}); {
	case bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")):
		return fmt.Errorf("%w: it is UTF-32, or UTF-16 that is cut off; convert it to UTF-8", feed.ErrFormat)
	case nulls > len(text)/3 && nulls <= (len(text)+1)/2:
		return fmt.Errorf("%w: it is UTF-16 without a byte order mark; convert it to UTF-8", feed.ErrFormat)
	case nulls > 0:
		return fmt.Errorf("%w: it is binary, and neither gzip, bzip2, zstd nor tar", feed.ErrFormat)
	}
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 && !(cut && len(text)-at < utf8.UTFMax) {
			return fmt.Errorf("%w: it is not UTF-8 (byte 0x%02X in line %d); convert it, for example with iconv -f WINDOWS-1252 -t UTF-8",
				feed.ErrFormat, text[at], 1+bytes.Count(text[:at], []byte{'\n'}))
		}
		at += n
	}
	return nil
}

// ofJSON detects a JSON format from the members of the first object, which may be longer
// than text.
func (s *Stream) ofJSON(name string, text []byte) (feed.Parser, error) {
	scan := jsonscan.New(text, 0)
	if scan.Peek() == '[' && !scan.Array() && scan.Err() == nil {
		return oddsapi.New(), nil // a response without events
	}
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	if h, ok := frames.HeadOf(line); ok {
		return ofFrames(h)
	}
	var members []string
	for more := scan.Object(); more && len(members) < 1000; more = scan.More('}') {
		key := string(scan.Key())
		scan.Skip()
		if key != "" {
			members = append(members, key)
		}
	}
	if p := s.mapped("ndjson", name, text, func(byte) []string { return members }); p != nil {
		return p, nil
	}
	if oddsapi.Has(members) {
		return oddsapi.New(), nil
	}
	if slices.ContainsFunc(members, func(m string) bool { return m == "op" || m == "mc" || m == "clk" }) {
		return s.named("betfair"), nil
	}
	if missing := canonical.Missing(members); len(missing) < 3 {
		return s.named("canonical"), nil // a row may lack columns that others have
	}
	if len(members) == 0 && scan.Err() != nil {
		return nil, fmt.Errorf("%w: bad JSON: %w", feed.ErrFormat, scan.Err())
	}
	kind := fmt.Errorf("%w: JSON of an unknown kind, members %s", feed.ErrFormat, list(members))
	if s.o.Map != nil {
		kind = fmt.Errorf("%w, and %s", kind, s.noMap("ndjson", members))
	}
	return nil, kind
}

// ofFrames selects the decoder of what a connection to a venue recorded.
func ofFrames(h frames.Head) (feed.Parser, error) {
	if h.Map != "" {
		m, err := stream.Read(h.Venue, []byte(h.Map))
		if err != nil {
			return nil, fmt.Errorf("%w: the map in its first line: %w", feed.ErrFormat, err)
		}
		return frames.New(func() frames.Decoder { return stream.NewDecoder(m, stream.Limits{}) }), nil
	}
	switch h.Venue {
	case "polymarket":
		return frames.New(func() frames.Decoder { return polymarket.New(polymarket.Options{}) }), nil
	case "kalshi":
		return frames.New(func() frames.Decoder { return kalshi.NewDecoder(kalshi.Options{}) }), nil
	case "betfair":
		return frames.New(func() frames.Decoder { return betfair.NewDecoder(betfair.Options{}) }), nil
	case "odds-api":
		return frames.New(func() frames.Decoder { return oddsapi.NewDecoder() }), nil
	}
	return nil, fmt.Errorf("%w: frames of %q, a venue that this program does not know", feed.ErrFormat, h.Venue)
}

// noMap says why the map that was given does not fit, if there is one.
func (s *Stream) noMap(input string, header []string) string {
	m := s.o.Map
	switch {
	case m == nil:
		return "no map fits"
	case cmp.Or(m.Input, "csv") != input:
		return fmt.Sprintf("map %s is for %s: see its key input", m.Name, cmp.Or(m.Input, "csv"))
	case m.Lacks(header) != "":
		return fmt.Sprintf("map %s does not fit: no column %q of its key header", m.Name, m.Lacks(header))
	default:
		return fmt.Sprintf("map %s does not fit: its key exact allows no other columns than its header", m.Name)
	}
}

// table selects the parser for a table by its header.
func (s *Stream) table(name string, text []byte) (feed.Parser, error) {
	header := func(delimiter byte) []string {
		h, _ := canonical.Header(text, delimiter)
		return h
	}
	if p := s.mapped("csv", name, text, header); p != nil {
		return p, nil
	}
	found := header(canonical.Delimiter(text))
	missing := canonical.Missing(found)
	if len(missing) == 0 && s.o.Format == "auto" {
		return s.named("canonical"), nil
	}
	return nil, fmt.Errorf("%w: columns missing: %s (found %s), and %s",
		feed.ErrFormat, strings.Join(missing, ", "), list(found), s.noMap("csv", found))
}

// mapped returns the parser of the first map that knows these columns: the given map, then
// the shipped ones whose file names fit, then the others.
func (s *Stream) mapped(input, name string, text []byte, header func(delimiter byte) []string) feed.Parser {
	fits := func(m *columns.Map) bool {
		if cmp.Or(m.Input, "csv") != input {
			return false
		}
		return m.Matches(header(byte(m.Comma(text))))
	}
	if m := s.o.Map; m != nil && (fits(m) || len(m.Header) == 0 && cmp.Or(m.Input, "csv") == input) {
		return columns.New(m)
	}
	// A table with all canonical columns is canonical, whatever other columns it has.
	if s.o.Format == "auto" && len(canonical.Missing(header(canonical.Delimiter(text)))) == 0 {
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
