package bench

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every benchmark must get its answer right and be measured at all; a millisecond
// of samples is enough for that.
func TestEveryBenchmarkAnswersRight(t *testing.T) {
	noAllocs := map[string]bool{"layer1": true, "layer2": true, "layer3": true, "layer4": true, "graph_memory": true}
	for _, task := range tasks() {
		t.Run(task.name, func(t *testing.T) {
			w, err := task.setUp(t.Context())
			if w.close != nil {
				defer w.close()
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.measure(t.Context(), time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			if !(r.MinUs > 0 && r.MinUs <= r.P50Us && r.P50Us <= r.P99Us) || r.N < leastCalls {
				t.Errorf("no measurement: %+v", r)
			}
			if noAllocs[task.name] && r.AllocsPerOp != 0 {
				t.Errorf("%v allocations a call, want none", r.AllocsPerOp)
			}
		})
	}
}

// The names are a contract.
func TestNames(t *testing.T) {
	contract := strings.Fields(`layer1 layer2 layer3 layer4 graph_memory graph_sqlite detect_0.3 detect_0.6 detect_0.9 propagate_depth_2
		propagate_depth_4 propagate_depth_6 propagate_depth_8 invalid_event leadlag_61_lags correlogram_coincidence`)
	names := Names()
	for _, name := range contract {
		if !slices.Contains(names, name) {
			t.Errorf("no benchmark %s", name)
		}
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(names)))); n != len(names) {
		t.Errorf("%d names, %d of them different", len(names), n)
	}
}

func TestAWrongAnswerIsAnError(t *testing.T) {
	wrong := errors.New("wrong")
	calls := 0
	w := work{op: func() error { calls++; return nil }, check: func() error {
		if calls > 1000 { // right at first, wrong later
			return wrong
		}
		return nil
	}}
	if _, err := w.measure(t.Context(), time.Millisecond); !errors.Is(err, wrong) {
		t.Errorf("error %v, want that of the check", err)
	}
}

func TestRunKeepsToTheNamesAndHeedsItsContext(t *testing.T) {
	rows, err := Run(t.Context(), regexp.MustCompile("^none$"))
	if err != nil || rows == nil || len(rows) != 0 {
		t.Errorf("rows %v, error %v", rows, err)
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if _, err := Run(ctx, nil); !errors.Is(err, late) {
		t.Errorf("error %v, want the cause", err)
	}
}

func TestRank(t *testing.T) {
	var s []time.Duration
	for i := range 200 {
		s = append(s, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 100, 0.99: 198, 1: 200} {
		if got := rank(s, q); got != want {
			t.Errorf("quantile %v of 1 to 200 is %d, want %d", q, got, want)
		}
	}
}

// Every threshold must find some of the planted anomalies in every layer, and a
// higher one fewer; otherwise the count would prove little.
func TestPlantedAnomalies(t *testing.T) {
	s, planted := departing()
	kinds := map[string]int{}
	for _, p := range planted {
		for _, k := range p.kinds {
			kinds[k]++
		}
	}
	if len(kinds) != 4 || len(planted) < 60 || s.Len() < 3000 {
		t.Errorf("%d edges, planted %v", s.Len(), kinds)
	}
}

func TestASimulatedDayHasItsLag(t *testing.T) {
	d := simulatedDay()
	if len(d.A.T) != ticksA || len(d.B.T) != ticksB || len(d.Grid) != 61 {
		t.Errorf("%d × %d ticks, %d lags", len(d.A.T), len(d.B.T), len(d.Grid))
	}
	w := contrastWork(d)
	if err := w.once(); err != nil {
		t.Error(err)
	}
	if rho := d.correlation(dayLag); !(rho > 0.3) || math.Abs(d.correlation(-dayLag)) > 0.1 {
		t.Errorf("correlation %v at its lag", rho)
	}
}
