// Command testreport reads the output of `go test -json` from stdin and summarises
// it: one line per package, all output of failing tests and builds, and at the end
// the skipped tests with reasons. It exits 1 if anything failed, or if there was no
// input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

func main() {
	ok, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a build
	Elapsed                       float64
}

// summary counts tests and subtests.
type summary struct {
	packages, passed, failed int
	skipped                  []string
	out                      map[string][]string // of tests that have not ended yet
}

// report writes the summary of events and returns whether everything passed.
func report(in io.Reader, w io.Writer) (ok bool, err error) {
	s := summary{out: map[string][]string{}}
	ok = true
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(w, lines.Text()) // from the go command itself
			continue
		}
		ok = s.take(e, w) && ok
	}
	for _, t := range s.skipped {
		fmt.Fprintln(w, "skipped", t)
	}
	fmt.Fprintf(w, "%d packages; %d tests passed, %d failed, %d skipped\n", s.packages, s.passed, s.failed, len(s.skipped))
	return ok && s.packages > 0, lines.Err()
}

// take counts one event; false for a failure.
func (s *summary) take(e event, w io.Writer) (ok bool) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "build-fail":
		return false
	case "output":
		s.out[key] = append(s.out[key], e.Output)
	case "pass", "fail", "skip":
		written := s.out[key]
		delete(s.out, key)
		if e.Test == "" {
			s.endPackage(e, written, w)
		} else {
			s.endTest(e, written, w)
		}
		return e.Action != "fail"
	}
	return true
}

func (s *summary) endPackage(e event, written []string, w io.Writer) {
	if e.Action == "skip" {
		return // no tests
	}
	s.packages++
	word := "ok  "
	if e.Action == "fail" {
		word = "FAIL"
		show(w, written)
		// Tests that died with the package (a panic, a time limit) have no event for
		// their end.
		for key, lines := range s.out {
			if strings.HasPrefix(key, e.Package+" ") {
				show(w, lines)
				delete(s.out, key)
			}
		}
	}
	fmt.Fprintf(w, "%s %s %.1fs\n", word, e.Package, e.Elapsed)
}

func (s *summary) endTest(e event, written []string, w io.Writer) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped = append(s.skipped, e.Package+" "+e.Test+": "+reason(written))
	case "fail":
		s.failed++
		show(w, written)
	}
}

// show drops lines that only report progress: which test runs, pauses or has
// failed.
func show(w io.Writer, written []string) {
	for _, l := range written {
		if !strings.HasPrefix(l, "=== ") && l != "FAIL\n" && !strings.HasPrefix(l, "FAIL\t") {
			fmt.Fprint(w, l)
		}
	}
}

var place = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// reason returns the last output of a skipped test.
func reason(written []string) string {
	for i := len(written) - 1; i >= 0; i-- {
		at := place.FindString(written[i])
		if why := strings.TrimSpace(strings.TrimPrefix(written[i], at)); at != "" && why != "" {
			return why
		}
	}
	return "no reason given"
}
