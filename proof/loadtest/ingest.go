package loadtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
)

// IngestOptions are the options of Ingest.
type IngestOptions struct {
	client.Target               // its timeout: zero means 10 s
	Nodes         int           // minimum number of nodes, each the price of one market at one venue. Zero means 100000
	Neighbours    int           // partners of each node: an event has as many venues. Zero means 8
	Batch         int           // ticks per request. Zero means 2000
	Connections   int           // each sends its next batch when the last is answered. Zero means 4
	Duration      time.Duration // zero means 60 s. Before it starts, every node is sent once
	Changed       float64       // share of quotes that change the price. Zero means 0.5
	Rate          float64       // ticks per second. Zero: as fast as they are acknowledged
	Format        Format
	Seed          uint64 // zero means 1

	MinRate        float64 // acknowledged ticks per second; 0: any
	MaxFailureRate float64 // share of requests, and of ticks, that may fail

	// Progress is called every second. Nil: not reported. It must be safe for
	// concurrent use.
	Progress func(Progress)
}

func (o IngestOptions) withDefaults() (IngestOptions, error) {
	o.Nodes, o.Neighbours, o.Batch = cmp.Or(o.Nodes, 100_000), cmp.Or(o.Neighbours, 8), cmp.Or(o.Batch, 2000)
	o.Connections, o.Duration = cmp.Or(o.Connections, 4), cmp.Or(o.Duration, time.Minute)
	o.Changed, o.Seed = cmp.Or(o.Changed, 0.5), cmp.Or(o.Seed, 1)
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{o.Nodes > 0 && o.Nodes <= 10_000_000, "nodes: want 1 to 10 million"},
		{o.Neighbours >= 2 && o.Neighbours <= 1000, "neighbours: want 2 to 1000"},
		{o.Batch >= ticksPerUpdate && o.Batch <= 1_000_000, "batch: want 2 to a million ticks"},
		{o.Connections > 0 && o.Connections <= 1000, "connections: want 1 to 1000"},
		{o.Duration >= time.Second, "duration: want a second or more"},
		{o.Changed > 0 && o.Changed <= 1, "changed: want a share above 0"},
		{o.Rate >= 0 && o.MinRate >= 0, "rate: want 0 or more"},
	} {
		if !c.ok {
			return o, fmt.Errorf("%w: %s", ErrOptions, c.what)
		}
	}
	return o, timeout(&o.Target)
}

// Ingest sends batches of ticks over a large universe and reports how fast they are
// acknowledged. It blocks as Run does.
func Ingest(ctx context.Context, o IngestOptions) (*IngestReport, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := newAsker(&o.Target)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	u := newUniverse(o.Nodes, o.Neighbours, o.Batch, o.Changed, o.Format, time.Now().UTC().Truncate(24*time.Hour), o.Seed)
	in := &intake{o: &o, u: u, sum: newIntakeSum()}
	for _, u := range newUsers(a.Client, &o.Target, o.Connections, 1) {
		in.users = append(in.users, u)
		defer u.close()
	}
	in.send(ctx, 0) // every node once
	first := in.sum
	in.sum = newIntakeSum()
	before := a.metrics(ctx)
	watch, stop := context.WithCancel(ctx)
	var resident []MemoryPoint
	var wg sync.WaitGroup
	begun := time.Now()
	wg.Go(func() { resident = in.watch(watch, a, begun) })
	used, known := cpuTime()
	in.send(ctx, o.Duration)
	took := time.Since(begun)
	spent, _ := cpuTime()
	stop()
	wg.Wait()
	r := in.report(first, took)
	r.Generator = generator(known, spent-used, took, in.sum.requests, newLatencies(3))
	r.Memory = resident
	r.compare(before, a.metrics(ctx))
	r.judge(&o)
	return r, context.Cause(ctx)
}

// intake sends the batches of a universe.
type intake struct {
	o     *IngestOptions
	u     *universe
	users []*user

	mu  sync.Mutex
	sum *intakeSum // guarded by mu
}

// intakeSum sums up the results of batches.
type intakeSum struct {
	requests, sent, accepted, duplicates, rejected, bytes uint64
	acks                                                  latencies
	reasons, failures                                     map[string]uint64
}

func newIntakeSum() *intakeSum {
	return &intakeSum{acks: newLatencies(3), reasons: map[string]uint64{}, failures: map[string]uint64{}}
}

