// Package jsonscan is a pull scanner over one JSON text in memory, the only JSON
// reader of the feed. A value of an unexpected type is skipped and reported as
// absent, so that a parser can drop one quote and keep the rest of the line, and
// every error has its offset.
//
// It accepts exactly what encoding/json accepts, which a fuzz test checks, and
// allocates only for strings with escapes or invalid UTF-8.
//
//	for more := s.Object(); more; more = s.More('}') {
//		switch string(s.Key()) {
//		case "price":
//			price, ok = s.Number()
//		default:
//			s.Skip()
//		}
//	}
package jsonscan

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrCut is the error of a text that ends too early: with more bytes it could be valid.
var ErrCut = errors.New("the JSON text is cut off")

// maxDepth is the nesting that encoding/json allows.
const maxDepth = 10000

// Scanner reads one JSON text from front to back. It stops at the first error: every method
// then returns false or nothing, and Pos is where it occurred.
type Scanner struct {
	b     []byte
	i     int
	depth int
	err   error
	at    int // position of err
}

// New returns a scanner over b[from:], which it reads in place and never
// modifies. Its positions are offsets in b.
func New(b []byte, from int) Scanner { return Scanner{b: b, i: from} }

// Pos is the offset of the next unread byte, or that of the error.
func (s *Scanner) Pos() int {
	if s.err != nil {
		return s.at
	}
	return s.i
}

// Err returns the first error, or nil.
func (s *Scanner) Err() error { return s.err }

// End reports whether only white space is left.
func (s *Scanner) End() bool {
	s.space()
	return s.err == nil && s.i == len(s.b)
}

// Peek returns the first byte of the next value, 0 at the end.
func (s *Scanner) Peek() byte {
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// Object enters an object and reports whether it has a member to read. Any other value is
// skipped and gives false.
func (s *Scanner) Object() bool { return s.enter('{', '}') }

// Array enters an array and reports whether it has an element to read. Any other value is
// skipped and gives false.
func (s *Scanner) Array() bool { return s.enter('[', ']') }

func (s *Scanner) enter(open, closing byte) bool {
	if s.Peek() != open {
		s.Skip()
		return false
	}
	if s.depth++; s.depth > maxDepth {
		s.fail("nested too deeply")
		return false
	}
	s.i++
	if s.Peek() == closing {
		s.i++
		s.depth--
		return false
	}
	return s.err == nil
}

// More skips the comma before the next member or element and reports whether there is one;
// closing is '}' or ']'.
func (s *Scanner) More(closing byte) bool {
	switch c := s.Peek(); {
	case s.err != nil:
		return false
	case c == ',':
		s.i++
		return true
	case c == closing:
		s.i++
		s.depth--
		return false
	default:
		s.fail("want a comma or the end")
		return false
	}
}

// Key reads a member's name and its colon. The bytes are valid until the text
// is changed.
func (s *Scanner) Key() []byte {
	if s.Peek() != '"' {
		s.fail("want a member name")
		return nil
	}
	key := s.text()
	if s.Peek() != ':' {
		s.fail("want a colon")
		return nil
	}
	s.i++
	return key
}

// String reads a string. Any other value is skipped, and ok is false. The bytes are valid
// until the text is changed.
func (s *Scanner) String() (text []byte, ok bool) {
	if s.Peek() != '"' {
		s.Skip()
		return nil, false
	}
	text = s.text()
	return text, s.err == nil
}

// Number reads a number; ok is false if the value is something else or exceeds float64.
func (s *Scanner) Number() (v float64, ok bool) {
	if c := s.Peek(); c != '-' && (c < '0' || c > '9') {
		s.Skip()
		return 0, false
	}
	return s.number()
}

// Raw reads any value and returns its bytes, or nil after an error.
func (s *Scanner) Raw() []byte {
	s.space()
	from := s.i
	if s.Skip(); s.err != nil {
		return nil
	}
	return s.b[from:s.i]
}

// Skip reads past one value of any type, checking its syntax.
func (s *Scanner) Skip() {
	switch c := s.Peek(); c {
	case '{':
		for more := s.Object(); more; more = s.More('}') {
			s.Key()
			s.Skip()
		}
	case '[':
		for more := s.Array(); more; more = s.More(']') {
			s.Skip()
		}
	case '"':
		s.text()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			s.fail("want a value")
			return
		}
		s.number()
	}
}

func (s *Scanner) word(w string) {
	for j := range len(w) {
		if s.i >= len(s.b) || s.b[s.i] != w[j] {
			s.fail("want " + w)
			return
		}
		s.i++
	}
}

func (s *Scanner) space() {
	for s.i < len(s.b) {
		if c := s.b[s.i]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return
		}
		s.i++
	}
}

// fail keeps the first error and moves to the end, where every loop stops.
func (s *Scanner) fail(want string) {
	if s.err != nil {
		return
	}
	if s.i >= len(s.b) {
		s.err = fmt.Errorf("byte %d: %w: %s", len(s.b), ErrCut, want)
	} else {
		s.err = fmt.Errorf("byte %d: %s, not %s", s.i, want, strconv.QuoteRune(rune(s.b[s.i])))
	}
	s.at = min(s.i, len(s.b)) // an escape may reach beyond the end
	s.b = s.b[:0:0]
	s.i = 0
}
