package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// KillOptions are those of Kill.
type KillOptions struct {
	// Command makes the command that starts the server on a loopback address; Kill
	// starts it and collects its output. The server needs no token there.
	Command     func(ctx context.Context, addr string) *exec.Cmd
	DB          string        // store of the command; need not exist
	Runs        int           // number of kills. Zero means 200
	Connections int           // sending concurrently. Zero means 4
	Ticks       int           // per request, 2 to 64. Zero means 20
	Longest     time.Duration // maximum delay of a kill after the first request to a server that is ready. Zero means 500 ms
	Ready       time.Duration // limit for the server to become ready. Zero means 60 s
	Seed        uint64        // of the random delays. Zero means 1

	// Progress is called after each kill. Nil: not reported.
	Progress func(run, of int, requests int, recovery time.Duration)
}

func (o KillOptions) withDefaults() (KillOptions, error) {
	o.Runs, o.Connections, o.Ticks = cmp.Or(o.Runs, 200), cmp.Or(o.Connections, 4), cmp.Or(o.Ticks, 20)
	o.Longest, o.Ready, o.Seed = cmp.Or(o.Longest, 500*time.Millisecond), cmp.Or(o.Ready, time.Minute), cmp.Or(o.Seed, 1)
	_, err := os.Stat(o.DB)
	switch {
	case o.Command == nil || o.DB == "":
		return o, fmt.Errorf("%w: no command or no store", ErrOptions)
	case o.Runs < 1 || o.Connections < 1 || o.Connections > 1000:
		return o, fmt.Errorf("%w: want a run and a connection or more, up to 1000 connections", ErrOptions)
	case o.Runs > 100_000:
		return o, fmt.Errorf("%w: runs %d, want at most 100,000 runs", ErrOptions, o.Runs)
	case o.Ticks < 2 || o.Ticks > mostTicks || o.Ticks%2 != 0:
		return o, fmt.Errorf("%w: ticks %d, want an even number from 2 to %d", ErrOptions, o.Ticks, mostTicks)
	case o.Longest < 0 || o.Ready < 0:
		return o, fmt.Errorf("%w: times below 0", ErrOptions)
	case err == nil:
		return o, fmt.Errorf("%w: %s exists: a drill starts with a store of its own", ErrOptions, o.DB)
	}
	return o, nil
}

// KillReport is the result of Kill.
type KillReport struct {
	Runs int    `json:"runs"`
	Sent int    `json:"sent_requests"` // including repetitions
	Seed uint64 `json:"seed"`
	Tally
	RecoveryP50Ms float64   `json:"recovery_p50_ms"` // from the start of the process until /readyz says 200
	RecoveryP99Ms float64   `json:"recovery_p99_ms"`
	RecoveryMaxMs float64   `json:"recovery_max_ms"`
	RecoveriesMs  []float64 `json:"recoveries_ms"` // in order of runs; the first start finds no store
	Kept          bool      `json:"kept"`          // nothing lost, doubled or strange, and something acknowledged
}

// Kill repeatedly starts the server, sends it ticks and kills it at a random
// moment; requests without an answer are sent again after the restart. At the end
// it reads the tick log. Errors are failures to start the server or to read the
// log; a lost tick is not an error.
func Kill(ctx context.Context, o KillOptions) (*KillReport, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // kills whatever still runs
	k := &killer{o: &o, r: rand.New(rand.NewPCG(o.Seed, 1))}
	for i := range o.Connections {
		k.books = append(k.books, &book{connection: i, ticks: o.Ticks})
	}
	r := &KillReport{Runs: o.Runs, Seed: o.Seed}
	for run := range o.Runs + 1 {
		took, err := k.run(ctx, run == o.Runs)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", run+1, err)
		}
		r.RecoveriesMs = append(r.RecoveriesMs, ms(took))
		if o.Progress != nil && run < o.Runs {
			o.Progress(run+1, o.Runs, k.requests(), took)
		}
	}
	r.Tally, err = k.reconcile(ctx)
	r.sum(k.books)
	return r, err
}

