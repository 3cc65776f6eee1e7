package recording

import (
	"fmt"
	"strings"
	"testing"

	"corrgraph/odds"
)

// seen runs the clock over batches at the given minutes and returns what it passed on.
func seen(t *testing.T, polled bool, minutes ...int) (passed, refused []int) {
	t.Helper()
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s := Stream{o: o}
	at := func(b *odds.Batch) int { return int(b.At) / 60_000 }
	c := s.clock(
		func(b *odds.Batch, line int) error { passed = append(passed, at(b)); return nil },
		func(b *odds.Batch, line int, _ odds.Time) { refused = append(refused, at(b)) })
	for i, m := range minutes {
		if err := c.add(&odds.Batch{At: odds.Time(m) * 60_000, Polled: polled}, i); err != nil {
			t.Fatal(err)
		}
		if len(c.held) > lookahead {
			t.Fatalf("%d batches held", len(c.held))
		}
	}
	if err := c.settle(true); err != nil || len(c.held) != 0 || c.quotes != 0 {
		t.Fatalf("%d held, %d quotes, %v", len(c.held), c.quotes, err)
	}
	return passed, refused
}

// steps returns n minutes from one on.
func steps(from, n int) (out []int) {
	for i := range n {
		out = append(out, from+i)
	}
	return out
}

func join(parts ...[]int) (all []int) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// A stamp is wrong if most of what follows it is far before it, wherever it stands; time
// that passes is believed.
func TestOneWrongStampMovesNoClock(t *testing.T) {
	const far, day, years = 10 * 366 * 1440, 1440, 10 * 366 * 1440 / 10 * 3
	for _, c := range []struct {
		name    string
		minutes []int
		refused []int
	}{
		{"none", steps(0, 1000), nil},
		{"in the middle", join(steps(0, 500), []int{far}, steps(500, 500)), []int{far}},
		{"first of all", join([]int{far}, steps(0, 500)), []int{far}},
		{"second", join([]int{0, far}, steps(1, 500)), []int{far}},
		{"several, each elsewhere", join(steps(0, 9), []int{far, far / 2, 2 * far}, steps(9, 500), []int{far / 3}, steps(509, 9)), []int{far, far / 2, 2 * far, far / 3}},
		{"a hundred together", join(steps(0, 300), steps(far, 100), steps(300, 300)), steps(far, 100)},
		{"two hours ahead", join(steps(0, 9), []int{130}, steps(9, 9)), []int{130}},
		{"last of all", join(steps(0, 9), []int{far}), []int{far}},
		{"last but one", join(steps(0, 9), []int{far, 9}), []int{far}},
		{"last of all, a month ahead", join(steps(0, 9), []int{30 * day}), nil},
		{"a year passes", join(steps(0, 200), steps(366*day, 600)), nil},
		{"years pass, and little follows", join(steps(0, 9), steps(years, 9)), nil},
		{"days pass again and again", join(steps(0, 9), steps(day, 9), steps(2*day, 9), steps(9*day, 1)), nil},
		{"a gap, and then a step back", join(steps(0, 9), steps(day, 100), []int{20}, steps(day+100, 9)), nil},
		{"a file of two", []int{0, far}, nil},
		{"a file of one", []int{far}, nil},
		{"nothing", nil, nil},
	} {
		passed, refused := seen(t, false, c.minutes...)
		if fmt.Sprint(refused) != fmt.Sprint(c.refused) || len(passed)+len(refused) != len(c.minutes) {
			t.Errorf("%s: refused %v, want %v; %d of %d passed", c.name, refused, c.refused, len(passed), len(c.minutes))
		}
	}
	if _, refused := seen(t, true, join(steps(0, 9), []int{23 * 60}, steps(9, 9))...); refused != nil {
		t.Errorf("polls may step back by a day, refused %v", refused)
	}
}

// The wrong row is named with its line, and so is one that is late; the others are read, one
// file or many.
func TestWrongStampsAreNamed(t *testing.T) {
	rows := make([]int, 0, 60)
	for i := range 60 {
		rows = append(rows, i*60_000)
	}
	const years = 3_650_000_000_00
	bad := ticks("v", append(append(append([]int{years}, rows[:30]...), years, 0), rows[30:]...)...)
	for _, files := range []int{1, keepOpen + 1} {
		var paths []string
		for i := range files {
			paths = append(paths, write(t, fmt.Sprint(i, ".csv"), bad))
		}
		s := open(t, Options{}, paths...)
		n := len(drain(t, s))
		by, _ := s.Report().Rejected()
		if n != 60*files || by["far_ahead"] != 2*files || by["late"] != files {
			t.Errorf("%d files: %d batches, %v", files, n, by)
		}
		for i, want := range []string{
			":2: far_ahead: 2038-02-28T18:54:04Z is far ahead of the times after it: check it, or sort the file by time",
			":33: far_ahead: 2038-02-28T18:54:04Z after 2026-08-06T06:29:44Z is far ahead of the times around it: check it, or sort the file by time",
			":34: late: 2026-08-06T06:00:44Z after 2026-08-06T06:29:44Z is too late",
		} {
			if got := s.Report().Shown()[i].String(); !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
}

// A whole file of a year to come is refused and counted; one of less than a year ahead, as a
// clock may be wrong by, is read.
func TestAFileOfYearsToCome(t *testing.T) {
	today := odds.Time(1_786_000_000_000)
	for ahead, read := range map[odds.Millis]bool{0: true, year - 60_000: true, 2 * year: false, 10 * year: false} {
		var rows []int
		for i := range 20 {
			rows = append(rows, int(ahead)+i*1000)
		}
		path := write(t, "x.csv", ticks("v", rows...))
		s := open(t, Options{Today: today}, path)
		n := len(drain(t, s))
		by, _ := s.Report().Rejected()
		if want := 20; read && n != want || !read && (n != 0 || by["far_ahead"] != want) {
			t.Errorf("%d days ahead: %d batches, %v", ahead/(24*hour), n, by)
		}
		if n := len(drain(t, open(t, Options{}, path))); n != 20 {
			t.Errorf("%d batches where no day is given", n)
		}
	}
}
