package logtest

import (
	"fmt"
	"testing"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// packLive packs a service's chunk of n batches.
func packLive(h ticklog.Head, from odds.Time, n int, source string) ticklog.Chunk {
	var enc ticklog.Encoder
	return enc.PackLive(Batches(from, n, source), h)
}

// told names the parts of a log: clock, verdict, and source and time of each batch; "!" is
// one that came late.
func told(t *testing.T, l ticklog.Reader, each func(n int)) (out []string) {
	t.Helper()
	for p, err := range ticklog.InOrder(t.Context(), l, nil) {
		ok(t, err)
		s := fmt.Sprintf("%d/%d", p.Clock, p.Verdict)
		for _, b := range p.Batches {
			s += fmt.Sprintf(" %s@%d", b.Source, b.At)
			if b.Late {
				s += "!"
			}
		}
		out = append(out, s)
		each(len(out))
	}
	return out
}

func inOrder(t *testing.T, open Opener) {
	l, again := open(t)
	ctx := t.Context()
	came := Batches(1, 2, "late")
	came[0].Late = true
	var enc ticklog.Encoder
	for _, chunks := range [][]ticklog.Chunk{
		{pack(1004, 2, "b"), pack(1000, 3, "a")}, // a recording, its end first
		{packLive(ticklog.Head{Clock: 2000}, 900, 2, "older"), packLive(ticklog.Head{Clock: 2010, Verdict: 904}, 0, 0, "")},
		{enc.PackLive(came, ticklog.Head{Clock: 2020, Verdict: 904})},
		{pack(500, 1, "c")},
		{packLive(ticklog.Head{Clock: 2015, Verdict: 902}, 950, 1, "set back")},
	} {
		must(l.Append(ctx, chunks...))(t)
		if again != nil {
			l = again()
		}
	}
	want := []string{
		"0/0 a@1000", "0/0 a@1002", "0/0 a@1004 b@1004", "0/0 b@1006",
		"2000/0 older@900 older@902", "2010/904", "2020/904 late@1! late@3", "0/0 c@500", "2015/902 set back@950",
	}
	equal(t, "parts", told(t, l, func(int) {}), want)
	equal(t, "parts while more are appended", told(t, l, func(n int) {
		must(l.Append(ctx, packLive(ticklog.Head{Clock: 3000}, odds.Time(n), 1, "meanwhile")))(t)
	}), want)
	last := must(l.Last(ctx))(t)
	n := len(told(t, l, func(n int) {
		if n == 1 {
			must(l.Trim(ctx, last))(t)
		}
	}))
	if n >= 2*len(want) || n < 2 {
		t.Errorf("%d parts of %d, all but the last of which were trimmed behind the first", n, 2*len(want))
	}
}

func withoutBatches(t *testing.T, open Opener) {
	l, again := open(t)
	ctx := t.Context()
	var want []ticklog.Entry
	add := func(c ticklog.Chunk) {
		p := must(l.Append(ctx, c))(t)
		want = append(want, ticklog.Entry{Position: p[0], Chunk: c, Bytes: len(c.Payload)})
	}
	add(packLive(ticklog.Head{Clock: 1000}, 0, 0, ""))
	equal(t, "stats of a clock alone", must(l.Stats(ctx))(t), ticklog.Stats{Chunks: 1, Bytes: int64(want[0].Bytes), Oldest: 1000, Newest: 1000})
	for i := range odds.Time(5) { // a clock at 1010, batches of 1020 at 1025, a clock at 1030…
		add(packLive(ticklog.Head{Clock: 1010 + 20*i}, 0, 0, ""))
		add(packLive(ticklog.Head{Clock: 1025 + 20*i, Verdict: 1000}, 1020+20*i, 1, "s"))
	}
	add(packLive(ticklog.Head{Clock: 1500, Verdict: 1100}, 0, 0, ""))
	if again != nil {
		l = again()
	}
	equal(t, "read", collect(t, l.Read(ctx, 0)), want)
	stats := ticklog.Stats{Chunks: len(want), Oldest: 1000, Newest: 1500}
	var dec ticklog.Decoder
	for i := range want {
		if d := dec.Check(&want[i]); d != nil {
			t.Error(d)
		}
		stats.Bytes += int64(want[i].Bytes)
		stats.Quotes += int64(want[i].Quotes)
		want[i].Payload = nil
	}
	equal(t, "list", collect(t, l.List(ctx, 0)), want)
	equal(t, "stats", must(l.Stats(ctx))(t), stats)
	n := 0
	for b, err := range ticklog.ByTime(ctx, l) {
		ok(t, err)
		equal(t, "time of a batch", b.At, 1020+20*odds.Time(n))
		n++
	}
	equal(t, "batches", n, 5)
	left := func(before, now odds.Time, removed int, oldest odds.Time) {
		t.Helper()
		equal(t, "removed", must(ticklog.Retain(ctx, l, before, now, 0, 100))(t), removed)
		equal(t, "oldest", must(l.Stats(ctx))(t).Oldest, oldest)
	}
	left(1000, 1100, 0, 1000)
	left(1001, 1100, 1, 1010)
	left(1021, 1100, 2, 1030)
	left(1015, 1015, 0, 1030) // all of it is ahead of now
	left(odds.Never, 1500, len(want)-4, 1500)
	equal(t, "the last", must(l.Trim(ctx, want[len(want)-1].Position+1))(t), 0)
}
