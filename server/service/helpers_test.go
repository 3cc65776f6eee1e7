package service

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite" // of the other program

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/engine/bets"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/memo"
	"corrgraph/server/telemetry"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// engineOf is an engine with the state that a test sets.
type engineOf struct {
	mu       sync.Mutex
	st       *live.State
	views    map[string]*live.View
	details  map[[2]odds.NodeID]engine.Detail
	alarms   []live.AnomalyUpdate
	moves    engine.Remembered
	card     live.Card
	asked    [3]int64 // from, to and most of the last query for moves
	accepted int
	refuse   error // returned by the next Accept and all later ones
	busy     error // returned by Views, Inspect and Anomalies
	refusing []ingest.Refusing
	ahead    *ingest.Ahead
	hub      *live.Hub
	called   map[catalog.SourceID]string // events, by the id of their source
	lookups  int                         // calls of Called
}

func newEngineOf() *engineOf {
	return &engineOf{
		st:    &live.State{Renewed: time.Now(), Judgement: &store.Judgement{}},
		views: map[string]*live.View{}, details: map[[2]odds.NodeID]engine.Detail{}, hub: live.NewHub(16),
	}
}

func (e *engineOf) Forecasts(_ context.Context, pick func(iter.Seq[*ledger.Prediction])) error {
	pick(func(func(*ledger.Prediction) bool) {})
	return nil
}

func (e *engineOf) Accept(_ context.Context, batches []*odds.Batch) (r ingest.Receipt, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != nil {
		return r, e.refuse
	}
	for _, b := range batches {
		r.Accepted += b.Quotes()
	}
	e.accepted += r.Accepted
	return r, nil
}

func (e *engineOf) Refusing() []ingest.Refusing { return e.refusing }
func (e *engineOf) Ahead() *ingest.Ahead        { return e.ahead }
func (e *engineOf) Slowest() ingest.Slowest     { return ingest.Slowest{} }

func (e *engineOf) State() *live.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.st
}

func (e *engineOf) View(ctx context.Context, id string) (*live.View, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch v := e.views[id]; {
	case e.busy != nil:
		return nil, e.busy
	case v == nil:
		return nil, fmt.Errorf("%w %q", live.ErrUnknown, id)
	default:
		return v, nil
	}
}

func (e *engineOf) Inspect(_ context.Context, source, target odds.NodeID, _ int) (engine.Detail, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, ok := e.details[[2]odds.NodeID{source, target}]
	return d, ok, e.busy
}

func (e *engineOf) Remembered(_ context.Context, _ string, from, to odds.Time, most int) (engine.Remembered, error) {
	e.asked = [3]int64{int64(from), int64(to), int64(most)}
	return e.moves, e.busy
}

func (e *engineOf) Anomalies(context.Context, int) ([]live.AnomalyUpdate, error) {
	return e.alarms, e.busy
}
func (e *engineOf) Scorecard() *live.Card { return &e.card }
func (e *engineOf) Hub() *live.Hub        { return e.hub }

// set changes the engine's state.
func (e *engineOf) set(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// state changes the published state.
func (e *engineOf) state(f func(*live.State)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	own := *e.st
	own.Renewed = time.Now()
	f(&own)
	e.st = &own
}

// show publishes the view of an event.
func (e *engineOf) show(v *live.View) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.views[v.Event.ID] = v
}

// rig is a service in a bubble with its own time, on a store of its own.
type rig struct {
	*Service
	t      *testing.T
	live   *engineOf
	store  *sqlite.Store
	path   string
	used   atomic.Int64 // bytes that appear to be used
	skew   atomic.Int64 // skew of the service's clock
	log    bytes.Buffer
	ctx    context.Context
	awake  func() // runs the service itself
	faults *fault.Registry
}

// rest lets the bubble's time pass.
func (g *rig) rest(d time.Duration) {
	g.t.Helper()
	time.Sleep(d)
}

