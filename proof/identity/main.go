// Command identity compares two builds of corrgraph on recorded odds: the same bytes
// must lead both to the same results. Each build replays every recording into a store
// of its own. Then the canonical dumps must be equal byte by byte, and the JSON
// answers of the reading commands member by member.
//
//	go run ./proof/identity --base OLD --new NEW --data ../shared/data
//
// It prints one line per recording: "identical" or the first difference, and the CPU
// time of both builds. Builds take turns, so that other load affects both; the ratio
// new/base is the median over pairs of runs, with its range. It exits 1 if anything
// differs, 2 for an invalid command line. It must run in the root of the repository,
// where the column maps for tables are.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// plan is a parsed command line.
type plan struct {
	base, fresh string // binaries
	data, maps  string // folders
	only        *regexp.Regexp
	runs        int // per binary and recording
	graphs      int // events of a recording whose graphs are compared
	renamed     map[string]string
	changed     map[string]bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	found, err := recordings(p.data, p.maps)
	if err != nil {
		fmt.Fprintln(stderr, "identity:", err)
		return 1
	}
	compared, different := 0, 0
	for _, r := range found {
		if !p.only.MatchString(r.name) {
			continue
		}
		v, err := p.compare(ctx, r)
		if err != nil {
			fmt.Fprintf(stderr, "identity: %s: %v\n", r.name, err)
			return 1
		}
		compared++
		if v.difference != "" {
			different++
		}
		fmt.Fprintln(stdout, v)
	}
	fmt.Fprintf(stdout, "%d recordings, %d different\n", compared, different)
	if different > 0 || compared == 0 {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (p plan, err error) {
	f := flag.NewFlagSet("identity", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&p.base, "base", "", "binary of the build to compare with (required)")
	f.StringVar(&p.fresh, "new", "bin/corrgraph", "binary of the build under test")
	f.StringVar(&p.data, "data", "../shared/data", "folder of the recordings")
	f.StringVar(&p.maps, "maps", "feed/columns/maps", "folder of the column maps")
	f.IntVar(&p.runs, "runs", 3, "replays of each recording by each build")
	f.IntVar(&p.graphs, "graphs", 10, "events of each recording whose graphs are compared")
	only := f.String("only", "", "compare only recordings whose name matches this regular expression")
	renamed := f.String("renamed", "", "members renamed on purpose: old=new, separated by commas")
	changed := f.String("changed", "", "members that are new, gone or differ on purpose, separated by commas")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	p.changed = map[string]bool{}
	for name := range strings.SplitSeq(*changed, ",") {
		p.changed[name] = true
	}
	p.only, err = regexp.Compile(*only)
	if err == nil {
		p.renamed, err = pairs(*renamed)
	}
	switch {
	case err != nil:
	case p.base == "":
		err = fmt.Errorf("--base is required")
	case p.runs < 1 || p.graphs < 0:
		err = fmt.Errorf("--runs must be at least 1, --graphs at least 0")
	case f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "identity:", err)
	}
	return p, err
}

// pairs reads "old=new,old=new".
func pairs(text string) (map[string]string, error) {
	out := map[string]string{}
	for p := range strings.SplitSeq(text, ",") {
		if p == "" {
			continue
		}
		was, is, ok := strings.Cut(p, "=")
		if !ok || was == "" || is == "" {
			return nil, fmt.Errorf("--renamed takes old=new, not %q", p)
		}
		out[was] = is
	}
	return out, nil
}
