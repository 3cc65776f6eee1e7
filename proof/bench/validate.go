package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
)

func validateTasks() []task {
	return []task{
		{"invalid_event", func(context.Context) (work, error) { return invalidWork(), nil }},
		{"ticks_validate_batch", func(ctx context.Context) (work, error) { return batchWork(ctx), nil }},
		{"ticks_validate_single", func(ctx context.Context) (work, error) { return singleWork(ctx), nil }},
	}
}

// invalidWork validates invalid ids: too short, too long, with a control byte.
func invalidWork() work {
	ids := []odds.NodeID{"short", odds.NodeID(bytes.Repeat([]byte("x"), odds.MaxNodeID+1)), "NBA-20240101\x00-1200"}
	turn := 0
	var err error
	return work{
		op: func() error {
			turn = (turn + 1) % len(ids)
			if err = ids[turn].Validate(); err == nil {
				return fmt.Errorf("%q is a valid id", string(ids[turn]))
			}
			return nil
		},
		check: func() error {
			if !errors.Is(err, odds.ErrNodeID) {
				return fmt.Errorf("%q is refused for another reason: %w", string(ids[turn]), err)
			}
			return nil
		},
		note: "ids too short, too long and with a control byte in turn, each refused with its error made",
	}
}

// ticks is the number of validated ticks; one in a hundred has impossible odds.
const ticks = 10_000

// batchWork validates all ticks in one call of the parser.
func batchWork(ctx context.Context) work {
	all := tickLines(ticks)[0]
	v := validator{parser: canonical.New(canonical.Options{})}
	return work{
		op:    func() error { return v.parse(ctx, all) },
		check: func() error { return v.check(ticks-ticks/100, ticks/100) },
		per:   ticks,
		note:  "a tick of 10,000 in canonical NDJSON, 1 % of them with odds of 1.0, in one call",
	}
}

// singleWork validates the same ticks one by one, for callers that receive them
// singly.
func singleWork(ctx context.Context) work {
	lines := tickLines(1)
	v := validator{parser: canonical.New(canonical.Options{})}
	turn := 0
	return work{
		op: func() error {
			turn = (turn + 1) % len(lines)
			return v.parse(ctx, lines[turn])
		},
		check: func() error {
			if turn%100 == 99 {
				return v.check(0, 1)
			}
			return v.check(1, 0)
		},
		note: "the same ticks, one per call",
	}
}

// validator is a pass over ticks, with its counts.
type validator struct {
	parser feed.Parser
	in     bytes.Reader
	rep    *feed.Report
}

func (v *validator) parse(ctx context.Context, text []byte) error {
	v.rep = &feed.Report{}
	v.in.Reset(text)
	return v.parser.Parse(ctx, "bench", &v.in, func(*odds.Batch) error { return nil }, v.rep)
}

func (v *validator) check(taken, rejected int) error {
	by, n := v.rep.Rejected()
	if v.rep.Quotes() != taken || n != rejected || by["bad_price"] != rejected {
		return fmt.Errorf("%d ticks taken and %v rejected, want %d and %d for bad_price", v.rep.Quotes(), by, taken, rejected)
	}
	return nil
}

// tickLines returns the ticks as NDJSON, in chunks of the given number of lines.
func tickLines(lines int) (chunks [][]byte) {
	var b bytes.Buffer
	for i := range ticks {
		price := 1.5 + float64(i%200)/100
		if i%100 == 99 {
			price = 1
		}
		fmt.Fprintf(&b, `{"ts_source":"2026-06-20T15:%02d:%02d.%03dZ","bookmaker":"venue%d","event_id":"match%d","sport":"baseball","league":"mlb",`+
			`"market":"h2h","selection":"home","price":%.2f}`+"\n", i/60_000, i/1000%60, i%1000, i%8, i%50, price)
		if (i+1)%lines == 0 {
			chunks = append(chunks, bytes.Clone(b.Bytes()))
			b.Reset()
		}
	}
	return chunks
}
