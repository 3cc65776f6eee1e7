package instance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corrgraph/feed"
	"corrgraph/server/config"
	"corrgraph/server/guard"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/quarantine"
	"corrgraph/server/restart"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// resume makes the engines, from a checkpoint if there is one that can be used, and has the door go
// on from there. A recording that is played, and a store that is removed at the end, have none.
func (i *Instance) resume(ctx context.Context, door *ingest.Options, o live.Options) {
	every := i.cfg.Store.CheckpointEvery
	if every == 0 || i.played != nil || i.o.Fleeting {
		i.live = live.New(o)
		return
	}
	i.keeper = restart.New(restart.Options{
		Dir: restart.Folder(i.store.Path()), Log: door.Log, Config: digest(door, &o), Skew: door.FutureSkew, Every: every, Clock: i.ticking, Room: i.room, OnResult: i.kept, Aside: i.watch.Keeps,
	})
	var found []store.Finding
	door.Cuts = i.keeper
	door.From, i.live, found = i.keeper.Load(ctx, o)
	i.found(found)
	i.log.Info("starting", "from", i.keeper.Status().Started)
}

// digest is another one for options with which the same log gives another state.
func digest(door *ingest.Options, o *live.Options) string {
	engine := o.Engine
	engine.Facts, engine.Workers = nil, 0
	sum := sha256.New() // maps are printed in the order of their keys
	fmt.Fprintf(sum, "%+v %s %d %d ", engine, o.Facts.Digest(), o.Predictions, o.Anomalies)
	fmt.Fprintf(sum, "%d %+v %s %d %d", door.OutOfOrder, door.Sources, door.Idle, door.CoalesceWindow, door.Remember)
	return hex.EncodeToString(sum.Sum(nil))
}

// room reports whether there is memory for so many bytes more: below half of what is left.
func (i *Instance) room(bytes int64) bool {
	m := i.memory.Stats()
	return m.Level == guard.Normal && (m.Ceiling == 0 || bytes < (m.Ceiling-m.Used)/2)
}

// kept records the result of a checkpoint.
func (i *Instance) kept(r restart.Result) {
	row := store.AuditRow{Operation: "CHECKPOINT", Subject: restart.Folder(i.store.Path()), Status: "OK", Actor: "service", Took: r.Took, Detail: fmt.Sprintf("position %d, %d bytes", r.Position, r.Bytes)}
	if r.Err != nil {
		row.Status, row.Detail = "FAILED", r.Err.Error()
		i.log.Error("a checkpoint could not be taken", "error", r.Err.Error())
	} else {
		if i.compare != nil {
			i.compare.Taken(r.Bytes)
		}
		i.log.Info("checkpoint", "position", r.Position, "as_of", r.AsOf.String(), "bytes", r.Bytes, "took", r.Took.Round(time.Millisecond).String(), "paused", r.Paused.Round(time.Microsecond).String())
	}
	i.service.Note(context.Background(), row)
}

// restarts is what health says of checkpoints, of batches in quarantine, and of my venues that have quoted
// nothing.
func (i *Instance) restarts() (reasons, notes []string) {
	if i.keeper != nil {
		reasons, notes = i.keeper.Reasons(), i.keeper.Notes()
	}
	if i.compare != nil {
		reasons, notes = append(reasons, i.compare.Reasons()...), append(notes, i.compare.Notes()...)
	}
	return append(reasons, i.watch.Reasons()...), append(append(notes, i.watch.Notes()...), unheard(i.cfg.MyVenues, i.ingest.Feeds())...)
}

// unheard names the operator's venues of which nothing has come: their names may be wrong.
func unheard(mine []config.MyVenue, heard []feed.Stats) []string {
	var names []string
	for i := range mine {
		name := mine[i].Venue
		if !slices.ContainsFunc(heard, func(f feed.Stats) bool { return f.Venue == name }) {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil
	}
	return []string{"my_venues: nothing has been quoted by " + strings.Join(names, ", ")}
}

// compareShare is how much of one processor a comparison takes.
const compareShare = 0.25

// compareTo has checkpoints compared with the log, beside the service, if it takes any.
func (i *Instance) compareTo(door ingest.Options, plain live.Options) {
	every := i.cfg.Store.CompareEvery
	if i.keeper == nil || every == 0 {
		return
	}
	i.compare = restart.NewComparer(restart.ComparerOptions{
		CompareOptions: restart.CompareOptions{
			Dir: restart.Folder(i.store.Path()), Log: i.store.Log(), Config: digest(&door, &plain), Door: ingest.Options{
				OutOfOrder: door.OutOfOrder, Sources: door.Sources, Idle: door.Idle, CoalesceWindow: door.CoalesceWindow, Remember: door.Remember,
			},
			Live: plain, Share: compareShare,
		},
		Every: every, OnResult: i.compared,
		// In memory a state takes about four times what it takes in a file. What is in quarantine was not applied.
		Ready: func(bytes int64) bool { return i.room(4*bytes) && len(i.watch.Items()) == 0 },
	})
}

// compared records what came of a comparison.
func (i *Instance) compared(c restart.Compared, err error) {
	row := store.AuditRow{Operation: "COMPARE", Subject: restart.Folder(i.store.Path()), Status: "OK", Actor: "service", Took: c.Took, Detail: c.Says()}
	switch {
	case err != nil:
		row.Status, row.Detail = "FAILED", err.Error()
		i.log.Warn("checkpoints could not be compared with the tick log", "error", err.Error())
	case c.Same():
		i.log.Info(c.Says(), "took", c.Took.Round(time.Millisecond).String())
	default:
		row.Status = "FAILED"
		i.log.Error(c.Says(), "took", c.Took.Round(time.Millisecond).String())
	}
	i.service.Note(context.Background(), row)
}

// Compare compares the checkpoints of the store at path with its tick log, as a service with that
// configuration does beside its work. The store may be in use.
func Compare(ctx context.Context, cfg *config.Config, path string) (c restart.Compared, err error) {
	door, plain, err := engines(cfg)
	if err != nil {
		return c, err
	}
	st, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	dir := restart.Folder(path)
	if held, err := quarantine.List(quarantine.Folder(path)); err != nil || len(held) > 0 {
		return c, errors.Join(err, fmt.Errorf("%d batches are in quarantine, so that what is known does not follow from the whole log: see `corrgraph quarantine`", len(held)))
	}
	return restart.Compare(ctx, restart.CompareOptions{Dir: dir, Log: st.Log(), Config: digest(&door, &plain), Door: door, Live: plain})
}

// accept accepts ticks, and says when no checkpoint will be taken any more.
func (i *Instance) accept(ctx context.Context) error {
	if i.keeper != nil {
		defer i.keeper.Close()
	}
	return i.ingest.Run(ctx, i.live)
}
