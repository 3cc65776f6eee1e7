package readiness

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/proof/readiness/lab"
)

const (
	smallCeiling = 256 << 20
	mostResident = smallCeiling / 5 * 6 // 1.2 times
	floodFor     = 8 * time.Second
	flooders     = 32
)

// flooded is what was observed of a process at its memory ceiling.
type flooded struct {
	base, peak          int64 // bytes; peak by the kernel
	requests, shed, bad int   // shed: 503; bad: other failures
	bare                int   // 503 without Retry-After
	recovered           bool
	after               time.Duration
	accepted            bool   // ticks, after the flood
	by                  string // reason given to the first shed request
	why                 string // ticks were not accepted

	crowded, restarted int64 // peak with one crowded event, and of its successor after kill -9
	again              time.Duration
	quotes             int64  // in the log of that event
	stuck              string // why the successor was not ready
}

// crowdMarkets is how many markets the crowded event has. If each were paired with every
// other, their evidence would take twice the ceiling.
const crowdMarkets = 150

func memoryCeiling(ctx context.Context, l *session) (f lab.Finding, err error) {
	p, err := l.Place(ctx, lab.Setup{Empty: true, Set: []string{
		"limits.memory_ceiling=256MiB", "server.limits.body=16MiB", "limits.client_rate=100000/s", "limits.client_burst=100000",
	}})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	c, err := l.Spawn(ctx, p)
	if err != nil {
		return f, err
	}
	defer c.Kill()
	var x flooded
	if x.base, _, err = lab.Resident(c.PID()); err != nil {
		return f, lab.NotRun("the memory of a process: %w", err)
	}
	if err := x.flood(ctx, c, odds.TimeOf(l.Now())); err != nil {
		return f, err
	}
	x.after, x.recovered, err = lab.Within(ctx, 30*time.Second, func(ctx context.Context) (bool, error) {
		h, err := c.Admin.Health(ctx)
		return h.Status == "HEALTHY", err
	})
	if err != nil {
		return f, fmt.Errorf("after the flood: %w; the process said: %s", err, c.Said())
	}
	text, err := lab.Body(lab.Market(odds.TimeOf(l.Now()), 1, 4))
	if err != nil {
		return f, err
	}
	got, err := lab.Ticks(ctx, c.Admin, text)
	x.accepted = err == nil && got.Accepted > 0
	if !x.accepted {
		x.why = fmt.Sprintf("%d accepted, %d duplicates, %d refused, %v", got.Accepted, got.Duplicates, got.Rejected, err)
	}
	if _, x.peak, err = lab.Resident(c.PID()); err != nil {
		return f, err
	}
	c.Kill()
	if err := x.crowd(ctx, l); err != nil {
		return f, err
	}
	return judgeFlood(&x), nil
}

// crowd sends one event with very many markets to a process of its own, kills it, and
// measures the one that reads its log back.
func (x *flooded) crowd(ctx context.Context, l *session) error {
	p, err := l.Place(ctx, lab.Setup{Empty: true, Set: []string{"limits.memory_ceiling=256MiB", "server.limits.body=16MiB"}})
	if err != nil {
		return lab.NotRun("a scratch store: %w", err)
	}
	c, err := l.Spawn(ctx, p)
	if err != nil {
		return err
	}
	defer c.Kill()
	texts, err := lab.Bodies(lab.Crowd(odds.TimeOf(l.Now()), crowdMarkets), 4000)
	if err != nil {
		return err
	}
	for _, text := range texts {
		got, err := lab.Ticks(ctx, c.Admin, text)
		if err != nil {
			return fmt.Errorf("an event with %d markets: %w; the process said: %s", crowdMarkets, err, c.Said())
		}
		x.quotes += int64(got.Accepted)
	}
	if _, x.crowded, err = lab.Resident(c.PID()); err != nil {
		return err
	}
	c.Kill()
	start := time.Now()
	next, err := l.Spawn(ctx, p)
	if err != nil { // the first one started, so it is the log that keeps this one from it
		x.stuck = err.Error()
		return nil
	}
	defer next.Kill()
	x.again = time.Since(start)
	_, x.restarted, err = lab.Resident(next.PID())
	return err
}

// flood sends large bodies over many connections at once. Few ticks are new and
// most are known: known ones are parsed and compared like others, new ones stay in
// memory.
func (x *flooded) flood(ctx context.Context, c *lab.Child, now odds.Time) error {
	const bodiesOfFlood, events = 4, 4900 // close to the limit of 10,000 ticks per request
	var texts [bodiesOfFlood][]byte
	for i := range texts {
		text, err := lab.Body(lab.Market(now.Add(odds.Millis(i)-1000), i, events))
		if err != nil {
			return err
		}
		texts[i] = text
	}
	ctx, cancel := context.WithTimeout(ctx, floodFor)
	defer cancel()
	var requests, shed, bare, bad atomic.Int64
	var first atomic.Pointer[string]
	var all sync.WaitGroup
	for i := range flooders {
		all.Go(func() {
			for k := i; ctx.Err() == nil; k++ {
				r, err := c.Admin.Do(ctx, client.Request{Method: http.MethodPost, Path: client.TicksPath, Type: client.CSV, Body: texts[k%len(texts)]})
				if ctx.Err() != nil {
					return
				}
				requests.Add(1)
				switch {
				case err != nil: // the server may close a connection that it sheds
					bad.Add(1)
				case r.Status == http.StatusServiceUnavailable:
					shed.Add(1)
					if r.Header.Get("Retry-After") == "" {
						bare.Add(1)
					}
					why := r.Err().Error()
					first.CompareAndSwap(nil, &why)
				case r.Status >= 500:
					bad.Add(1)
				}
			}
		})
	}
	all.Wait()
	x.requests, x.shed, x.bare, x.bad = int(requests.Load()), int(shed.Load()), int(bare.Load()), int(bad.Load())
	if why := first.Load(); why != nil {
		x.by = *why
	}
	return nil
}

func judgeFlood(x *flooded) (f lab.Finding) {
	f.Pass = x.peak > 0 && x.peak <= mostResident && x.restarted > 0 && max(x.crowded, x.restarted) <= mostResident && x.quotes > 0 && x.shed > 0 && x.bare == 0 && x.recovered && x.accepted
	f.Measured = fmt.Sprintf("peak %d MiB, %d answers 503, recovered %v; restarted with a crowded event: peak %d MiB", x.peak>>20, x.shed, x.recovered && x.accepted, x.restarted>>20)
	f.Evidence = fmt.Sprintf("a process with a ceiling of 256 MiB, %d MiB when idle, flooded by %d connections with bodies of 9,800 ticks for %s: %d requests, %d shed (first: %q), %d without Retry-After, %d broken; peak resident memory by the kernel; HEALTHY %s after the flood, ticks accepted again: %v",
		x.base>>20, flooders, floodFor, x.requests, x.shed, x.by, x.bare, x.bad, x.after.Round(100*time.Millisecond), x.accepted)
	if x.why != "" {
		f.Evidence += ": " + x.why
	}
	f.Evidence += fmt.Sprintf("; another process took %d prices of one event with %d markets at %d MiB; after kill -9 its successor was ready after %s, at %d MiB",
		x.quotes, crowdMarkets, x.crowded>>20, x.again.Round(10*time.Millisecond), x.restarted>>20)
	if x.stuck != "" {
		f.Evidence += ", or never: " + x.stuck
	}
	return f
}
