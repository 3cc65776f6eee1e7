// Package replay runs recordings through the engine into a store. The store's ticks and the
// new ones are merged in event-time order, new quotes are written to the store's tick log
// as they are read, and the engine's conclusions replace the store's in one transaction at
// the end.
//
// The tick log is the source of truth and conclusions follow from it. So a replay that was
// interrupted, split over several runs or repeated gives the same results.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"corrgraph/catalog"
	"corrgraph/catalog/contract"
	"corrgraph/engine"
	"corrgraph/engine/marks"
	"corrgraph/feed/recording"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// Store holds the ticks a replay reads and its conclusions.
type Store interface {
	Log() ticklog.Log
	WriteResults(ctx context.Context, r *store.Results) error
	UseDevig(ctx context.Context, m odds.Method) error
	Audit(ctx context.Context, rows []store.AuditRow) error
}

// Options of Run.
type Options struct {
	Paths  []string
	Feed   recording.Options
	Engine engine.Options
	// Facts extends the built-in facts, for example with a catalogue file; nil for none.
	Facts func(*catalog.Facts) (*catalog.Facts, error)
	// Progress is called with the reading progress; nil for no reports.
	Progress func(read, total int64)
	// Clock measures the run for Summary.Seconds; nil leaves that 0.
	Clock func() time.Time
}

// ErrChunks marks the error of chunks of the store that could not be read.
var ErrChunks = errors.New("the store lost ticks")

// chunkQuotes is how many quotes are written to the tick log at once.
const chunkQuotes = 16_384

// mostAhead is how many batches without a price [Open] reads in search of the first one.
const mostAhead = 1000

// Input is recordings that have been opened and read up to their first price. It must be
// closed.
type Input struct {
	opt    Options
	stream *recording.Stream
	facts  *catalog.Facts
	ahead  []*odds.Batch // read by Open
	priced bool          // ahead ends with a price
	end    error         // io.EOF: there is nothing else
}

// facts returns the built-in facts and what o adds to them.
func (o *Options) facts() (*catalog.Facts, error) {
	facts, err := catalog.Builtin()
	if err != nil || o.Facts == nil {
		return facts, err
	}
	return o.Facts(facts)
}

// Open opens recordings and reads up to the first price, so that the caller learns whether
// there is any before it makes a store for them.
func Open(ctx context.Context, o Options) (*Input, error) {
	facts, err := o.facts()
	if err != nil {
		return nil, err
	}
	stream, err := recording.Open(ctx, o.Paths, o.Feed)
	if err != nil {
		return nil, err
	}
	in := &Input{opt: o, stream: stream, facts: facts}
	for !in.priced && in.end == nil && len(in.ahead) < mostAhead {
		b, err := stream.Next()
		if err != nil {
			in.end = err
			break
		}
		in.ahead, in.priced = append(in.ahead, b), b.Quotes() > 0
	}
	if in.end != nil && !errors.Is(in.end, io.EOF) {
		in.Close()
		return nil, in.end
	}
	return in, nil
}

// Empty reports whether the recordings were read to their end without a single price.
func (in *Input) Empty() bool { return in.end != nil && !in.priced }

// Close stops all reading.
func (in *Input) Close() { in.stream.Close() }

// Batches returns the batches one by one as Into applies them, without what the recordings repeat,
// then io.EOF. It takes the place of Into.
func (in *Input) Batches() (next func() (*odds.Batch, error)) {
	merge, stop := ticklog.NewMerge(func(func(*odds.Batch, error) bool) {}, in.next)
	stop() // nothing is held
	var waiting []*odds.Batch
	return func() (*odds.Batch, error) {
		for len(waiting) == 0 {
			now, ok, err := merge.Next()
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, io.EOF
			}
			waiting = now.Apply
		}
		b := waiting[0]
		waiting = waiting[1:]
		return b, nil
	}
}

// next returns the batches in order, then io.EOF.
func (in *Input) next() (*odds.Batch, error) {
	if len(in.ahead) > 0 {
		b := in.ahead[0]
		in.ahead = in.ahead[1:]
		return b, nil
	}
	if in.end != nil {
		return nil, in.end
	}
	return in.stream.Next()
}

// Progress returns how many bytes of how many were read.
func (in *Input) Progress() (read, total int64) { return in.stream.Progress() }

