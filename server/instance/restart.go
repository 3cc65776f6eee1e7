package instance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"corrgraph/server/guard"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/restart"
	"corrgraph/store"
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
		i.log.Info("checkpoint", "position", r.Position, "as_of", r.AsOf.String(), "bytes", r.Bytes, "took", r.Took.Round(time.Millisecond).String(), "paused", r.Paused.Round(time.Microsecond).String())
	}
	i.service.Note(context.Background(), row)
}

// restarts is what health says of checkpoints and of batches in quarantine.
func (i *Instance) restarts() (reasons, notes []string) {
	if i.keeper != nil {
		reasons, notes = i.keeper.Reasons(), i.keeper.Notes()
	}
	return append(reasons, i.watch.Reasons()...), append(notes, i.watch.Notes()...)
}

// accept accepts ticks, and says when no checkpoint will be taken any more.
func (i *Instance) accept(ctx context.Context) error {
	if i.keeper != nil {
		defer i.keeper.Close()
	}
	return i.ingest.Run(ctx, i.live)
}
