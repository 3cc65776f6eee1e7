package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"corrgraph/answer"
	"corrgraph/server/instance"
	"corrgraph/server/restart"
)

type checkpointCmd struct {
	List    checkpointListCmd    `cmd:"" default:"withargs" help:"List the checkpoints of a store (the default)."`
	Verify  checkpointVerifyCmd  `cmd:"" help:"Check every byte of them."`
	Compare checkpointCompareCmd `cmd:"" help:"Read the tick log once more from one to the next, and compare."`
	Drop    checkpointDropCmd    `cmd:"" help:"Remove them: the next start reads the whole tick log."`
}

// storeFlags name the store of a service.
type storeFlags struct {
	configFlags
	DB string `name:"db" placeholder:"FILE" help:"The store (default: store.path of the configuration)."`
}

// path returns the path of the store.
func (f *storeFlags) path(a *app) (string, error) {
	cfg, err := f.load(a)
	if err != nil || f.DB != "" {
		return f.DB, err
	}
	return cfg.Store.Path, nil
}

// printCheckpoints prints the checkpoints of a folder.
func printCheckpoints(a *app, dir string, all []restart.Checkpoint) error {
	reply := struct {
		Folder      string               `json:"folder"`
		Checkpoints []restart.Checkpoint `json:"checkpoints"` // newest first
	}{dir, append([]restart.Checkpoint{}, all...)}
	return a.print(reply, func(w io.Writer) error {
		var b bytes.Buffer
		for i := range all {
			x := &all[i]
			name := answer.Plain(filepath.Base(x.Path))
			switch {
			case x.Error != "":
				fmt.Fprintf(&b, "%s  %10s  %s\n", name, megabytes(x.Bytes), answer.Plain(x.Error))
			case x.Readable:
				fmt.Fprintf(&b, "%s  %10s  taken %s, as of %s\n", name, megabytes(x.Bytes), x.Taken.Format(time.RFC3339), x.AsOf)
			default:
				fmt.Fprintf(&b, "%s  %10s  taken %s, by another version of corrgraph: this one reads the tick log\n", name, megabytes(x.Bytes), x.Taken.Format(time.RFC3339))
			}
		}
		if len(all) == 0 {
			fmt.Fprintf(&b, "no checkpoints in %s\n", answer.Plain(dir))
		}
		_, err := w.Write(b.Bytes())
		return err
	})
}

type checkpointListCmd struct{ storeFlags }

func (checkpointListCmd) Help() string {
	return "From what will the service start?\n\n    corrgraph checkpoint list --db desk.db\n\n" +
		"The service saves its state beside the store and reads the tick log from there on. Whether a checkpoint fits log and configuration is decided at the start; " +
		"then the log of the service and its health say from what it was started." + codes
}

func (c *checkpointListCmd) Run(a *app) error {
	db, err := c.path(a)
	if err != nil {
		return err
	}
	dir := restart.Folder(db)
	all, err := restart.List(dir, false)
	if err != nil {
		return err
	}
	return printCheckpoints(a, dir, all)
}

type checkpointVerifyCmd struct{ storeFlags }

func (checkpointVerifyCmd) Help() string {
	return "Are they what was written?\n\n    corrgraph checkpoint verify --db desk.db\n\n" +
		"Every byte is read and compared with its checksum. A damaged one does no harm: the service starts from the one before, or reads the whole tick log, and says so. Exit code 3: one is damaged." + codes
}

func (c *checkpointVerifyCmd) Run(a *app) error {
	db, err := c.path(a)
	if err != nil {
		return err
	}
	dir := restart.Folder(db)
	all, err := restart.List(dir, true)
	if err == nil {
		err = printCheckpoints(a, dir, all)
	}
	if err != nil {
		return err
	}
	for i := range all {
		if why := all[i].Error; why != "" {
			return badData(fmt.Errorf("%s: %s", all[i].Path, why))
		}
	}
	return nil
}

type checkpointCompareCmd struct{ storeFlags }

func (checkpointCompareCmd) Help() string {
	return "Does what is known follow from the ticks?\n\n    corrgraph checkpoint compare --config corrgraph.yaml\n\n" +
		"The tick log is read from the older checkpoint on, and what follows is compared with the newer one: damage of the memory or of the log, or anything else than the log " +
		"that decided what was learned, makes them differ. The service does the same beside its work (store.compare_every). Takes the configuration of the service, as long as a start from the older checkpoint, " +
		"and the memory of a second state. Exit code 3: they differ." + codes
}

func (c *checkpointCompareCmd) Run(ctx context.Context, a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	x, err := instance.Compare(ctx, &cfg.Config, cmp.Or(c.DB, cfg.Store.Path))
	if err != nil {
		return badData(err)
	}
	reply := struct {
		restart.Compared
		Same bool   `json:"same"`
		Took string `json:"took"`
	}{x, x.Same(), x.Took.Round(time.Millisecond).String()}
	if reply.Differ == nil {
		reply.Differ = []string{}
	}
	err = a.print(reply, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s (%s)\n", x.Says(), reply.Took)
		return err
	})
	if err == nil && !x.Same() {
		err = badData(errors.New("the newer checkpoint is not what follows from the older one and the tick log"))
	}
	return err
}

type checkpointDropCmd struct{ storeFlags }

func (checkpointDropCmd) Help() string {
	return "Have everything learned again from the tick log at the next start:\n\n    corrgraph checkpoint drop --db desk.db\n\n" +
		"What was learned from ticks that the log no longer holds is lost by that. Stop the service first: it takes a checkpoint at its end." + codes
}

func (c *checkpointDropCmd) Run(a *app) error {
	db, err := c.path(a)
	if err != nil {
		return err
	}
	dir := restart.Folder(db)
	n, err := restart.Drop(dir)
	if err != nil {
		return err
	}
	reply := struct {
		Folder  string `json:"folder"`
		Dropped int    `json:"dropped"`
	}{dir, n}
	return a.print(reply, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d checkpoints removed from %s\n", n, answer.Plain(dir))
		return err
	})
}
