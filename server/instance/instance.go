package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/backup"
	"corrgraph/server/config"
	"corrgraph/server/connect"
	"corrgraph/server/guard"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/present"
	"corrgraph/server/quarantine"
	"corrgraph/server/restart"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// Options of Open. The zero value discards the log.
type Options struct {
	Log     io.Writer // where log lines go
	Version telemetry.Build
	// TraceHeaders are sent with each export of traces, for authorisation for
	// instance.
	TraceHeaders map[string]string
	// Simulated says that the ticks are simulated.
	Simulated bool
	// Played is the recording that Play plays: the service's time is its time. Nil: ticks come as
	// they happen.
	Played *Played
	// Dial opens connections to venues. Nil means over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Heard is given what venues say, before it is accepted. It must be quick. Nil: nobody is.
	Heard func([]*odds.Batch)
	// Fleeting says that the store is removed at the end: ticks need not survive a power failure.
	Fleeting bool
}

// Instance is an assembled service. Run must be called once.
type Instance struct {
	o         Options
	mu        sync.Mutex
	cfg       config.Config // guarded by mu; the current configuration
	level     slog.LevelVar
	log       *slog.Logger
	faults    *fault.Registry
	metrics   *telemetry.Metrics
	latency   *telemetry.Latency
	tracing   *telemetry.Tracing
	store     *sqlite.Store
	hurt      store.Condition  // of the store
	unchecked ticklog.Position // what lies before it is checked beside the service
	audit     *store.Auditor
	memory    *guard.Memory
	strain    *guard.Pressure // of ticks
	stalled   time.Time       // when a drill last silenced the feed; owned by strain
	limiter   *guard.Limiter
	graphs    *guard.Governor
	flight    *guard.Adaptive   // of reads
	writes    *guard.Adaptive   // of requests that wait for the disk, ticks not among them
	keeper    *restart.Keeper   // nil: no checkpoints are taken
	compare   *restart.Comparer // nil: they are not compared with the log
	watch     *quarantine.Guard
	ingest    *ingest.Ingester
	live      *live.Live
	facts     *catalog.Facts
	service   *service.Service
	desk      *connect.Desk  // nil: no venue is read
	backups   *backup.Folder // nil if backups are off
	http      *server
	played    *present.Clock // of the recording that is played; nil: none is
}

// Open assembles an instance: it opens the store, which must not be in use, and
// listens, so that errors of either show here. Nothing is served before Run.
func Open(ctx context.Context, cfg *config.Config, o Options) (_ *Instance, err error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if err := cfg.Validate(); err != nil { // among other things, whether to listen without tokens
		return nil, err
	}
	i := &Instance{o: o, cfg: *cfg}
	if o.Played != nil {
		i.played = present.NewClock(o.Played.Tape, o.Played.Speed)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.close())
		}
	}()
	i.setLevel(cfg.Telemetry.Log.Level)
	i.log = telemetry.NewLogger(o.Log, telemetry.LogOptions{Text: cfg.Telemetry.Log.Format == "text", Level: &i.level})
	if err := i.watchers(ctx); err != nil {
		return nil, err
	}
	if err := i.guards(); err != nil {
		return nil, err
	}
	if err := i.connectVenues(); err != nil { // before a store is made for nothing
		return nil, err
	}
	if err := i.openStore(ctx); err != nil {
		return nil, err
	}
	if err := i.openEngine(ctx); err != nil {
		return nil, err
	}
	if err := i.openService(ctx); err != nil {
		return nil, err
	}
	i.http, err = i.listen()
	return i, err
}

// clock is the service's clock: the true one, skewed by an injected fault.
func (i *Instance) clock() time.Time { return time.Now().Add(i.faults.ClockSkew()) }

// ticking is the clock by which ticks are accepted: that of the recording that is played, or the
// service's.
func (i *Instance) ticking() time.Time {
	if i.played != nil {
		return i.played.Now()
	}
	return i.clock()
}

func (i *Instance) setLevel(name string) {
	_ = i.level.UnmarshalText([]byte(name)) // valid
}

