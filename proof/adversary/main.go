// Command adversary runs the product on markets that are made to mislead it, whose truth is
// known, and judges what it then says.
//
//	go run ./proof/adversary --seeds 20
//	go run ./proof/adversary --only 'poll: lead' --seeds 5 --json
//
// Package [corrgraph/proof/adversary/market] makes the markets and tells the truth about
// each. Every market is written as canonical ticks, read by their parser, replayed into a
// store, and asked for its leaders, anomalies and scorecard, as the commands ask. The judge
// reads their JSON, so that it needs no member that the product does not have yet.
//
// A run is wrong if one thing said is wrong, right if all of it is right, else "can't
// tell", which is what the product should say where nobody can know. See judge.go for what
// is which. A market without links may be wrong in one run of twenty: q ≤ 0.05 promises no
// more.
//
// It prints a line per market, with an example of what was said, and exits 1 if anything
// was wrong, 2 for an invalid command line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"

	"corrgraph/proof/adversary/market"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// order is a parsed command line.
type order struct {
	seeds, first uint64
	only         *regexp.Regexp
	json, list   bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	r := report{First: o.first, Seeds: o.seeds}
	for _, m := range market.List() {
		if !o.only.MatchString(m.Name) {
			continue
		}
		if o.list {
			fmt.Fprintf(stdout, "%s: %s\n", m.Name, m.About)
			continue
		}
		t := tally{Market: m.Name, About: m.About}
		for seed := o.first; seed < o.first+o.seeds; seed++ {
			v, err := try(ctx, &m, seed)
			if err != nil {
				fmt.Fprintf(stderr, "adversary: %s, seed %d: %v\n", m.Name, seed, err)
				return 1
			}
			t.add(v)
		}
		r.Markets = append(r.Markets, t)
		if !o.json {
			t.text(stdout, len(r.Markets) == 1)
		}
	}
	if o.json && !o.list {
		e := json.NewEncoder(stdout)
		e.SetIndent("", " ")
		if err := e.Encode(r); err != nil {
			fmt.Fprintln(stderr, "adversary:", err)
			return 1
		}
	}
	if r.wrong() {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (o order, err error) {
	f := flag.NewFlagSet("adversary", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Uint64Var(&o.seeds, "seeds", 5, "seeds of each market")
	f.Uint64Var(&o.first, "first", 1, "the first seed")
	f.BoolVar(&o.json, "json", false, "everything that was said and how it was judged, as JSON")
	f.BoolVar(&o.list, "list", false, "list the markets and what is planted in them")
	only := f.String("only", "", "run only markets whose name matches this regular expression")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.only, err = regexp.Compile(*only)
	switch {
	case err != nil:
	case o.seeds < 1:
		err = fmt.Errorf("--seeds must be at least 1")
	case f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "adversary:", err)
	}
	return o, err
}
