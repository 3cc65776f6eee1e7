package restart

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"corrgraph/feed"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store"
	"corrgraph/store/checkpoint"
)

// Folder is where the checkpoints of a store are.
func Folder(store string) string { return checkpoint.Folder(store) }

// Intake is a live.Intake over a door that is made after the engines.
type Intake func() *ingest.Ingester

// Feeds implements live.Intake.
func (f Intake) Feeds() []feed.Stats { return f().Feeds() }

// HeldBack implements live.Intake.
func (f Intake) HeldBack() int { return f().HeldBack() }

// errOther wraps why a checkpoint that is whole can't be used.
var errOther = errors.New("it is of another")

// Load makes a service of the newest checkpoint that can be used: the door to go on from is nil if
// there is none, and all of the log is to be read. Checkpoints that are damaged are among the
// findings.
func (k *Keeper) Load(ctx context.Context, o live.Options) (d *ingest.Door, _ *live.Live, found []store.Finding) {
	all, err := checkpoint.List(k.o.Dir)
	why := "there is no checkpoint"
	if err != nil {
		all, why = nil, err.Error()
	}
	for i := range all {
		start := time.Now()
		d, l, err := k.open(ctx, &all[i], o)
		if err == nil {
			k.resumed(&all[i], l, time.Since(start))
			return d, l, found
		}
		if i == 0 {
			why = ""
		}
		why += "; " + filepath.Base(all[i].Path) + ": " + err.Error()
		if !errors.Is(err, errOther) && !errors.Is(err, ingest.ErrTail) {
			found = append(found, store.Finding{Kind: store.FindCheckpoint, Where: all[i].Path, Detail: err.Error(), Harm: true})
		}
	}
	k.live = live.New(o)
	k.note(func(s *Status) { s.Started = "the whole tick log: " + strings.TrimPrefix(why, "; ") })
	return nil, k.live, found
}

// resumed notes from what the service was started.
func (k *Keeper) resumed(c *checkpoint.Info, l *live.Live, took time.Duration) {
	k.live = l
	k.note(func(s *Status) {
		s.Newest = Result{Position: c.Position, AsOf: c.AsOf, Bytes: c.Bytes}
		s.Taken = c.Taken.Std()
		s.Started = fmt.Sprintf("the checkpoint of %s at position %d of the tick log, which was read in %s", c.AsOf, c.Position, took.Round(time.Millisecond))
	})
}

// open makes a service of one checkpoint.
func (k *Keeper) open(ctx context.Context, c *checkpoint.Info, o live.Options) (*ingest.Door, *live.Live, error) {
	switch {
	case c.Err != nil:
		return nil, nil, c.Err
	case c.State != Version:
		return nil, nil, fmt.Errorf("%w version (%s, this program has %s)", errOther, c.State, Version)
	case c.Config != k.o.Config:
		return nil, nil, fmt.Errorf("%w configuration", errOther)
	}
	f, err := checkpoint.Open(c.Path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		return nil, nil, err
	}
	read := func(name string) (io.Reader, error) {
		r, err := f.Section(name)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(r, 1<<20), nil
	}
	r, err := read("door")
	if err != nil {
		return nil, nil, err
	}
	d, err := ingest.RestoreDoor(r)
	if err != nil {
		return nil, nil, err
	}
	if d.At != c.Position {
		return nil, nil, fmt.Errorf("%w: door and manifest are of two positions", checkpoint.ErrDamaged)
	}
	if err := d.Fits(ctx, k.o.Log, c.Mark, odds.TimeOf(k.o.Clock()), k.o.Skew); err != nil {
		return nil, nil, err
	}
	l, err := live.Restore(o, read)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range l.Left() {
		if !k.o.Aside(b.ID, b.At) {
			return nil, nil, fmt.Errorf("%w quarantine: it was taken without batch %016x, which is to be applied again", errOther, b.ID)
		}
	}
	return d, l, nil
}
