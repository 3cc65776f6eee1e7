package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/backup"
	"corrgraph/server/guard"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// rig is an instance in the current bubble, real except for the network.
type rig struct {
	t       testing.TB
	api     *API
	service *service.Service
	store   *sqlite.Store
	ingest  *ingest.Ingester
	live    *live.Live
	limiter *guard.Limiter
	used    atomic.Int64 // bytes that the process appears to use
	late    atomic.Int64 // ns by which ticks are late
	secrets map[string]string
	tokens  *access.Tokens
	log     *safeBuffer
	kept    map[string]bool // recorded examples
}

// safeBuffer is a log that tests can read.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// knobs are the settings that tests vary.
type knobs struct {
	options  func(*Options)
	rate     float64
	governor int
	adaptive guard.AdaptiveOptions
	chaos    bool
	asleep   bool // the engine does not run: it is still recovering
	real     bool // outside a bubble, where a busy machine may take any time: nothing has a deadline
}

// memoryCeiling is the ceiling of every rig.
const memoryCeiling = 1 << 30

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// start runs an instance and returns a function that ends it. In a bubble its clock
// is the bubble's.
func start(t testing.TB, k knobs) (g *rig, end func()) {
	t.Helper()
	g = &rig{t: t, secrets: map[string]string{}, kept: map[string]bool{}, log: &safeBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	clock := time.Now
	dir := t.TempDir()
	faults := must[*fault.Registry](t)(fault.New(fault.Options{Clock: clock, Enabled: k.chaos}))
	deadline := 5 * time.Second
	if k.real {
		deadline = time.Hour
	}
	g.store = must[*sqlite.Store](t)(sqlite.Open(ctx, filepath.Join(dir, "api.db"), sqlite.Options{Create: true, Offline: k.real, Fault: func(write bool) error {
		if write {
			return faults.DiskFull()
		}
		return nil
	}}))
	g.ingest = ingest.New(ingest.Options{
		Log: g.store.Log(), OutOfOrder: 5000,
		Verdict: func() odds.Time { return g.live.Verdict() }, CatchUp: func() { g.live.CatchUp() },
	})
	o := live.Options{Intake: g.ingest, Settled: g.ingest.Settled, Stalled: faults.FeedStalled}
	o.Engine.DecideEvery = 30 * 60_000
	g.live = live.New(o)
	audit := store.NewAuditor(g.store, store.AuditorOptions{})
	usage := must[telemetry.Usage](t)(telemetry.ReadUsage())
	metrics := telemetry.NewMetrics(prometheus.NewRegistry(), telemetry.Build{Version: "test"})
	memory := must[*guard.Memory](t)(guard.NewMemory(guard.MemoryOptions{
		Clock: clock, Ceiling: memoryCeiling, SetLimit: func(int64) int64 { return 0 }, Free: func() {},
		Tick: func(d time.Duration) (<-chan time.Time, func()) { k := time.NewTicker(d); return k.C, k.Stop },
		Read: func() (guard.Usage, error) { return guard.Usage{Go: g.used.Load()}, nil },
	}))
	pressure := must[*guard.Pressure](t)(guard.NewPressure(guard.PressureOptions{
		Clock: clock, Late: func() time.Duration { return time.Duration(g.late.Load()) },
		Tick: func(d time.Duration) (<-chan time.Time, func()) { k := time.NewTicker(d); return k.C, k.Stop },
	}))
	pool := func(name string, n int) *guard.Pool {
		return must[*guard.Pool](t)(guard.NewPool(guard.PoolOptions{Name: name, Workers: n, Queue: 64}))
	}
	log := slog.New(slog.NewJSONHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g.service = must[*service.Service](t)(service.New(service.Options{
		Ingest: g.ingest, Live: g.live, Store: g.store, Audit: audit, Metrics: metrics, Latency: telemetry.NewLatency(clock(), usage), Tracing: &telemetry.Tracing{},
		Log: log, Graphs: pool("graphs", 2), Predictions: pool("predictions", 2), Memory: memory, Pressure: pressure,
		Faults: faults, Clock: clock,
		Breakers: guard.BreakerOptions{Clock: clock}, Deadline: deadline,
	}))
	g.makeTokens()
	k.adaptive.Clock = clock
	g.limiter = must[*guard.Limiter](t)(guard.NewLimiter(guard.LimiterOptions{Clock: clock, Rate: orElse(k.rate, 1e6)}))
	opts := Options{
		Service: g.service, Limiter: g.limiter,
		Governor: must[*guard.Governor](t)(guard.NewGovernor(guard.GovernorOptions{Clock: clock, Second: k.governor})),
		Adaptive: must[*guard.Adaptive](t)(guard.NewAdaptive(k.adaptive)), Writes: must[*guard.Adaptive](t)(guard.NewAdaptive(k.adaptive)),
		Memory: memory, Pressure: pressure, Full: g.ingest.Full, Metrics: metrics, Tracing: &telemetry.Tracing{}, Log: log, Clock: clock, Version: "test",
		Settings: Settings{Tokens: g.tokens, ClientRate: orElse(k.rate, 1e6)},
	}
	if k.options != nil {
		k.options(&opts)
	}
	g.api = must[*API](t)(New(opts))
	work.Go(func() { _ = audit.Run(ctx) })
	if !k.asleep {
		work.Go(func() { _ = g.ingest.Run(ctx, g.live) })
		work.Go(func() { _ = g.live.Run(ctx) })
	}
	work.Go(func() { _ = g.service.Run(ctx) })
	work.Go(func() { _ = memory.Run(ctx) })
	work.Go(func() { _ = pressure.Run(ctx) })
	return g, func() {
		g.api.Close()
		cancel()
		work.Wait()
		if err := g.store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func orElse(v, d float64) float64 {
	if v == 0 {
		return d
	}
	return v
}

func (g *rig) makeTokens() {
	var all []access.Token
	for _, role := range []access.Role{access.Viewer, access.Operator, access.Admin} {
		name := role.String()
		t, secret, err := access.NewToken(name, role, time.Time{}, time.Now())
		if err != nil {
			g.t.Fatal(err)
		}
		all = append(all, t)
		g.secrets[name] = secret
	}
	g.tokens = must[*access.Tokens](g.t)(access.NewTokens(all...))
}

// bubble runs a test with an instance in a bubble with its own time.
func bubble(t *testing.T, k knobs, f func(t *testing.T, g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g, end := start(t, k)
		defer end()
		synctest.Wait()
		f(t, g)
	})
}

// ask sends one request with a role ("" for none).
func (g *rig) ask(role, method, target string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequest(method, target, body)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+g.secrets[role])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.api.ServeHTTP(w, r)
	return w
}

func (g *rig) get(target string, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.ask("admin", "GET", target, nil, headers...)
}

// want checks that a request ends with a status.
func (g *rig) want(code int, w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	g.t.Helper()
	if w.Code != code {
		g.t.Errorf("status %d, want %d: %.500s", w.Code, code, w.Body.String())
	}
	if w.Header().Get("X-Request-Id") == "" {
		g.t.Error("the answer has no X-Request-Id")
	}
	return w
}

// refused checks that a request ends with a problem that gives a reason.
func (g *rig) refused(code int, reason string, w *httptest.ResponseRecorder) Problem {
	g.t.Helper()
	g.want(code, w)
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		g.t.Fatalf("no problem: %v %s %.200s", err, w.Header().Get("Content-Type"), w.Body.String())
	}
	if p.Status != code || p.Type != "about:blank" || p.Title == "" || p.Instance == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		g.t.Errorf("incomplete problem: %+v", p)
	}
	if !strings.Contains(w.Body.String(), reason) {
		g.t.Errorf("problem %s does not say %q", w.Body.String(), reason)
	}
	return p
}