// Read returns what was read so far, without the content of a store, and the errors of
// files that could not be read to the end, as [Run] does.
func (in *Input) Read() (Summary, error) {
	sum := summarise(&store.Results{}, &store.Judgement{}, engine.Counts{LeftOut: map[string]int{}}, ledger.Score{})
	err := in.report(&sum, nil)
	return sum, err
}

// report adds what was read to a summary and returns the errors of whole files and of the
// store's chunks.
func (in *Input) report(sum *Summary, damage []error) error {
	if by, _ := in.stream.Report().Rejected(); by != nil {
		sum.Rejected = by
	}
	report := in.stream.Report()
	sum.Read, sum.Rejects, sum.Skipped = report.Quotes(), report.Shown(), report.Skipped()
	problems := append(in.stream.Errors(), damage...)
	for _, p := range problems {
		sum.Problems = append(sum.Problems, p.Error())
	}
	return errors.Join(problems...)
}

// Into runs the recordings through the engine into a store; see [Run].
func (in *Input) Into(ctx context.Context, st Store) (Summary, error) {
	r := &run{st: st, opt: in.opt, facts: in.facts, progress: in.stream.Progress}
	sum, err := r.do(ctx, in.next)
	if err != nil {
		return sum, err
	}
	problems := in.report(&sum, r.damage)
	if r.conflicts > 0 {
		sum.Rejected["conflict"] += r.conflicts
	}
	return sum, problems
}

