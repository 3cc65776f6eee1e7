package feed_test

import (
	"context"
	"fmt"
	"strings"

	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
)

// A parser emits batches in input order and skips unusable records.
func ExampleParser() {
	const ticks = `ts_source,bookmaker,event_id,market,selection,price
2026-08-06T18:00:00Z,draftkings,game-1,h2h,home,1.90
2026-08-06T18:00:01Z,draftkings,game-1,h2h,home,0.95
2026-08-06T18:00:02Z,fanduel,game-1,h2h,home,1.95
`
	var rep feed.Report
	emit := func(b *odds.Batch) error {
		u := b.Updates[0]
		fmt.Println(b.At, u.Venue, u.Market, u.Quotes[0].Selection, u.Quotes[0].Price)
		return nil
	}
	if err := canonical.New(canonical.Options{}).Parse(context.Background(), "ticks.csv", strings.NewReader(ticks), emit, &rep); err != nil {
		fmt.Println(err)
	}
	by, _ := rep.Rejected()
	fmt.Println(rep.Quotes(), "quotes, rejected", by)
	fmt.Println(rep.Shown()[0])
	// Output:
	// 2026-08-06T18:00:00Z draftkings h2h home 1.9
	// 2026-08-06T18:00:01Z draftkings h2h home 0
	// 2026-08-06T18:00:02Z fanduel h2h home 1.95
	// 2 quotes, rejected map[bad_price:1]
	// ticks.csv:3: bad_price: decimal odds must be above 1 and at most 1e12: 0.95
}