func (r *KillReport) sum(books []*book) {
	for _, b := range books {
		r.Sent += b.sent
	}
	again := slices.Sorted(slices.Values(r.RecoveriesMs[1:]))
	r.RecoveryP50Ms, r.RecoveryP99Ms, r.RecoveryMaxMs = again[len(again)/2], again[(len(again)-1)*99/100], again[len(again)-1]
	r.Kept = r.Lost == 0 && r.Doubled == 0 && r.Strange == 0 && r.Acknowledged > 0
}

type killer struct {
	o     *KillOptions
	r     *rand.Rand
	books []*book
}

func (k *killer) requests() (n int) {
	for _, b := range k.books {
		n += len(b.entries)
	}
	return n
}

// run is one life of the server. The last one ends in good order, once every
// unanswered request has been sent again.
func (k *killer) run(ctx context.Context, last bool) (recovery time.Duration, err error) {
	began := time.Now()
	p, err := start(ctx, k.o.Command)
	if err != nil {
		return 0, err
	}
	c, err := client.New(client.Options{URL: p.url, Timeout: 10 * time.Second, Connections: k.o.Connections + 1})
	if err == nil {
		defer c.Close()
		err = p.ready(ctx, c, k.o.Ready)
	}
	if err != nil {
		p.kill()
		return 0, err
	}
	recovery = time.Since(began)
	life, end := context.WithCancel(ctx)
	defer end()
	begin := func() {}
	if !last {
		// Drawn before anything is sent, so that it depends only on the seed.
		after := time.Duration(k.r.Float64() * float64(k.o.Longest))
		begin = sync.OnceFunc(func() {
			time.AfterFunc(after, func() {
				p.kill()
				end()
			})
		})
	}
	k.send(life, c, begin, last)
	if last {
		return recovery, errors.Join(context.Cause(ctx), p.stop(k.o.Ready))
	}
	<-life.Done()
	<-p.exited
	return recovery, context.Cause(ctx)
}

// send makes every connection repeat its unanswered requests and then send new
// ticks until the server dies. New ticks wait for all repetitions, which would
// otherwise be too late to be accepted. It calls begin when the first request is
// about to be sent: a server that dies before any request proves nothing.
func (k *killer) send(ctx context.Context, c *client.Client, begin func(), last bool) {
	var all, old sync.WaitGroup
	old.Add(len(k.books))
	for _, b := range k.books {
		all.Go(func() {
			s := sender{c, b, begin, nil}
			s.again(ctx)
			old.Done()
			old.Wait()
			for !last && ctx.Err() == nil {
				s.post(ctx, b.next(time.Now().UnixMilli()))
			}
		})
	}
	all.Wait()
}

// sender is one connection in one life of the server.
type sender struct {
	c     *client.Client
	book  *book
	begin func()
	buf   []byte
}

// again repeats unanswered requests.
func (s *sender) again(ctx context.Context) {
	for i := range s.book.entries {
		if s.book.entries[i].state == unknown {
			s.post(ctx, i)
		}
	}
}

// post sends request i until it is answered or the server dies.
func (s *sender) post(ctx context.Context, i int) {
	s.buf = s.book.body(s.buf[:0], i)
	for ctx.Err() == nil {
		s.book.sent++
		s.begin()
		if st := s.once(ctx); st != unknown {
			s.book.entries[i].state = st
			return
		}
		_ = pause.For(ctx, 5*time.Millisecond) // the loop checks ctx
	}
}

// once sends the request and records the result.
func (s *sender) once(ctx context.Context) state {
	a, err := s.c.Do(ctx, client.Request{Method: http.MethodPost, Path: client.TicksPath, Type: client.NDJSON, Body: s.buf})
	if err != nil {
		return unknown
	}
	return judgeAck(a, s.book.ticks)
}

// judgeAck returns what an answer reveals about a request of n ticks.
func judgeAck(a *client.Answer, ticks int) state {
	var r client.Receipt
	switch {
	case a.Status == http.StatusAccepted && a.Into(&r) == nil && r.Accepted+r.Duplicates == ticks:
		return acked
	case a.Status == http.StatusTooManyRequests, a.Status >= 500:
		return unknown
	}
	return refused
}

// reconcile reads the log of the stopped server.
func (k *killer) reconcile(ctx context.Context) (t Tally, err error) {
	st, err := sqlite.Open(ctx, k.o.DB, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return t, err
	}
	t, err = reconcile(k.books, ticklog.ByTime(ctx, st.Log()))
	return t, errors.Join(err, st.Close())
}
