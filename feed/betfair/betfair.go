// Package betfair reads the Betfair Exchange Stream: newline-separated "mcm"
// messages, as a live capture holds them and as the historical files do.
//
// Each line that changes a price or a state becomes one [odds.Batch] of source
// "betfair", stamped with the publish time pt. It holds one [odds.Update] for each
// market that changed, with the runners that changed, or with all runners after an
// image, at the first definition and when a market reopens. Lines that change
// nothing (heartbeats, traded volumes, the depth of the book) emit nothing.
//
// # Prices
//
// A runner's price is the mid of best back b and best lay l in probability, 2/(1/b
// + 1/l), if both exist, b ≤ l, and the book is no wider than [Options.MaxWidth] in
// log-odds. Otherwise it is the last traded price, clamped to the known side of the
// book, because a trade outside the current book is stale. With neither there is no
// price, and a runner that had one becomes [odds.Suspended]. The best prices are
// those of the display ladders (bdatb, bdatl: with virtual bets) if the stream has
// them, else those of batb and batl, else those of atb and atl.
//
// The prices of a LINE or RANGE market are points, and its odds are always even: it is
// passed over and counted. So are messages about orders, races and cricket scores.
//
// # Breaks
//
// A market that is not OPEN has states but no prices. Trades from before a
// suspension, or before the removal of a runner, which changes every price of the
// market, are discarded. A removal suspends the market at its own line; the next
// line about the market reopens it with all prices. Stream status 503 makes every
// market [odds.Unknown] until it clears.
//
// # Names
//
// A selection is the runner's name if the market's first definition has names,
// else its id: it never changes inside a recording. [Options] and the functions
// in names.go say how markets and events are named.
package betfair

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"corrgraph/feed"
)

// Source is the Source and Venue of everything emitted by this package.
const Source = "betfair"

// Options of New. The zero value is the default.
type Options struct {
	// MaxWidth is the widest book whose middle counts as a price: the difference between
	// the log-odds of best back and best lay. Zero means 0.5: 1.94 to 2.10 is 0.16 wide, 60
	// to 100 is 0.52.
	MaxWidth float64
}

type parser struct{ o Options }

// New returns a parser of the format. It keeps no state between recordings and
// is safe for concurrent use.
func New(o Options) feed.Parser { return parser{o.filled()} }

func (o Options) filled() Options {
	if o.MaxWidth == 0 {
		o.MaxWidth = 0.5
	}
	return o
}

// Parse implements [feed.Parser]. Reject reasons: bad_json, no_time (no pt),
// unknown_op, no_definition (a market was named before it was defined),
// no_event (a definition without eventId), bad_runner (a runner without
// id, or with an impossible handicap).
func (p parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
	n := 1 // the line
	reject := func(reason, detail string) {
		rep.Reject(feed.Reject{File: name, Line: n, Reason: reason, Detail: detail})
	}
	failed := func(err error) error { return failedAt(name, n, err) }
	s := newStream(p.o, reject, rep.Skip)
	in := bufio.NewReaderSize(r, 64<<10)
	var buf []byte
	for ; ; n++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		line, readErr := readLine(in, &buf)
		if readErr != nil && readErr != io.EOF {
			return failed(readErr)
		}
		last := readErr == io.EOF
		if len(line) > 0 {
			var m message
			if err := decode(line, &m); err != nil {
				if last {
					return failed(fmt.Errorf("%w: %w", feed.ErrTruncated, err))
				}
				reject("bad_json", err.Error())
			} else if b := s.apply(&m); b != nil {
				rep.Read(n, b.Quotes())
				if err := emit(b); err != nil {
					return err
				}
			}
		}
		if last {
			return nil
		}
	}
}

// maxLine limits a line in bytes; an image of 200 markets takes about 1 MB.
const maxLine = 64 << 20

// readLine returns the next line without its end and surrounding white space, valid until
// the next call. The last line is returned together with io.EOF.
func readLine(in *bufio.Reader, buf *[]byte) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		*buf = append((*buf)[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = in.ReadSlice('\n')
			if len(*buf)+len(line) > maxLine {
				return nil, feed.ErrTooLong
			}
			*buf = append(*buf, line...)
		}
		line = *buf
	}
	return bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff"))), err
}

// failedAt reports where reading stopped for good.
func failedAt(name string, line int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", feed.ErrTruncated, err)
	}
	return &feed.FileError{File: name, Line: line, Err: err}
}
