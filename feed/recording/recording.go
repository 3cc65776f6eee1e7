// Package recording opens recordings of any format that the feed reads and merges
// them into one stream of batches in event-time order.
//
// Formats and compressions (gzip, bzip2, zstd, tar) are told by content, never by
// name. However many files there are, memory stays bounded: each started file
// is read a bounded way ahead, and of the others only the time of the first batch
// is kept until the merge comes there. The order of the batches depends on
// the files alone, not on the number of processors.
//
// A bad file does not lose what others hold, nor what it held itself before the
// damage: its error is kept (Stream.Errors) and the stream goes on.
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
	// Map reads what has its header, before any other format is tried; a map without
	// a header reads every table.
	Map *columns.Map
	// OutOfOrder is how much older than the newest batch of its file a batch may
	// be and still take its place; older ones are rejects, "late". Zero means
	// 5000 ms, negative means 0.
	OutOfOrder odds.Millis
	// PollsOutOfOrder is the same for polls. Zero means 24 h, negative means 0.
	// Polls wait for late ones in a window of up to 131,072 quotes a file, less in
	// merges of more than eight files; what its end has passed is late too.
	PollsOutOfOrder odds.Millis
	// Zone is where times without zone are; nil rejects them, "naive_time".
	Zone *time.Location
	// Jobs is how many files are decompressed at the same time. Zero means
	// the number of processors.
	Jobs int
	// Stdin is what the path "-" reads. Nil means os.Stdin.
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

// What Open fails with, besides the errors of package fs.
var (
	ErrUsage     = errors.New("recordings can't be opened like this")
	ErrDirectory = errors.New("is a directory; name the files in it")
)

// Stream is the merge of all files. It is for one goroutine, except Progress,
// and must be closed.
type Stream struct {
	o      Options
	cancel context.CancelCauseFunc
	ctx    context.Context
	files  []*file          // in the order of the paths, members in the order of the archive
	order  []*file          // by bound, then index: the order in which they are started
	next   int              // in order: the first that is not started
	ahead  int              // started and not yet reached by the merge
	heap   heap.Heap[*file] // by the next batch
	work   sync.WaitGroup
	slots  chan struct{} // Jobs tokens; a full channel makes the next decompression wait
	read   atomic.Int64
	total  int64
	// shipped compiles the shipped maps when the first table needs them.
	shipped func() []*columns.Map
}

// Open opens recordings; "-" is standard input. Paths that are missing, not
// readable or directories fail at once, all of them named in the error; what is wrong with
// the content of one is left to Errors. Cost: the first block of every file.
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

// Next returns the next batch, by (At, Source, file, Seq); io.EOF after the last one of
// all files, whatever their errors; the cause of the context when it ended.
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
		// The next batch decides the file's place, but b need not wait for it:
		// until then the file stands where it can't be overtaken.
		f.bound = b.At
		s.heap.Fix()
		return b, nil
	}
	return nil, io.EOF
}

// refill takes f's next batches, or f out of the merge when there are none.
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

// reach starts f if need be, and the files after it, so that Jobs of them are
// being read ahead.
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

// Errors returns what was wrong with files as a whole, in their order: each is
// a *feed.FileError wrapping feed.ErrFormat, feed.ErrTruncated or the system's
// error. Files that Next has not finished are not in it.
func (s *Stream) Errors() (errs []error) {
	for _, f := range s.files {
		if f.finished.Load() && f.err != nil {
			errs = append(errs, f.err)
		}
	}
	return errs
}

// Report returns the counts over all files so far; the rejects shown are those
// of the first files.
func (s *Stream) Report() *feed.Report {
	sum := &feed.Report{}
	for _, f := range s.files {
		sum.Add(&f.rep)
	}
	return sum
}

// Skipped returns the rows that column maps left out by their skip rules, by the
// word that the rule gives; they are no rejects.
func (s *Stream) Skipped() map[string]int {
	sum := map[string]int{}
	for _, f := range s.files {
		if !f.finished.Load() {
			continue
		}
		for why, n := range f.skipped {
			sum[why] += n
		}
	}
	return sum
}

// Progress returns the bytes read and the bytes there are to read, compressed as
// they lie on the disk; total is 0 when standard input is among them. It is safe
// for concurrent use.
func (s *Stream) Progress() (read, total int64) { return s.read.Load(), s.total }

// Close ends all reading and waits for it. It is safe to call twice.
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

// first orders files by their next batch. One whose next batch is not known stands
// before all that could come first.
func first(f, g *file) bool {
	a, source := f.place()
	b, other := g.place()
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(source, other), cmp.Compare(f.index, g.index)) < 0
}
