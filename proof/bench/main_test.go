package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/propagate"
	"corrgraph/store/sqlite"
)

// TestMain replaces the program that Cold starts: called with its arguments, the
// test binary answers from the store.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "propagate" {
		if err := answer(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// answer takes SOURCE TARGET --db STORE --max-depth DEPTH --json.
func answer(args []string) error {
	if len(args) != 7 || args[2] != "--db" || args[4] != "--max-depth" || args[6] != "--json" {
		return fmt.Errorf("arguments %q", args)
	}
	if os.Getenv("BENCH_NO_PATH") != "" {
		return json.NewEncoder(os.Stdout).Encode(propagate.Result{Paths: []propagate.Path{}})
	}
	ctx := context.Background()
	s, err := sqlite.Open(ctx, args[3], sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return err
	}
	defer s.Close()
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	edges, err := s.EdgesInWindow(ctx, "", now)
	if err != nil {
		return err
	}
	depth, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	result := propagate.Result{Paths: []propagate.Path{}}
	if p, ok := propagate.NewNetwork(graph.Refs(edges)).Best(odds.NodeID(args[0]), odds.NodeID(args[1]), depth, nil); ok {
		result.Paths = append(result.Paths, p)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func TestCold(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	points, err := Cold(t.Context(), exe, 2, 8)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		t.Logf("%+v", p)
		if p.Depth != []int{2, 8}[i] || !(p.ColdMinMs > 0 && p.ColdMinMs <= p.ColdP50Ms && p.WarmMinMs > 0) {
			t.Errorf("point %+v", p)
		}
		if p.Note == "" && p.ColdReadKB <= p.WarmReadKB {
			t.Errorf("the cold process read %d KB, the warm one %d, and no note says so", p.ColdReadKB, p.WarmReadKB)
		}
	}
}

func TestColdRefusesWhatIsWrong(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Cold(t.Context(), exe, 9); err == nil {
		t.Error("depth 9 of a network of 8 was measured")
	}
	if _, err := Cold(t.Context(), exe+".missing", 2); err == nil {
		t.Error("a program that is not there was measured")
	}
	t.Setenv("BENCH_NO_PATH", "1")
	if _, err := Cold(t.Context(), exe, 2); err == nil {
		t.Error("an answer without a path was measured")
	}
}
