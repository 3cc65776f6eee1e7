package bench

import (
	"context"
	"fmt"
	"regexp"
)

// Result is one row. Times are in µs and, like AllocsPerOp, for one operation:
// one call, or one coincidence or tick where the name or Note says so.
type Result struct {
	Name        string  `json:"name"`
	N           int     `json:"n"` // operations timed
	MinUs       float64 `json:"min_us"`
	P50Us       float64 `json:"p50_us"`
	P99Us       float64 `json:"p99_us"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	Note        string  `json:"note,omitempty"` // the data, groups, whatever the name does not say
}

// task is one benchmark before its data are made.
type task struct {
	name  string
	setUp func(ctx context.Context) (work, error)
}

// work is a benchmark that is ready to run.
type work struct {
	op    func() error // the call that is timed; it keeps its answer
	check func() error // compares the last answer of op with the truth; not timed
	per   int          // operations in one op. Zero means 1
	note  string
	close func() // may be nil
}

// tasks lists all benchmarks in the order in which they run.
func tasks() []task {
	var all []task
	for _, some := range [][]task{
		graphTasks(), storeTasks(), detectTasks(), propagateTasks(), validateTasks(), leadlagTasks(), filterTasks(),
	} {
		all = append(all, some...)
	}
	return all
}

// Names lists the benchmarks of Run in the order in which they run.
func Names() (names []string) {
	for _, t := range tasks() {
		names = append(names, t.name)
	}
	return names
}

// Run runs the benchmarks whose name matches re, all where re is nil, one after
// the other; the answer is empty where none does. It stops at the first wrong
// answer, failure or end of ctx, and returns the rows before it with the error.
func Run(ctx context.Context, re *regexp.Regexp) ([]Result, error) {
	rows := []Result{}
	for _, t := range tasks() {
		if re != nil && !re.MatchString(t.name) {
			continue
		}
		r, err := t.run(ctx)
		if err != nil {
			return rows, fmt.Errorf("benchmark %s: %w", t.name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (t task) run(ctx context.Context) (Result, error) {
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	w, err := t.setUp(ctx)
	if w.close != nil {
		defer w.close()
	}
	if err != nil {
		return Result{}, err
	}
	r, err := w.measure(ctx, budget)
	r.Name = t.name
	return r, err
}
