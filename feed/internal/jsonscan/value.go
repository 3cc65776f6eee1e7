package jsonscan

import (
	"encoding/json"
	"strconv"
)

// text reads a string starting at its opening quote.
func (s *Scanner) text() []byte {
	s.i++
	from := s.i
	for s.i < len(s.b) {
		c := s.b[s.i]
		if c == '"' {
			s.i++
			return s.b[from : s.i-1]
		}
		if c == '\\' || c < ' ' || c >= 0x80 {
			return s.odd(from)
		}
		s.i++
	}
	s.fail("want the end of a string")
	return nil
}

// odd finishes a string that is not plain ASCII. Such strings are rare, so encoding/json
// decodes them; escapes, surrogates and broken UTF-8 are treated as everywhere else.
func (s *Scanner) odd(from int) []byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			var text string
			if err := json.Unmarshal(s.b[from-1:s.i], &text); err != nil {
				s.i = from - 1
				s.fail("want a valid string")
				return nil
			}
			return []byte(text)
		case c == '\\':
			s.i += 2
		case c < ' ':
			s.fail("want no control byte in a string")
			return nil
		default:
			s.i++
		}
	}
	s.fail("want the end of a string")
	return nil
}

// number reads a number by the JSON grammar. Up to 15 digits and 22 decimals need one exact
// division; strconv handles the rest.
func (s *Scanner) number() (float64, bool) {
	from := s.i
	negative := s.b[s.i] == '-'
	if negative {
		s.i++
	}
	whole := s.i
	mantissa, ok := s.digits(0)
	if !ok || s.b[whole] == '0' && s.i > whole+1 {
		s.i = min(s.i, whole+1)
		s.fail("want a number")
		return 0, false
	}
	digits, decimals, exponent := s.i-whole, 0, false
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		point := s.i
		if mantissa, ok = s.digits(mantissa); !ok {
			s.fail("want a decimal")
			return 0, false
		}
		decimals = s.i - point
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		exponent = true
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if _, ok = s.digits(0); !ok {
			s.fail("want an exponent")
			return 0, false
		}
	}
	if exponent || digits+decimals > 15 {
		v, err := strconv.ParseFloat(string(s.b[from:s.i]), 64)
		return v, err == nil
	}
	v := float64(mantissa) / powers[decimals]
	if negative {
		v = -v
	}
	return v, true
}

// digits appends at least one digit to v. Overflow is harmless: numbers that long are left
// to strconv.
func (s *Scanner) digits(v uint64) (uint64, bool) {
	from := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		v = v*10 + uint64(s.b[s.i]-'0')
		s.i++
	}
	return v, s.i > from
}

// powers are exact in float64, and so is a mantissa of 15 digits: their quotient is rounded
// once, as in strconv.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
