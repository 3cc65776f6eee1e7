package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"corrgraph/store/sqlite"
)

// result is the output and exit code of a command.
type result struct {
	code        int
	out, errors string
}

// call runs a command line in this process.
func call(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// must is call for commands that must succeed.
func must(t *testing.T, args ...string) result {
	t.Helper()
	r := call(t, "", args...)
	if r.code != codeDone {
		t.Fatalf("corrgraph %s: exit %d: %s", strings.Join(args, " "), r.code, r.errors)
	}
	return r
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const csvHead = "ts_source,bookmaker,event_id,market,selection,price,price_format\n"

// TestBadRecordings: each has the right exit code and one line with the file and
// the reason.
func TestBadRecordings(t *testing.T) {
	row := func(time, price, format string) string {
		return csvHead + time + ",dk,ev1,h2h,home," + price + "," + format + "\n"
	}
	const at = "2026-01-01T10:00:00Z"
	for _, c := range []struct {
		name, content string
		code          int
		says          string
	}{
		{"empty.csv", "", codeData, "empty"},
		{"garbage.bin", "\x00\x01\xff\xfe\x00garbage\x00\x9c\x00", codeData, "not readable as odds"},
		{"cut.bz2", "BZh91AY&SY\x00\x01", codeData, "cut off"},
		{"columns.csv", "a,b,c\n1,2,3\n", codeData, "columns missing"},
		{"naive.csv", row("2026-01-01 10:00:00", "1.9", "decimal"), codeData, "naive.csv:2: naive_time"},
		{"one.csv", row(at, "1.0", "decimal"), codeData, "one.csv:2: bad_price"},
		{"american.csv", row(at, "+50", "american"), codeData, "1 of 1 quotes rejected"},
		{"nan.csv", row(at, "NaN", "decimal"), codeData, "1 of 1 quotes rejected"},
		{"good.csv", row(at, "1.9", "decimal"), codeDone, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, db := file(t, c.name, c.content), filepath.Join(t.TempDir(), "x.db")
			r := call(t, "", "replay", "--db", db, path)
			if r.code != c.code || !strings.Contains(r.errors, c.says) || strings.Count(r.errors, "\n") > 1 {
				t.Errorf("exit %d, want %d; stderr %q, want one line with %q", r.code, c.code, r.errors, c.says)
			}
			if c.code != codeDone && !strings.HasPrefix(r.errors, "corrgraph: ") {
				t.Errorf("stderr %q does not say who speaks", r.errors)
			}
		})
	}
}

// Input without a single price is said first, and leaves neither a table of zeros nor a
// store that was not there before.
func TestReplayOfNothing(t *testing.T) {
	rejected := file(t, "rejected.csv", csvHead+"2026-01-01T10:00:00Z,dk,ev1,h2h,home,0.5,decimal\n")
	garbage := file(t, "garbage.bin", "\x00\x01\xff\xfe\x00garbage\x00\x9c\x00")
	header := file(t, "header.csv", csvHead)
	missing := filepath.Join(t.TempDir(), "missing.csv")
	for _, c := range []struct {
		what string
		code int
		args []string
	}{
		{"garbage", codeData, []string{garbage}},
		{"all rejected", codeData, []string{rejected}},
		{"both", codeData, []string{garbage, rejected}},
		{"a missing file", codeFailed, []string{missing}},
		{"a missing catalogue", codeFailed, []string{"--catalog", missing, rejected}},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"replay", "--db", filepath.Join(dir, "x.db")}, c.args...)
			r := call(t, "", args...)
			if r.code != c.code || r.out != "" || strings.Count(r.errors, "\n") != 1 {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit %d and one line", r.code, r.out, r.errors, c.code)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
	db := filepath.Join(t.TempDir(), "x.db")
	if out := must(t, "replay", "--db", db, header).out; out != "0 quotes of 0 events\nNo price was read.\n" {
		t.Errorf("a header alone: %q", out)
	}
	if r := call(t, "", "replay", "--db", db, rejected); r.code != codeData || r.out != "" {
		t.Errorf("an old store: exit %d, %q", r.code, r.out)
	}
	if r := call(t, "", "leaders", "--db", db); r.code != codeDone {
		t.Errorf("the old store is gone: exit %d, %s", r.code, r.errors)
	}
}

// TestRejectsCountForThisRun: quotes already in the store must not dilute them.
func TestRejectsCountForThisRun(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	good := csvHead
	for _, s := range []string{"10", "11", "12", "13"} {
		good += "2026-01-01T10:00:" + s + "Z,dk,ev1,h2h,home,1." + s + ",decimal\n"
	}
	must(t, "replay", "--db", db, file(t, "good.csv", good))
	bad := file(t, "bad.csv", csvHead+"2026-01-01T10:01:00Z,dk,ev1,h2h,home,0.5,decimal\n")
	if r := call(t, "", "replay", "--db", db, "--max-rejects", "50%", bad); r.code != codeData || !strings.Contains(r.errors, "1 of 1 ") {
		t.Errorf("exit %d, %q; want %d and 1 of 1", r.code, r.errors, codeData)
	}
	if r := call(t, "", "replay", "--db", db, "--max-rejects", "1", bad); r.code != codeDone {
		t.Errorf("all may be rejected, yet exit %d: %s", r.code, r.errors)
	}
}

func TestReplayDevig(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	good := file(t, "good.csv", csvHead+"2026-01-01T10:00:00Z,dk,ev1,h2h,home,1.9,decimal\n")
	if r := call(t, "", "replay", "--db", db, "--devig", "guess", good); r.code != codeUsage || !strings.Contains(r.errors, `one of "multiplicative","additive","power","shin"`) {
		t.Errorf("unknown: exit %d, %q", r.code, r.errors)
	}
	must(t, "replay", "--db", db, "--devig", "power", good)
	r := call(t, "", "replay", "--db", db, good)
	if r.code != codeFailed || !strings.Contains(r.errors, "power, not multiplicative (use that method, or name another --db)") {
		t.Errorf("another than the store's: exit %d, %q", r.code, r.errors)
	}
	must(t, "replay", "--db", db, "--devig", "power", good)
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := file(t, "good.csv", csvHead+"2026-01-01T10:00:00Z,dk,ev1,h2h,home,1.9,decimal\n")
	text := file(t, "text.db", "this is no database, however long it may be")
	db := filepath.Join(dir, "x.db")
	must(t, "migrate", "--db", db)
	for _, c := range []struct {
		what string
		says string
		args []string
	}{
		{"a directory", "directory", []string{"replay", "--db", db, dir}},
		{"a missing file", "nosuch.csv", []string{"replay", "--db", db, filepath.Join(dir, "nosuch.csv")}},
		{"a missing map", "nosuch.yaml", []string{"replay", "--db", db, "--map", filepath.Join(dir, "nosuch.yaml"), good}},
		{"a missing catalogue", "nosuch.yaml", []string{"replay", "--db", db, "--catalog", filepath.Join(dir, "nosuch.yaml"), good}},
		{"a missing store", "replay a recording", []string{"leaders", "--db", filepath.Join(dir, "nosuch.db")}},
		{"a directory as store", "directory", []string{"leaders", "--db", dir}},
		{"another file as store", "not a corrgraph store", []string{"leaders", "--db", text}},
		{"no directory for the store", "nosuch", []string{"migrate", "--db", filepath.Join(dir, "nosuch", "x.db")}},
		{"an unknown event of graph", `unknown event "e"`, []string{"graph", "e", "--db", db}},
		{"an unknown event of edges", `unknown event "e"`, []string{"edges", "--event", "e", "--db", db}},
		{"an unknown event of anomalies", `unknown event "e"`, []string{"anomalies", "e", "--db", db}},
		{"an unknown node", "unknown node", []string{"propagate", "a/b/c/d/e/f", "--db", db}},
		{"a directory as series", "directory", []string{"leadlag", "--a", dir, "--b", dir, "--grid", "0:1:1"}},
		{"a directory to write to", "directory", []string{"simulate", "--minutes", "30", "--out", dir, "--truth", filepath.Join(dir, "t")}},
		{"a demo into an old store", "exists", []string{"demo", "--db", db}},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := call(t, "", c.args...)
			if r.code != codeFailed || !strings.Contains(r.errors, c.says) || strings.Count(r.errors, "\n") != 1 || r.out != "" {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 1 and one line with %q", r.code, r.out, r.errors, c.says)
			}
		})
	}
}

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	path := file(t, "secret.csv", csvHead)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "", "replay", "--db", filepath.Join(t.TempDir(), "x.db"), path); r.code != codeFailed || !strings.Contains(r.errors, "permission") {
		t.Errorf("exit %d, %q", r.code, r.errors)
	}
}