const ceiling = 1 << 30

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// bubble runs a test with a service, in a bubble with its own time.
func bubble(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	synctest.Test(t, func(t *testing.T) {
		g := &rig{t: t, live: newEngineOf(), path: path}
		ctx, cancel := context.WithCancel(context.Background())
		g.ctx = WithActor(ctx, Actor{"tester", access.Admin})
		g.faults = must[*fault.Registry](t)(fault.New(fault.Options{Clock: time.Now, Enabled: true}))
		g.store = must[*sqlite.Store](t)(sqlite.Open(ctx, path, sqlite.Options{
			Create: true, Delay: func(bool) time.Duration { return g.faults.StoreDelay() },
			Fault: func(write bool) error {
				if write {
					return g.faults.DiskFull()
				}
				return nil
			},
		}))
		audit := store.NewAuditor(g.store, store.AuditorOptions{})
		memory := must[*guard.Memory](t)(guard.NewMemory(guard.MemoryOptions{
			Clock: time.Now, Ceiling: ceiling, SetLimit: func(int64) int64 { return 0 }, Free: func() {},
			Tick: func(d time.Duration) (<-chan time.Time, func()) { k := time.NewTicker(d); return k.C, k.Stop },
			Read: func() (guard.Usage, error) { return guard.Usage{Go: g.used.Load()}, nil },
		}))
		pool := func(name string) *guard.Pool {
			return must[*guard.Pool](t)(guard.NewPool(guard.PoolOptions{Name: name, Workers: 2}))
		}
		g.Service = must[*Service](t)(New(Options{
			Ingest: g.live, Live: g.live, Store: g.store, Audit: audit, Metrics: telemetry.NewMetrics(prometheus.NewRegistry(), telemetry.Build{}),
			Latency: telemetry.NewLatency(time.Now(), telemetry.Usage{}), Tracing: &telemetry.Tracing{}, Log: slog.New(slog.NewTextHandler(&g.log, nil)),
			Graphs: pool("graphs"), Predictions: pool("predictions"), Memory: memory, Faults: g.faults,
			Clock:    func() time.Time { return time.Now().Add(time.Duration(g.skew.Load())) },
			Breakers: guard.BreakerOptions{Clock: time.Now}, Deadline: time.Second,
		}))
		var work sync.WaitGroup
		work.Go(func() { _ = audit.Run(ctx) })
		work.Go(func() { _ = memory.Run(ctx) })
		g.awake = func() { work.Go(func() { _ = g.Run(ctx) }) }
		defer func() {
			cancel()
			work.Wait()
			synctest.Wait()
			if err := g.store.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(t, g)
	})
}

const noon odds.Time = 1_780_000_000_000

func node(venue, event, selection string) odds.NodeID {
	return odds.Node(venue, event, "h2h", math.NaN(), selection)
}

// edge is a link of layer l from a to b.
func edge(l odds.Layer, event string, a, b odds.NodeID, score float64) graph.Edge {
	return graph.Edge{
		Layer: l, Event: event, Source: a, Target: b, Kind: "follows", Score: score, Beta: 0.5, Lag: 3000, LagLow: 2000, LagHigh: 4000, N: 900,
		P: 0.001, Q: 0.01, Confidence: 0.95, Discovered: true, Evidence: graph.FromBoth, DetectedAt: noon,
	}
}

// match returns a view of an event whose layer 1 links three venues in a row.
func match(id string, version uint64) *live.View {
	v := &live.View{Version: version}
	v.Event.ID, v.Event.Sport, v.Event.Home, v.Event.Away = id, "tennis", "A", "B"
	v.AsOf, v.Last = noon, noon
	for i := range v.Layers {
		v.Layers[i], v.LayerAsOf[i] = []graph.Edge{}, noon
	}
	v.Layers[0] = []graph.Edge{
		edge(odds.Direct, id, node("lead", id, "home"), node("second", id, "home"), 0.8),
		edge(odds.Direct, id, node("second", id, "home"), node("third", id, "home"), 0.6),
	}
	return v
}

// graphOf returns the graph of an event, and the shared answer.
func (g *rig) graphOf(event string, limit int) (out Graph, shared *memo.Shared[Graph]) {
	g.t.Helper()
	shared = must[*memo.Shared[Graph]](g.t)(g.Graph(g.ctx, event, limit))
	return shared.Value, shared
}

// audited returns the operations recorded so far, oldest first.
func (g *rig) audited() []store.AuditRow {
	g.t.Helper()
	time.Sleep(time.Second) // the batch is written
	rows, _, err := g.store.AuditSearch(g.t.Context(), store.AuditFilter{}, 0, 1000)
	if err != nil {
		g.t.Fatal(err)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// foreign executes a statement as another program.
func (g *rig) foreign(statement string, args ...any) {
	g.t.Helper()
	db, err := sql.Open("sqlite", g.path)
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := db.Exec(statement, args...); err != nil {
		g.t.Error(err)
	}
	if err := db.Close(); err != nil {
		g.t.Error(err)
	}
}

const foreignInsert = `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type, correlation_score,
	latency_ms, expected_propagation, detected_at, confidence) VALUES (?,?,?,?,'theirs',?,2500,?,?,?)`

// row writes a link as another program.
func (g *rig) row(l odds.Layer, event string, a, b odds.NodeID, score, beta, confidence float64) {
	g.t.Helper()
	g.foreign(foreignInsert, int(l), event, string(a), string(b), score, beta, int64(noon), confidence)
}

// code returns the code of an error.
func code(err error) Code {
	if err == nil {
		return ""
	}
	return Classify(err).Code
}

func (e *engineOf) Bets(context.Context) ([]bets.Event, error) { return nil, nil }

func (e *engineOf) Called(_ context.Context, ids []catalog.SourceID) (out []string, err error) {
	e.lookups++
	for _, id := range ids {
		out = append(out, e.called[id])
	}
	return out, e.busy
}