// send makes every connection send its batches for a duration, or each once.
func (in *intake) send(ctx context.Context, lasts time.Duration) {
	var wg sync.WaitGroup
	for i, user := range in.users {
		var mine []*prepared
		for k := i; k < len(in.u.batches); k += len(in.users) {
			mine = append(mine, in.u.batches[k])
		}
		wg.Go(func() { in.connection(ctx, user, mine, lasts, in.o.Seed+uint64(i)) })
	}
	wg.Wait()
}

// spread is the longest time span of one batch, well within the service's
// reordering window.
const spread = 250 * time.Millisecond

// connection sends batches one after the other, in a new order each round, so that
// lead and lag are not an artefact of the order.
func (in *intake) connection(ctx context.Context, from *user, mine []*prepared, lasts time.Duration, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 5))
	begun := time.Now()
	before := begun.Add(-spread).UnixMilli()
	sent := 0
	for len(mine) > 0 {
		for _, p := range mine {
			if ctx.Err() != nil || lasts > 0 && time.Since(begun) >= lasts {
				return
			}
			in.pace(ctx, begun, sent)
			now := time.Now()
			before = max(before, now.Add(-spread).UnixMilli())
			in.u.move(p, before, now.UnixMilli())
			before = now.UnixMilli()
			in.one(ctx, from, p)
			sent += p.ticks()
		}
		if lasts == 0 {
			return
		}
		r.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
	}
}

// pace waits until the rate allows this connection's next batch.
func (in *intake) pace(ctx context.Context, begun time.Time, sent int) {
	if in.o.Rate == 0 {
		return
	}
	due := time.Duration(float64(sent) * float64(len(in.users)) / in.o.Rate * 1e9)
	if wait := due - time.Since(begun); wait > 0 {
		_ = pause.For(ctx, wait) // the caller checks ctx
	}
}

// one sends a batch, and again while its outcome is unknown. After a refusal that asks for
// a retry it pauses briefly.
func (in *intake) one(ctx context.Context, from *user, p *prepared) {
	for in.once(ctx, from, p) && ctx.Err() == nil {
	}
}

// once sends a batch and reports whether its outcome is unknown: then it must be sent again.
func (in *intake) once(ctx context.Context, from *user, p *prepared) (unknown bool) {
	var r client.Receipt
	start := time.Now()
	status, _, err := from.send(client.TicksPath, func(x *exchange) { x.ticks(in.o.Format.contentType(), p.body) }, func(status int, body []byte) {
		if status == http.StatusAccepted || status == http.StatusUnprocessableEntity {
			_ = json.Unmarshal(body, &r) // an answer without a receipt counts nothing
		}
		unknown = bytes.Contains(body, []byte(client.OutcomeUnknown))
	})
	took := time.Since(start)
	in.note(p, status, err, r, took)
	if err != nil || status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		_ = pause.For(ctx, backOff) // the caller checks ctx
	}
	return unknown && status >= 500
}

// backOff is the pause after a refusal, so that the service is not asked without a
// break.
const backOff = 50 * time.Millisecond

func (in *intake) note(p *prepared, status int, err error, r client.Receipt, took time.Duration) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.sum
	s.requests++
	s.sent += uint64(p.ticks())
	s.bytes += uint64(len(p.body))
	switch {
	case err != nil:
		s.failures[client.Reason(err)]++
		return
	case status != http.StatusAccepted:
		s.failures[strconv.Itoa(status)+" "+http.StatusText(status)]++
	default:
		s.acks.add(took)
	}
	s.accepted += uint64(r.Accepted)
	s.duplicates += uint64(r.Duplicates)
	s.rejected += uint64(r.Rejected)
	for why, n := range r.Reasons {
		s.reasons[why] += uint64(n)
	}
}

// watch samples the service's memory and reports progress.
func (in *intake) watch(ctx context.Context, a *asker, begun time.Time) (points []MemoryPoint) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := uint64(0)
	for n := 0; ; n++ {
		if n%5 == 0 {
			if m := a.metrics(ctx); m != nil {
				points = append(points, MemoryPoint{time.Since(begun).Seconds(), m["process_resident_memory_bytes"]})
			}
		}
		select {
		case <-ctx.Done():
			return points
		case <-tick.C:
		}
		in.mu.Lock()
		p := Progress{
			Elapsed: time.Since(begun), Duration: in.o.Duration, Requests: in.sum.requests, Failures: count(in.sum.failures),
			PerSecond: float64(in.sum.accepted - last), P99: in.sum.acks.at(99),
		}
		last = in.sum.accepted
		in.mu.Unlock()
		if in.o.Progress != nil {
			in.o.Progress(p)
		}
	}
}

func count(m map[string]uint64) (n uint64) {
	for _, k := range m {
		n += k
	}
	return n
}
