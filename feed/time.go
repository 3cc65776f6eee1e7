package feed

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"corrgraph/odds"
)

// ErrNaiveTime is returned for a time of day without a zone: guessing one would
// shift every lag by hours.
var ErrNaiveTime = errors.New("the time has no zone")

// ErrTime is returned for text or a number that is not a time.
var ErrTime = errors.New("want RFC 3339 or an epoch in s, ms, µs or ns")

// ParseTime reads an instant in RFC 3339 or as a number since the Unix epoch, whose
// magnitude tells s, ms, µs and ns apart, or as it is written elsewhere if that has one
// meaning: with a space for the T, without seconds, with an offset of any form or the
// abbreviation of a zone, on a clock of 12 hours, with the name of the month, or in digits
// alone (20260806T0800). It truncates to milliseconds. A time without a zone is read in
// zone, or fails with ErrNaiveTime if zone is nil; see InZone for hours that come twice or
// never. Years before 1973 are ErrTime: as epochs they can't be told from dates and
// counters.
func ParseTime[T string | []byte](text T, zone *time.Location) (odds.Time, error) {
	if t, ok := parseUTC(text); ok {
		return t, nil
	}
	if n, ok := whole(text); ok && !digits(len(text), n) {
		if t, ok := epoch(n); ok {
			return t, nil
		}
	}
	s := string(text)
	if t, ok := parseEpoch(s); ok {
		return t, nil
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return known(odds.TimeOf(t), s)
		}
	}
	return parseWritten(s, zone)
}

// digits reports whether a number is a date and a time in digits alone: as an epoch of that
// length it would lie before 1977 or after 2280.
func digits(length int, n int64) bool {
	switch length {
	case 12:
		n *= 100
	case 14:
	case 17:
		n /= 1000
	default:
		return false
	}
	year, month, day := n/1e10, n/1e8%100, n/1e6%100
	return year >= 1974 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
		n/1e4%100 < 24 && n/100%100 < 60 && n%100 < 60
}

const oldest = 1e11 // ms: March 1973

func known(t odds.Time, s string) (odds.Time, error) {
	if t < oldest {
		return 0, fmt.Errorf("%w, after 1973: %q", ErrTime, clip(s))
	}
	return t, nil
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// EpochTime converts a number since the Unix epoch; its magnitude tells the unit.
// ok is false below 10⁸ and if no unit gives a date before the year 5138.
func EpochTime(v float64) (t odds.Time, ok bool) {
	switch {
	case !(v >= 1e8 && v < 1e20):
		return 0, false
	case v < 1e11:
		return odds.Time(v*1e3 + 5e-4), true
	case v < 1e14:
		return odds.Time(v), true
	case v < 1e17:
		return odds.Time(v / 1e3), true
	default:
		return odds.Time(v / 1e6), true
	}
}

// epoch converts a whole number since the Unix epoch by its magnitude.
func epoch(n int64) (odds.Time, bool) {
	switch {
	case n < 1e8:
		return 0, false
	case n < 1e11:
		return odds.Time(n * 1e3), true
	case n < 1e14:
		return odds.Time(n), true
	case n < 1e17:
		return odds.Time(n / 1e3), true
	default:
		return odds.Time(n / 1e6), true
	}
}

// whole is the fast path for up to 18 digits, the usual form in live ticks.
func whole[T string | []byte](s T) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

func parseEpoch(s string) (odds.Time, bool) {
	if len(s) == 0 || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if digits(len(s), n) {
			return 0, false
		}
		return epoch(n)
	}
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false // strconv alone would also take hexadecimal and underscores
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	return EpochTime(v)
}

// parseUTC is the fast path for "2026-08-06T06:00:43Z" with or without decimals: recordings
// contain millions of these.
func parseUTC[T string | []byte](s T) (odds.Time, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return 0, false
	}
	var part [7]int
	for i, at := range [...]int{0, 2, 5, 8, 11, 14, 17} {
		hi, lo := s[at]-'0', s[at+1]-'0'
		if hi > 9 || lo > 9 {
			return 0, false
		}
		part[i] = int(hi)*10 + int(lo)
	}
	year, month, day := part[0]*100+part[1], part[2], part[3]
	if year < 1974 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) ||
		part[4] > 23 || part[5] > 59 || part[6] > 59 {
		return 0, false
	}
	millis, ok := decimals(s[19 : len(s)-1])
	seconds := int64(days(year, month, day))*86400 + int64(part[4]*3600+part[5]*60+part[6])
	return odds.Time(seconds*1000 + int64(millis)), ok
}

// decimals reads ".123456" as 123.
func decimals[T string | []byte](s T) (millis int, ok bool) {
	if len(s) == 0 {
		return 0, true
	}
	if s[0] != '.' || len(s) == 1 || len(s) > 10 {
		return 0, false
	}
	for i := 1; i < 4 || i < len(s); i++ {
		var digit byte
		if i < len(s) {
			if digit = s[i] - '0'; digit > 9 {
				return 0, false
			}
		}
		if i < 4 {
			millis = millis*10 + int(digit)
		}
	}
	return millis, true
}

func daysIn(year, month int) int {
	if month == 2 && (year%4 != 0 || year%100 == 0 && year%400 != 0) {
		return 28
	}
	return [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// days counts days from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date
// algorithms", days_from_civil), for years from 1 on.
func days(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era, ofEra := year/400, year%400
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}
