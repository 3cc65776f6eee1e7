package ticklog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// live is a chunk of a service.
func live(clock, verdict odds.Time, batches ...*odds.Batch) ticklog.Chunk {
	var enc ticklog.Encoder
	return enc.PackLive(batches, ticklog.Head{Clock: clock, Verdict: verdict})
}

// recorded is a chunk of a recording.
func recorded(batches ...*odds.Batch) ticklog.Chunk {
	var enc ticklog.Encoder
	return enc.Pack(batches)
}

// late is a batch that came late.
func late(t odds.Time, seq int64) *odds.Batch {
	b := at(t, seq)
	b.Late = true
	return b
}

func spoilt(c ticklog.Chunk) ticklog.Chunk {
	c.Payload = slices.Clone(c.Payload)
	c.Payload[len(c.Payload)-1] ^= 1
	return c
}

func logOf(t interface{ Fatal(...any) }, chunks ...ticklog.Chunk) *logtest.Memory {
	log := &logtest.Memory{}
	if _, err := log.Append(context.Background(), chunks...); err != nil {
		t.Fatal(err)
	}
	return log
}

// spelt names a part: its head, and the Seq of each batch with its time.
func spelt(p ticklog.Part) string {
	s := ""
	if p.Head != (ticklog.Head{}) {
		s = fmt.Sprintf("%d/%d", p.Clock, p.Verdict)
	}
	for _, b := range p.Batches {
		s += fmt.Sprintf(" %d@%d", b.Seq, b.At)
		if b.Late {
			s += "!"
		}
	}
	return s
}

// inOrder returns what InOrder yields up to its end or error.
func inOrder(ctx context.Context, log ticklog.Reader, damaged func(ticklog.Damage)) (parts []string, err error) {
	for p, err := range ticklog.InOrder(ctx, log, damaged) {
		if err != nil {
			return parts, err
		}
		parts = append(parts, spelt(p))
	}
	return parts, nil
}

