package recording

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"

	"corrgraph/feed"
	"corrgraph/odds"
)

const (
	// chunk is how many quotes travel together, so that streams of one quote a
	// batch don't pay for a channel each.
	chunk = 1024
	// maxAhead bounds the chunks read ahead, over all files: about 30 MB. Every
	// file may have one, however many there are.
	maxAhead = 512
)

// file is one recording: a path, a member of an archive, or standard input.
type file struct {
	name   string
	index  int
	size   int64 // bytes as stored; 0 unknown
	reopen func() (io.ReadCloser, error)
	stream bool // can't be opened twice

	content *content  // when it is open already
	archive *os.File  // to be closed with the stream
	bound   odds.Time // no batch to come is earlier

	started, reached bool // owned by Next
	head             []*odds.Batch

	// batches hands over at most its capacity of chunks; a full channel makes
	// the reading wait, so that nothing is lost and memory is bounded.
	batches  chan []*odds.Batch
	rep      feed.Report
	err      error          // written before finished
	skipped  map[string]int // the same
	finished atomic.Bool
}

// place is where the file stands in the merge.
func (f *file) place() (odds.Time, string) {
	if len(f.head) > 0 {
		return f.head[0].At, f.head[0].Source
	}
	return f.bound, ""
}

func (f *file) close() {
	if f.content != nil {
		f.content.Close()
		f.content = nil
	}
}

// run parses f to its end or to the end of s.ctx, and closes f.batches.
func (f *file) run(s *Stream) {
	defer close(f.batches)
	defer f.finished.Store(true)
	if f.err != nil { // found when it was opened
		return
	}
	if f.content == nil {
		if f.content, f.err = s.open(f); f.err != nil {
			return
		}
	}
	defer f.close()
	f.content.raw.progress(&s.read)
	o := s.sorter(f)
	var quotes int
	var out []*odds.Batch
	send := func(b *odds.Batch) error {
		out = append(out, b)
		if quotes += 1 + b.Quotes(); quotes < chunk {
			return nil
		}
		full := out
		out, quotes = nil, 0
		return f.send(s.ctx, full)
	}
	f.err = f.parse(s, func(b *odds.Batch) error { return o.add(b, send) })
	err := o.flush(send)
	if len(out) > 0 && err == nil {
		err = f.send(s.ctx, out)
	}
	if f.err == nil {
		f.err = err
	}
	if s.ctx.Err() != nil {
		f.err = nil // stopped, not damaged
	}
}

func (f *file) send(ctx context.Context, batches []*odds.Batch) error {
	select {
	case f.batches <- batches:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// parse runs the parser of f's format over its content and gives its error a place.
func (f *file) parse(s *Stream, emit feed.Emit) error {
	p, err := s.parser(f.name, f.content)
	if err == nil {
		err = p.Parse(s.ctx, f.name, f.content, emit, &f.rep)
	}
	if p, ok := p.(interface{ Skipped() map[string]int }); ok {
		f.skipped = p.Skipped()
	}
	return f.located(err)
}

func (f *file) located(err error) error {
	var at *feed.FileError
	if err == nil || errors.As(err, &at) {
		return err
	}
	return &feed.FileError{File: f.name, Err: err}
}

var errPeeked = errors.New("the first batch is known")

// peek parses f's content up to its first batch and closes it. Rejects and
// errors are left to run.
func (f *file) peek(s *Stream) {
	probe := file{name: f.name, content: f.content}
	defer f.close()
	err := probe.parse(s, func(b *odds.Batch) error {
		f.bound = b.At.Add(-s.o.bound(b))
		return errPeeked
	})
	if !errors.Is(err, errPeeked) {
		f.bound = odds.Ever
	}
}
