package readiness

import (
	"context"
	"fmt"
	"math"
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
}

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
	text, err := lab.Body(market(odds.TimeOf(l.Now()), 1, 4))
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
	return judgeFlood(&x), nil
}

// nan is the line of a market without lines.
func nan() float64 { return math.NaN() }

// market makes one instant's quotes of many events by one venue.
func market(at odds.Time, run, events int) []*odds.Batch {
	b := &odds.Batch{Source: "flood", At: at, Recv: at}
	for e := range events {
		id := fmt.Sprintf("flood-%d-%d", run, e)
		b.Updates = append(b.Updates, odds.Update{
			Event: &odds.Event{ID: id, Sport: "baseball", League: "flood", Home: "Home " + id, Away: "Away " + id, Start: at - at%86_400_000 + 2*86_400_000},
			Venue: "floodbook", Market: "h2h",
			Quotes: []odds.Quote{
				{Selection: "home", Side: odds.Home, Line: nan(), Price: 1.9 + float64(e%10)/100},
				{Selection: "away", Side: odds.Away, Line: nan(), Price: 2.0 - float64(e%10)/100},
			},
		})
	}
	return []*odds.Batch{b}
}

// flood sends large bodies over many connections at once. Few ticks are new and
// most are known: known ones are parsed and compared like others, new ones stay in
// memory.
func (x *flooded) flood(ctx context.Context, c *lab.Child, now odds.Time) error {
	const bodiesOfFlood, events = 4, 4900 // close to the limit of 10,000 ticks per request
	var texts [bodiesOfFlood][]byte
	for i := range texts {
		text, err := lab.Body(market(now.Add(odds.Millis(i)-1000), i, events))
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
	f.Pass = x.peak > 0 && x.peak <= mostResident && x.shed > 0 && x.bare == 0 && x.recovered && x.accepted
	f.Measured = fmt.Sprintf("peak %d MiB, %d answers 503, recovered %v", x.peak>>20, x.shed, x.recovered && x.accepted)
	f.Evidence = fmt.Sprintf("a process with a ceiling of 256 MiB, %d MiB when idle, flooded by %d connections with bodies of 9,800 ticks for %s: %d requests, %d shed (first: %q), %d without Retry-After, %d broken; peak resident memory by the kernel; HEALTHY %s after the flood, ticks accepted again: %v",
		x.base>>20, flooders, floodFor, x.requests, x.shed, x.by, x.bare, x.bad, x.after.Round(100*time.Millisecond), x.accepted)
	if x.why != "" {
		f.Evidence += ": " + x.why
	}
	return f
}
