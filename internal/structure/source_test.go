package structure

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// longest is the maximum number of lines in a file. Tests are exempt: a table of cases
// reads better in one piece.
const longest = 500

// outgrown lists files that may be longer, with the reason.
var outgrown = map[string]string{}

func TestFilesStaySmall(t *testing.T) {
	files := tree(t)
	for _, f := range files {
		if f.lines > longest && !f.test && outgrown[f.path] == "" {
			t.Errorf("%s has %d lines, more than %d: split it by subject", f.path, f.lines, longest)
		}
	}
	for path := range outgrown {
		if !slices.ContainsFunc(files, func(f *source) bool { return f.path == path && f.lines > longest }) {
			t.Errorf("%s needs no exception any more", path)
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	said, command := map[string]string{}, map[string]bool{}
	for _, f := range tree(t) {
		if f.test {
			continue
		}
		said[f.pkg] += f.ast.Doc.Text()
		command[f.pkg] = f.ast.Name.Name == "main"
	}
	for pkg, doc := range said {
		kind := "Package "
		if command[pkg] {
			kind = "Command "
		}
		if name := pkg[strings.LastIndex(pkg, "/")+1:]; !strings.HasPrefix(doc, kind+name+" ") {
			t.Errorf("%s has no comment that says what goes in, what comes out and what it promises; it has %.60q", pkg, doc)
		}
	}
}

// clocks are the functions that read a wall clock. Results may depend on event time only,
// or a replay would not reproduce them.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// seeded are the names of math/rand/v2 that do not use its global source.
var seeded = []string{"Rand", "New", "Source", "PCG", "NewPCG", "ChaCha8", "NewChaCha8", "Zipf", "NewZipf"}

// clockful are the packages that may read the clock, and for what. Their results do not
// depend on it.
var clockful = map[string]string{
	"proof/bench":               "measures how long the others take",
	"cmd/corrgraph":             "hands the clock to those who time a run or stamp the audit log",
	"server/ingest":             "decides how long slower sources are waited for and what comes from the future; the log records what it said",
	"internal/pause":            "waits, for those who may read the clock",
	"server/connect":            "stamps what comes over a connection, and waits before it connects again",
	"server/connect/betfair":    "keeps a connection and a session alive, and notices when they are not",
	"server/connect/kalshi":     "signs the time, and notices when a connection is dead",
	"server/connect/oddsapi":    "asks by a plan",
	"server/connect/polymarket": "keeps connections alive, and notices when they are not",
	"server/connect/screen":     "looks now and then whether venues have answered",
	"server/connect/stream":     "keeps a connection alive, and notices when it is not",
	"proof/venue":               "is the clock of a scripted server, which may be off",
	"proof/venue/day":           "holds a market and a service in virtual time",
	"proof/venue/betfair":       "keeps the time of a scripted server, which is virtual in tests",
	"proof/venue/kalshi":        "keeps the time of a scripted server, which is virtual in tests",
	"proof/venue/oddsapi":       "keeps the time of a scripted server, which is virtual in tests",
	"proof/venue/polymarket":    "keeps the time of a scripted server, which is virtual in tests",
	"proof/venue/stream":        "keeps the time of a scripted server, which is virtual in tests",
	"server/restart":            "takes checkpoints by a pace, and says how long that took",
	"server/quarantine":         "notices what takes too long, and says when it did",
	"server/live":               "decides how fresh readers' views are",
	"server/service":            "looks after itself every second",
	"server/instance":           "wires the clock and does chores by it",
	"server/present":            "plays a recording as many times as fast as the wall clock goes; what is told does not depend on it",
	"server/backup":             "makes copies by a schedule",
	"store":                     "writes audit rows in batches by time",
	"client":                    "times requests, and waits as long as a service asks it to",
	"client/clienttest":         "ends the reads of a connection at their deadlines",
	"proof/loadtest":            "measures a service from outside",
	"proof/sameness":            "lets the clock of its bubble go on",
	"proof/drill/fuzz":          "sends a service odd requests at a rate, and reads its metrics meanwhile",
	"proof/drill":               "breaks a service and watches it by the clock",
	"web/spec":                  "fills in the clock of an API that answers nobody",
	"proof/readiness":           "runs gates against a service and times them",
	"proof/readiness/lab":       "waits for scratch instances",
	"proof/readiness/keep":      "times queries without end",
}

// secretive are the packages that may draw from the system's randomness, and for what.
var secretive = map[string]string{
	"server/access":         "makes secrets, which nobody may guess",
	"server/connect/kalshi": "signs, with a salt",
	"proof/venue":           "makes the key that a test of all venues signs with",
	"proof/venue/kalshi":    "makes the key that a test signs with",
	"proof/venue/betfair":   "makes the certificate of a test server",
}

// names returns the name a file gives an imported package, or "" if it does not import it.
func (s *source) names(path string) string {
	for _, i := range s.ast.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err != nil || p != path {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		base := path[strings.LastIndex(path, "/")+1:]
		if base == "v2" {
			return "rand"
		}
		return base
	}
	return ""
}

// uses lists the places where a file uses bad members of a package.
func (s *source) uses(path string, bad func(member string) bool) (found []string) {
	name := s.names(path)
	if name == "" {
		return nil
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && bad(sel.Sel.Name) {
				found = append(found, fmt.Sprintf("%s: %s.%s", s.at(sel), path, sel.Sel.Name))
			}
		}
		return true
	})
	return found
}

