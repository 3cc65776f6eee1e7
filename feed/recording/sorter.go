package recording

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"corrgraph/feed"
	"corrgraph/odds"
)

// The window of a sorter in quotes. Recordings of polls assembled from several runs of a
// recorder step back by hours (two of ours do). That is too far for a bound in time alone:
// polls may be seconds or half an hour apart.
const (
	window    = 128 << 10 // of one file: about 8 MB
	minWindow = 4 << 10   // for any number of files
	windows   = 1 << 20   // of all files together, unless minWindow requires more
)

// sorter puts the batches of one file in order, with limits on lateness and on the number
// of waiting quotes.
type sorter struct {
	o    Options
	file *file
	max  int // maximum number of waiting quotes

	newest, sent odds.Time
	queue        []*odds.Batch // queue[from:] is waiting, ordered by compare
	from         int
	waiting      int // quotes in it
}

func (s *Stream) sorter(f *file) sorter {
	limit := max(minWindow, min(window, windows/len(s.files)))
	return sorter{o: s.o, file: f, max: limit, newest: odds.Ever, sent: odds.Ever}
}

// bound is how much older than the newest batch b may be.
func (o Options) bound(b *odds.Batch) odds.Millis {
	if b.Polled {
		return o.PollsOutOfOrder
	}
	return o.OutOfOrder
}

func compare(a, b *odds.Batch) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Seq, b.Seq))
}

// add takes a batch that begins at a line, and sends the batches that no later one may
// precede.
func (o *sorter) add(b *odds.Batch, line int, send feed.Emit) error {
	o.newest = max(o.newest, b.At)
	horizon := o.newest.Add(-o.o.bound(b))
	if b.At < max(horizon, o.sent) {
		o.late(b, line)
		return nil
	}
	wait := o.queue[o.from:]
	// After its equals, so that file order breaks the tie.
	i := sort.Search(len(wait), func(i int) bool { return compare(wait[i], b) > 0 })
	o.queue = slices.Insert(o.queue, o.from+i, b)
	o.waiting += weight(b)
	for o.from < len(o.queue) && (o.queue[o.from].At < horizon || o.waiting > o.max) {
		if err := o.release(send); err != nil {
			return err
		}
	}
	return nil
}

// weight is what a batch counts toward the limits: its quotes and marks plus one.
func weight(b *odds.Batch) int {
	n := 1 + len(b.Marks)
	for i := range b.Updates {
		n += len(b.Updates[i].Quotes)
	}
	return n
}

func (o *sorter) release(send feed.Emit) error {
	b := o.queue[o.from]
	o.queue[o.from] = nil
	if o.from++; o.from > len(o.queue)/2 {
		o.queue = slices.Delete(o.queue, 0, o.from)
		o.from = 0
	}
	o.waiting -= weight(b)
	o.sent = b.At
	return send(b)
}

// flush sends all waiting batches.
func (o *sorter) flush(send feed.Emit) error {
	for o.from < len(o.queue) {
		if err := o.release(send); err != nil {
			return err
		}
	}
	return nil
}

// late rejects every quote of b, or b itself if it has none.
func (o *sorter) late(b *odds.Batch, line int) {
	o.file.rep.TakeBack(b.Quotes(), feed.Reject{
		File: o.file.name, Line: line, Reason: "late",
		Detail: fmt.Sprintf("%s after %s is too late to be sorted in: sort the file by time, or check the times before it", b.At, o.newest),
	})
}