func TestALogIsReadInTheOrderOfAppending(t *testing.T) {
	for name, c := range map[string]struct {
		chunks []ticklog.Chunk
		want   []string
	}{
		"nothing":               {nil, nil},
		"a recording":           {[]ticklog.Chunk{recorded(at(5, 1), at(6, 2))}, []string{" 1@5", " 2@6"}},
		"one in two chunks":     {[]ticklog.Chunk{recorded(at(5, 1), at(9, 2)), recorded(at(2, 3), at(7, 4))}, []string{" 3@2", " 1@5", " 4@7", " 2@9"}},
		"one instant of it":     {[]ticklog.Chunk{recorded(at(5, 1)), recorded(at(5, 2), at(6, 3))}, []string{" 1@5 2@5", " 3@6"}},
		"live":                  {[]ticklog.Chunk{live(9, 0, at(5, 1), at(7, 2)), live(10, 4, at(6, 3))}, []string{"9/0 1@5 2@7", "10/4 3@6"}},
		"live without batches":  {[]ticklog.Chunk{live(9, 0), live(9, 5), live(12, 5)}, []string{"9/0", "9/5", "12/5"}},
		"a verdict alone":       {[]ticklog.Chunk{live(0, 5)}, []string{"0/5"}},
		"live with late ones":   {[]ticklog.Chunk{live(9, 0, late(1, 1), at(7, 2))}, []string{"9/0 1@1! 2@7"}},
		"recorded, then live":   {[]ticklog.Chunk{recorded(at(5, 1)), recorded(at(4, 2)), live(3, 0, at(1, 3))}, []string{" 2@4", " 1@5", "3/0 3@1"}},
		"live, then recorded":   {[]ticklog.Chunk{live(9, 0, at(8, 1)), recorded(at(2, 2), at(3, 3))}, []string{"9/0 1@8", " 2@2", " 3@3"}},
		"recorded around live":  {[]ticklog.Chunk{recorded(at(5, 1), at(9, 2)), live(7, 0, at(7, 3)), recorded(at(4, 4), at(9, 5))}, []string{" 1@5", " 2@9", "7/0 3@7", " 4@4", " 5@9"}},
		"recorded with a late":  {[]ticklog.Chunk{recorded(at(5, 1)), recorded(late(4, 2)), recorded(at(3, 3)), live(9, 0)}, []string{" 3@3", " 2@4!", " 1@5", "9/0"}},
		"a chunk of nothing":    {[]ticklog.Chunk{recorded(at(5, 1)), recorded(), live(0, 0), recorded(at(4, 2))}, []string{" 2@4", " 1@5"}},
		"only a late recording": {[]ticklog.Chunk{recorded(late(5, 1), late(5, 2), at(6, 3))}, []string{" 1@5! 2@5!", " 3@6"}},
	} {
		got, err := inOrder(t.Context(), logOf(t, c.chunks...), nil)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

// A recording is told as ByTime and Combiner tell it: sources by name, repetitions removed.
func TestARecordingIsCombined(t *testing.T) {
	log := logOf(t, recorded(logtest.Batches(1, 2, "t")...), recorded(logtest.Batches(1, 2, "s")...), recorded(logtest.Batches(3, 1, "s")...), recorded(logtest.Batches(1, 2, "t")...))
	var got []string
	for p, err := range ticklog.InOrder(t.Context(), log, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range p.Batches {
			got = append(got, fmt.Sprintf("%d %s %v", b.At, b.Source, b.Updates[0].Quotes[0].Price))
		}
	}
	if want := []string{"1 s 1.5", "1 t 1.5", "3 s 1.51", "3 s 1.5", "3 t 1.51"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// chunksOf draws a log, recordings and chunks of a service in turn.
func chunksOf(t *rapid.T) (chunks []ticklog.Chunk) {
	seq := int64(0)
	for range rapid.IntRange(0, 10).Draw(t, "chunks") {
		times := rapid.SliceOfN(rapid.Int64Range(-8, 8), 0, 5).Draw(t, "times")
		slices.Sort(times)
		var batches []*odds.Batch
		for _, when := range times {
			seq++
			b := logtest.Batches(odds.Time(when), 1, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "source"))[0]
			b.Seq, b.Polled = seq, rapid.Bool().Draw(t, "polled")
			b.Late = rapid.IntRange(0, 5).Draw(t, "late") == 0
			b.Updates[0].Market = rapid.SampledFrom([]string{"m", "n"}).Draw(t, "market")
			batches = append(batches, b)
		}
		clock := rapid.SampledFrom([]odds.Time{0, 0, 5, -5, 100}).Draw(t, "clock")
		chunks = append(chunks, live(clock, rapid.SampledFrom([]odds.Time{0, clock}).Draw(t, "verdict"), batches...))
	}
	return chunks
}

// told reads a log the slow way: each stretch of recordings as a log of its own.
func told(t *rapid.T, chunks []ticklog.Chunk) (want []ticklog.Part) {
	var dec ticklog.Decoder
	var combiner ticklog.Combiner
	stretch := &logtest.Memory{}
	end := func() {
		var all []*odds.Batch
		for b, err := range ticklog.ByTime(t.Context(), stretch) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		for n := 0; len(all) > 0; all = all[n:] {
			for n = 1; n < len(all) && all[n].At == all[0].At; {
				n++
			}
			want = append(want, ticklog.Part{Batches: combiner.Combine(all[:n])})
		}
		stretch = &logtest.Memory{}
	}
	for _, c := range chunks {
		p, err := dec.DecodePart(c.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if p.Head != (ticklog.Head{}) {
			end()
			want = append(want, p)
		} else if _, err := stretch.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	end()
	return want
}

func TestEveryLogIsToldInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks := chunksOf(t)
		want := told(t, chunks)
		bad := rapid.IntRange(0, len(chunks)).Draw(t, "damaged")
		withDamage := slices.Insert(slices.Clone(chunks), bad, spoilt(live(rapid.SampledFrom([]odds.Time{0, 7}).Draw(t, "its clock"), 0, at(1, 99))))
		for name, c := range map[string]struct {
			chunks  []ticklog.Chunk
			damages int
		}{"whole": {chunks, 0}, "with a damaged chunk": {withDamage, 1}} {
			damages := 0
			var got []ticklog.Part
			for p, err := range ticklog.InOrder(t.Context(), logOf(t, c.chunks...), func(d ticklog.Damage) {
				if damages++; int(d.Position) != bad+1 {
					t.Fatalf("%s: damage of chunk %d", name, d.Position)
				}
			}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, p)
			}
			if damages != c.damages || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %d damages, %+v, want %+v", name, damages, got, want)
			}
		}
	})
}

