package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"corrgraph/answer"
	"corrgraph/server/quarantine"
)

type quarantineCmd struct {
	List  quarantineListCmd  `cmd:"" default:"withargs" help:"List the batches in quarantine, and those that are suspected (the default)."`
	Retry quarantineRetryCmd `cmd:"" help:"Take batches out: the next start applies them again."`
}

type quarantineListCmd struct{ storeFlags }

func (quarantineListCmd) Help() string {
	return "Which ticks are not applied?\n\n    corrgraph quarantine list --db desk.db\n\n" +
		"A batch of ticks that was being applied when the service died, twice, or that was not done within limits.batch_timeout, is in quarantine: it stays in the tick log, and is neither told nor learnt from. " +
		"After one death it is suspected. Chunks of the log that can't be read are another matter: see corrgraph doctor." + codes
}

func (c *quarantineListCmd) Run(a *app) error {
	db, err := c.path(a)
	if err != nil {
		return err
	}
	dir := quarantine.Folder(db)
	all, spoilt := quarantine.List(dir)
	var file *quarantine.FileError
	if spoilt != nil && !errors.As(spoilt, &file) {
		return spoilt
	}
	if err := printQuarantine(a, dir, all); err != nil {
		return err
	}
	if spoilt != nil {
		return badData(spoilt)
	}
	return nil
}

// printQuarantine prints batches.
func printQuarantine(a *app, dir string, all []quarantine.Item) error {
	reply := struct {
		Folder  string            `json:"folder"`
		Batches []quarantine.Item `json:"batches"` // oldest first
	}{dir, append([]quarantine.Item{}, all...)}
	return a.print(reply, func(w io.Writer) error {
		var b bytes.Buffer
		for i := range all {
			x := &all[i]
			state := "suspected  "
			if x.Held {
				state = "quarantined"
			}
			fmt.Fprintf(&b, "%s  %s  %s; %s\n", state, x.Since.Format(time.RFC3339), answer.Plain(x.String()), answer.Plain(x.Why))
		}
		if len(all) == 0 {
			fmt.Fprintf(&b, "nothing is in quarantine in %s\n", answer.Plain(dir))
		}
		_, err := w.Write(b.Bytes())
		return err
	})
}

type quarantineRetryCmd struct {
	storeFlags
	ID  []string `arg:"" optional:"" help:"Which: ids as listed."`
	All bool     `help:"All of them."`
}

func (quarantineRetryCmd) Help() string {
	return "Have batches applied again, after an upgrade that mends what they died of:\n\n    corrgraph quarantine retry --db desk.db 5f0c3a9e1b7d2468\n    corrgraph quarantine retry --db desk.db --all\n\n" +
		"They are applied at the next start of the service, which reads the tick log from before them: what it shows and learns is then as if they had never been kept back. What was published meanwhile stays. " +
		"One that kills the service again, twice, goes back into quarantine." + codes
}

func (c *quarantineRetryCmd) Run(a *app) error {
	if c.All == (len(c.ID) > 0) {
		return usage(errors.New("name the batches to be applied again, or give --all"))
	}
	db, err := c.path(a)
	if err != nil {
		return err
	}
	dir := quarantine.Folder(db)
	if c.All {
		c.ID = []string{""}
	}
	var out []quarantine.Item
	for _, id := range c.ID {
		some, err := quarantine.Retry(dir, id)
		out = append(out, some...)
		if err != nil && len(out) > 0 {
			return errors.Join(err, printRetried(a, dir, out)) // those before it were taken out
		}
		if err != nil {
			return err
		}
	}
	return printRetried(a, dir, out)
}

// printRetried prints what is to be applied again.
func printRetried(a *app, dir string, all []quarantine.Item) error {
	reply := struct {
		Folder  string            `json:"folder"`
		Retried []quarantine.Item `json:"retried"`
	}{dir, append([]quarantine.Item{}, all...)}
	return a.print(reply, func(w io.Writer) error {
		for i := range all {
			if _, err := fmt.Fprintf(w, "applied again at the next start: %s\n", answer.Plain(all[i].String())); err != nil {
				return err
			}
		}
		if len(all) == 0 {
			_, err := fmt.Fprintf(w, "nothing is in quarantine in %s\n", answer.Plain(dir))
			return err
		}
		return nil
	})
}
