package feed

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"corrgraph/odds"
)

// ErrTwice is returned for a local time of the hour that comes twice when a clock goes back:
// a guess would be wrong for one of the two.
var ErrTwice = errors.New("the clock goes back then, so this time comes twice; write the offset from UTC")

// errNever: a local time of the hour that is left out when a clock goes forward.
var errNever = fmt.Errorf("%w: the clock goes forward then, so this time does not exist", ErrTime)

// InZone returns the instant at which clocks in zone show what wall shows, whatever wall's
// own zone is. It fails with ErrTwice if there are two, and with ErrTime if there is none.
func InZone(wall time.Time, zone *time.Location) (odds.Time, error) {
	switch at := instants(wall, zone); len(at) {
	case 0:
		return 0, fmt.Errorf("%w in %s", errNever, zone)
	case 1:
		return odds.TimeOf(at[0]), nil
	default:
		return 0, fmt.Errorf("%w (%s)", ErrTwice, zone)
	}
}

// instants returns all instants at which clocks in zone show what wall shows.
func instants(wall time.Time, zone *time.Location) (at []time.Time) {
	y, m, d := wall.Date()
	utc := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
	guess := utc.In(zone)
	// No clock is more than a day from UTC, and none is changed twice within that time.
	for _, near := range [...]time.Time{guess.AddDate(0, 0, -1), guess.AddDate(0, 0, 1)} {
		_, offset := near.Zone()
		t := utc.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, now := t.Zone(); now == offset && (len(at) == 0 || !at[0].Equal(t)) {
			at = append(at, t)
		}
	}
	return at
}

// Times as people and programs write them, in upper case.
var (
	clockTime = regexp.MustCompile(`^(.+?)(?:T|,? +)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([AP])\.?M\.?)?$`)
	compact   = regexp.MustCompile(`^(\d{8})T?(\d\d)(\d\d)(?:(\d\d)(?:\.?(\d{3}))?)?()$`)
	yearFirst = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	together  = regexp.MustCompile(`^(\d{4})(\d\d)(\d\d)$`)
	dayFirst  = regexp.MustCompile(`^(?:[A-Z]{3,9},? )?(\d{1,2})[- ]([A-Z]{3,9})\.?,?[- ](\d{4})$`)
	nameFirst = regexp.MustCompile(`^(?:[A-Z]{3,9},? )?([A-Z]{3,9})\.? (\d{1,2}),? (\d{4})$`)
	anyOrder  = regexp.MustCompile(`^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$`)
	suffix    = regexp.MustCompile(`^(.*?(?:\d|[AP]\.?M\.?)) ?(?:(?:UTC|GMT)?([+-])(\d\d):?(\d\d)?(?: [A-Z]{2,5}| ?[\[(].*[\])])?|([A-Z]{1,5}))$`)
	unixDate  = regexp.MustCompile(`^[A-Z]{3} ([A-Z]{3}) (\d{1,2}) (\d\d:\d\d:\d\d) (?:([A-Z]{2,5}|[+-]\d{4}) )?(\d{4})$`)
	spaces    = regexp.MustCompile(`\s+`)
)

// longest is longer than any time.
const longest = 128

// parseWritten reads a time in any form but RFC 3339 and epochs.
func parseWritten(s string, zone *time.Location) (odds.Time, error) {
	if len(s) > longest {
		return 0, fmt.Errorf("%w: %q", ErrTime, clip(s))
	}
	text := spaces.ReplaceAllString(strings.ToUpper(strings.TrimSpace(s)), " ")
	text = strings.TrimSpace(unixDate.ReplaceAllString(text, "$1 $2, $5 $3 $4")) // as date and ctime write it
	body, offset, name := cutZone(text)
	wall, why := readWall(body)
	if why != "" {
		if why != "-" {
			why = ": " + why
		} else {
			why = ""
		}
		return 0, fmt.Errorf("%w%s: %q", ErrTime, why, clip(s))
	}
	at, err := place(wall, offset, name, zone)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, clip(s))
	}
	return known(at, s)
}

