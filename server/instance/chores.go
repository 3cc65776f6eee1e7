package instance

import (
	"context"
	"time"

	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/guard/fault"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// every calls f on each tick until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) error {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			f()
		case <-ctx.Done():
			return nil
		}
	}
}

// pruneStep is how many chunks of the log are removed per step.
const pruneStep = 16

// prune keeps the tick log within its limits, in small steps.
func (i *Instance) prune(ctx context.Context) error {
	return every(ctx, time.Minute, func() {
		c := i.config()
		now := i.live.State().AsOf
		if now == 0 || !i.Ready() { // what is still to be told must not be trimmed
			return
		}
		for ctx.Err() == nil {
			before := min(now.Add(-odds.MillisOf(c.Store.LogRetention)), i.watch.Pinned())
			n, err := ticklog.Retain(ctx, i.store.Log(), before, now, int64(c.Store.LogMaxBytes), pruneStep)
			if err != nil {
				i.log.Error("the tick log could not be pruned", "error", err.Error())
			}
			if n > 0 {
				i.service.Note(ctx, store.AuditRow{Operation: "LOG_PRUNE", Status: "OK", Subject: "tick log", Detail: plural(n, "chunk"), Actor: "service"})
			}
			if n < pruneStep {
				return
			}
		}
	})
}

// measure records each minute the latency of operations, from histograms, and what
// guards refused.
func (i *Instance) measure(ctx context.Context, m *meter) error {
	last := time.Now()
	return every(ctx, time.Second, func() {
		m.tick()
		now := time.Now()
		if now.Sub(last) < i.config().Audit.PerformanceEvery {
			return
		}
		last = now
		u, err := telemetry.ReadUsage()
		if err == nil {
			w := i.latency.Snapshot(now, u)
			if err = i.store.RecordPerformance(ctx, append(rows(w), m.refusals.until(w)...)); err == nil {
				m.refusals.written(w.To)
			}
		}
		if err != nil && ctx.Err() == nil {
			i.log.Error("measurements could not be written", "error", err.Error())
		}
	})
}

func rows(w telemetry.Window) []store.Performance {
	out := make([]store.Performance, 0, len(w.Operations))
	for _, o := range w.Operations {
		out = append(out, store.Performance{
			At: odds.TimeOf(w.To), Component: service.Component, Operation: o.Operation, P50: o.P50, P99: o.P99,
			PerSecond: o.PerSecond, MemoryMB: float64(w.Memory) / 1e6, CPU: w.CPU,
		})
	}
	return out
}

// told records how long it took until forecasts were published.
func (i *Instance) told(received, appended time.Duration) {
	if i.played != nil {
		received = appended // the other one is of the recording's time
	}
	i.metrics.Forecast.WithLabelValues("receipt").Observe(received.Seconds())
	i.metrics.Forecast.WithLabelValues("log").Observe(appended.Seconds())
	i.latency.Observe("FORECAST", appended)
}

// timed records durations reported by the live engine.
func (i *Instance) timed(what string, took time.Duration) {
	switch what {
	case "append":
		i.metrics.LogAppend.Observe(took.Seconds())
		i.latency.Observe("LOG_APPEND", took)
	case "decide":
		i.metrics.Decision.Observe(took.Seconds())
		i.latency.Observe("DECISION", took)
	case "publish":
		i.latency.Observe("PUBLISH", took)
	case "apply":
		i.latency.Observe("APPLY", took)
	case "save":
		i.latency.Observe("SAVE", took)
	}
}

// backedUp records the result of a backup or a test restore.
func (i *Instance) backedUp(operation string, at time.Time, took time.Duration, err error) {
	row := store.AuditRow{Operation: operation, Subject: i.config().Backup.Folder, Status: "OK", Actor: "schedule", Took: took}
	if err != nil {
		row.Status, row.Detail = "FAILED", err.Error()
		i.log.Error("backup failed", "operation", operation, "error", err.Error())
	}
	i.service.Note(context.Background(), row)
}

// chaos injects the scheduled faults.
func (i *Instance) chaos(ctx context.Context) error {
	last := time.Now()
	return every(ctx, time.Second, func() {
		now := time.Now()
		c := i.config()
		for k := range c.Chaos.Schedule {
			f := &c.Chaos.Schedule[k]
			if due := f.Next(last); c.Chaos.Enabled && !due.After(now) {
				ctx := service.WithActor(ctx, service.Actor{Name: "schedule", Role: access.Admin})
				if _, err := i.service.Inject(ctx, f.Fault, params(f), f.Duration); err != nil {
					i.log.Error("a scheduled fault could not be injected", "kind", f.Fault, "error", err.Error())
				}
			}
		}
		last = now
	})
}

func params(f *config.ChaosFault) fault.Params {
	return fault.Params{Layer: odds.Layer(f.Layer), Delay: f.Delay, Bytes: int64(f.Size), Skew: f.Offset}
}
