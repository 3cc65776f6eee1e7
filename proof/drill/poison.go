package drill

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/server/guard/fault"
	"corrgraph/server/quarantine"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// PoisonOptions are those of Poison.
type PoisonOptions struct {
	// Command makes the command that starts the server on a loopback address. Poisonous says whether
	// poison kills it; it must not take more memory than the machine can spare.
	Command func(ctx context.Context, addr string, poisonous bool) *exec.Cmd
	// Dump makes the command that prints the results in a store.
	Dump  func(ctx context.Context, db string) *exec.Cmd
	DB    string        // store of the command; need not exist
	Runs  int           // poisonous batches. Zero means 30
	Ready time.Duration // limit for the server to become ready, or to die of a batch. Zero means 60 s

	// Progress is called after each batch. Nil: not reported.
	Progress func(run, of, deaths int)
}

func (o PoisonOptions) withDefaults() (PoisonOptions, error) {
	o.Runs, o.Ready = cmp.Or(o.Runs, 30), cmp.Or(o.Ready, time.Minute)
	_, err := os.Stat(o.DB)
	switch {
	case o.Command == nil || o.Dump == nil || o.DB == "":
		return o, fmt.Errorf("%w: no command or no store", ErrOptions)
	case o.Runs < 1 || o.Runs > 10_000:
		return o, fmt.Errorf("%w: runs %d, want 1 to 10,000", ErrOptions, o.Runs)
	case o.Ready < 0:
		return o, fmt.Errorf("%w: times below 0", ErrOptions)
	case err == nil:
		return o, fmt.Errorf("%w: %s exists: a drill starts with a store of its own", ErrOptions, o.DB)
	}
	return o, nil
}

// PoisonReport is the result of Poison.
type PoisonReport struct {
	Runs       int      `json:"runs"`   // poisonous batches
	Deaths     int      `json:"deaths"` // of the server
	Most       int      `json:"most_deaths"`
	Held       int      `json:"quarantined"` // at the end of the poisonous part
	Degraded   bool     `json:"degraded"`    // health said so then
	Ticks      int      `json:"acknowledged_ticks"`
	Lost       int      `json:"lost_ticks"`    // acknowledged and not in the log
	Missing    []string `json:"missing"`       // healthy events that were not served, and poisonous ones after the retry
	Healthy    bool     `json:"healthy_after"` // the retry
	Same       bool     `json:"same"`          // results after the retry, and those of the log read without quarantine
	Difference string   `json:"difference,omitempty"`
	Kept       bool     `json:"kept"`
}

// deadliest is how often the server may die of one batch: twice of the engine that tells, and twice of the
// one that learns.
const deadliest = 4

// Poison sends a server batches of ticks that kill it, one after the other, beside others; starts it
// again whenever it has died; and at the end, with poison that does no harm any more, has all of them
// tried again. Errors are failures to run the server.
func Poison(ctx context.Context, o PoisonOptions) (*PoisonReport, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // kills whatever still runs
	p := &poisoner{o: &o, r: &PoisonReport{Runs: o.Runs}, acked: map[string]int{}}
	defer func() {
		if p.p != nil {
			p.p.kill()
		}
	}()
	for run := range o.Runs {
		if err := p.run(ctx, run); err != nil {
			return nil, fmt.Errorf("batch %d, %s: %w", run+1, poison(run), err)
		}
		if o.Progress != nil {
			o.Progress(run+1, o.Runs, p.r.Deaths)
		}
	}
	if err := p.examine(ctx); err != nil {
		return nil, err
	}
	if err := p.retry(ctx); err != nil {
		return nil, fmt.Errorf("retry: %w", err)
	}
	err = p.reconcile(ctx)
	p.r.judge()
	return p.r, err
}

func (r *PoisonReport) judge() {
	r.Kept = r.Held == r.Runs && r.Most <= deadliest && r.Degraded && r.Healthy && r.Lost == 0 && r.Ticks > 0 && len(r.Missing) == 0 && r.Same
}

// poisoner is a Poison at work.
type poisoner struct {
	o     *PoisonOptions
	r     *PoisonReport
	p     *process // nil: not running
	c     *client.Client
	acked map[string]int // ticks by event
	clock int64          // of ticks, ms
}

// poison is the event of a poisonous batch.
func poison(run int) string {
	kinds := fault.Poisons()
	return fmt.Sprintf("%s-%d", kinds[run%len(kinds)], run)
}

