package logtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Opener returns an empty log, closed when the test ends, and a function that reopens it,
// as after a restart; nil if the log ends with its process.
type Opener func(t *testing.T) (l ticklog.Log, again func() ticklog.Log)

// Run checks the contract of ticklog.Log.
func Run(t *testing.T, open Opener) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"an empty log holds nothing", empty},
		{"chunks come back in the order of appending", comeBack},
		{"positions rise, over restarts too", positionsRise},
		{"what one call appends is all there or not", allOrNone},
		{"many may append at once", concurrent},
		{"a reader sees what is appended meanwhile", tail},
		{"the beginning is trimmed and the last chunk stays", trimmed},
		{"retention goes by event time and size", retained},
		{"the log is in event time whatever the order of its chunks", byTime},
		{"a service's log is told as it was appended", inOrder},
		{"a chunk without batches is a chunk", withoutBatches},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// pack packs batches of one source.
func pack(from odds.Time, n int, source string) ticklog.Chunk {
	var enc ticklog.Encoder
	return enc.Pack(Batches(from, n, source))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func collect(t *testing.T, seq iter.Seq2[ticklog.Entry, error]) (out []ticklog.Entry) {
	t.Helper()
	for e, err := range seq {
		ok(t, err)
		out = append(out, e)
	}
	return out
}

// at returns the positions of entries.
func at(entries []ticklog.Entry) (out []ticklog.Position) {
	for _, e := range entries {
		out = append(out, e.Position)
	}
	return out
}

func empty(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	equal(t, "first", must(l.First(ctx))(t), 0)
	equal(t, "last", must(l.Last(ctx))(t), 0)
	equal(t, "stats", must(l.Stats(ctx))(t), ticklog.Stats{})
	equal(t, "entries", len(collect(t, l.Read(ctx, 0))), 0)
	equal(t, "removed", must(l.Trim(ctx, 1<<40))(t), 0)
	equal(t, "positions of nothing", len(must(l.Append(ctx))(t)), 0)
	for range ticklog.ByTime(ctx, l) {
		t.Error("an empty log has a batch")
	}
}

func comeBack(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	var want []ticklog.Entry
	for i := range 300 {
		c := pack(odds.Time(10_000-7*i), 1+i%3, fmt.Sprint(i))
		p := must(l.Append(ctx, c))(t)
		want = append(want, ticklog.Entry{Position: p[0], Chunk: c, Bytes: len(c.Payload)})
	}
	equal(t, "read", collect(t, l.Read(ctx, 0)), want)
	equal(t, "read on after none", len(collect(t, l.Read(ctx, ticklog.Position(0).Next()))), 300)
	equal(t, "read on in the middle", collect(t, l.Read(ctx, want[119].Position.Next())), want[120:])
	equal(t, "read from the middle", collect(t, l.Read(ctx, want[120].Position)), want[120:])
	equal(t, "read after the end", len(collect(t, l.Read(ctx, want[299].Position.Next()))), 0)
	equal(t, "first", must(l.First(ctx))(t), want[0].Position)
	equal(t, "last", must(l.Last(ctx))(t), want[299].Position)
	stats := ticklog.Stats{Chunks: 300, Oldest: want[299].From, Newest: 10_000}
	for i := range want {
		stats.Bytes += int64(want[i].Bytes)
		stats.Quotes += int64(want[i].Quotes)
		want[i].Payload = nil
	}
	equal(t, "list", collect(t, l.List(ctx, 0)), want)
	equal(t, "list from the middle", collect(t, l.List(ctx, want[7].Position)), want[7:])
	equal(t, "stats", must(l.Stats(ctx))(t), stats)
	for range l.Read(ctx, 0) {
		break // it must not continue or hold anything
	}
	must(l.Append(ctx, pack(1, 1, "after")))(t)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for _, err := range l.Read(gone, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("read by a caller that has left: %v", err)
		}
	}
}

func positionsRise(t *testing.T, open Opener) {
	l, again := open(t)
	ctx := t.Context()
	last := ticklog.Position(0)
	for i := range 6 {
		all := must(l.Append(ctx, pack(5, 1, "a"), pack(4, 1, "b")))(t)
		if len(all) != 2 || all[0] <= last || all[1] <= all[0] {
			t.Fatalf("positions %d after %d", all, last)
		}
		last = all[1]
		equal(t, "last", must(l.Last(ctx))(t), last)
		if i%2 == 1 {
			must(l.Trim(ctx, last+1))(t) // everything that may be removed
		}
		if again != nil {
			l = again()
			equal(t, "last after a restart", must(l.Last(ctx))(t), last)
		}
	}
}

func allOrNone(t *testing.T, open Opener) {
	l, _ := open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(gone, pack(1, 1, "a"), pack(2, 1, "b")); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("by a caller that has left: %v", err)
	}
	if n := len(collect(t, l.Read(t.Context(), 0))); n != 0 && n != 2 {
		t.Errorf("%d of two chunks are there", n)
	}
}

