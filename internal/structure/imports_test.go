package structure

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// stages is the order in which a tick passes through the packages. A package imports only
// its own stage and earlier ones, so that whoever follows a tick never turns back.
var stages = [][]string{
	{"odds", "internal/heap", "internal/lag", "internal/pause", "internal/state", "internal/structure", "internal/suggest", "internal/table"},
	{"feed", "proof/simulate", "proof/adversary/market"},
	{"catalog"},
	{"series"},
	{"leadlag"},
	{"graph"},
	{"detect", "propagate"},
	{"ledger"},
	{"engine", "ticklog", "proof/score"},
	{"store"},
	{"replay", "answer", "answer/arbitrage", "answer/forecast", "client"},
	{"server/access", "server/backup", "server/guard", "server/links", "server/memo", "server/present", "server/quarantine", "server/review", "server/telemetry", "server/config", "server/connect"},
	{"server/ingest", "server/live"},
	{"server/restart"},
	{"server/service"},
	{"server/api", "server/api/ndjson", "server/api/stream", "web"},
	{"server/instance", "proof/loadtest", "proof/trial", "proof/venue", "proof/waves"},
	{"proof/drill"},
	{"proof/readiness"},
	{"proof/bench", "proof/identity", "proof/adversary", "proof/coverage", "proof/sameness"},
	{"cmd"},
}

// ban forbids, at any distance, imports that the order of stages would allow. from and to
// are folders with everything below them, or paths of other modules.
type ban struct {
	from, to []string
	why      string
}

var (
	core    = []string{"odds", "catalog", "series", "leadlag", "graph", "detect", "propagate", "ledger", "engine"}
	product = append([]string{"feed", "ticklog", "store", "replay", "answer", "server", "web"}, core...)
	bans    = []ban{
		{
			product,
			[]string{"proof"},
			"what proves the product must not be part of it: nothing it does may depend on a simulated market, a score, a load or a drill",
		},
		{
			[]string{"feed"},
			[]string{"catalog", "series", "leadlag", "graph", "detect", "propagate", "ledger", "engine", "store"},
			"a feed says what a source said; what it means is decided later, from every source's bytes alike",
		},
		{
			[]string{"feed/betfair", "feed/canonical", "feed/columns", "feed/kalshi", "feed/oddsapi", "feed/polymarket", "feed/stream"},
			[]string{"feed/betfair", "feed/canonical", "feed/columns", "feed/kalshi", "feed/oddsapi", "feed/polymarket", "feed/stream"},
			"formats don't know each other; feed/recording tells them apart",
		},
		{
			core,
			[]string{"proof/simulate", "proof/adversary", "proof/score"},
			"whoever estimates must not know the truth of a simulated market, nor how answers are scored against it",
		},
		{
			[]string{"proof/simulate", "proof/adversary/market"},
			[]string{"proof/score", "leadlag", "series", "graph", "engine"},
			"the simulated market must not be made to suit the estimators",
		},
		{
			[]string{"proof/score"},
			[]string{"engine", "catalog"},
			"a scorer reads answers and the truth, never how either was made",
		},
		{
			[]string{"store"},
			[]string{"engine"},
			"stores hold results, so that they serve rows of other programs too, and the engine runs without them",
		},
		{
			[]string{"ticklog", "replay", "server/live"},
			[]string{"store/sqlite"},
			"the tick log has more than one driver: whoever reads or writes it asks ticklog.Log",
		},
		{
			[]string{"engine"},
			[]string{"feed", "store"},
			"the engine takes batches from whoever calls it: a recording, a simulation, one machine or ten",
		},
		{
			[]string{"server/live", "server/ingest"},
			[]string{"net/http", "server/api", "server/guard", "server/telemetry"},
			"what accepts ticks and the loop that owns the engine know no transport and no limit: those who call them do",
		},
		{
			[]string{"server/ingest"},
			[]string{"server/live", "engine"},
			"whether a tick is accepted must not depend on what is learned from it",
		},
		{
			[]string{"server/live"},
			[]string{"server/ingest", "replay", "store/sqlite", "answer"},
			"the loop applies what it is given, whoever has judged it, and keeps what it learns wherever it is told to",
		},
		{
			[]string{"server/service"},
			[]string{"server/api", "store/sqlite", "server/instance"},
			"what can be asked does not depend on how it is asked",
		},
		{
			[]string{"client"},
			[]string{"catalog", "series", "leadlag", "engine", "ticklog", "store", "replay", "server"},
			"whoever asks a service over HTTP carries nothing of it along, and learns of it what the wire says",
		},
		{
			[]string{"server"},
			[]string{"client"},
			"a service answers; those who prove it ask",
		},
		{
			[]string{"server/guard"},
			[]string{"store", "engine", "server/live", "net/http"},
			"a guard answers questions and knows nobody who asks them",
		},
		{
			[]string{"server/telemetry", "server/config"},
			[]string{"engine", "store", "server/live", "server/service", "server/guard"},
			"whoever wires the service hands over what is observed or decided",
		},
		{
			core,
			[]string{"os", "net", "net/http", "database/sql", "log", "log/slog"},
			"results follow from the batches alone, not from files, environment or network, and the core knows no transport",
		},
		{
			core,
			[]string{"encoding/json", "encoding/csv", "modernc.org/sqlite"},
			"how results are written down is the business of stores and reports",
		},
		{
			[]string{"feed", "answer", "proof/score", "proof/simulate"},
			[]string{"modernc.org/sqlite", "database/sql", "store/sqlite"},
			"only store/sqlite speaks SQLite, so that another backend can take its place",
		},
	}
)

