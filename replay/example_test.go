package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/graph"
	"corrgraph/odds"
)

// Example follows ticks from bytes to an answer, as Run and a service do it.
func Example() {
	// A parser turns bytes into batches: what one source said at one instant.
	// The engine takes them in event-time order and reports what it notices.
	e, found := engine.New(engine.Options{}), engine.Collector{}
	var report feed.Report
	apply := func(b *odds.Batch) error {
		defer found.Collect(e)
		return e.Apply(b)
	}
	if err := canonical.New(canonical.Options{}).Parse(context.Background(), "ticks.csv", ticks(), apply, &report); err != nil {
		fmt.Println(err)
	}
	found.Finish(e) // the last decision; until here there was one an hour

	// What it learned are edges. Those of one event are a graph of four layers.
	var layers [4][]graph.Edge
	for _, edge := range e.Edges() {
		layers[edge.Layer-1] = append(layers[edge.Layer-1], edge)
	}
	g := graph.Build(context.Background(), "final", e.Now(), graph.FromEdges(layers), graph.Options{})

	// An answer lists the strongest of each layer.
	var a graph.Answer
	g.Answer(e.Now(), 10, &a)
	fmt.Println(report.Quotes(), "quotes read,", len(found.Predictions), "forecasts issued")
	for _, l := range a.Layers[0].Edges {
		fmt.Printf("%s moves first, %s %.0f s later, with confidence %.2f\n", l.Source, l.Target, l.Lag.Std().Seconds(), l.Confidence)
	}
	// Output:
	// 4000 quotes read, 25 forecasts issued
	// sharp/final/h2h/home moves first, slow/final/h2h/home 2 s later, with confidence 1.00
}

// ticks is a recording of three hours: whenever "sharp" has moved, "slow" shows the
// same two seconds later.
func ticks() io.Reader {
	var b bytes.Buffer
	fmt.Fprintln(&b, "ts_source,bookmaker,event_id,sport,home,away,market,selection,price")
	quote := func(at time.Time, bookmaker string, home float64) {
		row := at.Format(time.RFC3339) + "," + bookmaker + ",final,tennis,Ada,Bea,h2h"
		fmt.Fprintf(&b, "%s,Ada,%.3f\n%s,Bea,%.3f\n", row, 1/(1.04*home), row, 1/(1.04*(1-home)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	at, value := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), 0.0
	for range 1000 {
		value = 0.98*value + 0.05*r.NormFloat64()
		home := 1 / (1 + math.Exp(-value))
		quote(at, "sharp", home)
		quote(at.Add(2*time.Second), "slow", home)
		at = at.Add(time.Duration(6+r.IntN(10)) * time.Second)
	}
	return &b
}
