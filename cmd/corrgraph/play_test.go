package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/present"
	"corrgraph/ticklog"
)

// playing is a recording that is played by this process.
type playing struct {
	t      *testing.T
	out    *bufio.Scanner
	url    string
	errors bytes.Buffer
	cancel context.CancelFunc
	code   chan int
}

// plays starts replay --serve.
func plays(t *testing.T, args ...string) *playing {
	t.Helper()
	return serves(t, "^Replaying ", append([]string{"replay", "--serve", "--listen", "127.0.0.1:0"}, args...)...)
}

// serves starts a command that serves at the address in a line.
func serves(t *testing.T, line string, args ...string) *playing {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	p := &playing{t: t, out: bufio.NewScanner(r), cancel: cancel, code: make(chan int, 1)}
	t.Cleanup(cancel)
	go func() {
		p.code <- run(ctx, args, strings.NewReader(""), w, &p.errors)
		w.Close()
	}()
	p.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(p.until(line))
	return p
}

// until reads up to a line.
func (p *playing) until(line string) string {
	p.t.Helper()
	for p.out.Scan() {
		if regexp.MustCompile(line).MatchString(p.out.Text()) {
			return p.out.Text()
		}
	}
	p.t.Fatalf("no line %q: exit %d, %s", line, <-p.code, p.errors.String())
	return ""
}

// ask asks the service.
func (p *playing) ask(path string, into any) {
	p.t.Helper()
	r, err := http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		p.t.Fatal(err)
	}
}

// end interrupts it.
func (p *playing) end() {
	p.t.Helper()
	p.cancel()
	for p.out.Scan() {
	}
	if code := <-p.code; code != codeDone {
		p.t.Errorf("exit %d: %s", code, p.errors.String())
	}
}

// ticks are prices of two books, one of which follows the other, every ten seconds for some minutes.
func ticksOf(minutes int) string {
	var b strings.Builder
	b.WriteString(csvHead)
	for k := range minutes * 6 {
		at := odds.Time(1_786_190_400_000).Add(odds.Millis(k) * 10_000)
		for i, venue := range []string{"dk", "fd"} {
			p := 2 + 0.3*math.Sin(float64(k-i)/3)
			fmt.Fprintf(&b, "%s,%s,ev1,h2h,home,%.3f,decimal\n%s,%s,ev1,h2h,away,%.3f,decimal\n", at, venue, p, at, venue, 4-p)
		}
	}
	return b.String()
}

// What is served of a recording that has ended is of its time: nothing is told by the wall clock.
func TestAPlayedRecordingHasItsOwnTime(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := plays(t, "--speed", "max", file(t, "ticks.csv", ticksOf(30)))
	p.until("^The recording has ended")
	var h struct {
		AsOf odds.Time    `json:"as_of"`
		Time present.Time `json:"time"`
	}
	p.ask("/healthz", &h)
	last := odds.Time(1_786_190_400_000).Add(30*60_000 - 10_000)
	if r := h.Time.Replay; h.AsOf != last || h.Time.Rate != 0 || r == nil || r.State != present.Ended || r.Last != last || h.Time.Now < last || h.Time.Now > last.Add(10_000) {
		t.Errorf("as of %s it is %+v, %+v; the last tick is of %s", h.AsOf, h.Time, h.Time.Replay, last)
	}
	var f struct {
		Stale, Recorded, Replayed bool
		Feeds                     []struct {
			Age odds.Millis `json:"age_ms"`
		}
	}
	p.ask("/v1/feeds", &f)
	if f.Stale || f.Recorded || !f.Replayed || len(f.Feeds) == 0 || f.Feeds[0].Age < 0 || f.Feeds[0].Age > 10_000 {
		t.Errorf("feeds: %+v", f)
	}
	if stores, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "corrgraph-replay-*")); len(stores) != 1 {
		t.Errorf("temporary stores: %v", stores)
	}
	p.end()
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// It can be interrupted on the way, and then its own store is whole.
func TestAPlayedRecordingCanBeInterrupted(t *testing.T) {
	db := filepath.Join(t.TempDir(), "new.db")
	p := plays(t, "--db", db, "--from", "2026-08-08T12:20:00Z", file(t, "ticks.csv", ticksOf(30)))
	var h struct {
		Time present.Time `json:"time"`
	}
	for h.Time.Replay == nil || h.Time.Replay.State != present.Playing {
		p.ask("/healthz", &h)
	}
	if h.Time.Rate != 1 || h.Time.Now < h.Time.Replay.From {
		t.Errorf("it plays: %+v", h.Time)
	}
	p.end()
	if out := must(t, "events", "--db", db).out; !strings.Contains(out, "ev1") {
		t.Errorf("the store has no event: %s", out)
	}
}

