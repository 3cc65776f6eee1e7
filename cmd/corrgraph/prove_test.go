package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/answer"
	"corrgraph/client"
	"corrgraph/proof/bench"
	"corrgraph/proof/loadtest"
	"corrgraph/proof/score"
	"corrgraph/server/config"
	"corrgraph/store/sqlite"
)

// TestProversRefuseWhatTheyCannotDo: before anything is sent, and without a trace.
func TestProversRefuseWhatTheyCannotDo(t *testing.T) {
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	noToken, noCert := file(t, "tokens", "# none\n"), file(t, "ca.pem", "no certificate")
	for _, c := range []struct {
		line string
		code int
		says string
	}{
		{"loadtest --url nonsense", codeUsage, `URL of a service: "nonsense"`},
		{"loadtest --mode ingest --url nonsense", codeUsage, `URL of a service: "nonsense"`},
		{"loadtest --duration=-1s", codeUsage, "duration"},
		{"loadtest --mix graph=lots", codeUsage, "--mix: "},
		{"loadtest --max-p99 graph=5", codeUsage, "--max-p99: "},
		{"loadtest --mode nosuch", codeUsage, "--mode"},
		{"loadtest --format xml", codeUsage, "--format"},
		{"loadtest --max-failure-rate 101%", codeUsage, `"101%"`},
		{"loadtest --token-file " + noToken, codeData, "no token"},
		{"loadtest --ca " + noCert, codeData, "no certificate"},
		{"loadtest --token-file nosuch.txt", codeFailed, "nosuch.txt"},
		{"chaos kill-layer --layer 5", codeUsage, "want 1 to 4"},
		{"chaos kill-layer", codeUsage, "--layer"},
		{"chaos kill-layer --layer 2 --url nonsense", codeUsage, `URL of a service: "nonsense"`},
		{"chaos memory-pressure --bytes lots", codeUsage, "lots"},
		{"chaos clock-skew", codeUsage, "--offset"},
		{"chaos full-disk --token-file " + noToken, codeData, "no token"},
		{"chaos fuzz --url nonsense", codeUsage, `URL of a service: "nonsense"`},
		{"chaos fuzz --duration=-1s", codeUsage, "times below 0"},
		{"chaos kill --runs=-1", codeUsage, "want a run and a connection or more"},
		{"chaos kill --runs 0", codeUsage, "must be at least 1"},
		{"chaos kill --runs 100001", codeUsage, "want at most 100,000 runs"},
		{"chaos kill --ticks 7", codeUsage, "ticks 7, want an even number"},
		{"chaos poison --runs=-1", codeUsage, "want 1 to 10,000"},
		{"chaos poison --runs 0", codeUsage, "must be at least 1"},
		{"chaos flip --runs=-1", codeUsage, "no flips"},
		{"chaos schedule --config nosuch.yaml", codeFailed, "nosuch.yaml"},
		{"bench --cold --run x", codeUsage, "--cold"},
		{"bench --scaling=-4", codeUsage, "want 1 pair or more"},
		{"links --url nonsense", codeUsage, `URL of a service: "nonsense"`},
		{"links --state maybe", codeUsage, `"any","candidate","confirmed","rejected"`},
		{"links confirm l1", codeUsage, "--relation"},
		{"links confirm l1 --relation same", codeUsage, `"identity","complement"`},
		{"links --token-file nosuch", codeFailed, "nosuch"},
		{"ambiguities decide x --source feed", codeUsage, "--means"},
		{"token new --name desk", codeUsage, "--role"},
		{"token new --name desk --role king", codeUsage, "want viewer, operator or admin"},
		{"token new --name a/b --role viewer", codeUsage, "letters, digits"},
		{"token new --name desk --role viewer --expires tomorrow", codeUsage, `--expires "tomorrow"`},
		{"token new --name desk --role viewer --expires=-5h", codeUsage, "expires 20"},
	} {
		r := call(t, "", strings.Fields(c.line)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) || strings.Count(r.errors, "\n") != 1 || r.out != "" {
			t.Errorf("corrgraph %s: exit %d, stdout %q, stderr %q; want %d and one line with %q", c.line, r.code, r.out, r.errors, c.code, c.says)
		}
	}
	if left, err := filepath.Glob(filepath.Join(scratch, "corrgraph-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestNobodyThere: a service that does not answer is a failure, not a verdict.
func TestNobodyThere(t *testing.T) {
	for _, line := range []string{"loadtest --duration 1s", "chaos full-disk", "chaos fuzz", "readiness show", "links", "links withdraw l1"} {
		r := call(t, "", append(strings.Fields(line), "--url", "http://127.0.0.1:1")...)
		if r.code != codeFailed || !strings.Contains(r.errors, "connection refused") || strings.Count(r.errors, "\n") != 1 {
			t.Errorf("corrgraph %s: exit %d, %q", line, r.code, r.errors)
		}
	}
}

func TestProversHaveHelp(t *testing.T) {
	for _, command := range []string{
		"loadtest", "chaos kill-layer", "chaos slow-store", "chaos full-disk", "chaos memory-pressure", "chaos clock-skew", "chaos feed-stall", "chaos judge-stall", "chaos kill",
		"chaos flip", "chaos poison", "chaos fuzz", "chaos schedule", "doctor", "token new", "healthcheck", "readiness run", "readiness show", "backup make", "config check", "serve",
		"links list", "links confirm", "links reject", "links withdraw", "ambiguities decide",
	} {
		h := must(t, append(strings.Fields(command), "--help")...).out
		if !strings.Contains(h, "Usage: corrgraph "+command) || !strings.Contains(h, "    corrgraph "+strings.Fields(command)[0]) || !strings.Contains(h, "Exit codes: 0") {
			t.Errorf("%s --help lacks usage, an example or the exit codes:\n%s", command, h)
		}
	}
}

func TestTokensAreMadeOnce(t *testing.T) {
	v := ask(t, "token", "new", "--name", "desk", "--role", "operator", "--expires", "2199-12-31T00:00:00Z")
	secret, line := v["token"].(string), v["line"].(string)
	if !strings.HasPrefix(secret, "cgt_") || strings.Contains(line, secret) || !strings.Contains(line, "desk") || !strings.Contains(line, "operator") || v["name"] != "desk" || v["role"] != "operator" || v["expires"] != "2199-12-31T00:00:00Z" {
		t.Errorf("%v", v)
	}
	if v = ask(t, "token", "new", "--name", "desk", "--role", "viewer"); v["expires"] != nil || v["token"] == secret {
		t.Errorf("%v", v)
	}
	lines := strings.Split(must(t, "token", "new", "--name", "desk", "--role", "viewer").out, "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "cgt_") || !strings.Contains(lines[1], "desk") || lines[2] != "" {
		t.Errorf("%q", lines)
	}
}

func TestEndOfAToken(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{"": {}, "720h": now.Add(720 * time.Hour), "2026-12-31T00:00:00+01:00": time.Date(2026, 12, 30, 23, 0, 0, 0, time.UTC)} {
		if got, err := endOf(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{"2026-12-31", "30 days", "30", "never"} {
		if _, err := endOf(bad, now); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, `{"status":"said of `+r.URL.Path+`"}`+"\n")
	}))
	defer s.Close()
	at := "server.listen=" + strings.TrimPrefix(s.URL, "http://")
	if r := call(t, "", "healthcheck", "--set", at); r.code != codeDone || r.out != `{"status":"said of /healthz"}`+"\n" || r.errors != "" {
		t.Errorf("well: %+v", r)
	}
	status = http.StatusServiceUnavailable
	if r := call(t, "", "healthcheck", "--set", at); r.code != codeNotReady || !strings.Contains(r.errors, "the service answered 503 Service Unavailable") || r.out == "" {
		t.Errorf("ill: %+v", r)
	}
	if r := call(t, "", "healthcheck", "--set", "server.listen=127.0.0.1:1"); r.code != codeFailed || !strings.Contains(r.errors, "connection refused") {
		t.Errorf("not there: %+v", r)
	}
}

func TestLocalURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80",
		"[::1]:80": "http://[::1]:80", "10.0.0.7:80": "http://10.0.0.7:80", "localhost:80": "http://localhost:80",
	} {
		c := config.Default()
		c.Server.Listen = listen
		if got, err := localURL(&c); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", listen, got, err, want)
		}
		c.Server.TLS.Cert = "x.pem"
		if got, err := localURL(&c); err != nil || got != strings.Replace(want, "http:", "https:", 1) {
			t.Errorf("%s with a certificate: %q, %v", listen, got, err)
		}
	}
	c := config.Default()
	c.Server.Listen = "nowhere"
	if _, err := localURL(&c); err == nil {
		t.Error("an address without a port is one")
	}
}

