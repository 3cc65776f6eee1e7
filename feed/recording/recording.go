// Package recording opens recordings of any supported format and merges them into one
// stream of batches in event-time order.
//
// Formats and compressions (gzip, bzip2, zstd, tar) are detected by content, never by name.
// Memory is bounded for any number of files: each open file is read a bounded distance
// ahead, and for the others only the time of the first batch is kept until the merge
// reaches them. The order of the batches depends on the files alone, not on the number of
// processors.
//
// Damage in one file affects neither other files nor its own content before the damage:
// [Stream.Errors] reports it, and the stream continues.
package recording

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/feed"
	"corrgraph/feed/columns"
	"corrgraph/internal/heap"
	"corrgraph/odds"
)

// Options of Open. The zero value is the default.
type Options struct {
	// Format is one of Formats. Empty means auto: by content.
	Format string
	// Map is tried before any other format on tables with its header; a map without a
	// header is used for every table.
	Map *columns.Map
	// OutOfOrder is how much older than the newest batch of its file a batch may be and
	// still be sorted in; older ones are rejected as "late". Zero means 5000 ms, negative
	// means 0.
	OutOfOrder odds.Millis
	// PollsOutOfOrder is the same for polls. Zero means 24 h, negative means 0.
	// Polls wait in a window of up to 131,072 quotes per file, fewer if more than
	// eight files are merged; a poll older than the window is late too.
	PollsOutOfOrder odds.Millis
	// Today is the time of day at which the recordings are read: batches more than a year
	// after it are rejected as "far_ahead". Nothing else depends on it. Zero: none are.
	Today odds.Time
	// Zone applies to times without a zone; nil rejects them as "naive_time".
	Zone *time.Location
	// Jobs is how many files are decompressed in parallel. Zero means the number of
	// processors.
	Jobs int
	// Stdin is read for the path "-". Nil means os.Stdin.
	Stdin io.Reader
}

func (o Options) withDefaults() (Options, error) {
	if o.Format == "" {
		o.Format = "auto"
	}
	if !slices.Contains(Formats(), o.Format) {
		return o, fmt.Errorf("%w: no format %q; there are %v", ErrUsage, o.Format, Formats())
	}
	o.OutOfOrder = orDefault(o.OutOfOrder, 5000)
	o.PollsOutOfOrder = orDefault(o.PollsOutOfOrder, 24*3_600_000)
	if o.Jobs <= 0 {
		o.Jobs = runtime.NumCPU()
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	return o, nil
}

func orDefault(v, byDefault odds.Millis) odds.Millis {
	if v == 0 {
		return byDefault
	}
	return max(v, 0)
}

// Errors of Open, besides those of package fs.
var (
	ErrUsage     = errors.New("recordings can't be opened")
	ErrDirectory = errors.New("is a directory; name the files in it")
)

// Stream merges all files. It must be closed. Only Progress may be called
// concurrently with other methods.
type Stream struct {
	o      Options
	cancel context.CancelCauseFunc
	ctx    context.Context
	files  []*file          // in the order of the paths; archive members in archive order
	order  []*file          // by bound, then index: the order in which they are started
	next   int              // in order: the first one not started
	ahead  int              // started but not yet reached by the merge
	heap   heap.Heap[*file] // by the next batch
	work   sync.WaitGroup
	slots  chan struct{} // Jobs tokens; a full channel makes the next decompression wait
	read   atomic.Int64
	total  int64
	beside atomic.Int64 // files passed over
	// shipped compiles the shipped maps when first needed.
	shipped func() []*columns.Map
}

// Open opens recordings; "-" is standard input. It fails at once if any path is missing,
// unreadable or a directory, and names all of them. Errors in the content of a file are
// reported by Errors. Cost: reading the first block of every file.
func Open(ctx context.Context, paths []string, o Options) (*Stream, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%w: no paths", ErrUsage)
	}
	s := &Stream{o: o, heap: heap.New(first), slots: make(chan struct{}, o.Jobs), shipped: sync.OnceValue(columns.Shipped)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	if err := s.find(paths); err != nil {
		s.Close()
		return nil, err
	}
	s.order = slices.Clone(s.files)
	slices.SortStableFunc(s.order, func(a, b *file) int { return cmp.Compare(a.bound, b.bound) })
	for _, f := range s.files {
		f.batches = make(chan []*odds.Batch, max(1, maxAhead/len(s.files)))
		s.heap.Push(f)
		s.total += f.size
	}
	return s, nil
}

// Next returns the next batch in the order (At, Source, file, Seq). After the last batch of
// all files it returns io.EOF, whatever their errors. Once the context has ended it returns
// the context's cause.
func (s *Stream) Next() (*odds.Batch, error) {
	for s.heap.Len() > 0 {
		if s.ctx.Err() != nil {
			return nil, context.Cause(s.ctx)
		}
		f := s.heap.Top()
		if !f.reached {
			s.reach(f)
		}
		if len(f.head) == 0 {
			if err := s.refill(f); err != nil {
				return nil, err
			}
			continue
		}
		b := f.head[0]
		f.head = f.head[1:]
		if len(f.head) > 0 {
			s.heap.Fix()
			return b, nil
		}
		// The next batch decides the file's position, but b need not wait for it: until
		// then the file is ranked where nothing can overtake it.
		f.bound = b.At
		s.heap.Fix()
		return b, nil
	}
	return nil, io.EOF
}

// refill takes f's next batches, or removes f from the merge if there are none.
func (s *Stream) refill(f *file) error {
	select {
	case head, ok := <-f.batches:
		if !ok {
			s.heap.Pop()
			return nil
		}
		f.head = head
		s.heap.Fix()
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// reach starts f if needed, and the files after it, so that Jobs of them are read ahead.
func (s *Stream) reach(f *file) {
	f.reached = true
	if f.started {
		s.ahead--
	}
	for s.next < len(s.order) && (!f.started || s.ahead < s.o.Jobs) {
		g := s.order[s.next]
		s.next++
		g.started = true
		if g != f {
			s.ahead++
		}
		s.work.Go(func() { g.run(s) })
	}
}

// Errors returns the errors of whole files, in file order. Each is a *feed.FileError that
// wraps feed.ErrFormat, feed.ErrTruncated or the system's error. Files not finished by Next
// are not included.
func (s *Stream) Errors() (errs []error) {
	for _, f := range s.files {
		if f.finished.Load() && f.err != nil {
			errs = append(errs, f.err)
		}
	}
	return errs
}

// Report returns the counts over all files so far; the rejects shown are from the first
// files.
func (s *Stream) Report() *feed.Report {
	sum := &feed.Report{}
	for range s.beside.Load() {
		sum.Skip("file that is no recording by its name")
	}
	for _, f := range s.files {
		sum.Add(&f.rep)
	}
	return sum
}

// Progress returns the compressed bytes read and their total, which is 0 if standard input
// is among the paths. It is safe for concurrent use.
func (s *Stream) Progress() (read, total int64) { return s.read.Load(), s.total }

// Close stops all reading and waits for it to end. It is safe to call twice.
func (s *Stream) Close() {
	s.cancel(errClosed)
	s.work.Wait()
	for _, f := range s.files {
		f.close()
		if f.archive != nil {
			f.archive.Close()
			f.archive = nil
		}
	}
}

var errClosed = errors.New("the recording was closed")

// first orders files by their next batch. A file whose next batch is unknown precedes every
// file that could follow it.
func first(f, g *file) bool {
	a, source := f.place()
	b, other := g.place()
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(source, other), cmp.Compare(f.index, g.index)) < 0
}
