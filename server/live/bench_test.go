package live

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/ticklog/logtest"
)

// BenchmarkAcceptAndApply processes three hours of a small market, from requests of
// a hundred batches to the last publication, with a log in memory.
func BenchmarkAcceptAndApply(b *testing.B) {
	all := market()
	quotes := 0
	for _, batch := range all {
		quotes += batch.Quotes()
	}
	now := all[len(all)-1].At.Std()
	b.ReportAllocs()
	for b.Loop() {
		in := ingest.New(ingest.Options{Log: &logtest.Memory{}, OutOfOrder: 5000, Clock: func() time.Time { return now }})
		l := New(Options{Intake: in, Clock: func() time.Time { return now }})
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 2)
		go func() { ended <- in.Run(ctx, l) }()
		go func() { ended <- l.Run(ctx) }()
		accept(b, in, all)
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		}
		if n := l.State().Counts.Quotes; n != quotes {
			b.Fatalf("%d of %d quotes applied", n, quotes)
		}
	}
	b.ReportMetric(float64(quotes)*float64(b.N)/b.Elapsed().Seconds(), "quotes/s")
}

// accept sends batches, a hundred at a time, once the log is read back.
func accept(b *testing.B, in *ingest.Ingester, all []*odds.Batch) {
	b.Helper()
	for request := range slices.Chunk(all, 100) {
		for {
			_, err := in.Accept(b.Context(), request)
			if err == nil {
				break
			}
			if !errors.Is(err, ingest.ErrRecovering) {
				b.Fatal(err)
			}
			runtime.Gosched()
		}
	}
}
