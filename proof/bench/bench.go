package bench

import (
	"context"
	"fmt"
	"regexp"
)

// Result is one benchmark's row. Times are in µs and, like AllocsPerOp, per
// operation: a call, or a coincidence or tick if the name or Note says so.
type Result struct {
	Name        string  `json:"name"`
	N           int     `json:"n"` // timed operations
	MinUs       float64 `json:"min_us"`
	P50Us       float64 `json:"p50_us"`
	P99Us       float64 `json:"p99_us"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	Note        string  `json:"note,omitempty"` // details of the data or the grouping
}

// task is a benchmark without its data.
type task struct {
	name  string
	setUp func(ctx context.Context) (work, error)
}

// work is a benchmark that is ready to run.
type work struct {
	op    func() error // the timed call; it keeps its answer
	check func() error // compares the last answer of op with the truth; not timed
	per   int          // operations per call of op. Zero means 1
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

// Run runs the benchmarks with a name that matches re, or all if re is nil, one
// after the other. The answer is empty if none matches. It stops at the first wrong
// answer, failure or end of ctx, and returns the rows so far with the error.
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