func TestTraceHeaders(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                           {},
		"api-key=a%20b":              {"api-key": "a b"},
		" one = 1 ,two=2=2":          {"one": "1", "two": "2=2"},
		"nothing,bad=%zz,good=%2C":   {"good": ","},
		"empty=":                     {"empty": ""},
		"authorization=Bearer%20x,,": {"authorization": "Bearer x"},
	} {
		if got := traceHeaders(func(string) string { return text }); !maps.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestAResultIsLeftWithTheService: where it was asked for, with the first token.
func TestAResultIsLeftWithTheService(t *testing.T) {
	var got client.Proof
	var token string
	status := http.StatusCreated
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token = r.Header.Get("Authorization")
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
	}))
	defer s.Close()
	f := serverFlags{URL: s.URL, TokenFile: file(t, "tokens", "first\nsecond\n"), Timeout: 5 * time.Second}
	if err := f.leave(t.Context(), "load", true, "all well", 7); err != nil || got.Kind != "" {
		t.Errorf("nobody asked for it: %+v, %v", got, err)
	}
	f.Record = true
	if err := f.leave(t.Context(), "load", true, "all well", 7); err != nil || got.Kind != "load" || !got.Passed || got.Summary != "all well" || got.Report != 7.0 || token != "Bearer first" {
		t.Errorf("%+v with %q, %v", got, token, err)
	}
	status = http.StatusForbidden
	var p *client.Problem
	if err := f.leave(t.Context(), "load", true, "", nil); !errors.As(err, &p) || !strings.HasPrefix(err.Error(), "the result could not be recorded: ") {
		t.Error(err)
	}
	f.URL = "nonsense"
	if err := f.leave(t.Context(), "load", true, "", nil); exitCode(t.Context(), err) != codeUsage {
		t.Error(err)
	}
}

