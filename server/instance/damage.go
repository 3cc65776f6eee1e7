package instance

import (
	"context"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/server/restart"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// examine checks the tick log before it is read back, as far as it will be: what lies before the
// checkpoints is checked beside the service, whatever its length. Permissions that somebody gave are
// told, and left as they are: another program may need them.
func (i *Instance) examine(ctx context.Context) error {
	for _, path := range []string{i.store.Path(), i.store.Path() + "-wal", i.store.Path() + ".lock", i.cfg.Backup.Folder} {
		if open := openToAll(path); open != 0 {
			i.log.Warn("everybody on this machine may use a file of the store", "file", path, "mode", open.String(), "mend", "chmod o-rwx")
		}
	}
	var found []store.Finding
	var err error
	if from := restart.From(restart.Folder(i.store.Path())); from != 0 && i.cfg.Store.CheckpointEvery != 0 && i.played == nil {
		i.unchecked = from
		found, err = i.store.ExamineTail(ctx, from)
	} else {
		found, err = i.store.Examine(ctx)
	}
	i.found(found)
	return err
}

// found makes findings known: health says those of harm for as long as the process lives.
func (i *Instance) found(all []store.Finding) {
	i.hurt.Add(all...)
	for _, f := range all {
		i.log.Error("the store is damaged", "kind", f.Kind, "where", f.Where, "detail", f.Detail)
	}
}

// damaged takes a chunk that could not be read back out of the log, and goes on without it.
func (i *Instance) damaged(d ticklog.Damage) {
	ctx, row := context.Background(), store.AuditRow{Operation: "QUARANTINE", Status: "OK", Subject: "tick log", Detail: d.String(), Actor: "service"}
	f := store.Finding{Kind: store.FindChunk, Where: "tick_log", Detail: d.String(), Harm: true}
	if err := i.store.Quarantine(ctx, d); err != nil {
		f.Detail += "; it can't be put into quarantine: " + err.Error()
		row.Status, row.Detail = "FAILED", f.Detail
	}
	i.found([]store.Finding{f})
	i.service.Note(ctx, row)
}

// inspect lets the store check itself once, beside the service, after the log was read
// back.
func (i *Instance) inspect(ctx context.Context) error {
	checked := false
	return every(ctx, time.Second, func() {
		if !checked && i.Ready() {
			checked = true
			i.checkPages(ctx)
			i.checkChunks(ctx)
		}
	})
}

func (i *Instance) checkPages(ctx context.Context) {
	start := time.Now()
	var found []store.Finding
	var err error
	if i.unchecked != 0 {
		found, err = i.store.Examine(ctx)
	}
	if err == nil {
		var pages []store.Finding
		pages, err = i.store.CheckPages(ctx)
		found = append(found, pages...)
	}
	if ctx.Err() != nil {
		return
	}
	row := store.AuditRow{Operation: "STORE_CHECK", Subject: i.store.Path(), Status: "OK", Actor: "service", Took: time.Since(start), Detail: plural(len(found), "finding")}
	if err != nil {
		row.Status, row.Detail = "FAILED", err.Error()
		i.log.Error("the store could not be checked", "error", err.Error())
	}
	i.found(found)
	i.service.Note(ctx, row)
}

// checked is how many chunks are checked at a stretch. Three times as long as that took, nothing is.
const checked = 64

// checkChunks decodes the chunks before the checkpoints, which nobody has read since the start.
func (i *Instance) checkChunks(ctx context.Context) {
	var dec ticklog.Decoder
	n, begun := 0, time.Now()
	for e, err := range i.store.Log().Read(ctx, 0) {
		if err == nil && e.Position >= i.unchecked || ctx.Err() != nil {
			return
		}
		if err != nil {
			i.log.Error("the tick log could not be checked", "error", err.Error())
			return
		}
		if d := dec.Check(&e); d != nil {
			i.damaged(*d)
		}
		if n++; n%checked == 0 {
			if pause.For(ctx, 3*time.Since(begun)) != nil {
				return
			}
			begun = time.Now()
		}
	}
}