func TestADamagedChunkIsNamedAndTheLogToldAroundIt(t *testing.T) {
	newer := live(7, 0, at(7, 9))
	newer.Payload = slices.Clone(newer.Payload)
	newer.Payload[3] = 9
	for name, c := range map[string]struct {
		chunks []ticklog.Chunk
		want   []string // around it
		is     error    // of a reader without damaged, after one part
	}{
		"of a recording":     {[]ticklog.Chunk{recorded(at(5, 1)), spoilt(recorded(at(6, 9))), recorded(at(4, 2)), live(9, 0)}, []string{" 2@4", " 1@5", "9/0"}, ticklog.ErrDamaged},
		"of a service":       {[]ticklog.Chunk{live(5, 0, at(5, 1)), spoilt(live(6, 0, at(6, 9))), live(7, 0, at(7, 2))}, []string{"5/0 1@5", "7/0 2@7"}, ticklog.ErrDamaged},
		"without batches":    {[]ticklog.Chunk{live(5, 0), spoilt(live(6, 0)), live(7, 0)}, []string{"5/0", "7/0"}, ticklog.ErrDamaged},
		"between recordings": {[]ticklog.Chunk{recorded(at(5, 1)), spoilt(live(6, 0)), recorded(at(4, 2))}, []string{" 2@4", " 1@5"}, ticklog.ErrDamaged},
		"of a newer version": {[]ticklog.Chunk{recorded(at(5, 1)), newer, recorded(at(6, 2))}, []string{" 1@5", " 2@6"}, ticklog.ErrVersion},
		"of nothing at all":  {[]ticklog.Chunk{live(5, 0), {From: 3, To: 3}, recorded(at(6, 2))}, []string{"5/0", " 2@6"}, ticklog.ErrDamaged},
	} {
		log := logOf(t, c.chunks...)
		var found []ticklog.Position
		got, err := inOrder(t.Context(), log, func(d ticklog.Damage) { found = append(found, d.Position) })
		if err != nil || !slices.Equal(got, c.want) || !slices.Equal(found, []ticklog.Position{2}) {
			t.Errorf("%s: %q, damage of %d, %v; want %q", name, got, found, err, c.want)
		}
		got, err = inOrder(t.Context(), log, nil)
		if !errors.Is(err, c.is) || len(got) != 1 {
			t.Errorf("%s: %q, then %v; want one part", name, got, err)
		}
	}
}

// What cannot be fetched is damage like any other, and what does not let the log be listed
// ends the reading.
func TestToldInOrderUpToTheFirstError(t *testing.T) {
	disk := errors.New("disk gone")
	for name, c := range map[string]struct {
		log  *spoiled
		want []string
	}{"no last": {&spoiled{last: disk}, nil}, "no list": {&spoiled{list: disk}, nil}, "the second chunk": {&spoiled{read: disk}, []string{"1/0"}}} {
		if _, err := c.log.Append(t.Context(), live(1, 0), live(2, 0)); err != nil {
			t.Fatal(err)
		}
		if got, err := inOrder(t.Context(), c.log, nil); !errors.Is(err, disk) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, then %v", name, got, err)
		}
	}
	l := &spoiled{read: disk}
	if _, err := l.Append(t.Context(), live(1, 0), live(2, 0)); err != nil {
		t.Fatal(err)
	}
	n := 0
	if got, err := inOrder(t.Context(), l, func(ticklog.Damage) { n++ }); err != nil || n != 1 || len(got) != 1 {
		t.Errorf("around the second chunk: %q, %d damages, %v", got, n, err)
	}
}

