package ticklog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// at is an empty batch, which names its place in the recording by its Seq.
func at(t odds.Time, seq int64) *odds.Batch {
	return &odds.Batch{Source: "s", At: t, Recv: t, Seq: seq}
}

func appended(t interface{ Fatal(...any) }, log ticklog.Log, chunks ...[]*odds.Batch) {
	var enc ticklog.Encoder
	for _, batches := range chunks {
		if _, err := log.Append(context.Background(), enc.Pack(batches)); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns what ByTime yields, by Seq.
func read(t interface{ Fatal(...any) }, log ticklog.Reader) (out []int64) {
	for b, err := range ticklog.ByTime(context.Background(), log) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Seq)
	}
	return out
}

func TestALogIsReadInEventTimeOrder(t *testing.T) {
	for name, c := range map[string]struct {
		chunks [][]*odds.Batch
		want   []int64
	}{
		"nothing":                   {nil, nil},
		"one after the other":       {[][]*odds.Batch{{at(1, 1), at(2, 2)}, {at(3, 3)}}, []int64{1, 2, 3}},
		"the old one came late":     {[][]*odds.Batch{{at(5, 2), at(6, 3)}, {at(1, 1)}}, []int64{1, 2, 3}},
		"one inside another":        {[][]*odds.Batch{{at(1, 1), at(9, 4)}, {at(3, 2), at(4, 3)}}, []int64{1, 2, 3, 4}},
		"interleaved":               {[][]*odds.Batch{{at(1, 1), at(3, 3)}, {at(2, 2), at(4, 4)}}, []int64{1, 2, 3, 4}},
		"one instant":               {[][]*odds.Batch{{at(7, 1)}, {at(7, 2), at(7, 3)}, {at(7, 4)}}, []int64{1, 2, 3, 4}},
		"the end of one, another's": {[][]*odds.Batch{{at(7, 2)}, {at(1, 1), at(7, 3)}}, []int64{1, 2, 3}},
		"before the epoch":          {[][]*odds.Batch{{at(0, 2)}, {at(-5, 1)}}, []int64{1, 2}},
	} {
		log := &logtest.Memory{}
		appended(t, log, c.chunks...)
		if got := read(t, log); !slices.Equal(got, c.want) {
			t.Errorf("%s: read %v, want %v", name, got, c.want)
		}
	}
}

// Whatever the chunks, all that was appended comes once, by event time and then in the
// order of appending.
func TestEveryLogIsReadWholeAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := &logtest.Memory{}
		var want []*odds.Batch
		for range rapid.IntRange(0, 8).Draw(t, "chunks") {
			times := rapid.SliceOfN(rapid.Int64Range(-20, 20), 1, 6).Draw(t, "times")
			slices.Sort(times)
			var chunk []*odds.Batch
			for _, when := range times {
				chunk = append(chunk, at(odds.Time(when), int64(len(want)+len(chunk))))
			}
			appended(t, log, chunk)
			want = append(want, chunk...)
		}
		slices.SortStableFunc(want, func(a, b *odds.Batch) int { return int(a.At - b.At) })
		got := read(t, log)
		if len(got) != len(want) {
			t.Fatalf("%d batches of %d", len(got), len(want))
		}
		for i, b := range want {
			if got[i] != b.Seq {
				t.Fatalf("place %d holds batch %d, want %d", i, got[i], b.Seq)
			}
		}
	})
}

func TestWhatIsAppendedMeanwhileIsNotRead(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 1)}, []*odds.Batch{at(5, 2)})
	var got []int64
	for b, err := range ticklog.ByTime(t.Context(), log) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Seq)
		appended(t, log, []*odds.Batch{at(3, 9)})
	}
	if !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("read %v", got)
	}
}

func TestWhatIsTrimmedMeanwhileIsMissingAndNoError(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 1)}, []*odds.Batch{at(5, 2)}, []*odds.Batch{at(9, 3)})
	var got []int64
	for b, err := range ticklog.ByTime(t.Context(), log) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, b.Seq); len(got) == 1 {
			if _, err := log.Trim(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("read %v, want the chunk that was trimmed left out", got)
	}
}

// spoiled is a log one of whose parts can't be read.
type spoiled struct {
	logtest.Memory
	last, list, read error
}

func (s *spoiled) Last(ctx context.Context) (ticklog.Position, error) {
	if s.last != nil {
		return 0, s.last
	}
	return s.Memory.Last(ctx)
}

func (s *spoiled) List(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	return failingAfter(s.Memory.List(ctx, from), s.list)
}

func (s *spoiled) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	if from == 1 {
		return s.Memory.Read(ctx, from)
	}
	return failingAfter(s.Memory.Read(ctx, from), s.read)
}

