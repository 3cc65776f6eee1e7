package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"corrgraph/graph/graphtest"
	"corrgraph/propagate"
)

// coldRounds is how often each depth is measured, alternately cold and warm.
const coldRounds = 7

// ColdPoint is propagation at one depth in a fresh process, from start to exit,
// including reading the store, the search and writing JSON.
type ColdPoint struct {
	Depth     int     `json:"depth"`
	ColdMinMs float64 `json:"cold_min_ms"`
	ColdP50Ms float64 `json:"cold_p50_ms"`
	WarmMinMs float64 `json:"warm_min_ms"`
	WarmP50Ms float64 `json:"warm_p50_ms"`
	// ColdReadKB and WarmReadKB are what the median process read from disk, as counted
	// by the system: proof that cold runs were cold.
	ColdReadKB int64 `json:"cold_read_kb"`
	WarmReadKB int64 `json:"warm_read_kb"`
	// Note says why the page cache could not be dropped; "cold" is then warm.
	Note string `json:"note,omitempty"`
}

// Cold measures propagation through 8 fully joined levels of 5 nodes in a fresh
// process, with an empty page cache and with a warm one. It writes a store, copies
// the program exe beside it, and for each depth (1 to 8) runs the copy,
//
//	exe propagate SOURCE TARGET --db STORE --max-depth DEPTH --json
//
// seven times right after dropping the pages of both, and seven times warm. Every
// answer is checked (hops, impact, lag, confidence); a wrong one is an error. Cost:
// about a second per depth, and a copy of exe in the temporary directory.
func Cold(ctx context.Context, exe string, depths ...int) ([]ColdPoint, error) {
	store, remove, err := newStore(ctx, graphtest.Levels(8, 5))
	if err != nil {
		return nil, err
	}
	defer remove()
	program := filepath.Join(filepath.Dir(store), "program")
	if err := copyFile(program, exe); err != nil {
		return nil, err
	}
	points := []ColdPoint{}
	for _, depth := range depths {
		if depth < 1 || depth > 8 {
			return points, fmt.Errorf("depth %d: the network has depths 1 to 8", depth)
		}
		p, err := coldPoint(ctx, program, store, depth)
		if err != nil {
			return points, fmt.Errorf("propagation in a fresh process, depth %d: %w", depth, err)
		}
		points = append(points, p)
	}
	return points, nil
}

func coldPoint(ctx context.Context, program, store string, depth int) (ColdPoint, error) {
	p := ColdPoint{Depth: depth}
	var cold, warm runs
	for range coldRounds {
		if err := evict(program, store, store+"-wal"); err != nil && p.Note == "" {
			p.Note = "the page cache was not emptied: " + err.Error()
		}
		for _, r := range []*runs{&cold, &warm} {
			if err := r.ask(ctx, program, store, depth); err != nil {
				return p, err
			}
		}
	}
	p.ColdMinMs, p.ColdP50Ms, p.ColdReadKB = cold.sum()
	p.WarmMinMs, p.WarmP50Ms, p.WarmReadKB = warm.sum()
	if p.Note == "" && p.ColdReadKB == 0 {
		p.Note = "by the system's count the cold process read nothing from disk: it may not have been cold"
	}
	return p, nil
}

// runs are the measured processes of one kind.
type runs struct {
	took []time.Duration
	kb   []int64
}

func (r *runs) ask(ctx context.Context, program, store string, depth int) error {
	truth := path{depth, 0.95, 10, graphtest.LevelNode(depth, 3)}
	cmd := exec.CommandContext(ctx, program, "propagate", string(graphtest.LevelNode(0, 0)), string(truth.target),
		"--db", store, "--max-depth", strconv.Itoa(depth), "--json")
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err != nil {
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			return fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return err
	}
	r.took, r.kb = append(r.took, took), append(r.kb, readKB(cmd.ProcessState))
	var answer propagate.Result
	if err := json.Unmarshal(out, &answer); err != nil {
		return fmt.Errorf("its answer: %w", err)
	}
	if len(answer.Paths) == 0 {
		return errors.New("its answer has no path")
	}
	return truth.check(&answer.Paths[0], len(answer.Paths[0].Hops) > 0)
}

func (r *runs) sum() (least, median float64, kb int64) {
	slices.Sort(r.took)
	slices.Sort(r.kb)
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	return ms(r.took[0]), ms(rank(r.took, 0.5)), r.kb[len(r.kb)/2]
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
