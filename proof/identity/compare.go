package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// verdict is the result for one recording.
type verdict struct {
	name       string
	difference string // empty if identical
	base       []time.Duration
	fresh      []time.Duration
}

// String is the verdict in one line.
func (v verdict) String() string {
	said := "identical"
	if v.difference != "" {
		said = "DIFFERENT: " + v.difference
	}
	mid, low, high := ratios(v.base, v.fresh)
	return fmt.Sprintf("%-20s base %7.2f s, new %7.2f s, ratio %.3f (%.3f to %.3f)  %s",
		v.name, median(seconds(v.base)), median(seconds(v.fresh)), mid, low, high, said)
}

// answer is a command's output and exit code.
type answer struct {
	out, problem []byte
	code         int
	cpu          time.Duration // of the process, user and system: hardly affected by a busy machine
}

// call runs a command of a binary to its end. A command that cannot be started or
// is killed is an error; one that fails has a code.
func call(ctx context.Context, binary string, args ...string) (a answer, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, problem strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problem
	err = cmd.Run()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && failed.Exited() {
		err = nil
	}
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", binary, args[0], err)
	}
	s := cmd.ProcessState
	return answer{[]byte(out.String()), []byte(problem.String()), s.ExitCode(), s.UserTime() + s.SystemTime()}, nil
}

// compare replays one recording with both builds, as often as planned, and compares
// the results of the first replays.
func (p *plan) compare(ctx context.Context, r recording) (v verdict, err error) {
	v.name = r.name
	folder, err := os.MkdirTemp("", "identity-")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(folder)
	for n := range p.runs {
		var was, is answer
		turn := func(binary, name string, took *[]time.Duration) (a answer, err error) {
			db := filepath.Join(folder, fmt.Sprintf("%s-%d.db", name, n))
			a, err = call(ctx, binary, append([]string{"replay", "--json", "--db", db}, r.args...)...)
			*took = append(*took, a.cpu)
			return a, err
		}
		if n%2 == 0 {
			was, err = turn(p.base, "base", &v.base)
		}
		if err == nil {
			is, err = turn(p.fresh, "new", &v.fresh)
		}
		if err == nil && n%2 == 1 {
			was, err = turn(p.base, "base", &v.base)
		}
		if err != nil {
			return v, err
		}
		if n == 0 {
			v.difference, err = p.differ(ctx, folder, was, is)
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

// differ returns the first difference between two stores and the output of their
// replays; empty for none.
func (p *plan) differ(ctx context.Context, folder string, was, is answer) (string, error) {
	if d := p.answers(was, is); d != "" {
		return "replay: " + d, nil
	}
	ask := func(args ...string) (was, is answer, err error) {
		was, err = call(ctx, p.base, append(args, "--db", filepath.Join(folder, "base-0.db"))...)
		if err == nil {
			is, err = call(ctx, p.fresh, append(args, "--db", filepath.Join(folder, "new-0.db"))...)
		}
		return was, is, err
	}
	was, is, err := ask("dump")
	if err != nil {
		return "", err
	}
	if d := lines(was, is); d != "" {
		return "dump: " + d, nil
	}
	questions := [][]string{{"leaders"}, {"edges"}, {"anomalies"}, {"scorecard"}, {"events"}}
	for i := 0; i < len(questions); i++ { // the events add more questions
		q := questions[i]
		was, is, err := ask(append(q, "--json")...)
		if err != nil {
			return "", err
		}
		if d := p.answers(was, is); d != "" {
			return strings.Join(q, " ") + ": " + d, nil
		}
		if q[0] == "events" {
			for _, id := range p.sample(is.out) {
				questions = append(questions, []string{"graph", id})
			}
		}
	}
	return "", nil
}

// sample picks evenly spaced events from the answer of events.
func (p *plan) sample(events []byte) (ids []string) {
	var list struct {
		Events []struct {
			ID string `json:"event_id"`
		} `json:"events"`
	}
	if json.Unmarshal(events, &list) != nil {
		return nil
	}
	n := min(p.graphs, len(list.Events))
	for i := range n {
		ids = append(ids, list.Events[i*len(list.Events)/n].ID)
	}
	return ids
}