// cutZone removes the zone behind a time: an offset, or the name of a zone.
func cutZone(s string) (body string, offset *time.Duration, name string) {
	m := suffix.FindStringSubmatch(s)
	switch {
	case m == nil || m[2] != "" && !strings.ContainsAny(m[1], ":T"): // the end of a date is no offset
		return s, nil, ""
	case m[5] == "AM" || m[5] == "PM":
		return s, nil, ""
	case m[2] == "":
		return m[1], nil, m[5]
	}
	hours, _ := strconv.Atoi(m[3]) // digits, by the expression
	minutes, _ := strconv.Atoi(m[4])
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if m[2] == "-" {
		d = -d
	}
	return m[1], &d, ""
}

// place returns the instant of what a clock showed: at an offset, in a named zone, or in the
// zone that the caller gave.
func place(wall time.Time, offset *time.Duration, name string, zone *time.Location) (odds.Time, error) {
	switch {
	case offset != nil:
		return odds.TimeOf(wall.Add(-*offset)), nil
	case name != "":
		if at, ok := NamedZone(wall, name, zone); ok {
			return at, nil
		}
		return 0, fmt.Errorf("%w: no zone is known to be meant by %s, write the offset from UTC", ErrTime, name)
	case zone == nil:
		return 0, ErrNaiveTime
	}
	return InZone(wall, zone)
}

// NamedZone returns the instant at which clocks showed wall under the abbreviation of a
// zone. An abbreviation that zone itself uses then (nil: none) means that; else it is one of
// RFC 5322 (the United States) or one that is used in one part of the world alone.
func NamedZone(wall time.Time, name string, zone *time.Location) (odds.Time, bool) {
	if zone != nil {
		for _, t := range instants(wall, zone) {
			if own, _ := t.Zone(); own == name {
				return odds.TimeOf(t), true
			}
		}
	}
	hours, ok := map[string]float64{
		"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
		"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
		"HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
	}[name]
	return odds.TimeOf(wall.Add(-time.Duration(hours * float64(time.Hour)))), ok
}

// readWall reads a date and a time of day as if in UTC. why is what is wrong, "-" if the
// text is no time at all.
func readWall(s string) (wall time.Time, why string) {
	m := clockTime.FindStringSubmatch(s)
	if m == nil {
		m = compact.FindStringSubmatch(s)
	}
	if m == nil {
		if _, why := readDate(s); why == "" {
			return wall, "a date without a time of day"
		}
		return wall, "-"
	}
	day, why := readDate(m[1])
	if why != "" {
		return wall, why
	}
	hour, _ := strconv.Atoi(m[2]) // digits, by the expressions
	minute, _ := strconv.Atoi(m[3])
	second, _ := strconv.Atoi(m[4])
	if half := m[6]; half != "" {
		if hour < 1 || hour > 12 {
			return wall, "want an hour from 1 to 12 with AM or PM"
		}
		if hour %= 12; half == "P" {
			hour += 12
		}
	}
	if midnight := hour == 24 && minute == 0 && second == 0; (hour > 23 || minute > 59 || second > 59) && !midnight {
		return wall, "-"
	}
	nanos, _ := strconv.Atoi((m[5] + "000000000")[:9])
	return day.Add(time.Duration(hour*3600+minute*60+second)*time.Second + time.Duration(nanos)), ""
}

// readDate reads a date whose order is certain.
func readDate(s string) (day time.Time, why string) {
	var y, m, d string
	switch {
	case yearFirst.MatchString(s):
		f := yearFirst.FindStringSubmatch(s)
		y, m, d = f[1], f[2], f[3]
	case together.MatchString(s):
		f := together.FindStringSubmatch(s)
		y, m, d = f[1], f[2], f[3]
	case dayFirst.MatchString(s):
		f := dayFirst.FindStringSubmatch(s)
		y, m, d = f[3], f[2], f[1]
	case nameFirst.MatchString(s):
		f := nameFirst.FindStringSubmatch(s)
		y, m, d = f[3], f[1], f[2]
	case anyOrder.MatchString(s):
		return day, "is the day first or the month? write the year first, or map the column with a layout"
	default:
		return day, "-"
	}
	layout := "2006 1 2"
	if m[0] > '9' {
		if layout = "2006 Jan 2"; len(m) > 3 {
			layout = "2006 January 2"
		}
	}
	day, err := time.Parse(layout, y+" "+m+" "+d)
	if err != nil {
		return day, "there is no such day"
	}
	return day, ""
}
