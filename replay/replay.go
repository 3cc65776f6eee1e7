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
	"strings"
	"time"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/feed/recording"
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

// chunkQuotes is how many quotes are written to the tick log at once.
const chunkQuotes = 16_384

// Run replays recordings into a store. If the store was built with a de-vig method other
// than Options.Engine's, it fails with store.ErrDevig before reading anything. Files that
// could not be read to the end give an error that wraps feed.ErrFormat or
// feed.ErrTruncated. It is returned after everything else was read, concluded and stored;
// Summary is complete then.
func Run(ctx context.Context, st Store, o Options) (Summary, error) {
	stream, err := recording.Open(ctx, o.Paths, o.Feed)
	if err != nil {
		return Summary{}, err
	}
	defer stream.Close()
	r := &run{st: st, opt: o, progress: stream.Progress}
	sum, err := r.do(ctx, stream.Next)
	if err != nil {
		return sum, err
	}
	if by, _ := stream.Report().Rejected(); by != nil {
		sum.Rejected = by
	}
	if n := r.merge.Conflicts(); n > 0 {
		sum.Rejected["conflict"] += n
	}
	sum.Read, sum.Rejects, sum.Skipped = stream.Report().Quotes(), stream.Report().Shown(), stream.Skipped()
	problems := stream.Errors()
	for _, p := range problems {
		sum.Problems = append(sum.Problems, p.Error())
	}
	return sum, errors.Join(problems...)
}

// run is one replay.
type run struct {
	st       Store
	opt      Options
	merge    *ticklog.Merge
	engine   *engine.Engine
	found    engine.Collector
	progress func() (read, total int64)

	enc     ticklog.Encoder
	pending []*odds.Batch
	quotes  int
}

// Batches is Run for batches from elsewhere: next returns them in event-time order, then
// io.EOF. Any other error of next ends the run and is returned.
func Batches(ctx context.Context, st Store, next func() (*odds.Batch, error), o Options) (Summary, error) {
	r := &run{st: st, opt: o}
	return r.do(ctx, next)
}

func (r *run) do(ctx context.Context, fresh func() (*odds.Batch, error)) (sum Summary, err error) {
	start := r.now()
	if err := r.prepare(ctx); err != nil {
		return sum, err
	}
	var stop func()
	r.merge, stop = ticklog.NewMerge(ticklog.ByTime(ctx, r.st.Log()), fresh)
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
	facts, err := catalog.Builtin()
	if err != nil {
		return err
	}
	if r.opt.Facts != nil {
		if facts, err = r.opt.Facts(facts); err != nil {
			return err
		}
	}
	if err := r.st.UseDevig(ctx, r.opt.Engine.Devig); err != nil {
		return err
	}
	r.opt.Engine.Facts, r.opt.Engine.ScoreAtFinish = facts, true
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
		for _, b := range now.Apply {
			if err := r.engine.Apply(b); err != nil {
				return err
			}
			r.found.Collect(r.engine)
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
	card := e.Scorecard(res.Predictions)
	sum = summarise(res, judged, e.Counts(), card.Overall)
	if res.Documents, err = judged.Documents(&card, map[string]any{"summary": sum}); err != nil {
		return sum, err
	}
	sum.Duplicates = r.merge.Duplicates()
	if err := r.st.WriteResults(ctx, res); err != nil {
		return sum, fmt.Errorf("storing the results: %w", err)
	}
	return sum, nil
}