func TestStoreInUse(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	st, err := sqlite.Open(t.Context(), db, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if r := call(t, "", "migrate", "--db", db); r.code != codeFailed || !strings.Contains(r.errors, "in use") {
		t.Errorf("a second writer: exit %d, %q", r.code, r.errors)
	}
	if r := call(t, "", "leaders", "--db", db); r.code != codeDone {
		t.Errorf("a reader beside the writer: exit %d, %q", r.code, r.errors)
	}
}

func TestNewerStore(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "migrate", "--db", db)
	sqlExec(t, db, "PRAGMA user_version = 99")
	for _, args := range [][]string{{"migrate", "--db", db}, {"leaders", "--db", db}} {
		if r := call(t, "", args...); r.code != codeFailed || !strings.Contains(r.errors, "newer version") {
			t.Errorf("%v: exit %d, %q", args, r.code, r.errors)
		}
	}
}

func TestUsage(t *testing.T) {
	series := file(t, "a.csv", "t_ms,value\n")
	for _, line := range []string{
		"", "nosuch", "leaders --nosuch", "replay", "graph", "propagate", "leaders --as-of noon", "leaders --as-of 2026-01-01T10:00:00",
		"replay --max-rejects 3 x.csv", "replay --max-rejects nan x.csv", "edges --layer 7", "anomalies --min-confidence 2",
		"propagate aaaaaaaaaaaa --max-depth 0", "leadlag --a " + series + " --b " + series, "leadlag --a - --b - --grid 0:1:1",
		"leadlag --a " + series + " --b " + series + " --grid 5:1:1", "leadlag --a " + series + " --b " + series + " --grid",
		"simulate --out x --truth x", "simulate --preset nosuch --out x --truth y", "demo --minutes 5", "completion tcsh", "bench --run (", "dump --json",
		"score", "score --truth a --study demo", "score --study nosuch", "score --study demo --seeds 0", "simulate --out x --truth ./x",
		"simulate --minutes 5 --out x --truth y", "bench --scaling 0", "propagate", "graph --db x",
	} {
		r := call(t, "", strings.Fields(line)...)
		if r.code != codeUsage || strings.Count(r.errors, "\n") != 1 || r.out != "" {
			t.Errorf("corrgraph %s: exit %d, stdout %q, stderr %q; want 2 and one line", line, r.code, r.out, r.errors)
		}
	}
}

