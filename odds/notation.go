package odds

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Notation is a way of writing odds.
type Notation uint8

// The notations. The zero value is decimal.
const (
	InDecimal     Notation = iota // 2.5
	InAmerican                    // +150, -200, EVEN
	InFractional                  // 3/2, evens
	InProbability                 // 0.4
	InCents                       // 40
	InLogOdds                     // -0.4055
)

var notations = [...]string{"decimal", "american", "fractional", "probability", "cents", "logodds"}

// ErrNotation is returned for an unknown notation.
var ErrNotation = errors.New("unknown notation (want " + strings.Join(notations[:], ", ") + ")")

// ErrNumber is returned for text that is not a decimal number.
var ErrNumber = errors.New("not a number")

// String returns the name that ParseNotation takes.
func (n Notation) String() string {
	if int(n) >= len(notations) {
		return "invalid notation"
	}
	return notations[n]
}

// ParseNotation finds a notation by name, ignoring case. It fails with
// ErrNotation.
func ParseNotation(s string) (Notation, error) {
	for i, name := range notations {
		if strings.EqualFold(s, name) {
			return Notation(i), nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrNotation, s)
}

// Parse reads odds in notation n as tables and pages write them: numbers as in ParseNumber;
// American odds with or without the plus; "EVEN", "EVENS", "EVS" and "EV" for 2.0 in American
// and fractional notation; 5/2 or 5-2; a % behind a probability and a ¢ behind cents. It
// fails with ErrNumber, ErrNotation or the error of the notation. Parsers that already have
// numbers call the From functions instead.
func Parse(s string, n Notation) (Odds, error) {
	t := strings.TrimSpace(s)
	if n == InAmerican || n == InFractional {
		switch strings.ToUpper(t) {
		case "EVEN", "EVENS", "EVS", "EV":
			return 2, nil
		}
	}
	switch n {
	case InDecimal:
		return parsed(t, FromDecimal)
	case InAmerican:
		return parsed(wholeThousands(t), FromAmerican)
	case InFractional:
		return parseFraction(t)
	case InProbability:
		if percent, ok := strings.CutSuffix(t, "%"); ok {
			return parsed(percent, func(x float64) (Odds, error) { return FromProb(x / 100) })
		}
		return parsed(t, FromProb)
	case InCents:
		return parsed(strings.TrimSuffix(t, "¢"), FromCents)
	case InLogOdds:
		return parsed(t, FromLogOdds)
	default:
		return 0, fmt.Errorf("%w: %d", ErrNotation, n)
	}
}

func parsed(s string, from func(float64) (Odds, error)) (Odds, error) {
	x, err := ParseNumber(s)
	if err != nil {
		return 0, err
	}
	return from(x)
}

// wholeThousands drops the comma of "+1,200": American odds have no third decimal.
func wholeThousands(s string) string {
	if a, b, ok := strings.Cut(s, ","); ok && len(b) == 3 && !strings.ContainsAny(b, ".,") {
		return a + b
	}
	return s
}

func parseFraction(s string) (Odds, error) {
	a, b, ok := strings.Cut(strings.ReplaceAll(s, "⁄", "/"), "/")
	if !ok {
		if a, b, ok = strings.Cut(s, "-"); !ok || a == "" {
			return 0, fmt.Errorf("%w: %q", ErrFraction, strings.Clone(s))
		}
	}
	num, err := ParseNumber(a)
	if err != nil {
		return 0, err
	}
	den, err := ParseNumber(b)
	if err != nil {
		return 0, err
	}
	return FromFraction(num, den)
}

// ParseNumber reads a decimal number: a price, a line or a stake. Surrounding spaces and the
// typographic minus are allowed. A comma is a decimal point (1,95) or separates thousands
// (12,345.6 and 1,234,567); one that could be either (1,200) is refused. It fails with
// ErrNumber. Errors hold a copy of s, so that a number in a buffer is read without allocating.
func ParseNumber(s string) (float64, error) {
	t := strings.TrimSpace(s)
	if x, ok := plainNumber(t); ok {
		return x, nil
	}
	if rest, ok := cutMinus(t); ok {
		t = "-" + rest
	}
	t, clear := pointed(strings.Clone(t))
	if !clear {
		return 0, fmt.Errorf("%w: %q: its comma may be a decimal point or separate thousands", ErrNumber, strings.Clone(s))
	}
	if x, ok := plainNumber(t); ok {
		return x, nil
	}
	return 0, fmt.Errorf("%w: %q", ErrNumber, strings.Clone(s))
}

// plainNumber is strconv without "inf", "nan", hexadecimal and underscores.
func plainNumber(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}

// cutMinus removes a minus that is not ASCII: the sign itself, a dash, a full-width hyphen.
func cutMinus(s string) (rest string, found bool) {
	for _, minus := range [...]string{"−", "–", "‒", "﹣", "－"} {
		if rest, found = strings.CutPrefix(s, minus); found {
			return rest, true
		}
	}
	return s, false
}

// pointed writes a number with commas in the way of strconv; clear is false if they could
// mean two things.
func pointed(s string) (number string, clear bool) {
	last := strings.LastIndexByte(s, ',')
	if last < 0 {
		return s, true
	}
	point := strings.IndexByte(s, '.')
	switch before, after := s[:last], s[last+1:]; {
	case point > last: // 12,345.6
		if whole, ok := ungrouped(s[:point], ","); ok {
			return whole + s[point:], true
		}
	case point >= 0: // 12.345,6
		if whole, ok := ungrouped(before, "."); ok {
			return whole + "." + after, true
		}
	case strings.IndexByte(before, ',') >= 0: // 1,234,567
		if whole, ok := ungrouped(s, ","); ok {
			return whole, true
		}
	case len(after) != 3 || strings.TrimLeft(before, "+-0") == "": // 1,95 and 0,475
		return before + "." + after, true
	default:
		return s, false
	}
	return s, true // no number at all
}

// ungrouped joins groups of three digits.
func ungrouped(s, separator string) (string, bool) {
	groups := strings.Split(s, separator)
	if n := len(strings.TrimLeft(groups[0], "+-")); n < 1 || n > 3 {
		return "", false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// Format formats odds for display, in a form that Parse accepts: American odds as whole
// numbers, fractions within a millionth of the win, log-odds to four decimals, everything
// else to four significant digits of both the win and the probability of losing. o must be
// valid; invalid odds or notations give "-".
func Format(o Odds, n Notation) string {
	if !o.Valid() {
		return "-"
	}
	switch n {
	case InDecimal:
		return round(float64(o), float64(o)-1)
	case InAmerican:
		return formatAmerican(o)
	case InFractional:
		return formatFraction(float64(o) - 1)
	case InProbability:
		p := 1 / float64(o)
		return round(p, min(p, 1-p))
	case InCents:
		c := 100 / float64(o)
		return round(c, min(c, 100-c))
	case InLogOdds:
		return strconv.FormatFloat(float64(o.LogOdds()), 'f', 4, 64)
	default:
		return "-"
	}
}

// round formats x with enough decimals for four significant digits of its distance from the
// edge of its range.
func round(x, distance float64) string {
	digits := max(0, 3-int(math.Floor(math.Log10(distance))))
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if digits > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func formatAmerican(o Odds) string {
	x := math.Round(o.American())
	if x == -100 {
		x = 100
	}
	s := strconv.FormatFloat(x, 'f', 0, 64)
	if x > 0 {
		return "+" + s
	}
	return s
}

// formatFraction returns the first convergent of win's continued fraction within a
// millionth of it.
func formatFraction(win float64) string {
	if win == 1 {
		return "evens"
	}
	var p0, q0, p, q float64 = 0, 1, 1, 0
	for x := win; ; x = 1 / (x - math.Floor(x)) {
		a := math.Floor(x)
		p0, q0, p, q = p, q, a*p+p0, a*q+q0
		if math.Abs(p/q-win) <= 1e-6*win || x == a {
			break
		}
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "/" + strconv.FormatFloat(q, 'f', 0, 64)
}