// watchers makes the logger, metrics and traces.
func (i *Instance) watchers(ctx context.Context) (err error) {
	i.metrics = telemetry.NewMetrics(prometheus.NewRegistry(), i.o.Version)
	u, err := telemetry.ReadUsage()
	if err != nil {
		return err
	}
	i.latency = telemetry.NewLatency(time.Now(), u)
	t := i.cfg.Telemetry.Tracing
	if t.SampleRatio == 0 {
		t.SampleRatio = -1 // none of its own: the library's zero means its default
	}
	endpoint := t.Endpoint
	if endpoint != "" && !strings.Contains(strings.TrimPrefix(strings.TrimPrefix(endpoint, "https://"), "http://"), "/") {
		endpoint += "/v1/traces"
	}
	i.tracing, err = telemetry.NewTracing(ctx, telemetry.TracingOptions{
		Endpoint: endpoint, Headers: i.o.TraceHeaders, Ratio: t.SampleRatio, Version: i.o.Version.Version, Log: i.log,
	})
	if err != nil {
		return err
	}
	i.faults, err = fault.New(fault.Options{Clock: time.Now, Enabled: i.cfg.Chaos.Enabled, OnChange: func(f fault.Fault, injected bool) {
		i.log.Warn("fault", "kind", f.Kind, "injected", injected, "until", f.Until, "who", f.Who)
	}})
	return err
}

// guards makes the limiters, pools and breakers.
func (i *Instance) guards() (err error) {
	l := &i.cfg.Limits
	if i.limiter, err = guard.NewLimiter(guard.LimiterOptions{Clock: time.Now, Rate: float64(l.ClientRate), Burst: l.ClientBurst}); err != nil {
		return err
	}
	if i.graphs, err = guard.NewGovernor(guard.GovernorOptions{Clock: time.Now, Second: int(l.GraphRate)}); err != nil {
		return err
	}
	for _, to := range []**guard.Adaptive{&i.flight, &i.writes} {
		if *to, err = guard.NewAdaptive(guard.AdaptiveOptions{
			Clock: time.Now, Min: min(128, l.Concurrency.Max), Initial: min(256, l.Concurrency.Max), Max: l.Concurrency.Max, MaxLatency: l.Concurrency.Latency,
		}); err != nil {
			return err
		}
	}
	late, measure := l.TicksLate, i.late
	if late == 0 { // questions are never refused for it
		measure = func() time.Duration { return 0 }
	}
	i.strain, err = guard.NewPressure(guard.PressureOptions{Clock: time.Now, Tick: ticker, Late: measure, Thresholds: [2]time.Duration{late, late * 5 / 2}, Margin: late / 2, OnChange: func(from, to guard.Strain, late time.Duration) {
		i.log.Warn("overload level", "from", from.String(), "to", to.String(), "late", late)
	}})
	if err != nil {
		return err
	}
	i.memory, err = guard.NewMemory(guard.MemoryOptions{
		Clock: time.Now, Ceiling: int64(l.MemoryCeiling), Extra: i.faults.MemoryExtra, Tick: ticker,
		OnChange: func(from, to guard.Level, s guard.MemoryStats) {
			i.log.Warn("memory level", "from", from.String(), "to", to.String(), "used", s.Used, "ceiling", s.Ceiling)
		},
	})
	return err
}

func ticker(every time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}

// late is how late ticks are for want of a processor: those that wait to be accepted, and those
// that wait to be told. What they wait for the end of a drill that silences the feed is not
// counted. It is for one goroutine.
func (i *Instance) late() time.Duration {
	late := max(i.ingest.Late(), i.live.Late())
	if i.faults.FeedStalled() {
		i.stalled = time.Now()
	}
	return min(late, time.Since(i.stalled))
}

func (i *Instance) openStore(ctx context.Context) (err error) {
	c := &i.cfg
	i.store, err = sqlite.Open(ctx, c.Store.Path, sqlite.Options{
		Create: true, Durable: !i.o.Fleeting, Readers: c.Store.Readers, Clock: time.Now, Slow: c.Limits.SlowQuery, Request: c.Limits.QueryDeadline,
		OnStatement: func(name string, took time.Duration, err error) {
			if errors.Is(err, store.ErrDeadline) {
				i.metrics.QueryTimeouts.Inc()
			}
			level := slog.LevelWarn
			if name == "commit_tx" && err == nil {
				level = slog.LevelDebug // a disk that syncs slowly is not a slow query; log_append_seconds has the wait of senders
			}
			i.log.Log(ctx, level, "slow query", "statement", name, "took", took, "error", text(err))
		},
		Fault: func(write bool) error {
			if write {
				return i.faults.DiskFull()
			}
			return nil
		},
		Delay: func(bool) time.Duration { return i.faults.StoreDelay() },
	})
	if err != nil {
		return err
	}
	if err := i.examine(ctx); err != nil {
		return err
	}
	i.audit = store.NewAuditor(i.store, store.AuditorOptions{
		Queue: c.Audit.Queue, Keep: c.Audit.Keep, Rows: unbounded(int(c.Audit.MaxRows)), Bytes: int64(unbounded(int(c.Audit.MaxBytes))),
	})
	if c.Backup.Folder == "" {
		return nil
	}
	i.backups, err = backup.Open(backup.Options{
		Dir: c.Backup.Folder, Keep: backup.Keep{Hourly: c.Backup.Keep.Hourly, Daily: none(c.Backup.Keep.Daily), Weekly: none(c.Backup.Keep.Weekly)},
		Every: c.Backup.Every, VerifyEvery: c.Backup.VerifyEvery, Clock: time.Now, OnResult: i.backedUp,
	})
	return err
}