func concurrent(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	var mu sync.Mutex
	where := map[ticklog.Position]string{} // guarded by mu
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10 {
				a, b := fmt.Sprintf("%d/%d a", w, i), fmt.Sprintf("%d/%d b", w, i)
				p, err := l.Append(ctx, pack(odds.Time(i), 1, a), pack(odds.Time(w), 1, b))
				mu.Lock()
				if err != nil || len(p) != 2 {
					t.Error(p, err)
				} else {
					where[p[0]], where[p[1]] = a, b
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var dec ticklog.Decoder
	n := 0
	for _, e := range collect(t, l.Read(ctx, 0)) {
		batches, err := dec.Decode(e.Payload)
		ok(t, err)
		equal(t, "chunk", batches[0].Source, where[e.Position])
		n++
	}
	equal(t, "chunks", n, 160)
}

func tail(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	n := 0
	must(l.Append(ctx, pack(0, 1, "s")))(t)
	for _, err := range l.Read(ctx, 0) {
		ok(t, err)
		if n++; n < 5 {
			must(l.Append(ctx, pack(odds.Time(n), 1, "s")))(t)
		}
	}
	equal(t, "entries", n, 5)
}

func trimmed(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	var p []ticklog.Position
	for i := range 10 {
		p = append(p, must(l.Append(ctx, pack(odds.Time(1000-100*i), 2, "s")))(t)...)
	}
	equal(t, "nothing before the first", must(l.Trim(ctx, p[0]))(t), 0)
	equal(t, "removed", must(l.Trim(ctx, p[4]))(t), 4)
	equal(t, "first", must(l.First(ctx))(t), p[4])
	equal(t, "left", at(collect(t, l.Read(ctx, 0))), p[4:])
	equal(t, "from the first", at(collect(t, l.List(ctx, p[4]))), p[4:])
	for name, read := range map[string]func(context.Context, ticklog.Position) iter.Seq2[ticklog.Entry, error]{"read": l.Read, "list": l.List} {
		n := 0
		for _, err := range read(ctx, p[3]) {
			if n++; !errors.Is(err, ticklog.ErrTrimmed) || n > 1 {
				t.Errorf("%s from a position that is gone: %v", name, err)
			}
		}
		equal(t, name+" from a position that is gone", n, 1)
	}
	n := 0
	for e, err := range l.Read(ctx, p[4]) { // trimmed meanwhile
		ok(t, err)
		if n++; n == 1 {
			equal(t, "removed meanwhile", must(l.Trim(ctx, p[8]))(t), 4)
		} else if e.Position < p[8] {
			t.Errorf("%d comes after it was trimmed", e.Position)
		}
	}
	equal(t, "entries", n, 3)
	equal(t, "all but the last", must(l.Trim(ctx, p[9]+100))(t), 1)
	equal(t, "the last", at(collect(t, l.Read(ctx, 0))), p[9:])
}

func retained(t *testing.T, open Opener) {
	l, _ := open(t)
	ctx := t.Context()
	var all []ticklog.Chunk
	for i := range 10 { // chunk i spans 1000+100·i to 1004+100·i
		all = append(all, pack(1000+odds.Time(100*i), 3, "s"))
	}
	all[5], all[6] = all[6], all[5] // the later first
	must(l.Append(ctx, all...))(t)
	held := must(l.Stats(ctx))(t)
	left := func(before odds.Time, keep int64, step, removed int, oldest odds.Time) {
		t.Helper()
		equal(t, "removed", must(ticklog.Retain(ctx, l, before, odds.Never, keep, step))(t), removed)
		equal(t, "oldest", must(l.Stats(ctx))(t).Oldest, oldest)
	}
	left(1000, 0, 5, 0, 1000)
	left(1004, 0, 5, 0, 1000)
	left(1105, 0, 5, 2, 1200) // the second ends at 1104
	left(1550, 0, 2, 2, 1400) // one step at a time
	left(1550, 0, 2, 1, 1500) // 1500 is old enough, but it came after 1600
	left(1650, 0, 5, 2, 1700)
	left(0, held.Bytes, 5, 0, 1700)
	left(0, int64(len(all[8].Payload)+len(all[9].Payload)), 5, 1, 1800)
	left(9999, 1, 5, 1, 1900) // the last one stays
	left(9999, 1, 5, 0, 1900)
}

func byTime(t *testing.T, open Opener) {
	l, again := open(t)
	ctx := t.Context()
	r := rand.New(rand.NewPCG(1, 2))
	var enc ticklog.Encoder
	var want []*odds.Batch
	for n := range 400 {
		chunk := Batches(1000+odds.Time(10*n-r.IntN(300)), 1+r.IntN(6), fmt.Sprint("chunk", n))
		must(l.Append(ctx, enc.Pack(chunk)))(t)
		want = append(want, chunk...)
		if n%150 == 149 && again != nil {
			l = again()
		}
	}
	slices.SortStableFunc(want, func(a, b *odds.Batch) int { return int(a.At - b.At) })
	var got []*odds.Batch
	for b, err := range ticklog.ByTime(ctx, l) {
		ok(t, err)
		if got = append(got, b); len(got) == 10 { // batches added in the meantime are not read
			must(l.Append(ctx, enc.Pack(Batches(1_000_000, 2, "late")), enc.Pack(Batches(0, 2, "early"))))(t)
		}
	}
	equal(t, "batches", got, want)
	if got[0].Updates[0].Event != got[50].Updates[0].Event {
		t.Error("one event, several pointers")
	}
	// Batches trimmed in the meantime may be missing without an error.
	last, n := must(l.Last(ctx))(t), 0
	for _, err := range ticklog.ByTime(ctx, l) {
		ok(t, err)
		if n++; n == 1 {
			must(l.Trim(ctx, last))(t)
		}
	}
	if n >= len(want) {
		t.Errorf("%d batches, though most were trimmed", n)
	}
}
