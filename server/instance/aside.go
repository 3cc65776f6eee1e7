package instance

import (
	"context"
	"os"
	"runtime"
	"time"

	"corrgraph/odds"
	"corrgraph/server/guard/fault"
	"corrgraph/server/quarantine"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// openQuarantine finds out what the process before died of, and what is not to be applied.
func (i *Instance) openQuarantine(ctx context.Context) error {
	oldest, err := oldest(ctx, i.store.Log())
	if err != nil {
		return err
	}
	o := quarantine.Options{Dir: quarantine.Folder(i.store.Path()), Clock: time.Now, Longest: i.cfg.Limits.BatchTimeout, Hung: i.hung, Oldest: oldest}
	if i.cfg.Chaos.Poison {
		o.Before = fault.Poison
	}
	if o.Longest == 0 {
		o.Longest = -1
	}
	watch, err := quarantine.Open(o)
	if watch == nil {
		return err
	}
	i.watch = watch
	if err != nil {
		i.found([]store.Finding{{Kind: store.FindQuarantine, Where: o.Dir, Detail: err.Error(), Harm: true}})
	}
	for _, x := range watch.Found() {
		i.log.Error("the service died of a batch, or while it was at hand", "batch", x.String(), "deaths", x.Deaths, "quarantine", x.Held)
	}
	for _, x := range watch.Items() {
		i.log.Warn("in quarantine", "batch", x.String(), "why", x.Why, "since", x.Since)
	}
	return nil
}

// oldest is the event time from which on a log holds ticks.
func oldest(ctx context.Context, l ticklog.Reader) (odds.Time, error) {
	for e, err := range l.List(ctx, 0) {
		return e.From, err
	}
	return 0, nil
}

// died records in the audit log what the process before died of.
func (i *Instance) died(ctx context.Context) {
	for _, x := range i.watch.Found() {
		row := store.AuditRow{Operation: "SUSPECT", Status: "OK", Subject: x.ID, Detail: x.Why + ": " + x.String(), Actor: "service"}
		if x.Held {
			row.Operation = "QUARANTINE"
		}
		i.service.Note(ctx, row)
	}
}

// hung ends the process because of a batch that does not end.
func (i *Instance) hung(x quarantine.Item, err error) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	i.log.Error("a batch is not done in time: the service ends, and its next start goes on without it", "batch", x.String(), "why", x.Why, "quarantine", text(err), "stacks", string(stacks))
	os.Exit(1) // its goroutine can't be ended, and holds the engine
}