// unbounded turns the configuration's 0, no limit, into the largest number.
func unbounded(n int) int {
	if n == 0 {
		return int(^uint(0) >> 1)
	}
	return n
}

// none turns the configuration's 0, keep none, into the package's value for it.
func none(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (i *Instance) openEngine(ctx context.Context) error {
	c := &i.cfg
	door, o, err := engines(c)
	if err != nil {
		return err
	}
	if err := i.store.UseDevig(ctx, o.Engine.Devig); err != nil {
		return err
	}
	i.facts = o.Facts
	plain := o // without what only a running service has
	door.Log, door.FutureSkew, door.Queue, door.Clock, door.Driven = i.store.Log(), odds.MillisOf(c.Ingest.FutureSkew), c.Ingest.Queue, i.ticking, i.played != nil
	door.Verdict, door.CatchUp = func() odds.Time { return i.live.Verdict() }, func() { i.live.CatchUp() }
	door.Appended, door.Damaged = func(took time.Duration) { i.timed("append", took) }, i.damaged
	o.Intake, o.Results = restart.Intake(func() *ingest.Ingester { return i.ingest }), i.store
	o.Settled = func(ctx context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error] {
		return i.ingest.Settled(ctx, after, until)
	}
	o.Pressed, o.Sparing = func() bool { return i.memory.Sheds(guard.ShedL4) }, func() bool { return i.strain.Level() > guard.Calm }
	o.PublishEvery, o.Ring, o.Clock, o.Stalled, o.Held = c.Publish.Every, c.Stream.Ring, i.ticking, i.faults.FeedStalled, i.faults.JudgeStalled
	o.Timed, o.Told, o.Failed = i.timed, i.told, func(what string, err error) { i.log.Error(what, "error", err.Error()) }
	o.Standby, o.Off = standby(c)
	if err := i.openQuarantine(ctx); err != nil {
		return err
	}
	o.Telling, o.Learning = i.watch.Slot(quarantine.Telling), i.watch.Slot(quarantine.Learning)
	i.resume(ctx, &door, o)
	i.compareTo(door, plain)
	i.ingest = ingest.New(door)
	return nil
}

// evidenceBytes is about what the evidence of one family takes: 80 KiB, and three closed parts of
// its memory of 16 KiB.
const evidenceBytes = 128 << 10

// within lowers the number of families so that their evidence takes at most half of a
// memory ceiling in bytes, were two layers full.
func within(l engine.Limits, ceiling int64) engine.Limits {
	l = l.WithDefaults()
	l.Families = max(64, min(l.Families, int(ceiling/4/evidenceBytes)))
	return l
}

// standby returns which layers wait for idle time and which are off.
func standby(c *config.Config) (waiting, off [4]bool) {
	for k, mode := range modes(c) {
		waiting[k], off[k] = mode == service.Standby, mode == service.Off
	}
	return waiting, off
}

// modes returns the modes of the layers.
func modes(c *config.Config) [4]service.LayerMode {
	return [4]service.LayerMode{
		service.LayerMode(c.Layers.L1), service.LayerMode(c.Layers.L2), service.LayerMode(c.Layers.L3), service.LayerMode(c.Layers.L4),
	}
}

// waiting is how many requests may wait for a worker of a pool. At a millisecond
// each, two workers reach the last one in about a tenth of a second.
const waiting = 256

func (i *Instance) openService(ctx context.Context) error {
	c := &i.cfg
	graphs, err := guard.NewPool(guard.PoolOptions{Name: "graphs", Workers: c.Workers.Graphs, Queue: waiting})
	if err != nil {
		return err
	}
	predictions, err := guard.NewPool(guard.PoolOptions{Name: "predictions", Workers: c.Workers.Predictions, Queue: waiting})
	if err != nil {
		return err
	}
	i.service, err = service.New(service.Options{
		Ingest: i.ingest, Live: i.live, Store: i.store, Condition: &i.hurt, Audit: i.audit, Metrics: i.metrics, Latency: i.latency, Tracing: i.tracing, Log: i.log,
		Graphs: graphs, Predictions: predictions, Memory: i.memory, Pressure: i.strain, Faults: i.faults, Clock: i.clock, Played: i.played,
		Breakers: guard.BreakerOptions{Clock: time.Now, Failures: c.Breakers.Failures, Window: c.Breakers.Period, Delay: c.Breakers.Delay},
		Desk:     i.venueDesk(), Restarts: i.restarts, Simulated: i.o.Simulated, Layers: modes(c), ErrorsOnly: c.Audit.Level == "ERRORS", Facts: i.facts,
	})
	if err != nil {
		return err
	}
	return i.service.LoadLinks(ctx)
}

// close releases the resources of Open.
func (i *Instance) close() (err error) {
	if i.http != nil {
		err = i.http.listener.Close()
	}
	if i.watch != nil {
		err = errors.Join(err, i.watch.Close())
	}
	if i.store != nil {
		err = errors.Join(err, i.store.Close())
	}
	return err
}

// Service returns the service, for callers in the same process.
func (i *Instance) Service() *service.Service { return i.service }

// Applied reports whether the engine has applied every accepted tick, and has
// reached the given event time.
func (i *Instance) Applied(until odds.Time) bool {
	st := i.service.State()
	return st.AsOf >= until && st.Queue == 0 && st.HeldBack == 0
}

// Log returns the service's logger, for code that reports on it.
func (i *Instance) Log() *slog.Logger { return i.log }

// Addr returns the address of the listener.
func (i *Instance) Addr() string { return i.http.listener.Addr().String() }

// ErrTurned is returned by Run when the clock was put back behind the ticks that have been
// applied. An Instance opened anew reads them from the log as far as the clock goes.
var ErrTurned = ingest.ErrTurned

// Run serves until ctx ends. Then it lets requests finish, applies and saves
// accepted ticks, and returns nil, or the failure that stopped it.
func (i *Instance) Run(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		// Most of the heap lives for days, and the memory limit keeps it below the
		// ceiling. Collecting half as often is worth a tenth of the ingest rate.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	r := newRunner(ctx)
	// Parts that others write to end after them.
	r.last(func(ctx context.Context) error { return i.audit.Run(ctx) })
	r.last(i.run(i.memory.Run))
	r.last(i.run(i.strain.Run))
	r.last(i.run(i.watch.Run))
	r.inner(i.accept)
	r.inner(func(ctx context.Context) error { return i.live.Run(ctx) })
	r.inner(i.service.Run)
	if i.keeper != nil {
		r.inner(i.keeper.Run)
	}
	if i.compare != nil {
		r.inner(i.run(i.compare.Run))
	}
	m := newMeter(i) // before the first scrape
	r.inner(func(ctx context.Context) error { return i.measure(ctx, m) })
	r.inner(i.inspect)
	r.inner(i.prune)
	r.inner(i.chaos)
	if i.backups != nil {
		r.inner(i.run(func(ctx context.Context) error { return i.backups.Run(ctx, i.store) }))
	}
	r.outer(i.http.run)
	r.outer(i.runVenues)
	i.died(ctx)
	err := r.wait()
	i.log.Info("stopped", "error", text(err))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, i.tracing.Shutdown(ctx), i.watch.Close())
	if closeErr := i.store.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("closing the store: %w", closeErr))
	}
	return err
}

// run turns the cause of a context into nil: a clean end.
func (i *Instance) run(f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}
}

// Alive reports whether the engine's loop makes progress: it publishes several
// times a second, though a decision over very many pairs takes some seconds. While
// the log is read back there is nothing to compare with.
func (i *Instance) Alive() bool {
	st := i.live.State()
	return st.Recovering || time.Since(st.Renewed) < time.Minute
}

// Ready reports whether the tick log has been read back, so that ticks are
// accepted.
func (i *Instance) Ready() bool { return !i.live.State().Recovering }
