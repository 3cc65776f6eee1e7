package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/guard/fault"
	"corrgraph/server/service"
	"corrgraph/store"
)

// settings configure a small instance on a store of its own.
func settings(t *testing.T) *config.Config {
	t.Helper()
	c := config.Default()
	c.Server.Listen = "127.0.0.1:0"
	c.Store.Path = filepath.Join(t.TempDir(), "s.db")
	c.Ingest.IdleFlush, c.Publish.Every = 10*time.Millisecond, 10*time.Millisecond
	c.Telemetry.Log.Level = "error"
	return &c
}

// running is an instance that serves.
type running struct {
	t *testing.T
	*Instance
	end context.CancelFunc
	out chan error
}

func start(t *testing.T, c *config.Config) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	i, err := Open(ctx, c, Options{})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r := &running{t, i, cancel, make(chan error, 1)}
	go func() { r.out <- i.Run(ctx) }()
	r.until("it is ready", func() bool { code, _ := r.get("/readyz", ""); return code == 200 })
	r.until("it has caught up", func() bool { return !i.live.State().Recovering })
	return r
}

// stop ends the instance.
func (r *running) stop() {
	r.t.Helper()
	r.end()
	if err := <-r.out; err != nil {
		r.t.Error(err)
	}
}

// until waits for something that the instance does by itself.
func (r *running) until(what string, is func() bool) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 60_000 { // five minutes: only against hanging
		if is() {
			return
		}
		<-tick.C
	}
	r.t.Fatalf("waited in vain until %s", what)
}

