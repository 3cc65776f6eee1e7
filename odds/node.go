package odds

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NodeID names one selection at one venue: venue/event/market/selection, with market@line
// for alternate lines. Inside a part, / @ % and control bytes are percent-escaped. It has
// 10 to 128 bytes; a longer one is cut and ends in a hash of the whole. Ids of other
// programs are opaque strings within the same limits.
type NodeID string

// Limits on the length of a NodeID in bytes.
const (
	MinNodeID = 10
	MaxNodeID = 128
)

// ConsensusVenue is the reserved venue of consensus nodes.
const ConsensusVenue = "consensus"

// ReservedVenue reports whether a source's name of a venue reads as ConsensusVenue: in any
// case, with any space or invisible characters in it, percent-escaped up to four times.
func ReservedVenue(name string) bool {
	for range 4 {
		name = unescape(name)
	}
	if len(name) < len(ConsensusVenue) {
		return false
	}
	seen := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name)
	return strings.EqualFold(seen, ConsensusVenue)
}

// ErrNodeID is returned for a node id of invalid length or form.
var ErrNodeID = errors.New("a node id must have 10 to 128 bytes and no control bytes")

// Node builds the id of a selection. line is NaN for main lines.
func Node(venue, event, market string, line float64, selection string) NodeID {
	var b strings.Builder
	escape(&b, venue)
	b.WriteByte('/')
	escape(&b, event)
	b.WriteByte('/')
	escape(&b, market)
	if line == line {
		b.WriteByte('@')
		b.WriteString(strconv.FormatFloat(line+0, 'f', -1, 64)) // −0 is the line 0
	}
	b.WriteByte('/')
	escape(&b, selection)
	s := b.String()
	if len(s) > MaxNodeID {
		h := fnv.New64a()
		h.Write([]byte(s))
		cut := MaxNodeID - 17
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = fmt.Sprintf("%s~%016x", s[:cut], h.Sum64())
	}
	for len(s) < MinNodeID {
		s += "_"
	}
	return NodeID(s)
}

// Validate reports whether an external id can name a node.
func (n NodeID) Validate() error {
	if len(n) < MinNodeID || len(n) > MaxNodeID {
		return fmt.Errorf("%w: %q has %d", ErrNodeID, string(n), len(n))
	}
	for i := range len(n) {
		if n[i] < 0x20 || n[i] == 0x7f {
			return fmt.Errorf("%w: %q", ErrNodeID, string(n))
		}
	}
	return nil
}

// Parts splits an id of our own into its unescaped parts; market keeps its
// @line. ok is false for ids of other programs and for those that were shortened
// before the selection; one shortened inside it ends in the hash.
func (n NodeID) Parts() (venue, event, market, selection string, ok bool) {
	if strings.Count(string(n), "/") != 3 {
		return "", "", "", "", false
	}
	venue, rest, _ := strings.Cut(string(n), "/")
	event, rest, _ = strings.Cut(rest, "/")
	market, selection, _ = strings.Cut(rest, "/")
	return unescape(venue), unescape(event), unescape(market), unescape(selection), true
}

func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '/' || c == '@' || c == '%' || c < 0x20 || c == 0x7f:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
