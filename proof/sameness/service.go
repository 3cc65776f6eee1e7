package sameness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/present"
	"corrgraph/store"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// published is how often the services show what they know.
const published = time.Second

// engineOptions are those of every engine that is compared.
func engineOptions(facts *catalog.Facts) engine.Options {
	return engine.Options{
		DecideEvery: 10 * minute, ForgetAfter: 25 * minute, SearchEachDecision: true, Facts: facts,
	}
}

// place is where services live one after the other: a log and a clock.
type place struct {
	log   *journal
	known map[string]ingest.SourceOptions
	facts *catalog.Facts
	slow  odds.Millis // how long after it was decided a verdict may come into force
	from  odds.Time   // of the clock
	begin time.Time   // the bubble's time then

	kept   *kept          // checkpoints; nil: there are none
	played *present.Clock // of the recording that is played; nil: none is
}

// journal is a log whose process dies with the append of a number, if it is not 0: after or
// before that was done.
type journal struct {
	logtest.Memory
	appends, dies int
	after, dead   bool
}

var errDead = errors.New("the process is dead")

// Append implements ticklog.Log.
func (j *journal) Append(ctx context.Context, chunks ...ticklog.Chunk) ([]ticklog.Position, error) {
	if j.dead {
		return nil, errDead
	}
	if j.appends++; j.appends != j.dies {
		return j.Memory.Append(ctx, chunks...)
	}
	j.dead = true
	if j.after {
		if _, err := j.Memory.Append(ctx, chunks...); err != nil {
			return nil, err
		}
	}
	return nil, errDead
}

// record appends a recording, which has no heads.
func (j *journal) record(ctx context.Context, all []*odds.Batch) error {
	var enc ticklog.Encoder
	for part := range slices.Chunk(all, 300) {
		if _, err := j.Append(ctx, enc.Pack(part)); err != nil {
			return err
		}
	}
	return nil
}

// bubble runs f with a clock that goes on only when nothing is left to do.
func bubble(t *testing.T, p *place, f func(*testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		p.begin = time.Now()
		f(t)
	})
}

// now is the clock of a place.
func (p *place) now() time.Time {
	if p.played != nil {
		return p.played.Now()
	}
	return p.from.Std().Add(time.Since(p.begin))
}

// until lets time pass up to a time of the clock, and all that is done until then be done.
func (p *place) until(at odds.Time) {
	time.Sleep(at.Std().Sub(p.now()))
	synctest.Wait()
}

// tape is what a door passed on, in brief, on its way to a sink.
type tape struct {
	ingest.Sink
	told, settled []string
}

// Tell implements ingest.Sink.
func (x *tape) Tell(parts []ticklog.Part, accepted odds.Time) {
	for i := range parts {
		x.told = append(x.told, fmt.Sprintf("%s, verdict %s: %s", parts[i].Clock, parts[i].Verdict, brief(parts[i].Batches)))
	}
	x.Sink.Tell(parts, accepted)
}

// Settle implements ingest.Sink.
func (x *tape) Settle(instants [][]*odds.Batch) {
	for _, batches := range instants {
		x.settled = append(x.settled, brief(batches))
	}
	x.Sink.Settle(instants)
}

// late counts the batches that were told and not settled.
func (x *tape) late() (n int) {
	for _, s := range x.told {
		n += strings.Count(s, "late true")
	}
	return n
}

// brief identifies batches.
func brief(batches []*odds.Batch) string {
	var b strings.Builder
	for _, x := range batches {
		sum := 0.0
		for i := range x.Updates {
			for k := range x.Updates[i].Quotes {
				sum += x.Updates[i].Quotes[k].Price
			}
		}
		fmt.Fprintf(&b, "%s at %s of %s, late %v, %d updates, prices %v; ", x.Source, x.At, x.Recv, x.Late, len(x.Updates), sum)
	}
	return b.String()
}

// service is a door and a pair of engines behind it.
type service struct {
	*place
	door *ingest.Ingester
	live *live.Live
	tape *tape
	end  func() // must be called once
}

// verdicts is the newest verdict that was decided long enough ago.
type verdicts struct {
	p      *place
	live   *live.Live
	newest odds.Time
	since  odds.Time // the clock when it was seen first
	ripe   odds.Time
}

