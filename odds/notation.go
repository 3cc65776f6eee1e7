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

// Parse reads odds in notation n; surrounding spaces are allowed. American odds may lack
// the plus; "EVEN", "EVENS" and "EVS" mean 2.0 in American and fractional notation. It
// fails with ErrNumber, ErrNotation or the error of the notation. Parsers that already have
// numbers call the From functions instead.
func Parse(s string, n Notation) (Odds, error) {
	t := strings.ReplaceAll(strings.TrimSpace(s), "−", "-") // the typographic minus
	if n == InAmerican || n == InFractional {
		switch strings.ToUpper(t) {
		case "EVEN", "EVENS", "EVS":
			return 2, nil
		}
	}
	if n == InFractional {
		return parseFraction(t)
	}
	x, err := number(t)
	if err != nil {
		return 0, err
	}
	switch n {
	case InDecimal:
		return FromDecimal(x)
	case InAmerican:
		return FromAmerican(x)
	case InProbability:
		return FromProb(x)
	case InCents:
		return FromCents(x)
	case InLogOdds:
		return FromLogOdds(x)
	default:
		return 0, fmt.Errorf("%w: %d", ErrNotation, n)
	}
}

func parseFraction(s string) (Odds, error) {
	a, b, ok := strings.Cut(s, "/")
	if !ok {
		return 0, fmt.Errorf("%w: %q", ErrFraction, s)
	}
	num, err := number(strings.TrimSpace(a))
	if err != nil {
		return 0, err
	}
	den, err := number(strings.TrimSpace(b))
	if err != nil {
		return 0, err
	}
	return FromFraction(num, den)
}

// number reads a plain decimal number. strconv alone would also accept "inf", "nan",
// hexadecimal and underscores.
func number(s string) (float64, error) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return 0, fmt.Errorf("%w: %q", ErrNumber, s)
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrNumber, s)
	}
	return x, nil
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