// within reports whether a package is one of some folders or below one.
func within(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return pkg == f || strings.HasPrefix(pkg, f+"/") })
}

// stage is the position of a package in the order, or −1.
func stage(pkg string) int {
	return slices.IndexFunc(stages, func(s []string) bool { return within(pkg, s) })
}

// graphOf maps each package to what its files import, tests left out.
func graphOf(files []*source) map[string][]string {
	g := map[string][]string{}
	for _, f := range files {
		if !f.test {
			g[f.pkg] = append(g[f.pkg], f.imports()...)
		}
	}
	return g
}

// chain is the shortest path of imports from a package to another one in to; nil if there
// is none.
func chain(g map[string][]string, from string, to []string) []string {
	seen := map[string]bool{from: true}
	for queue := [][]string{{from}}; len(queue) > 0; queue = queue[1:] {
		way := queue[0]
		for _, next := range g[way[len(way)-1]] {
			if seen[next] {
				continue
			}
			seen[next] = true
			on := append(slices.Clone(way), next)
			if within(next, to) && !within(next, []string{from}) { // what lies below a package is its own
				return on
			}
			queue = append(queue, on)
		}
	}
	return nil
}

// misplaced lists every import that violates the order of stages or a ban.
func misplaced(g map[string][]string) (faults []string) {
	for _, pkg := range slices.Sorted(maps.Keys(g)) {
		place := stage(pkg)
		if place < 0 {
			faults = append(faults, fmt.Sprintf("%s has no stage: say in stages where a tick meets it", pkg))
			continue
		}
		for _, to := range slices.Compact(slices.Sorted(slices.Values(g[pkg]))) {
			if s := stage(to); s > place {
				faults = append(faults, fmt.Sprintf("%s imports %s, which a tick meets later", pkg, to))
			}
		}
		for _, b := range bans {
			if !within(pkg, b.from) {
				continue
			}
			if way := chain(g, pkg, b.to); way != nil {
				faults = append(faults, fmt.Sprintf("%s: %s", strings.Join(way, " imports "), b.why))
			}
		}
	}
	return faults
}

func TestImportsPointUp(t *testing.T) {
	for _, f := range misplaced(graphOf(tree(t))) {
		t.Error(f)
	}
}

// TestWordsStandAlone: every other package and any other program may build on odds, so it
// has no dependencies.
func TestWordsStandAlone(t *testing.T) {
	for _, to := range graphOf(tree(t))["odds"] {
		if stage(to) >= 0 || strings.Contains(strings.Split(to, "/")[0], ".") {
			t.Errorf("odds imports %s, which is not in the standard library", to)
		}
	}
}

func TestBansNameWhatExists(t *testing.T) {
	g := graphOf(tree(t))
	all := append([][]string{core}, stages...)
	for _, b := range bans {
		all = append(all, b.from)
		for _, f := range b.to {
			if room, _, _ := strings.Cut(f, "/"); stage(room) >= 0 || slices.Contains([]string{"server", "proof", "internal"}, room) {
				all = append(all, []string{f})
			}
		}
	}
	for _, folders := range all {
		for _, f := range folders {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(g)), func(pkg string) bool { return within(pkg, []string{f}) }) {
				t.Errorf("there is no package %s", f)
			}
		}
	}
}

func TestMisplacedIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		g    map[string][]string
		want string
	}{
		"back":       {map[string][]string{"series": {"leadlag"}}, "series imports leadlag, which a tick meets later"},
		"far":        {map[string][]string{"engine": {"graph"}, "graph": {"proof/simulate/truth"}}, "engine imports graph imports proof/simulate/truth: what"},
		"transport":  {map[string][]string{"detect": {"net/http"}}, "detect imports net/http: results"},
		"store":      {map[string][]string{"store/sqlite": {"store"}, "store": {"engine"}}, "store/sqlite imports store imports engine: stores"},
		"format":     {map[string][]string{"feed/columns": {"feed/betfair"}}, "feed/columns imports feed/betfair: formats"},
		"unknown":    {map[string][]string{"misc": nil}, "misc has no stage"},
		"look-alike": {map[string][]string{"oddsmaker": nil}, "oddsmaker has no stage"},
	} {
		t.Run(name, func(t *testing.T) {
			faults := misplaced(c.g)
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, c.want) }) {
				t.Errorf("found %q, want %q", faults, c.want)
			}
		})
	}
	if f := misplaced(map[string][]string{"feed/recording": {"feed/betfair", "os"}, "cmd/corrgraph": {"engine", "os"}}); f != nil {
		t.Errorf("found %q where nothing is wrong", f)
	}
}
