package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"text/tabwriter"

	"corrgraph/proof/bench"
)

type benchCmd struct {
	Only    string `name:"run" placeholder:"REGEXP" xor:"what" help:"Only benchmarks whose name matches."`
	Cold    bool   `xor:"what" help:"Instead measure propagation in a fresh process, with a cold and a warm page cache."`
	Scaling []int  `xor:"what" placeholder:"PAIRS" help:"Instead measure engines with this many watched pairs, e.g. 1000,10000,100000: time per tick, memory per pair."`
}

func (benchCmd) Help() string {
	return "How fast is it on this machine?\n\n    corrgraph bench --run '^(layer|graph)'\n    corrgraph bench --scaling 1000,10000,100000\n\n" +
		"Times are per operation. Benchmarks check their results; exit code 1: one was wrong." + codes
}

// Validate implements kong's hook.
func (c *benchCmd) Validate() error {
	for _, pairs := range c.Scaling {
		if pairs < 1 {
			return fmt.Errorf("--scaling %d: want 1 pair or more", pairs)
		}
	}
	return nil
}

func (c *benchCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.Cold:
		return c.cold(ctx, a)
	case len(c.Scaling) > 0:
		return c.scaling(ctx, a)
	}
	var re *regexp.Regexp
	if c.Only != "" {
		var err error
		if re, err = regexp.Compile(c.Only); err != nil {
			return usage(fmt.Errorf("--run: %w", err))
		}
	}
	rows, err := bench.Run(ctx, re)
	answer := struct {
		Results []bench.Result `json:"results"`
	}{rows}
	return errors.Join(err, a.print(answer, func(w io.Writer) error { return benchText(w, rows) }))
}

func (c *benchCmd) cold(ctx context.Context, a *app) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench --cold starts this program again: %w", err)
	}
	rows, err := bench.Cold(ctx, exe, 2, 4, 6, 8)
	answer := struct {
		Depths []bench.ColdPoint `json:"depths"`
	}{rows}
	return errors.Join(err, a.print(answer, func(w io.Writer) error {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "depth\tcold min ms\tcold p50 ms\tread KB\twarm min ms\twarm p50 ms\tread KB\t  note")
		for _, r := range rows {
			fmt.Fprintf(t, "%d\t%.1f\t%.1f\t%d\t%.1f\t%.1f\t%d\t  %s\n", r.Depth, r.ColdMinMs, r.ColdP50Ms, r.ColdReadKB, r.WarmMinMs, r.WarmP50Ms, r.WarmReadKB, r.Note)
		}
		return t.Flush()
	}))
}

func (c *benchCmd) scaling(ctx context.Context, a *app) error {
	rows, exponent, err := bench.Scaling(ctx, c.Scaling)
	answer := struct {
		Sizes    []bench.ScalePoint `json:"sizes"`
		Exponent float64            `json:"exponent"`
	}{rows, exponent}
	return errors.Join(err, a.print(answer, func(w io.Writer) error {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "pairs\tµs/tick\tbytes/pair\tdecision ms\tevent cache hits\tcache misses/tick\t  note")
		for _, r := range rows {
			fmt.Fprintf(t, "%d\t%.3g\t%.0f\t%.0f\t%.2f %%\t%.1f\t  %s\n", r.Pairs, r.NsPerTick/1000, r.BytesPerPair, r.DecideMs, 100*r.EventHits, r.CacheMisses, r.Note)
		}
		fmt.Fprintf(t, "time per tick grows with pairs to the power of %.2f\n", exponent)
		return t.Flush()
	}))
}

func benchText(w io.Writer, rows []bench.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "n\tmin µs\tp50 µs\tp99 µs\tallocs/op\t  name\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%d\t%.4g\t%.4g\t%.4g\t%.3g\t  %s\t  %s\n", r.N, r.MinUs, r.P50Us, r.P99Us, r.AllocsPerOp, r.Name, r.Note)
	}
	return t.Flush()
}