func (v *verdicts) verdict() odds.Time {
	clock := odds.TimeOf(v.p.now())
	if n := v.live.Verdict(); n != v.newest {
		v.newest, v.since = n, clock
	}
	if clock.Sub(v.since) >= v.p.slow {
		v.ripe = v.newest
	}
	return v.ripe
}

// catchUp waits until what was settled is learnt.
func (v *verdicts) catchUp() { v.live.CatchUp() }

// liveOptions are those of the engines of every service here.
func (p *place) liveOptions() live.Options {
	return live.Options{Engine: engineOptions(p.facts), Facts: p.facts, PublishEvery: published, Clock: p.now}
}

// doorOptions are those of their doors.
func (p *place) doorOptions(from *ingest.Door) ingest.Options {
	return ingest.Options{From: from, Log: p.log, OutOfOrder: bound, Sources: p.known, Clock: p.now, Idle: 4 * time.Second, Driven: p.played != nil}
}

// start starts a service, which reads the log back.
func (p *place) start(t *testing.T) *service {
	t.Helper()
	s := &service{place: p}
	p.log.dead, p.log.dies = false, 0
	v := &verdicts{p: p}
	o := p.liveOptions()
	o.Intake = s
	o.Settled = func(ctx context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error] {
		return s.door.Settled(ctx, after, until)
	}
	from, resumed := p.kept.resume(t, p, o)
	if s.live = resumed; s.live == nil {
		s.live = live.New(o)
	}
	var cuts ingest.Cuts
	if p.kept != nil {
		cuts = &cutter{kept: p.kept, t: t, p: p, live: s.live}
	}
	d := p.doorOptions(from)
	d.Cuts, d.Verdict, d.CatchUp = cuts, v.verdict, v.catchUp
	s.door = ingest.New(d)
	v.live, s.tape = s.live, &tape{Sink: s.live}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- s.door.Run(ctx, s.tape) }()
	go func() { ended <- s.live.Run(ctx) }()
	synctest.Wait()
	s.end = func() {
		t.Helper()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("the service ended: %v", err)
			}
		}
	}
	if s.live.State().Recovering {
		t.Fatal("the log was not read back")
	}
	return s
}

// Feeds implements live.Intake.
func (s *service) Feeds() []feed.Stats { return s.door.Feeds() }

// HeldBack implements live.Intake.
func (s *service) HeldBack() int { return s.door.HeldBack() }

// send sends one request.
func (s *service) send(ctx context.Context, q request) (ingest.Receipt, error) {
	batches := make([]*odds.Batch, len(q.batches))
	for i, b := range q.batches {
		batches[i] = own(b)
	}
	r, err := s.door.Accept(ctx, batches)
	synctest.Wait()
	return r, err
}

// sums are what a service said of what it was sent, and what was noticed on the way.
type sums struct {
	accepted, duplicates, refused, starts, deaths int
	shown                                         *store.Judgement
	decisions                                     answers // in the order in which they were shown
}

func (s *sums) take(r ingest.Receipt) {
	s.accepted, s.duplicates, s.refused = s.accepted+r.Accepted, s.duplicates+r.Duplicates, s.refused+len(r.Refused)
}

// decided notes the decision that is shown, if it is another one.
func (s *sums) decided(x *service) {
	j := x.live.State().Judgement
	if j == s.shown || j.DecidedAt == 0 {
		return
	}
	s.shown = j
	said := answer{"decision", fmt.Sprintf("of %s", j.DecidedAt), text(j.Families) + text(j.Groups)}
	if n := len(s.decisions); n == 0 || s.decisions[n-1] != said {
		s.decisions = append(s.decisions, said)
	}
}

// sent sends requests at their times. Each look is shown the state after each.
func (s *service) sent(t *testing.T, all []request, looks ...func(*live.State)) (sum sums) {
	t.Helper()
	for _, q := range all {
		s.until(q.at)
		r, err := s.send(t.Context(), q)
		if err != nil {
			t.Fatalf("at %s: %v", q.at, err)
		}
		sum.take(r)
		sum.decided(s)
		for _, look := range looks {
			look(s.live.State())
		}
	}
	return sum
}

// quiet waits until nothing that was sent waits for anything.
func (s *service) quiet() { s.until(odds.TimeOf(s.now()).Add(10 * minute)) }