// run sends a poisonous batch and a harmless one, and waits until the server lives with it.
func (p *poisoner) run(ctx context.Context, run int) error {
	if err := p.live(ctx, true); err != nil {
		return err
	}
	for _, event := range []string{poison(run), fmt.Sprintf("harmless-%d", run%8)} {
		if err := p.post(ctx, event); err != nil {
			return err
		}
	}
	deaths := 0
	for until := time.Now().Add(p.o.Ready); ; {
		select {
		case <-p.p.exited:
			p.p = nil
			deaths++
			p.r.Deaths, p.r.Most = p.r.Deaths+1, max(p.r.Most, deaths)
			if deaths > 2*deadliest {
				return fmt.Errorf("the server died %d times", deaths)
			}
			until = time.Now().Add(p.o.Ready)
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := p.live(ctx, true); err != nil {
			return err
		}
		if p.knows(ctx) > run {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("it is not in quarantine after %s", p.o.Ready)
		}
	}
}

// knows is how many batches the running server keeps back: it was started since the last of them came
// into quarantine. 0 if it does not answer.
func (p *poisoner) knows(ctx context.Context) int {
	all, err := p.c.Metrics(ctx)
	if f := all["corrgraph_quarantined_batches"]; err == nil && f != nil && len(f.GetMetric()) == 1 {
		return int(f.GetMetric()[0].GetGauge().GetValue())
	}
	return 0
}

// held counts the batches in quarantine.
func (p *poisoner) held() (int, error) {
	all, err := quarantine.List(quarantine.Folder(p.o.DB))
	events := map[string]bool{}
	for i := range all {
		if all[i].Held {
			events[all[i].Event] = true
		}
	}
	return len(events), err
}

// live starts the server unless it runs, and waits until it is ready. One that dies before is left to
// the caller.
func (p *poisoner) live(ctx context.Context, poisonous bool) (err error) {
	if p.p == nil {
		p.p, err = start(ctx, func(ctx context.Context, addr string) *exec.Cmd { return p.o.Command(ctx, addr, poisonous) })
		if err != nil {
			return err
		}
		if p.c, err = client.New(client.Options{URL: p.p.url, Timeout: 10 * time.Second}); err != nil {
			return err
		}
	}
	err = p.p.ready(ctx, p.c, p.o.Ready)
	select {
	case <-p.p.exited:
		return nil
	default:
		return err
	}
}

// post sends both sides of a market until they are acknowledged, whatever the server dies of meanwhile.
func (p *poisoner) post(ctx context.Context, event string) error {
	p.clock = max(p.clock+1, time.Now().UnixMilli())
	var body []byte
	for k, side := range []string{"home", "away"} {
		body = fmt.Appendf(body, `{"ts_source":%d,"source":"chaos","sport":"baseball","league":"chaos","bookmaker":"venue","event_id":%q,"home":"Home %s","away":"Away %s","market":"h2h","selection":%q,"price":%.3f}`+"\n",
			p.clock, event, event, event, side, 1.5+float64((p.clock*31+int64(k)*7)%1000)/1000)
	}
	for deaths := 0; deaths <= 2*deadliest; {
		a, err := p.c.Do(ctx, client.Request{Method: http.MethodPost, Path: client.TicksPath, Type: client.NDJSON, Body: body})
		if err == nil {
			switch judgeAck(a, 2) {
			case acked:
				p.acked[event] += 2
				return nil
			case refused:
				return fmt.Errorf("ticks of %s were refused: %s", event, a.Body)
			}
		}
		select {
		case <-p.p.exited:
			p.p = nil
			deaths++
			p.r.Deaths++
		default:
			if err := pause.For(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		if err := p.live(ctx, true); err != nil {
			return err
		}
	}
	return errors.New("the server does not live long enough to acknowledge ticks")
}

// examine looks at the server with everything in quarantine.
func (p *poisoner) examine(ctx context.Context) (err error) {
	if p.r.Held, err = p.held(); err != nil {
		return err
	}
	h, err := p.c.Health(ctx)
	if err != nil {
		return err
	}
	p.r.Degraded = h.Status == degraded
	return p.served(ctx, func(event string) bool { return event[0] == 'h' })
}

// served notes the events that are not served, of those that should be.
func (p *poisoner) served(ctx context.Context, should func(event string) bool) error {
	for event := range p.acked {
		if !should(event) {
			continue
		}
		a, err := p.c.Do(ctx, client.Request{Method: http.MethodGet, Path: "/v1/events/" + event + "/graph"})
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			p.r.Missing = append(p.r.Missing, fmt.Sprintf("%s (%d: %.200s)", event, a.Status, a.Body))
		}
	}
	slices.Sort(p.r.Missing)
	return nil
}

// retry takes all of them out of quarantine, and starts the server where they do no harm. Its results
// are compared with those of one that has never kept anything back.
func (p *poisoner) retry(ctx context.Context) error {
	if err := p.stop(); err != nil {
		return err
	}
	if _, err := quarantine.Retry(quarantine.Folder(p.o.DB), ""); err != nil {
		return err
	}
	var results [2][]byte
	for k := range results {
		if err := p.live(ctx, false); err != nil {
			return err
		}
		if k == 0 {
			if err := p.recover(ctx); err != nil {
				return err
			}
			if err := p.served(ctx, func(string) bool { return true }); err != nil {
				return err
			}
		}
		if err := p.stop(); err != nil {
			return err
		}
		out, err := p.o.Dump(ctx, p.o.DB).Output()
		if err != nil {
			return fmt.Errorf("dump: %w", err)
		}
		results[k] = out
		if err := errors.Join(os.RemoveAll(quarantine.Folder(p.o.DB)), os.RemoveAll(p.o.DB+".checkpoints")); err != nil {
			return err
		}
	}
	p.r.Same = bytes.Equal(results[0], results[1])
	if !p.r.Same {
		p.r.Difference = difference(results[0], results[1])
	}
	return nil
}

// recover waits until the server is healthy: it may be ready before it has caught up.
func (p *poisoner) recover(ctx context.Context) error {
	for until := time.Now().Add(p.o.Ready); ; {
		h, err := p.c.Health(ctx)
		if err != nil {
			return err
		}
		if p.r.Healthy = h.Status == healthy; p.r.Healthy || time.Now().After(until) {
			return nil
		}
		if err := pause.For(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// difference is the first line that differs.
func difference(a, b []byte) string {
	x, y := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return fmt.Sprintf("line %d: %q, without quarantine %q", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, without quarantine %d", len(x), len(y))
}

// stop ends the server in good order.
func (p *poisoner) stop() error {
	s := p.p
	p.p = nil
	return s.stop(p.o.Ready)
}

// reconcile counts what was acknowledged and is not in the log.
func (p *poisoner) reconcile(ctx context.Context) error {
	st, err := sqlite.Open(ctx, p.o.DB, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return err
	}
	logged := map[string]int{}
	for b, err := range ticklog.ByTime(ctx, st.Log()) {
		if err != nil {
			return errors.Join(err, st.Close())
		}
		for i := range b.Updates {
			logged[b.Updates[i].Event.ID] += b.Updates[i].Prices()
		}
	}
	for event, n := range p.acked {
		p.r.Ticks += n
		p.r.Lost += max(0, n-logged[event])
	}
	return st.Close()
}

// Sentence returns the verdict in words.
func (r *PoisonReport) Sentence() string {
	verdict := "BROKEN"
	if r.Kept {
		verdict = "KEPT"
	}
	return fmt.Sprintf("%s: %d of %d batches in quarantine after %d deaths, %d acknowledged ticks lost", verdict, r.Held, r.Runs, r.Deaths, r.Lost)
}

// Text writes a report for people.
func (r *PoisonReport) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d batches that kill the server, by panic, fatal error, endless loop and memory in turn\n", r.Runs)
	fmt.Fprintf(&b, "deaths: %d, of one batch %d at most\n", r.Deaths, r.Most)
	fmt.Fprintf(&b, "ticks: %d acknowledged, %d not in the tick log\n", r.Ticks, r.Lost)
	fmt.Fprintf(&b, "health was degraded with all in quarantine: %t; healthy after they were tried again: %t\n", r.Degraded, r.Healthy)
	if r.Same {
		fmt.Fprintln(&b, "results after that: those of the tick log read without quarantine")
	} else {
		fmt.Fprintf(&b, "results after that differ from those of the tick log read without quarantine: %s\n", r.Difference)
	}
	for _, event := range r.Missing {
		fmt.Fprintf(&b, "not served: %s\n", event)
	}
	fmt.Fprintln(&b, r.Sentence())
	_, err := w.Write(b.Bytes())
	return err
}
