package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"corrgraph/feed"
	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

const about = `Odds for the same thing move at many venues, not at once. corrgraph learns who moves first, who follows, after how long, by how much and how surely.`

// codes is the line about exit codes at the end of every help.
const codes = "\n\nExit codes: 0 success, even if the result is empty; 1 unreadable, no permission, store in use or newer, unknown node or event; " +
	"2 usage error; 3 bad data; 4 not ready; 130 interrupted."

func groups() []kong.Group {
	return []kong.Group{
		{Key: "learn", Title: "Learn:"},
		{Key: "ask", Title: "Ask what is known:"},
		{Key: "serve", Title: "Serve:"},
		{Key: "prove", Title: "Prove it:"},
		{Key: "measure", Title: "Measure:"},
		{Key: "keep", Title: "Keep:"},
	}
}

// dbFlag selects the store.
type dbFlag struct {
	DB string `name:"db" default:"corrgraph.db" env:"CORRGRAPH_DB" placeholder:"FILE" help:"The store (default ${default})."`
}

// readFlags are the flags of every command that reads a store.
type readFlags struct {
	dbFlag
	AsOf instant `name:"as-of" placeholder:"TIME" help:"Answer as of this time, e.g. 2026-06-20T15:30:00Z (default: the newest time in the store)."`
}

// open opens the store for reading and returns the time of the answer.
func (f *readFlags) open(ctx context.Context) (st *sqlite.Store, now odds.Time, err error) {
	if st, err = openStore(ctx, f.DB); err != nil {
		return nil, 0, err
	}
	if f.AsOf.given {
		return st, f.AsOf.at, nil
	}
	if now, err = st.Now(ctx); err != nil {
		st.Close()
	}
	return st, now, err
}

func openStore(ctx context.Context, path string) (*sqlite.Store, error) {
	st, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Offline: true})
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w (replay a recording into it first, or name another --db)", err)
	}
	return st, err
}

// instant is a time on the command line.
type instant struct {
	at    odds.Time
	given bool
}

// UnmarshalText parses RFC 3339 or an epoch.
func (i *instant) UnmarshalText(b []byte) (err error) {
	i.given = true
	if i.at, err = feed.ParseTime(b, nil); err != nil {
		err = fmt.Errorf("%q: %w", b, err)
	}
	return err
}

// proportion is a share on the command line: "1%" or "0.01".
type proportion float64

func (p *proportion) UnmarshalText(b []byte) error {
	s, cent := strings.CutSuffix(strings.TrimSpace(string(b)), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if cent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%q is not a share like 1%% or 0.01", b)
	}
	*p = proportion(v)
	return nil
}

// dashed is a value that may begin with a dash, like a grid from -1000.
type dashed string

// Decode implements kong.MapperValue.
func (d *dashed) Decode(ctx *kong.DecodeContext) error {
	t := ctx.Scan.Pop()
	if t.IsEOL() {
		return errors.New("missing value")
	}
	*d = dashed(t.String())
	return nil
}

// clock is the wall clock, used only for durations that are shown and by today.
func clock() time.Time { return time.Now() }

// today tells stamps of years to come. A clock that is behind this program is wrong, so that
// it refuses no recording made before the program was.
func today() odds.Time {
	const written = odds.Time(1_795_910_400_000) // 2026-11-29
	return max(odds.TimeOf(clock()), written)
}