// TestProgressIsForTerminals: elsewhere not a byte of it.
func TestProgressIsForTerminals(t *testing.T) {
	var said bytes.Buffer
	a := &app{stderr: &said}
	a.rewrite("%d of %d", 1, 2)
	a.endProgress()
	bar := a.progress()
	bar.update(1, 2)
	bar.clear()
	if a.loadProgress("requests") != nil || said.Len() > 0 {
		t.Errorf("%q", said.String())
	}
	a.terminal = true
	a.loadProgress("requests")(loadtest.Progress{Elapsed: 1400 * time.Millisecond, Duration: time.Minute, PerSecond: 99.6, P99: 2_500_000, Failures: 1, Requests: 140})
	if got := said.String(); got != "\r\x1b[K1s of 1m0s: 100 requests per second, p99 2.5 ms, 1 of 140 requests failed" {
		t.Errorf("%q", got)
	}
	said.Reset()
	bar = a.progress()
	bar.clear() // nothing is drawn yet
	bar.update(5, 0)
	if said.Len() > 0 {
		t.Errorf("of nothing: %q", said.String())
	}
	bar.update(250_000, 1_000_000)
	drawn := said.String()
	if strings.Count(drawn, "█") != 10 || strings.Count(drawn, "░") != 30 || !strings.HasSuffix(drawn, " 25 % of 1 MB") {
		t.Errorf("%q", drawn)
	}
	if bar.update(250_001, 1_000_000); said.String() != drawn {
		t.Error("drawn again, though nothing has moved")
	}
	bar.update(2_000_000, 1_000_000) // a file that has grown since
	if !strings.HasSuffix(said.String(), " 100 % of 1 MB") {
		t.Errorf("%q", said.String())
	}
	if bar.clear(); !strings.HasSuffix(said.String(), "\r\x1b[K") {
		t.Errorf("%q", said.String())
	}
}

func TestReportsAreWrittenWhereTheyAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.html")
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	if err := errors.Join(writeTo("", func(io.Writer) error { return errors.New("called") }), writeTo(path, hello)); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if err := writeTo(path, broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if err := writeTo(filepath.Join(path, "x"), hello); err == nil {
		t.Error("written below a file")
	}
}

func TestTableOfBenchmarks(t *testing.T) {
	var b bytes.Buffer
	if err := benchText(&b, []bench.Result{{Name: "layer/1", N: 1000, MinUs: 1.23456, P50Us: 2, P99Us: 3, AllocsPerOp: 0.5, Note: "edges"}}); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Split(strings.TrimRight(b.String(), "\n"), "\n"); len(rows) != 2 || strings.Join(strings.Fields(rows[1]), " ") != "1000 1.235 2 3 0.5 layer/1 edges" {
		t.Errorf("%q", rows)
	}
}

// TestStoryOfTheDemonstration tells it of a store whose every answer is known.
func TestStoryOfTheDemonstration(t *testing.T) {
	st, err := openStore(t.Context(), known(t))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := story{Simulated: true, DB: "some.db", Score: &score.Report{}}
	s.Summary.Quotes, s.Summary.Events = 1234, 1
	if err := s.tell(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if len(s.Leaders.Pairs) != 2 || len(s.Anomalies.Anomalies) != 1 || s.Propagation == nil || s.Propagation.Source != leader || len(s.Propagation.Paths) != 1 || s.Scorecard.Overall.Hits != 1 {
		t.Errorf("%+v", s)
	}
	var b bytes.Buffer
	if err := s.text(&b, answer.Style{}); err != nil {
		t.Fatal(err)
	}
	rest := b.String()
	for _, part := range []string{
		"SIMULATED", "1234 quotes of 1 events", "Who leads?", "draftkings → mybookieag", "ne example", "outlier_quote", "What moves next?", "mybookieag",
		"How good were the forecasts?", "1 hit", "What the truth says", "All of this was SIMULATED.", "corrgraph anomalies --db some.db\n",
	} {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("no %q (after what stands before it) in\n%s", part, b.String())
		}
		rest = after
	}
}

// TestStoryOfNothing: a store without a link has nothing that moves next.
func TestStoryOfNothing(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "migrate", "--db", db)
	st, err := sqlite.Open(t.Context(), db, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s := story{Score: &score.Report{}}
	var b bytes.Buffer
	if err := errors.Join(s.tell(t.Context(), st), s.text(&b, answer.Style{})); err != nil || s.Propagation != nil || strings.Contains(b.String(), "What moves next?") || !strings.Contains(b.String(), "Nothing abnormal.") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

// TestEmptyAnswersSayWhereTheLinksAre: the newest is out of its window by then.
func TestEmptyAnswersSayWhereTheLinksAre(t *testing.T) {
	db, newest := known(t), (asOf - 60_000).String()
	for _, args := range [][]string{
		{"graph", eventID, "--as-of", (asOf + 30*86_400_000).String()},
		{"graph", eventID, "--as-of", (asOf - 30*86_400_000).String()},
		{"propagate", string(leader), "--as-of", (asOf + 30*86_400_000).String()},
	} {
		r := must(t, append(args, "--db", db)...)
		if !strings.Contains(r.errors, "the newest is of "+newest+", try --as-of "+newest) || strings.Count(r.errors, "\n") != 1 {
			t.Errorf("%v: %q", args, r.errors)
		}
	}
	if r := must(t, "graph", eventID, "--db", db); r.errors != "" {
		t.Errorf("there is a link, and it says %q", r.errors)
	}
}

func TestTheOtherSideIsSaidToMirror(t *testing.T) {
	db, away := known(t), "draftkings/mlb-1/h2h/away"
	r := must(t, "propagate", away, "--db", db)
	if !strings.HasPrefix(r.errors, "corrgraph: "+away+" mirrors "+string(leader)+", which is shown") || !strings.Contains(r.out, "33 % of the move") {
		t.Errorf("%+v", r)
	}
	if v := ask(t, "propagate", away, "--db", db); v["mirrored"] != true || v["source"] != string(leader) {
		t.Errorf("%v", v)
	}
}
