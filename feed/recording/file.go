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
	// chunk is how many quotes are sent together, so that streams with one quote per batch
	// do not pay for a channel operation each.
	chunk = 1024
	// maxAhead limits the chunks read ahead over all files: about 30 MB. Every file may
	// have one, however many files there are.
	maxAhead = 512
)

// file is one recording: a path, a member of an archive, or standard input.
type file struct {
	name   string
	index  int
	size   int64 // stored bytes; 0 if unknown
	reopen func() (io.ReadCloser, error)
	stream bool // cannot be opened twice

	content *content  // if already open
	archive *os.File  // to close with the stream
	bound   odds.Time // no later batch is earlier than this

	started, reached bool // owned by Next
	head             []*odds.Batch

	// batches passes chunks on. When it is full, reading waits, so that nothing is lost and
	// memory is bounded.
	batches  chan []*odds.Batch
	rep      feed.Report
	err      error // written before finished
	finished atomic.Bool
}

// place is the file's position in the merge.
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
	if f.err != nil { // found when opened
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
	clock := s.clock(
		func(b *odds.Batch, line int) error { return o.add(b, line, send) },
		func(b *odds.Batch, line int, newest odds.Time) { s.farAhead(f, b, line, newest) },
	)
	f.err = f.parse(s, func(b *odds.Batch) error { return clock.add(b, f.rep.Line()) })
	err := clock.settle(true)
	if err == nil {
		err = o.flush(send)
	}
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

// parse runs the parser for f's format over its content and adds the location to its error.
func (f *file) parse(s *Stream, emit feed.Emit) error {
	p, err := s.parser(f.name, f.content)
	if err == nil {
		err = p.Parse(s.ctx, f.name, f.content, feed.Checked(f.name, emit, &f.rep), &f.rep)
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

// peek parses f's content until its first batch is known and closes it. Rejects and errors
// are left to run.
func (f *file) peek(s *Stream) {
	probe := file{name: f.name, content: f.content}
	defer f.close()
	clock := s.clock(func(b *odds.Batch, _ int) error {
		f.bound = b.At.Add(-s.o.bound(b))
		return errPeeked
	}, func(*odds.Batch, int, odds.Time) {})
	err := probe.parse(s, func(b *odds.Batch) error { return clock.add(b, 0) })
	if !errors.Is(err, errPeeked) {
		err = clock.settle(true)
	}
	if !errors.Is(err, errPeeked) {
		f.bound = odds.Ever
	}
}
