package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"text/tabwriter"

	"corrgraph/bench"
)

type benchCmd struct {
	Only string `name:"run" placeholder:"REGEXP" help:"Only benchmarks whose name matches."`
}

func (benchCmd) Help() string {
	return "How fast is it here?\n\n    corrgraph bench --run '^(layer|graph)'\n\n" +
		"Times are of one operation. A benchmark checks its answers: a wrong one ends it with exit code 1." + codes
}

func (c *benchCmd) Run(ctx context.Context, a *app) error {
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

func benchText(w io.Writer, rows []bench.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "n\tmin µs\tp50 µs\tp99 µs\tallocs/op\t  name")
	for _, r := range rows {
		fmt.Fprintf(t, "%d\t%.4g\t%.4g\t%.4g\t%.3g\t  %s\n", r.N, r.MinUs, r.P50Us, r.P99Us, r.AllocsPerOp, r.Name)
	}
	return t.Flush()
}
