package handoff

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/odds"
)

// Left is what there was no room for: the settled instants of the log after one event time, up to
// and including another.
type Left struct {
	After, Until odds.Time
	Quotes       int  // in them, and one for each batch
	Quiet        bool // no further leg of them can come
	// End is that of a Parcel which came after them; nil: none did.
	End chan struct{}
}

// Reader yields the settled instants of the log after one event time, up to and including another.
// A sequence ends at its first error, which comes without an instant.
type Reader func(ctx context.Context, after, until odds.Time) iter.Seq2[[]*odds.Batch, error]

// Each passes on what was left, instant by instant, and reports false if ctx ended first. After an
// error it reads on a second later: were something passed over, what is learnt would not follow
// from the log. Errors are told to failed, and so is how much the log no longer has.
func (l *Left) Each(ctx context.Context, read Reader, failed func(error), do func([]*odds.Batch)) bool {
	after, missing := l.After, l.Quotes
	for {
		var err error
		for batches, unread := range read(ctx, after, l.Until) {
			if err = cmp.Or(unread, context.Cause(ctx)); err != nil {
				break
			}
			do(batches)
			after, missing = batches[0].At, missing-Weight(batches)
		}
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			if missing > 0 {
				failed(fmt.Errorf("%d of %d quotes are no longer there", missing, l.Quotes))
			}
			return true
		}
		failed(err)
		if pause.For(ctx, time.Second) != nil {
			return false
		}
	}
}