func (r *running) ask(method, path, secret, body string) (code int, answer string, head http.Header) {
	r.t.Helper()
	q, err := http.NewRequest(method, "http://"+r.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if secret != "" {
		q.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/x-ndjson")
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func (r *running) get(path, secret string) (int, string) {
	r.t.Helper()
	code, body, _ := r.ask("GET", path, secret, "")
	return code, body
}

// ticks are n prices of one match at two venues.
func ticks(n int) string {
	var b bytes.Buffer
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	for i := range n {
		for _, venue := range []string{"lead", "second"} {
			for k, selection := range []string{"home", "away"} {
				fmt.Fprintf(&b, `{"ts_source":%q,"bookmaker":%q,"event_id":"a/b@c","sport":"tennis","home":"A","away":"B","market":"h2h","selection":%q,"price":%.2f}`+"\n",
					at.Add(time.Duration(i)*time.Second).UTC().Format(time.RFC3339Nano), venue, selection, 1.9+0.01*float64(i)+0.05*float64(k))
			}
		}
	}
	return b.String()
}

// send sends ticks and returns the number accepted.
func (r *running) send(body, secret string) (accepted, duplicates int) {
	r.t.Helper()
	code, answer, _ := r.ask("POST", "/v1/ticks", secret, body)
	var receipt struct{ Accepted, Duplicates int }
	if err := json.Unmarshal([]byte(answer), &receipt); err != nil || code != http.StatusAccepted {
		r.t.Fatalf("%d %s", code, answer)
	}
	return receipt.Accepted, receipt.Duplicates
}

// seen returns what readers see of the only event, once all ticks are applied.
func (r *running) seen(quotes int) (events, graph string) {
	r.t.Helper()
	r.until("all ticks are applied and listed", func() bool {
		st := r.service.State()
		return st.Counts.Quotes == quotes && len(st.Events) == 1 && st.Events[0].Last == st.AsOf
	})
	_, events = r.get("/v1/events", "")
	id := r.service.State().Events[0].ID
	r.until("the graph is of the newest tick", func() bool {
		_, graph = r.get("/v1/events/"+strings.ReplaceAll(id, "/", "%2F")+"/graph", "")
		return strings.Contains(graph, `"event_id"`)
	})
	return events, graph
}

// same returns an answer without the parts that differ between two runs.
func same(t *testing.T, text string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	delete(v, "version")
	delete(v, "stale") // nothing came yet
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAnInstanceStandsWhereItStoodAfterARestart(t *testing.T) {
	c := settings(t)
	first := start(t, c)
	body := ticks(20)
	if n, _ := first.send(body, ""); n != 80 {
		t.Errorf("%d ticks accepted", n)
	}
	if n, again := first.send(body, ""); n != 0 || again != 80 {
		t.Errorf("sent again: %d accepted, %d duplicates", n, again)
	}
	events, graph := first.seen(80)
	if !first.Alive() {
		t.Error("it does not count as alive")
	}
	first.stop()
	second := start(t, c)
	defer second.stop()
	events2, graph2 := second.seen(80)
	if same(t, events) != same(t, events2) || same(t, graph) != same(t, graph2) {
		t.Errorf("before and after the restart:\n%s\n%s\n%s\n%s", events, events2, graph, graph2)
	}
	if n, again := second.send(body, ""); n != 0 || again != 80 {
		t.Errorf("sent again after the restart: %d accepted, %d duplicates", n, again)
	}
}

func TestAnotherDevigMethodIsRefused(t *testing.T) {
	c := settings(t)
	c.Engine.Devig = "shin"
	r := start(t, c)
	r.send(ticks(2), "")
	r.stop()
	other := *c
	other.Engine.Devig = "multiplicative"
	if _, err := Open(t.Context(), &other, Options{}); !errors.Is(err, store.ErrDevig) {
		t.Errorf("a store of Shin's is opened with another method: %v", err)
	}
	start(t, c).stop()
}

func TestASecondInstanceIsRefusedTheStore(t *testing.T) {
	c := settings(t)
	r := start(t, c)
	defer r.stop()
	if _, err := Open(t.Context(), c, Options{}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("the store is opened twice: %v", err)
	}
	other := *c
	other.Store.Path = filepath.Join(t.TempDir(), "another.db")
	other.Server.Listen = r.Addr()
	if _, err := Open(t.Context(), &other, Options{}); err == nil || !strings.Contains(err.Error(), r.Addr()) {
		t.Errorf("listening twice: %v", err)
	}
	other.Server.Listen = "127.0.0.1:0"
	again, err := Open(t.Context(), &other, Options{}) // the failed attempt left nothing open
	if err != nil {
		t.Fatal(err)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}

func TestNobodyBeyondThisMachineIsServedWithoutTokens(t *testing.T) {
	c := settings(t)
	c.Server.Listen, c.Server.InsecurePlaintext = "0.0.0.0:0", true
	if i, err := Open(t.Context(), c, Options{}); err == nil || !strings.Contains(err.Error(), "tokens_file") {
		t.Errorf("%v, %v", i, err)
	}
}

// tokens writes a file with one token of a role and returns its secret.
func tokens(t *testing.T, path string, role access.Role) string {
	t.Helper()
	k, secret, err := access.NewToken("tester", role, time.Time{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(k.Line()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestReload(t *testing.T) {
	c := settings(t)
	c.Access.TokensFile = filepath.Join(t.TempDir(), "tokens")
	old := tokens(t, c.Access.TokensFile, access.Operator)
	r := start(t, c)
	defer r.stop()
	r.send(ticks(3), old)
	status := func(secret string) int { code, _ := r.get("/v1/events", secret); return code }
	if status(old) != 200 || status("") != 401 {
		t.Fatalf("%d with the token, %d without", status(old), status(""))
	}

	secret := tokens(t, c.Access.TokensFile, access.Operator)
	next := *c
	next.Limits.ClientRate, next.Layers.L4, next.Store.Readers = 77, "off", c.Store.Readers+1
	restart, err := r.Reload(&next)
	if err != nil || len(restart) != 1 || restart[0] != "store.readers" {
		t.Errorf("%v, %v", restart, err)
	}
	if status(old) != 401 || status(secret) != 200 {
		t.Errorf("after the rotation: %d with the old token, %d with the new", status(old), status(secret))
	}
	if _, _, head := r.ask("GET", "/v1/events", secret, ""); head.Get("RateLimit-Policy") != "1000;w=13" {
		t.Errorf("the new rate is not stated: %v", head)
	}
	r.until("the layer is off", func() bool { return r.service.Health().Layers[3].Mode == service.Off })
	if got := r.config().Store.Readers; got != c.Store.Readers {
		t.Errorf("%d readers are said to be in force", got)
	}

	broken := next
	broken.Limits.ClientRate, broken.Access.TokensFile = 99, filepath.Join(t.TempDir(), "none")
	if _, err := r.Reload(&broken); err == nil {
		t.Error("reloaded without the tokens")
	}
	if _, _, head := r.ask("GET", "/v1/events", secret, ""); head.Get("RateLimit-Policy") != "1000;w=13" || r.config().Limits.ClientRate != 77 {
		t.Errorf("half of a configuration was taken over: %v", head)
	}
	next.Layers.L4 = "sometimes"
	if _, err := r.Reload(&next); err == nil {
		t.Error("reloaded what is not valid")
	}
}

func TestAnInstanceEndsThoughTheFeedIsStalled(t *testing.T) {
	c := settings(t)
	c.Chaos.Enabled = true
	c.Access.AnonymousLoopback = "admin"
	r := start(t, c)
	if code, body, _ := r.ask("GET", "/v1/faults", "", ""); code != 200 {
		t.Fatal(body)
	}
	ctx := service.WithActor(t.Context(), service.Actor{Name: "tester", Role: access.Admin})
	if _, err := r.Service().Inject(ctx, "feed-stall", fault.Params{}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, _ := r.send(ticks(3), ""); n != 12 {
		t.Errorf("%d accepted", n)
	}
	r.stop()
	again := start(t, settingsOn(c))
	defer again.stop()
	again.seen(12)
}

// settingsOn configure an instance on the store of another.
func settingsOn(c *config.Config) *config.Config {
	own := *c
	own.Chaos.Enabled = false
	return &own
}

func TestCircuitsAreMetrics(t *testing.T) {
	r := start(t, settings(t))
	defer r.stop()
	code, body := r.get("/metrics", "")
	for _, target := range []string{"L1", "L4", "store", "tick_log"} {
		if !strings.Contains(body, fmt.Sprintf(`corrgraph_circuit_state{target=%q} 0`, target)) {
			t.Errorf("the circuit of %s is not there; status %d, %d bytes: %.300s", target, code, len(body), body)
		}
	}
}

func TestPagesAreReadAlone(t *testing.T) {
	r := start(t, settings(t))
	defer r.stop()
	for _, method := range []string{"POST", "DELETE"} {
		if code, body, h := r.ask(method, "/", "", "x"); code < 400 || h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, %s: %s", method, code, h.Get("Content-Type"), body)
		}
	}
}

// A source that sent before a restart is silent from the restart on. It once was said to be
// silent since 1970, and the alert fired at every restart.
func TestASourceIsSilentSinceTheRestartAtMost(t *testing.T) {
	c := settings(t)
	const name = "corrgraph_feed_last_tick_timestamp_seconds"
	last := func(r *running) (text string) {
		r.until("the metric is there", func() bool {
			_, all := r.get("/metrics", "")
			for line := range strings.Lines(all) {
				if v, ok := strings.CutPrefix(line, name+`{source="sim"} `); ok {
					text = strings.TrimSpace(v)
				}
				if strings.HasPrefix(line, name+`{source="old"}`) {
					t.Errorf("a source of recordings is said to be silent: %s", line)
				}
			}
			return text != ""
		})
		return text
	}
	tick := func(source string, at time.Time) string {
		return fmt.Sprintf(`{"ts_source":%d,"source":%q,"sport":"tennis","bookmaker":"a","event_id":"m","home":"A","away":"B","market":"h2h","selection":"A","price":2}`+"\n", at.UnixMilli(), source)
	}
	begun := time.Now()
	r := start(t, c)
	if _, err := r.get("/metrics", ""); strings.Contains(err, name+"{") {
		t.Error("the metric is there without a source")
	}
	r.ask("POST", "/v1/ticks", "", tick("old", begun.Add(-100*24*time.Hour)))
	r.ask("POST", "/v1/ticks", "", tick("sim", begun))
	r.until("it is applied", func() bool { return r.service.State().Counts.Quotes == 2 })
	r.stop()
	r = start(t, c)
	defer r.stop()
	if at, err := strconv.ParseFloat(last(r), 64); err != nil || at < float64(begun.Unix()) {
		t.Errorf("%v, %v", at, err)
	}
}