func failingAfter(all iter.Seq2[ticklog.Entry, error], err error) iter.Seq2[ticklog.Entry, error] {
	if err == nil {
		return all
	}
	return func(yield func(ticklog.Entry, error) bool) { yield(ticklog.Entry{}, err) }
}

func TestAReadingEndsAtItsFirstError(t *testing.T) {
	disk := errors.New("disk gone")
	for name, c := range map[string]struct {
		log  *spoiled
		says string
		read int // batches before it
	}{
		"no last":          {&spoiled{last: disk}, "tick log: disk gone", 0},
		"no list":          {&spoiled{list: disk}, "tick log: disk gone", 0},
		"the second chunk": {&spoiled{read: disk}, "tick log: chunk 2: disk gone", 1},
	} {
		appended(t, c.log, []*odds.Batch{at(1, 1)}, []*odds.Batch{at(5, 2)}, []*odds.Batch{at(9, 3)})
		n, errs := 0, []error(nil)
		for b, err := range ticklog.ByTime(t.Context(), c.log) {
			if err != nil {
				if b != nil {
					t.Errorf("%s: an error with a batch", name)
				}
				errs = append(errs, err)
				continue
			}
			n++
		}
		if n != c.read || len(errs) != 1 || !errors.Is(errs[0], disk) || errs[0].Error() != c.says {
			t.Errorf("%s: %d batches, then %v, want %q", name, n, errs, c.says)
		}
	}
}

func TestADamagedChunkIsNamed(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 1)})
	var enc ticklog.Encoder
	bad := enc.Pack([]*odds.Batch{at(5, 2)})
	bad.Payload[len(bad.Payload)-1] ^= 1
	if _, err := log.Append(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range ticklog.ByTime(t.Context(), log) {
		last = err
	}
	if !errors.Is(last, ticklog.ErrDamaged) || last.Error() != "tick log: chunk 2: damaged tick log chunk: checksum differs" {
		t.Errorf("%v", last)
	}
}

func TestAReaderMayStop(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 1), at(2, 2), at(3, 3)})
	n := 0
	for range ticklog.ByTime(t.Context(), log) {
		if n++; n == 2 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range ticklog.ByTime(ctx, log) {
		last = err
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("stopped after %d batches; with an ended context: %v", n, last)
	}
}

func TestEachChunkStatesWhatItHolds(t *testing.T) {
	var enc ticklog.Encoder
	two := []odds.Quote{{Selection: "a", Price: 2}, {Selection: "b", Price: 2}}
	c := enc.Pack([]*odds.Batch{
		{At: 3, Updates: []odds.Update{{Venue: "v", Quotes: two}, {Venue: "w", Quotes: two[:1]}}},
		{At: 4},
		{At: 9, Updates: []odds.Update{{Venue: "v", Quotes: two}}},
	})
	if c.From != 3 || c.To != 9 || c.Quotes != 5 {
		t.Errorf("from %v to %v with %d quotes", c.From, c.To, c.Quotes)
	}
}

// full is a log of ten chunks, one for each ten instants, and the bytes of each.
func full(t *testing.T) (log *logtest.Memory, bytes []int64) {
	t.Helper()
	log = &logtest.Memory{}
	for i := range odds.Time(10) {
		appended(t, log, []*odds.Batch{at(10*i, 0), at(10*i+9, 0)})
	}
	for e, err := range log.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		bytes = append(bytes, int64(e.Bytes))
	}
	return log, bytes
}

func TestRetain(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  odds.Time
		keep    int   // the bytes of so many of the newest chunks…
		more    int64 // …and these; both 0: no bound
		step    int
		removed int
	}{
		{"nothing is old", 9, 0, 0, 100, 0},
		{"the first ends just before", 10, 0, 0, 100, 1},
		{"four are old", 40, 0, 0, 100, 4},
		{"four are old, three at a time", 40, 0, 0, 3, 3},
		{"four are old, four at a time", 40, 0, 0, 4, 4},
		{"no step", 40, 0, 0, 0, 0},
		{"all are old: the last one stays", odds.Never, 0, 0, 100, 9},
		{"as many bytes as may be", odds.Ever, 10, 0, 100, 0},
		{"a byte too many", odds.Ever, 10, -1, 100, 1},
		{"half the chunks", odds.Ever, 5, 0, 100, 5},
		{"half the chunks and a byte", odds.Ever, 5, 1, 100, 5},
		{"half the chunks less a byte", odds.Ever, 5, -1, 100, 6},
		{"half the chunks, and more is old", 80, 5, 0, 100, 8},
		{"half the chunks, and less is old", 20, 5, 0, 100, 5},
		{"hardly a byte: the last one stays", odds.Ever, 0, 1, 100, 9},
	} {
		log, bytes := full(t)
		keep := c.more
		for _, n := range bytes[10-c.keep:] {
			keep += n
		}
		removed, err := ticklog.Retain(t.Context(), log, c.before, odds.Never, keep, c.step)
		held, _ := log.Stats(t.Context())
		first, _ := log.First(t.Context())
		if err != nil || removed != c.removed || held.Chunks != 10-c.removed || first != ticklog.Position(c.removed+1) {
			t.Errorf("%s: %d removed, %d left from %d on, %v; want %d removed", c.name, removed, held.Chunks, first, err, c.removed)
		}
	}
}

