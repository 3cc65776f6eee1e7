package config

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Size is an amount of memory or storage in bytes. Its text is a decimal number and
// a unit: B, KB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024); a bare
// 0 needs none.
type Size int64

// sizeUnits are ordered so that the first one to divide a size gives its plainest
// text.
var sizeUnits = []unit{
	{"TiB", 1 << 40},
	{"TB", 1e12},
	{"GiB", 1 << 30},
	{"GB", 1e9},
	{"MiB", 1 << 20},
	{"MB", 1e6},
	{"KiB", 1 << 10},
	{"KB", 1e3},
	{"B", 1},
}

// timeUnits are those of time.ParseDuration, plus days and weeks for retention. A
// day has 24 hours.
var timeUnits = []unit{
	{"w", int64(7 * 24 * time.Hour)},
	{"d", int64(24 * time.Hour)},
	{"h", int64(time.Hour)},
	{"m", int64(time.Minute)},
	{"s", int64(time.Second)},
	{"ms", int64(time.Millisecond)},
	{"us", int64(time.Microsecond)},
	{"µs", int64(time.Microsecond)},
	{"ns", 1},
}

// unit is the name of a multiple of the smallest unit.
type unit struct {
	name string
	n    int64
}

// ParseSize parses the text of a Size. It never returns a negative one.
func ParseSize(s string) (Size, error) {
	n, err := parseUnits(s, sizeUnits, false)
	if err != nil {
		return 0, fmt.Errorf("want a size with its unit, like 256MiB or 4GB, have %q", s)
	}
	return Size(n), nil
}

// String returns the shortest exact text, which ParseSize reads back.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.n == 0 {
			return strconv.FormatInt(int64(s)/u.n, 10) + u.name
		}
	}
	return "0"
}

// parseDuration parses a duration like 50ms, 1h30m or 7d; a bare 0 needs no unit.
func parseDuration(s string) (time.Duration, error) {
	digits, negative := strings.CutPrefix(s, "-")
	n, err := parseUnits(digits, timeUnits, true)
	if err != nil {
		return 0, fmt.Errorf("want a duration with its unit, like 50ms, 90s or 7d, have %q", s)
	}
	if negative {
		n = -n
	}
	return time.Duration(n), nil
}

// formatDuration returns the shortest text that parseDuration reads back: 7d, not
// 168h0m0s. It has no weeks: retention is compared in days.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	// Negative from here on, since the smallest duration has no positive counterpart.
	left, sign := int64(d), "-"
	if left > 0 {
		left, sign = -left, ""
	}
	var b strings.Builder
	for _, u := range timeUnits[1:] {
		if n := -(left / u.n); n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			left += n * u.n
		}
	}
	return sign + b.String()
}

// parseUnits sums pairs of number and unit; only one is allowed unless many is set.
// Arithmetic is exact: 0.1GB is 100,000,000 bytes. A fraction of the smallest unit
// is an error, as is a value beyond an int64.
func parseUnits(s string, units []unit, many bool) (int64, error) {
	if s == "0" {
		return 0, nil
	}
	sum := new(big.Rat)
	for first := true; s != "" || first; first = false {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
		name := s[digits:]
		if i := strings.IndexAny(name, "0123456789."); i >= 0 {
			name = name[:i]
		}
		n, ok := new(big.Rat).SetString(s[:digits])
		scale := scaleOf(units, name)
		if !ok || scale == 0 || digits > 30 || (!first && !many) {
			return 0, strconv.ErrSyntax
		}
		sum.Add(sum, n.Mul(n, new(big.Rat).SetInt64(scale)))
		s = s[digits+len(name):]
	}
	if !sum.IsInt() || !sum.Num().IsInt64() {
		return 0, strconv.ErrRange
	}
	return sum.Num().Int64(), nil
}

// scaleOf returns the size of a unit, 0 if it is unknown.
func scaleOf(units []unit, name string) int64 {
	for _, u := range units {
		if u.name == name {
			return u.n
		}
	}
	return 0
}

// Rate is a frequency per second. Its text is a number and a period: 1000/s, 90/m,
// 5/h; a bare 0 needs none.
type Rate float64

// ratePeriods are in seconds, longest last.
var ratePeriods = []struct {
	name    string
	seconds float64
}{{"/s", 1}, {"/m", 60}, {"/h", 3600}}

// ParseRate parses the text of a Rate. It never returns a negative, infinite or NaN
// one.
func ParseRate(s string) (Rate, error) {
	if s == "0" {
		return 0, nil
	}
	for _, p := range ratePeriods {
		number, ok := strings.CutSuffix(s, p.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
			break
		}
		return Rate(n / p.seconds), nil
	}
	return 0, fmt.Errorf("want a rate with its period, like 1000/s or 90/m, have %q", s)
}

// String returns a text that ParseRate reads back, in a period that makes the
// number whole if there is one.
func (r Rate) String() string {
	if r == 0 {
		return "0"
	}
	for _, p := range ratePeriods {
		n := math.Round(float64(r) * p.seconds)
		if n != 0 && Rate(n/p.seconds) == r {
			return strconv.FormatFloat(n, 'f', -1, 64) + p.name
		}
	}
	return strconv.FormatFloat(float64(r), 'g', -1, 64) + "/s"
}