// Run replays recordings into a store. If the store was built with a de-vig method other
// than Options.Engine's, it fails with store.ErrDevig before storing anything. Files that
// could not be read to the end give an error that wraps feed.ErrFormat or
// feed.ErrTruncated, and chunks of the store that could not be read one that wraps
// ErrChunks. It is returned after everything else was read, concluded and stored;
// Summary is complete then.
func Run(ctx context.Context, st Store, o Options) (Summary, error) {
	in, err := Open(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	defer in.Close()
	return in.Into(ctx, st)
}

// run is one replay.
type run struct {
	st       Store
	opt      Options
	facts    *catalog.Facts
	merge    *ticklog.Merge
	engine   *engine.Engine
	found    engine.Collector
	progress func() (read, total int64)

	enc     ticklog.Encoder
	pending []*odds.Batch
	quotes  int
	damage  []error // chunks of the store's log that could not be read

	// Quotes of polls that repeat or contradict another one, at the instants of which the
	// run stores something. What the store holds was counted when it was read.
	duplicates, conflicts int
}

// Batches is Run for batches from elsewhere: next returns them in event-time order, then
// io.EOF. Any other error of next ends the run and is returned.
func Batches(ctx context.Context, st Store, next func() (*odds.Batch, error), o Options) (Summary, error) {
	facts, err := o.facts()
	if err != nil {
		return Summary{}, err
	}
	r := &run{st: st, opt: o, facts: facts}
	sum, err := r.do(ctx, next)
	return sum, errors.Join(append(r.damage, err)...)
}

func (r *run) do(ctx context.Context, fresh func() (*odds.Batch, error)) (sum Summary, err error) {
	start := r.now()
	if err := r.prepare(ctx); err != nil {
		return sum, err
	}
	var stop func()
	if fresh, err = r.decided(ctx, fresh); err != nil {
		return sum, err
	}
	r.merge, stop = ticklog.NewMerge(ticklog.ByTimeAround(ctx, r.st.Log(), r.damaged), fresh)
	defer stop()
	if err := r.read(ctx); err != nil {
		return sum, err
	}
	if sum, err = r.conclude(ctx); err != nil {
		return sum, err
	}
	took := r.now().Sub(start)
	sum.Seconds = took.Seconds()
	return sum, r.audit(ctx, start, took, &sum)
}

// decided reads new batches as the store's decisions on bets and names say. What the store's log
// holds was read as was decided then.
func (r *run) decided(ctx context.Context, next func() (*odds.Batch, error)) (func() (*odds.Batch, error), error) {
	st, ok := r.st.(interface {
		Links(ctx context.Context, limit int) ([]store.Link, error)
	})
	if !ok || next == nil {
		return next, nil
	}
	rows, err := st.Links(ctx, contract.MaxDecisions)
	if err != nil || len(rows) == 0 {
		return next, err
	}
	all, _ := store.Decisions(rows) // the others have no effect, in a service as here
	var door contract.Door
	door.Set(contract.NewBook(all))
	return func() (*odds.Batch, error) {
		b, err := next()
		if b == nil || err != nil {
			return b, err
		}
		out, passed := door.Pass([]*odds.Batch{b})
		passed()
		return out[0], nil
	}, nil
}

// damaged notes a chunk of the store's log that could not be read. What it held is stored
// again if a source still has it.
func (r *run) damaged(d ticklog.Damage) {
	r.damage = append(r.damage, fmt.Errorf("%w: %s", ErrChunks, d.String()))
}

// audit adds the run to the store's audit log, if there is a clock.
func (r *run) audit(ctx context.Context, start time.Time, took time.Duration, sum *Summary) error {
	if r.opt.Clock == nil {
		return nil
	}
	return r.st.Audit(ctx, []store.AuditRow{{
		At: odds.TimeOf(start), Operation: "REPLAY", Subject: strings.Join(r.opt.Paths, " "), Status: "OK", Took: took,
		Detail: fmt.Sprintf("%d quotes held, %d events, %d edges", sum.Quotes, sum.Events, sum.Edges["L1"]+sum.Edges["L2"]+sum.Edges["L3"]+sum.Edges["L4"]),
	}})
}

func (r *run) now() time.Time {
	if r.opt.Clock == nil {
		return time.Time{}
	}
	return r.opt.Clock()
}

func (r *run) prepare(ctx context.Context) error {
	if err := r.st.UseDevig(ctx, r.opt.Engine.Devig); err != nil {
		return err
	}
	r.opt.Engine.Facts, r.opt.Engine.ScoreAtFinish = r.facts, true
	r.engine = engine.New(r.opt.Engine)
	return nil
}

// read applies all batches, and logs the new ones chunk by chunk.
func (r *run) read(ctx context.Context) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		now, ok, err := r.merge.Next()
		if err != nil {
			return err
		}
		if !ok {
			return r.flush(ctx)
		}
		if err := r.apply(&now); err != nil {
			return err
		}
		for _, b := range now.Log {
			r.pending = append(r.pending, b)
			r.quotes += b.Quotes() + 1
		}
		if r.quotes >= chunkQuotes {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (r *run) apply(now *ticklog.Instant) error {
	duplicates, conflicts := r.engine.Doubled()
	for _, b := range now.Apply {
		if err := r.engine.Apply(b); err != nil {
			return err
		}
		r.found.Collect(r.engine)
	}
	if len(now.Log) > 0 {
		d, c := r.engine.Doubled()
		r.duplicates, r.conflicts = r.duplicates+d-duplicates, r.conflicts+c-conflicts
	}
	return nil
}

func (r *run) flush(ctx context.Context) error {
	if r.opt.Progress != nil && r.progress != nil {
		r.opt.Progress(r.progress())
	}
	if len(r.pending) == 0 {
		return nil
	}
	_, err := r.st.Log().Append(ctx, r.enc.Pack(r.pending))
	clear(r.pending)
	r.pending, r.quotes = r.pending[:0], 0
	return err
}

// conclude decides, scores and stores.
func (r *run) conclude(ctx context.Context) (sum Summary, err error) {
	e := r.engine
	r.found.Finish(e)
	judged := store.Judge(e)
	res := store.NewResults(e, judged, r.found.Predictions, r.found.Anomalies)
	card := e.Scorecard(res.Predictions, r.found.Unforecast)
	card.AnomalyMarks = marks.Score(res.Anomalies)
	sum = summarise(res, judged, e.Counts(), card.Overall)
	sum.Nodes, sum.Clocks = e.Nodes(), clocksOf(e.Clocks())
	if res.Documents, err = judged.Documents(&card, map[string]any{"summary": sum, store.UnforecastBets: e.Comparison(r.found.Unforecast)}); err != nil {
		return sum, err
	}
	sum.Duplicates = r.merge.Duplicates() + r.duplicates
	if err := r.st.WriteResults(ctx, res); err != nil {
		return sum, fmt.Errorf("storing the results: %w", err)
	}
	return sum, nil
}