// An old recording that was appended late does not open a gap.
func TestRetainStopsAtTheFirstChunkThatStays(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 0)}, []*odds.Batch{at(100, 0)}, []*odds.Batch{at(2, 0)}, []*odds.Batch{at(101, 0)})
	if removed, err := ticklog.Retain(t.Context(), log, 50, odds.Never, 0, 100); err != nil || removed != 1 {
		t.Fatalf("%d removed, %v: another old one stands behind a new one", removed, err)
	}
	if removed, err := ticklog.Retain(t.Context(), log, 101, odds.Never, 0, 100); err != nil || removed != 2 {
		t.Errorf("%d removed, %v: the old one goes with its neighbour", removed, err)
	}
}

// A chunk of a wrong clock goes with its neighbours, and keeps none of them.
func TestRetainPassesOverTheFuture(t *testing.T) {
	log := &logtest.Memory{}
	appended(t, log, []*odds.Batch{at(1, 0)}, []*odds.Batch{at(9000, 0)}, []*odds.Batch{at(2, 0), at(9000, 1)}, []*odds.Batch{at(9001, 0)}, []*odds.Batch{at(100, 0)}, []*odds.Batch{at(9002, 0)}, []*odds.Batch{at(101, 0)})
	for _, c := range []struct {
		before        odds.Time
		step, removed int
	}{{1, 100, 0}, {2, 100, 1}, {3, 1, 1}, {3, 100, 1}, {100, 100, 0}, {101, 100, 2}, {102, 1, 1}, {102, 100, 0}} {
		if removed, err := ticklog.Retain(t.Context(), log, c.before, 101, 0, c.step); err != nil || removed != c.removed {
			first, _ := log.First(t.Context())
			t.Errorf("before %d, %d at a time: %d removed, want %d, from %d on, %v", c.before, c.step, removed, c.removed, first, err)
		}
	}
}

func TestRetainOfAnEmptyOrSpoiledLog(t *testing.T) {
	if removed, err := ticklog.Retain(t.Context(), &logtest.Memory{}, odds.Never, odds.Never, 1, 100); removed != 0 || err != nil {
		t.Errorf("of nothing %d removed, %v", removed, err)
	}
	disk := errors.New("disk gone")
	log := &spoiled{list: disk}
	appended(t, log, []*odds.Batch{at(1, 1)}, []*odds.Batch{at(2, 2)})
	if removed, err := ticklog.Retain(t.Context(), log, odds.Never, odds.Never, 0, 100); removed != 0 || !errors.Is(err, disk) {
		t.Errorf("%d removed, %v", removed, err)
	}
}

func TestAPositionIsReadOnFrom(t *testing.T) {
	for p, want := range map[ticklog.Position]ticklog.Position{0: 0, 1: 2, 41: 42} {
		if got := p.Next(); got != want {
			t.Errorf("after %d comes %d, want %d", p, got, want)
		}
	}
}

// One event is one pointer over all chunks, and one whose participants have changed is
// another, as often as it comes.
func TestEveryEventIsOnePointerOverChunks(t *testing.T) {
	var enc ticklog.Encoder
	var dec ticklog.Decoder
	made := func() []*odds.Batch {
		var all []*odds.Batch
		for i, e := range []*odds.Event{
			{ID: "open", Sport: "golf", Participants: []string{"A", "B"}},
			{ID: "open", Sport: "golf", Participants: []string{"A"}}, // B withdrew
			{ID: "open", Sport: "golf"},
			{ID: "op", Sport: "engolf"}, // the same letters
			{ID: "open", Sport: "golf", Start: 5},
		} {
			all = append(all, &odds.Batch{At: odds.Time(i), Updates: []odds.Update{{Event: e, Venue: "v", Market: "m"}}})
		}
		return all
	}
	seen := map[*odds.Event]string{}
	var first []*odds.Event
	for range 3 {
		batches, err := dec.Decode(enc.Encode(made()))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range batches {
			e := b.Updates[0].Event
			if want := fmt.Sprintf("%+v", *made()[i].Updates[0].Event); fmt.Sprintf("%+v", *e) != want {
				t.Fatalf("%+v, want %s", *e, want)
			}
			seen[e] = e.ID
			if len(first) < len(batches) {
				first = append(first, e)
			} else if first[i] != e {
				t.Errorf("event %d of a later chunk has another pointer: %+v", i, *e)
			}
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d events, want 5", len(seen))
	}
}
