package ticklog_test

import (
	"context"
	"fmt"

	"corrgraph/odds"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// Batches are packed into chunks, chunks appended to a log, and the log read back in
// event-time order, whatever the order of arrival.
func Example() {
	ctx := context.Background()
	said := func(at odds.Time, venue string, home float64) *odds.Batch {
		return &odds.Batch{Source: venue, At: at, Recv: at, Updates: []odds.Update{{
			Event: &odds.Event{ID: "game"}, Venue: venue, Market: "h2h", Quotes: []odds.Quote{{Selection: "home", Price: home}},
		}}}
	}
	var log ticklog.Log = new(logtest.Memory) // or store/sqlite's Store.Log
	var enc ticklog.Encoder
	for _, batches := range [][]*odds.Batch{
		{said(1000, "pinnacle", 1.95), said(3000, "pinnacle", 1.9)},
		{said(2000, "draftkings", 1.91)}, // arrives late
	} {
		at, err := log.Append(ctx, enc.Pack(batches))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("appended at", at)
	}
	for b, err := range ticklog.ByTime(ctx, log) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(int64(b.At), b.Source, b.Updates[0].Quotes[0].Price)
	}
	// Output:
	// appended at [1]
	// appended at [2]
	// 1000 pinnacle 1.95
	// 2000 draftkings 1.91
	// 3000 pinnacle 1.9
}

// A service's log also says when its chunks were appended. It is told as it was then, a
// recording in its event-time order.
func ExampleInOrder() {
	ctx := context.Background()
	var log logtest.Memory
	var enc ticklog.Encoder
	_, err := log.Append(ctx,
		enc.Pack(logtest.Batches(5000, 1, "recorded")),
		enc.Pack(logtest.Batches(1000, 1, "recorded")),
		enc.PackLive(logtest.Batches(8000, 1, "live"), ticklog.Head{Clock: 8100}),
		enc.PackLive(nil, ticklog.Head{Clock: 9000, Verdict: 5000}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for p, err := range ticklog.InOrder(ctx, &log, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print("clock ", int64(p.Clock), ", verdict ", int64(p.Verdict))
		for _, b := range p.Batches {
			fmt.Print(", ", b.Source, " of ", int64(b.At))
		}
		fmt.Println()
	}
	// Output:
	// clock 0, verdict 0, recorded of 1000
	// clock 0, verdict 0, recorded of 5000
	// clock 8100, verdict 0, live of 8000
	// clock 9000, verdict 5000
}

// A reader that saved its position continues after it.
func ExampleReader() {
	ctx := context.Background()
	var log logtest.Memory
	var enc ticklog.Encoder
	var at ticklog.Position // of the last chunk read; stored with the results
	for hour := range odds.Time(2) {
		if _, err := log.Append(ctx, enc.Pack(logtest.Batches(hour*3_600_000, 3, "venue"))); err != nil {
			fmt.Println(err)
			return
		}
		for e, err := range log.Read(ctx, at.Next()) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println("read", e.Position, "from", int64(e.From), "to", int64(e.To))
			at = e.Position
		}
	}
	// Output:
	// read 1 from 0 to 4
	// read 2 from 3600000 to 3600004
}