// TestEmptyIDs: an unset shell variable is not a question.
func TestEmptyIDs(t *testing.T) {
	for _, command := range []string{"graph", "propagate"} {
		if r := call(t, "", command, ""); r.code != codeUsage || !strings.Contains(r.errors, "is empty") {
			t.Errorf("%s: exit %d, %q; want 2 and \"is empty\"", command, r.code, r.errors)
		}
	}
}

func TestBadContent(t *testing.T) {
	text := file(t, "text", "hello\n")
	series := file(t, "a.csv", "t_ms,value\n1,2\n")
	for _, args := range [][]string{
		{"leadlag", "--a", text, "--b", series, "--grid", "0:1:1"},
		{"leadlag", "--a", file(t, "nan.csv", "t_ms,value\n1,NaN\n"), "--b", series, "--grid", "0:1:1"},
		{"leadlag", "--a", series, "--b", file(t, "cut.gz", "\x1f\x8b\x08"), "--grid", "0:1:1"},
		{"leadlag", "--a", series, "--b", series, "--grid-file", text},
		{"score", "--truth", text, "--db", "never-reached.db"},
		{"replay", "--map", text, "--db", filepath.Join(t.TempDir(), "x.db"), series},
		{"replay", "--catalog", text, "--db", filepath.Join(t.TempDir(), "x.db"), series},
	} {
		if r := call(t, "", args...); r.code != codeData || strings.Count(r.errors, "\n") != 1 || r.out != "" {
			t.Errorf("%v: exit %d, %q, stdout %q; want 3, one line and no answer", args, r.code, r.errors, r.out)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "migrate", "--db", db)
	good := file(t, "good.csv", csvHead+"2026-01-01T10:00:00Z,dk,ev1,h2h,home,1.9,decimal\n")
	for _, args := range [][]string{
		{"replay", "--db", db, good},
		{"simulate", "--minutes", "30", "--out", filepath.Join(t.TempDir(), "t.csv"), "--truth", filepath.Join(t.TempDir(), "t.json")},
	} {
		var errs bytes.Buffer
		if code := run(ctx, args, strings.NewReader(""), io.Discard, &errs); code != codeInterrupted {
			t.Errorf("%v: exit %d, %s; want 130", args, code, &errs)
		}
	}
	must(t, "leaders", "--db", db)
	must(t, "replay", "--db", db, good)
}

// failing is a stdout that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestStdoutFails(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "migrate", "--db", db)
	for _, c := range []struct {
		err  error
		code int
	}{{syscall.EPIPE, codeDone}, {syscall.ENOSPC, codeFailed}} {
		for _, line := range []string{"leaders", "leaders --json", "dump", "--help"} {
			args := strings.Fields(line)
			if line != "--help" {
				args = append(args, "--db", db)
			}
			if code := run(t.Context(), args, nil, failing{c.err}, io.Discard); code != c.code {
				t.Errorf("%s into %v: exit %d, want %d", line, c.err, code, c.code)
			}
		}
	}
}

