package bench

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"corrgraph/graph/graphtest"
	"corrgraph/server/telemetry"
)

// originalSchema is that of the original engine, as far as its description goes: no index has
// layer or score.
const originalSchema = `PRAGMA journal_mode = WAL;
CREATE TABLE multi_layer_correlations (correlation_id INTEGER PRIMARY KEY, layer INTEGER NOT NULL, event_id TEXT NOT NULL, source_node TEXT NOT NULL,
	target_node TEXT NOT NULL, correlation_type TEXT NOT NULL, correlation_score REAL NOT NULL, latency_ms INTEGER NOT NULL,
	expected_propagation REAL NOT NULL, detected_at INTEGER NOT NULL, confidence REAL NOT NULL, severity_level TEXT);
CREATE INDEX by_event ON multi_layer_correlations (event_id, detected_at);
CREATE TABLE audit_log (audit_id INTEGER PRIMARY KEY, at INTEGER, operation TEXT, subject TEXT, status TEXT);
CREATE TABLE audit_performance_metrics (metric_id INTEGER PRIMARY KEY, timestamp INTEGER, operation_type TEXT, p50_latency_us REAL,
	p99_latency_us REAL, throughput_rps REAL, memory_mb REAL, cpu_percent REAL)`

// original is a process that runs the stand-in.
type original struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// startOriginal starts the stand-in on the 12,000-row set, or skips without Bun.
func startOriginal(b *testing.B, set graphtest.Set) *original {
	b.Helper()
	bun := os.Getenv("BUN")
	if bun == "" {
		bun = "bun"
	}
	if _, err := exec.LookPath(bun); err != nil {
		b.Skipf("the original engine ran under Bun, which is not here: npm install bun@1.4.5, BUN=…/node_modules/.bin/bun (%v)", err)
	}
	path := filepath.Join(b.TempDir(), "original.db")
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(b.Context(), originalSchema)
	}
	for i := range set.Edges {
		if err == nil {
			err = writeForeign(b.Context(), path, set.Edges[i][:])
		}
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	args := append([]string{filepath.Join("original", "engine.js"), path, strconv.FormatInt(int64(graphtest.Now), 10)}, set.Events...)
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), bun, args...) // ended by its input
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	o := &original{in, bufio.NewScanner(out)}
	o.out.Buffer(nil, 1<<20)
	return o
}

// cost is what a number of graphs took.
type cost struct{ least, median, cpu float64 } // µs a graph

func costOf(times []float64, cpu float64) cost {
	slices.Sort(times)
	return cost{times[0], times[len(times)/2], cpu / float64(len(times))}
}

func (o *original) graphs(b *testing.B, n int) cost {
	b.Helper()
	var told struct {
		Times []float64 `json:"times"` // ms
		CPU   float64   `json:"cpu"`
		Edges [4]int    `json:"edges"`
	}
	if _, err := fmt.Fprintln(o.in, n); err != nil {
		b.Fatal(err)
	}
	if !o.out.Scan() || json.Unmarshal(o.out.Bytes(), &told) != nil || len(told.Times) != n {
		b.Fatalf("the stand-in said %q, %v", o.out.Text(), o.out.Err())
	}
	if e := told.Edges; e[0] < 20 || e[0] > 50 || e[1] != 50 || e[2] != 50 || e[3] != 50 {
		b.Fatalf("its layers have %v edges", e)
	}
	for i := range told.Times {
		told.Times[i] *= 1000
	}
	return costOf(told.Times, told.CPU*1000)
}

func graphsOf(b *testing.B, w *work, n int) cost {
	b.Helper()
	times := make([]float64, n)
	before := usedCPU(b)
	for i := range times {
		start := time.Now()
		if err := w.op(); err != nil {
			b.Fatal(err)
		}
		times[i] = float64(time.Since(start)) / 1e3
	}
	c := costOf(times, float64(usedCPU(b)-before)/1e3)
	if err := w.check(); err != nil {
		b.Fatal(err)
	}
	return c
}

func usedCPU(b *testing.B) time.Duration {
	b.Helper()
	u, err := telemetry.ReadUsage()
	if err != nil {
		b.Fatal(err)
	}
	return u.CPU
}

// BenchmarkOriginal times the original's graph and ours in turns, and reports how many times
// ours is faster: by the least time of all, by the median of each turn and by processor
// time, the median of all turns.
func BenchmarkOriginal(b *testing.B) {
	o := startOriginal(b, graphtest.SeedSet(seed))
	for _, name := range []string{"graph_sqlite", "graph_build_inline"} {
		b.Run(name, func(b *testing.B) {
			w := workOf(b, name)
			const turn = 40
			o.graphs(b, turn)
			graphsOf(b, &w, turn)
			var theirs, ours, gain []cost
			for b.Loop() {
				t, u := o.graphs(b, turn), graphsOf(b, &w, turn)
				theirs, ours = append(theirs, t), append(ours, u)
				gain = append(gain, cost{cpu: t.cpu / u.cpu, median: t.median / u.median})
			}
			least := func(all []cost) float64 { return slices.Min(column(all, func(c cost) float64 { return c.least })) }
			median, cpu := column(gain, func(c cost) float64 { return c.median }), column(gain, func(c cost) float64 { return c.cpu })
			b.ReportMetric(least(theirs), "original-min-µs")
			b.ReportMetric(least(ours), "min-µs")
			b.ReportMetric(least(theirs)/least(ours), "×min")
			b.ReportMetric(median[len(median)/2], "×p50")
			b.ReportMetric(cpu[len(cpu)/2], "×cpu")
			b.ReportMetric(0, "ns/op")
			b.Logf("%d turns, quartiles: by median %.1f to %.1f, by processor time %.1f to %.1f", len(gain),
				median[len(median)/4], median[len(median)*3/4], cpu[len(cpu)/4], cpu[len(cpu)*3/4])
		})
	}
}

func column(all []cost, of func(cost) float64) (out []float64) {
	for _, c := range all {
		out = append(out, of(c))
	}
	slices.Sort(out)
	return out
}

func workOf(b *testing.B, name string) work {
	b.Helper()
	i := slices.IndexFunc(tasks(), func(t task) bool { return t.name == name })
	w, err := tasks()[i].setUp(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	if w.close != nil {
		b.Cleanup(w.close)
	}
	return w
}
