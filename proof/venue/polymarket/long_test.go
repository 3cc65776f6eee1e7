package polymarket

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	decoder "corrgraph/feed/polymarket"
	"corrgraph/odds"
	"corrgraph/proof/venue"
)

// TestRecordingSaysTheSame replays what was recorded of a session with all kinds of trouble.
func TestRecordingSaysTheSame(t *testing.T) {
	var last *bench
	follow(t, 4, nil, func(b *bench) {
		stop := b.server.Walk(200 * time.Millisecond)
		time.Sleep(20 * time.Second)
		b.server.Stream.Add(
			venue.Plan{Fault: venue.Drop, At: 50, For: 5}, venue.Plan{Fault: venue.Reorder, At: 150}, venue.Plan{Fault: venue.Duplicate, At: 200, For: 5},
			venue.Plan{Fault: venue.Half, At: 300}, venue.Plan{Fault: venue.Skew, At: 400, By: time.Second},
		)
		b.server.Result(b.events[0], map[string]any{"score": "2-0", "period": "Q1", "status": "InProgress", "live": true, "ended": false})
		time.Sleep(2 * time.Minute)
		b.server.Say(`{"event_type":"weather"}`)
		b.server.Say(`{"event_type":"book"`)
		time.Sleep(time.Second)
		stop()
		synctest.Wait()
		if s := b.c.Status(); s.Unread != 1 || s.Unknown["type weather"] != 1 || s.Recorded < 500 {
			t.Errorf("status %+v", s)
		}
		last = b
	})
	if !last.record.closed {
		t.Error("the recording was not closed")
	}
	sameBatches(t, last.batches, replay(t, last.record.b.Bytes()))
}

// replay reads a recording with a new decoder.
func replay(t *testing.T, recorded []byte) (batches []*odds.Batch) {
	z, err := zstd.NewReader(bytes.NewReader(recorded))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	parser := frames.New(func() frames.Decoder { return decoder.New(decoder.Options{}) })
	var rep feed.Report
	if err := parser.Parse(context.Background(), "recording", z, func(b *odds.Batch) error { batches = append(batches, b); return nil }, &rep); err != nil {
		t.Error(err)
	}
	return batches
}

// sameBatches compares all that was said.
func sameBatches(t *testing.T, live, again []*odds.Batch) {
	if len(live) < 100 || len(live) != len(again) {
		t.Errorf("%d batches live, %d of the recording", len(live), len(again))
	}
	for i := range min(len(live), len(again)) {
		if diff := cmp.Diff(live[i], again[i], cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("batch %d: %s", i, diff)
		}
	}
}

// TestHour follows markets for an hour at ten times the rate of a busy venue, and loses a
// connection every few minutes.
func TestHour(t *testing.T) {
	hour, every := time.Hour, 20*time.Millisecond
	if testing.Short() {
		hour = 3 * time.Minute
	}
	follow(t, 10, func(b *bench) { b.keep = false }, func(b *bench) {
		stop := b.server.Walk(every)
		var goroutines []int
		var heap []uint64
		for range 12 {
			time.Sleep(hour / 12)
			b.server.Disconnect()
			time.Sleep(5 * time.Second)
			synctest.Wait()
			b.right()
			goroutines = append(goroutines, runtime.NumGoroutine())
			heap = append(heap, inUse()-uint64(b.record.held()))
		}
		stop()
		s := b.c.Status()
		_, _, _, sent := b.server.Counts()
		t.Logf("%d frames sent, %d read, %d quotes; goroutines %v; heap %v", sent, s.Frames, b.quotes, goroutines, heap)
		if slices.Max(goroutines[1:]) > goroutines[1]+3 || heap[11] > heap[1]+8<<20 {
			t.Errorf("goroutines %v, heap %v", goroutines, heap)
		}
		if s.Sessions != 1 || s.Unread != 0 || !b.all(frames.Live) {
			t.Errorf("status %+v", s)
		}
	})
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