// broken writes half a file and fails.
func broken(w io.Writer) error {
	_, err := io.WriteString(w, "half")
	return errors.Join(err, io.ErrUnexpectedEOF)
}

// TestOutputKeepsWhatIsThere: a failed command must not remove the old file.
func TestOutputKeepsWhatIsThere(t *testing.T) {
	old := file(t, "old.csv", "precious")
	if err := new(app).output(old, broken); err == nil {
		t.Fatal("no error")
	}
	if b, _ := os.ReadFile(old); string(b) != "precious" {
		t.Errorf("the old file holds %q", b)
	}
	if left, _ := filepath.Glob(filepath.Dir(old) + "/*"); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHelp(t *testing.T) {
	commands := []string{
		"demo", "replay", "leaders", "events", "ambiguities", "links", "edges", "graph", "anomalies", "propagate", "forecasts", "scorecard", "leadlag",
		"simulate", "score", "bench", "migrate", "dump", "completion", "version", "quotes",
	}
	top := must(t, "--help").out
	for _, name := range commands {
		if !strings.Contains(top, "\n  "+name+" ") {
			t.Errorf("--help does not list %s", name)
		}
		if h := must(t, name, "--help").out; !strings.Contains(h, "corrgraph "+name) || !strings.Contains(h, "Exit codes") || !strings.Contains(h, "    corrgraph ") && name != "completion" {
			t.Errorf("%s --help lacks an example or the exit codes:\n%s", name, h)
		}
	}
}

func TestColors(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(k string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == k {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		off, terminal bool
		env           func(string) string
		want          bool
	}{
		{false, true, env(), true},
		{false, false, env(), false},
		{true, true, env(), false},
		{false, true, env("NO_COLOR", "1"), false},
		{false, true, env("NO_COLOR", ""), true}, // present but empty does not count
		{false, true, env("TERM", "dumb"), false},
	} {
		if got := colors(c.off, c.terminal, c.env); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestCompletions(t *testing.T) {
	db := known(t)
	t.Setenv("CORRGRAPH_DB", filepath.Join(t.TempDir(), "none.db"))
	for _, c := range []struct{ words, want string }{
		{"lea", "leaders leadlag"},
		{"leaders --ma", "--market"},
		{"leaders --market h2h --js", "--json"},
		{"simulate --preset ", "calibration demo pooled"},
		{"completion z", "zsh"},
		{"graph ", ""}, // there is no store
		{"graph --db " + db + " ", eventID},
		{"graph --db=" + db + " mlb", eventID},
		{"graph --db = " + db + " mlb", eventID},
		{"graph --db " + db + " nhl", ""},
		{"edges --db " + db + " --event m", eventID},
	} {
		r := must(t, append([]string{completeWord}, strings.Split(c.words, " ")...)...)
		if got := strings.Join(strings.Fields(r.out), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.words, got, c.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if out := must(t, "completion", shell).out; !strings.Contains(out, completeWord) {
			t.Errorf("%s: %q", shell, out)
		}
	}
}
