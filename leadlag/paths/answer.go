package paths

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Report is the JSON answer of `corrgraph leadlag`. Times and lags are ms; a
// positive lag means that a leads b. It holds no NaN, no infinity and no nil slice.
type Report struct {
	Defined  bool      `json:"defined"` // both paths moved
	TicksA   int       `json:"ticks_a"` // after equal times were collapsed
	TicksB   int       `json:"ticks_b"`
	LagsMS   []int64   `json:"lags_ms"`
	Rho      []float64 `json:"rho"` // Hayashi–Yoshida, not clipped; zeros where not defined
	Cov      []float64 `json:"cov"`
	NullVar  []float64 `json:"null_var"`
	Z        []float64 `json:"z"` // for a single lag; the largest of many is not a test
	Overlaps []int64   `json:"overlaps"`
	SSA      float64   `json:"ss_a"`
	SSB      float64   `json:"ss_b"`

	BestLagMS *int64   `json:"best_lag_ms"` // null, like the next three, if no lag has a correlation
	BestRho   *float64 `json:"best_rho"`
	Beta      *float64 `json:"beta"` // move of b for a unit move of a
	LLR       *float64 `json:"llr"`  // Huth & Abergel, with squares; also null without negative lags

	Events Events `json:"events"`
}

// Events holds the event correlograms of a before b and of b before a.
type Events struct {
	EdgesMS []int64 `json:"edges_ms"`
	AB      Bins    `json:"ab"`
	BA      Bins    `json:"ba"`
}

// Answer compares two clean paths over a strictly ascending grid of lags, and over
// [CorrelogramEdges]. With fewer than two ticks, or without a move, the report is not
// Defined. It panics when [HayashiYoshida] does, and costs the same.
func Answer(a, b Path, grid []int64) Report {
	edges := CorrelogramEdges()
	c := HayashiYoshida(a, b, grid)
	r := Report{
		Defined: c.Defined, TicksA: len(a.T), TicksB: len(b.T), LagsMS: append([]int64{}, grid...),
		Rho: c.Rho, Cov: c.Cov, NullVar: c.NullVar, Z: c.Z, Overlaps: c.Overlaps,
		SSA: c.SSA, SSB: c.SSB,
		Events: Events{EdgesMS: edges, AB: Correlogram(a, b, edges), BA: Correlogram(b, a, edges)},
	}
	if c.Found {
		r.BestLagMS, r.BestRho, r.Beta = &c.BestLag, &c.BestRho, &c.Beta
	}
	if c.LLRDefined {
		r.LLR = &c.LLR
	}
	return r
}

// InputError is the location and reason of an error in a file. Line counts from 1; 0 means
// the whole file.
type InputError struct {
	File   string
	Line   int
	Reason string
}

// Error returns "file:line: reason", without the line if it is unknown.
func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// ReadCSV reads a clean [Path] from CSV with the header `t_ms,value`: whole milliseconds
// that do not decrease, and finite numbers. The header alone is an empty path. Blank lines
// are skipped. file names the source in errors: an *[InputError] for bad content, otherwise
// one that wraps the reader's error.
func ReadCSV(file string, r io.Reader) (Path, error) {
	var p Path
	header := false
	err := eachLine(file, r, func(line string) string {
		if !header {
			header = true
			if line = strings.TrimPrefix(line, "\ufeff"); strings.ReplaceAll(line, " ", "") != "t_ms,value" {
				return fmt.Sprintf("the header is %s, want t_ms,value", quote(line))
			}
			return ""
		}
		return p.parse(line)
	})
	if err == nil && !header {
		err = &InputError{File: file, Reason: "empty, want the header t_ms,value"}
	}
	if err != nil {
		return Path{}, err
	}
	return Clean(p)
}

// parse adds the tick of one line, or returns what is wrong with it.
func (p *Path) parse(line string) (reason string) {
	first, second, ok := strings.Cut(line, ",")
	if !ok || strings.Contains(second, ",") {
		return fmt.Sprintf("%s is not t_ms,value", quote(line))
	}
	t, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	if err != nil {
		return fmt.Sprintf("t_ms is %s, want whole milliseconds", quote(first))
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(second), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprintf("value is %s, want a finite number", quote(second))
	}
	if reason := badTick(t, v); reason != "" {
		return reason
	}
	if n := len(p.T); n > 0 && t < p.T[n-1] {
		return fmt.Sprintf("t_ms %d is before the previous %d", t, p.T[n-1])
	}
	p.T, p.V = append(p.T, t), append(p.V, v)
	return ""
}

// MaxLags is the maximum number of lags in a grid.
const MaxLags = 1_000_000

// ParseGrid reads a regular grid of lags, FROM:TO:STEP in ms, both ends included:
// "-30000:30000:1000" has 61 lags. If STEP does not divide the range, the grid ends before
// TO.
func ParseGrid(s string) ([]int64, error) {
	part := strings.Split(s, ":")
	if len(part) != 3 {
		return nil, fmt.Errorf("grid %q: want FROM:TO:STEP in ms", s)
	}
	var n [3]int64
	for i, text := range part {
		v, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || v < -MaxTime || v > MaxTime {
			return nil, fmt.Errorf("grid %q: %s is not a whole number of ms", s, quote(text))
		}
		n[i] = v
	}
	from, to, step := n[0], n[1], n[2]
	if step <= 0 || from > to {
		return nil, fmt.Errorf("grid %q: want FROM ≤ TO and STEP > 0", s)
	}
	lags := (to-from)/step + 1
	if lags > MaxLags {
		return nil, fmt.Errorf("grid %q: %d lags, at most %d", s, lags, MaxLags)
	}
	grid := make([]int64, lags)
	for i := range grid {
		grid[i] = from + int64(i)*step
	}
	return grid, nil
}

// ReadGrid reads a grid of at least one lag: one whole number of ms per line, strictly
// ascending. Blank lines and lines that begin with # are skipped. Errors are as in
// [ReadCSV].
func ReadGrid(file string, r io.Reader) ([]int64, error) {
	var grid []int64
	err := eachLine(file, r, func(line string) string {
		if strings.HasPrefix(line, "#") {
			return ""
		}
		lag, err := strconv.ParseInt(line, 10, 64)
		switch {
		case err != nil || lag < -MaxTime || lag > MaxTime:
			return fmt.Sprintf("%s is not a whole number of ms", quote(line))
		case len(grid) > 0 && lag <= grid[len(grid)-1]:
			return fmt.Sprintf("lag %d is not above the previous %d", lag, grid[len(grid)-1])
		case len(grid) == MaxLags:
			return fmt.Sprintf("more than %d lags", MaxLags)
		}
		grid = append(grid, lag)
		return ""
	})
	if err == nil && len(grid) == 0 {
		err = &InputError{File: file, Reason: "no lag in it"}
	}
	if err != nil {
		return nil, err
	}
	return grid, nil
}

// eachLine calls do with each non-blank line, trimmed, until do returns a reason to stop.
func eachLine(file string, r io.Reader, do func(line string) (reason string)) error {
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if reason := do(line); reason != "" {
			return &InputError{File: file, Line: n, Reason: reason}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return &InputError{File: file, Line: n + 1, Reason: "the line is too long"}
	} else if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// quote formats input for an error message, shortened so that a binary file does not fill
// the screen.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%.*q…", most, s)
	}
	return strconv.Quote(s)
}