// unrepeatable lists everything that makes a file's results differ from run to run.
func (s *source) unrepeatable() (found []string) {
	for _, p := range []string{"math/rand", "crypto/rand", "hash/maphash"} {
		if s.names(p) != "" && (p != "crypto/rand" || secretive[s.pkg] == "") {
			found = append(found, fmt.Sprintf("%s: %s has no seed that we know; use math/rand/v2 with one", s.path, p))
		}
	}
	for _, p := range []string{"time", "math/rand/v2"} {
		if s.names(p) == "." {
			found = append(found, fmt.Sprintf("%s: %s is imported without its name", s.path, p))
		}
	}
	found = append(found, s.uses("math/rand/v2", func(m string) bool { return !slices.Contains(seeded, m) })...)
	found = append(found, s.uses("time", func(m string) bool {
		if s.test { // a test may measure time but not wait, except in a synctest bubble, where waiting is free
			return m == "Sleep" && s.names("testing/synctest") == "" && !within(s.pkg, []string{"proof/venue", "server/connect"}) // what they share is called in bubbles alone
		}
		return clockful[s.pkg] == "" && slices.Contains(clocks, m)
	})...)
	return found
}

// inits lists the functions that run before main: import order decides what they do, and
// they cannot be left out.
func (s *source) inits() (found []string) {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, s.at(f)+": func init")
		}
	}
	return found
}

func TestResultsAreRepeatable(t *testing.T) {
	for _, f := range tree(t) {
		for _, u := range f.unrepeatable() {
			t.Error(u)
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, f := range tree(t) {
		for _, u := range f.inits() {
			t.Error(u)
		}
	}
}

func TestHiddenInputsAreFound(t *testing.T) {
	for _, c := range []struct {
		path, text string
		want       int
	}{
		{"engine/a.go", `import "time"; var x = time.Now()`, 1},
		{"engine/a.go", `import clock "time"; func f() { clock.Sleep(1); <-clock.After(1) }`, 2},
		{"engine/a.go", `import . "time"; var x = Now()`, 1},
		{"engine/a.go", `import "time"; var x = time.UnixMilli(5)`, 0},
		{"engine/a_test.go", `import "time"; func f() { time.Sleep(time.Second) }`, 1},
		{"engine/a_test.go", `import "time"; var x = time.Now()`, 0},
		{"cmd/corrgraph/a.go", `import "time"; var x = time.Now()`, 0},
		{"cmd/other/a.go", `import "time"; var x = time.Now()`, 1},
		{"series/a.go", `import "math/rand"; var r = rand.New(rand.NewSource(1))`, 1},
		{"series/a.go", `import "math/rand/v2"; var x = rand.IntN(6)`, 1},
		{"series/a.go", `import "math/rand/v2"; var r = rand.New(rand.NewPCG(1, 2)); var y = r.IntN(6)`, 0},
		{"series/a_test.go", `import mr "math/rand/v2"; var x = mr.Float64()`, 1},
		{"series/a.go", `func init() {}; func f() { _ = init2 }`, 1},
		{"series/a.go", `type T int; func (T) init() {}`, 0},
	} {
		s := snippet(t, c.path, "package p; "+c.text)
		if got := append(s.unrepeatable(), s.inits()...); len(got) != c.want {
			t.Errorf("%s: %s: found %q, want %d", c.path, c.text, got, c.want)
		}
	}
}