func TestRefusedReplays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ticks, there := file(t, "ticks.csv", ticksOf(3)), file(t, "there.db", "")
	for _, c := range []struct {
		code       int
		says, args string
	}{
		{codeUsage, "goes from 2026-08-08T12:00:00Z to 2026-08-08T12:02:50Z", "--from 2026-08-08T11:59:59Z"},
		{codeUsage, "goes from 2026-08-08T12:00:00Z to 2026-08-08T12:02:50Z", "--from 2026-08-09T00:00:00Z"},
		{codeUsage, "from 0.1 to 10000, or max", "--speed 0"},
		{codeUsage, "from 0.1 to 10000, or max", "--speed=-1"},
		{codeUsage, "from 0.1 to 10000, or max", "--speed NaN"},
		{codeUsage, "from 0.1 to 10000, or max", "--speed 1e9"},
		{codeUsage, "add --serve", "--serve=false --speed 10"},
		{codeUsage, "not -", "-"},
		{codeFailed, "there.db exists", "--db " + there},
	} {
		r := call(t, "", append(append([]string{"replay", "--serve"}, strings.Fields(c.args)...), ticks)...)
		if r.code != c.code || !strings.Contains(r.errors, c.says) || r.out != "" {
			t.Errorf("%s: exit %d, %q, %q", c.args, r.code, r.errors, r.out)
		}
	}
	for text, code := range map[string]int{csvHead: codeData, ticksOf(1) + "2026-08-08T12:30:00Z,dk,ev1,h2h,home,0.9,decimal\n": codeData} {
		if r := call(t, "", "replay", "--serve", file(t, "bad.csv", text)); r.code != code || r.out != "" {
			t.Errorf("bad data: exit %d, %q", r.code, r.errors)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// What is told of a recording that is played is what a replay tells, until a verdict changes it:
// that of a replay is in force from the end of its window on, and that of a service once it is
// there, which is from the next instant on.
func TestPlayedIsWhatIsReplayed(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a recording of two days; run without -short")
	}
	files := recorded(t, "wnba_2026-08-0[67].ndjson.bz2")
	plain := filepath.Join(t.TempDir(), "plain.db")
	must(t, append([]string{"replay", "--db", plain}, files...)...)
	p := plays(t, append([]string{"--speed", "max"}, files...)...)
	p.until("^The recording has ended")
	one, other := toldIn(t, plain), p.told()
	p.end()
	first, differ := odds.Never, 0
	for _, x := range [][2]map[string]odds.Time{{one, other}, {other, one}} {
		for name, at := range x[0] {
			if _, both := x[1][name]; !both {
				first, differ = min(first, at), differ+1
			}
		}
	}
	t.Logf("%d forecasts told by a replay, %d played, %d differ, the first at %s", len(one), len(other), differ, first)
	if len(one) < 100 || differ*10 > len(one) {
		t.Errorf("%d of %d differ", differ, len(one))
	}
	if differ == 0 {
		return
	}
	look := engine.New(engine.Options{DecideEvery: 3_600_000}).LastLook(first)
	if before := instantBefore(t, plain, first); before >= look {
		t.Errorf("the first difference is at %s, and %s was an instant since the look at %s", first, before, look)
	}
}

// recorded finds recordings. If they are missing, the test fails where they are required, and is
// skipped elsewhere.
func recorded(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob("../../../shared/data/the-odds-api-v4/" + pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 && os.Getenv("CI") == "true" {
		t.Fatalf("no recordings %s", pattern)
	} else if len(files) == 0 {
		t.Skipf("no recordings %s under ../shared/data", pattern)
	}
	return files
}

// toldIn returns the forecasts of a store, and when they were told.
func toldIn(t *testing.T, db string) map[string]odds.Time {
	t.Helper()
	st, err := openStore(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	all, err := st.Predictions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]odds.Time{}
	for i := range all {
		out[all[i].ID] = all[i].IssuedAt
	}
	return out
}

// told returns the forecasts that the service knows: its store does not keep all of them.
func (p *playing) told() map[string]odds.Time {
	p.t.Helper()
	out := map[string]odds.Time{}
	for cursor, more := "", true; more; more = cursor != "" {
		var page struct {
			Forecasts []struct {
				ID string      `json:"id"`
				At odds.Millis `json:"issued_at_ms"`
			}
			Next string `json:"next_cursor"`
		}
		p.ask("/v1/forecasts?limit=1000&cursor="+cursor, &page)
		for _, f := range page.Forecasts {
			out[f.ID] = odds.Time(f.At)
		}
		cursor = page.Next
	}
	return out
}

// instantBefore is the last instant before a time at which a store has ticks.
func instantBefore(t *testing.T, db string, at odds.Time) (before odds.Time) {
	t.Helper()
	st, err := openStore(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for b, err := range ticklog.ByTime(t.Context(), st.Log()) {
		if err != nil {
			t.Fatal(err)
		}
		if b.At >= at {
			break
		}
		before = b.At
	}
	return before
}