func TestTheLogAsItWasAtTheStartIsTold(t *testing.T) {
	chunks := []ticklog.Chunk{recorded(at(1, 1)), recorded(at(3, 2)), recorded(at(5, 3)), live(6, 0, at(6, 4)), live(7, 0), recorded(at(9, 5))}
	for name, c := range map[string]struct {
		meanwhile func(log *logtest.Memory) error
		want      []string
	}{
		"appended": {func(log *logtest.Memory) error {
			_, err := log.Append(t.Context(), recorded(at(4, 9)), live(8, 0))
			return err
		}, []string{" 1@1", " 2@3", " 3@5", "6/0 4@6", "7/0", " 5@9"}},
		// The next instant of the recording and the chunk at its end have been read by then.
		"trimmed": {func(log *logtest.Memory) error { _, err := log.Trim(t.Context(), 6); return err }, []string{" 1@1", " 2@3", "6/0 4@6", " 5@9"}},
	} {
		log := logOf(t, chunks...)
		var got []string
		for p, err := range ticklog.InOrder(t.Context(), log, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, spelt(p)); len(got) == 1 {
				if err := c.meanwhile(log); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAnInOrderReaderMayStop(t *testing.T) {
	chunks := []ticklog.Chunk{recorded(at(1, 1), at(2, 2)), live(5, 0), live(6, 0), recorded(at(8, 3))}
	log := logOf(t, chunks...)
	for most := 1; most <= 5; most++ {
		n := 0
		for range ticklog.InOrder(t.Context(), log, nil) {
			if n++; n == most {
				break
			}
		}
		if n != most {
			t.Errorf("%d parts, want %d", n, most)
		}
	}
	for after := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		if after == 0 {
			cancel()
		}
		n, damages := 0, 0
		var last error
		for _, err := range ticklog.InOrder(ctx, log, func(ticklog.Damage) { damages++ }) {
			if last = err; err != nil {
				continue
			}
			if n++; n == after {
				cancel()
			}
		}
		cancel()
		if !errors.Is(last, context.Canceled) || damages > 0 || n > after+2 { // what had been read by then
			t.Errorf("ended after %d: %d parts, %d damages, %v", after, n, damages, last)
		}
	}
}

// counting counts how often a chunk is fetched.
type counting struct {
	*logtest.Memory
	fetched int
}

func (c *counting) Read(ctx context.Context, from ticklog.Position) iter.Seq2[ticklog.Entry, error] {
	c.fetched++
	return c.Memory.Read(ctx, from)
}

// Of a recording, what the present instant needs is decoded, and no more.
func TestARecordingIsNotReadAsAWhole(t *testing.T) {
	log := &counting{Memory: &logtest.Memory{}}
	for i := range 100 {
		if _, err := log.Append(t.Context(), recorded(at(odds.Time(10*i), 1), at(odds.Time(10*i+15), 2))); err != nil {
			t.Fatal(err)
		}
	}
	for range ticklog.InOrder(t.Context(), log, nil) {
		break
	}
	if log.fetched > 103 {
		t.Errorf("%d chunks fetched for the first instant of 100 chunks, each to be looked at once", log.fetched)
	}
}

// emptyAmong is a log of a recording, a service's batches and chunks without any.
func emptyAmong(t *testing.T) *logtest.Memory {
	return logOf(t, live(1, 0), recorded(at(5, 1)), live(20, 0), live(21, 10, at(12, 2), late(13, 3)), live(22, 11), live(40, 30))
}

func TestChunksWithoutBatchesAreNoneToAnyReader(t *testing.T) {
	log := emptyAmong(t)
	if got := read(t, log); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("by time: %v", got)
	}
	for b, err := range ticklog.ByTimeAround(t.Context(), log, func(d ticklog.Damage) { t.Error(d.String()) }) {
		if err != nil || b.Late != (b.Seq == 3) {
			t.Errorf("by time around damage: %+v, %v", b, err)
		}
	}
	merge, stop := ticklog.NewMerge(ticklog.ByTime(t.Context(), log), func() (*odds.Batch, error) { return nil, io.EOF })
	defer stop()
	var merged []string
	for {
		now, ok, err := merge.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		merged = append(merged, spelt(ticklog.Part{Batches: now.Apply}))
	}
	if !slices.Equal(merged, []string{" 1@5", " 2@12", " 3@13!"}) {
		t.Errorf("merged: %q", merged)
	}
	var dec ticklog.Decoder
	for e, err := range log.Read(t.Context(), 0) {
		if d := dec.Check(&e); err != nil || d != nil {
			t.Errorf("chunk %d: %v, %v", e.Position, d, err)
		}
	}
	if s, err := log.Stats(t.Context()); err != nil || s.Chunks != 6 || s.Oldest != 1 || s.Newest != 40 || s.Quotes != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A chunk without batches is as old as its clock says.
func TestRetainJudgesAChunkWithoutBatchesByItsClock(t *testing.T) {
	for _, c := range []struct {
		before, now odds.Time
		removed     int
	}{
		{1, 13, 0},
		{2, 13, 1},  // the first clock
		{6, 13, 2},  // the recording
		{13, 13, 2}, // behind it a clock that now has not reached yet, and then one that is in time
		{14, 13, 4}, // the batches, and the clock before them; those after them are ahead
		{21, 40, 4}, // the batches are older than their clock
		{22, 40, 4},
		{23, 40, 5},
		{odds.Never, 40, 5}, // the last chunk stays
	} {
		log := emptyAmong(t)
		removed, err := ticklog.Retain(t.Context(), log, c.before, c.now, 0, 100)
		if err != nil || removed != c.removed {
			t.Errorf("before %d at %d: %d removed, %v; want %d", c.before, c.now, removed, err, c.removed)
		}
	}
}