// decode reads a JSON answer.
func decode[T any](t testing.TB, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %.300s", err, w.Body.String())
	}
	return v
}

// tick is one line of NDJSON.
func tick(at time.Time, venue, event, side string, price float64) string {
	return fmt.Sprintf(`{"ts_source":%q,"bookmaker":%q,"event_id":%q,"sport":"tennis","league":"open","home":"Ann %s","away":"Bea","market":"h2h","selection":%q,"price":%.4f,"source":"sim"}`+"\n",
		at.UTC().Format(time.RFC3339Nano), venue, event, event, side, price)
}

// market returns NDJSON of two matches at three venues over some hours that end
// now: one venue moves, the others follow two and three seconds later.
func market(hours int) (requests []string) {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	lines := 0
	begin := time.Now().Add(-time.Duration(hours) * time.Hour)
	x := []float64{0, 0}
	for step := range hours * 360 {
		at := begin.Add(time.Duration(step)*10*time.Second + time.Duration(r.IntN(5000))*time.Millisecond) // regular times would be a poll's
		for i := range x {
			x[i] += 0.05 * r.NormFloat64()
		}
		for lag, venue := range []string{"lead", "near", "far"} {
			when := at
			if lag > 0 {
				when = at.Add(time.Duration(lag+1) * time.Second)
			}
			for i, event := range []string{"match-1", "match-2"} {
				p := 1 / (1 + math.Exp(-x[i]))
				b.WriteString(tick(when, venue, event, "home", 1/p))
				b.WriteString(tick(when, venue, event, "away", 1/(1-p)))
				lines += 2
			}
		}
		if lines > 9000 || step == hours*360-1 {
			requests = append(requests, b.String())
			b.Reset()
			lines = 0
		}
	}
	return requests
}

// feed sends the market and lets the engine apply it.
func (g *rig) feed(hours int) {
	g.t.Helper()
	for _, body := range market(hours) {
		got := decode[Receipt](g.t, g.want(http.StatusAccepted, g.ask("operator", "POST", "/v1/ticks", strings.NewReader(body), "Content-Type", formNDJSON)))
		if got.Accepted == 0 || got.Rejected != 0 {
			g.t.Fatalf("the market was not taken: %+v", got)
		}
	}
}

// settle lets the engine apply everything and publish.
func settle() {
	time.Sleep(10 * time.Second) // of the bubble
	synctest.Wait()
}

// copies is a folder of backups of the rig's store.
type copies struct {
	folder *backup.Folder
	dir    string
	from   func() backup.Source
}

func (c copies) List() ([]backup.Backup, error) { return backup.List(c.dir) }
func (c copies) Status() backup.Status          { return c.folder.Status() }
func (c copies) Make(ctx context.Context) (backup.Backup, error) {
	return c.folder.Make(ctx, c.from())
}

// adaptiveOfOne admits one request at a time.
func adaptiveOfOne() guard.AdaptiveOptions {
	return guard.AdaptiveOptions{Min: 1, Max: 1, Initial: 1}
}
