package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"corrgraph/answer"
	"corrgraph/store/sqlite/doctor"
)

type doctorCmd struct {
	dbFlag
	configFlags
	For     time.Duration `default:"45s" placeholder:"TIME" help:"How long venues may take to show a price (default ${default})."`
	Salvage string        `name:"salvage" placeholder:"OUT" help:"Write everything that can be read to a new store, and list what was lost."`
}

func (doctorCmd) Help() string {
	return "What is wrong with a store, and what of it can be saved? Or, with a configuration: which of its venues can be read, whose clock is off, what quota is left, and what to do?\n\n    corrgraph doctor --db desk.db\n    corrgraph doctor --db desk.db --salvage saved.db\n    corrgraph doctor --config desk.yaml\n    corrgraph doctor --set 'connect.venues=[{venue: polymarket, leagues: mlb}]'\n\n" +
		"It checks every page, the schema, the WAL, the indexes and positions of the tick log, the sum of each chunk and of every other row that this program wrote, and who else may use the files. The store is only read; " +
		"one whose WAL holds commits is copied to the folder for temporary files (TMPDIR). Exit code 3: something is damaged or lost." + codes
}

func (c *doctorCmd) Run(ctx context.Context, a *app) error {
	if c.Config != "" || len(c.Set) > 0 {
		return c.venues(ctx, a)
	}
	r, err := doctor.Examine(ctx, c.DB)
	if err == nil && c.Salvage != "" {
		err = r.Save(ctx, c.Salvage)
	}
	if err != nil {
		return damaged(err)
	}
	if err := a.print(r, func(w io.Writer) error { return doctorText(w, r) }); err != nil {
		return err
	}
	if err := r.Err(); err != nil {
		return badData(fmt.Errorf("%s: %w", c.DB, err))
	}
	return nil
}

func doctorText(w io.Writer, r *doctor.Report) error {
	text := fmt.Sprintf("%s: nothing is wrong\n", r.DB)
	if len(r.Findings) > 0 {
		text = r.DB + ":\n"
	}
	for _, f := range r.Findings {
		mark := "note"
		if f.Harm {
			mark = "HARM"
		}
		text += fmt.Sprintf("  %s  %s\n", mark, answer.Plain(f.String()))
	}
	if s := r.Salvage; s != nil {
		text += fmt.Sprintf("saved in %s: %d chunks of the tick log with %d quotes\n", s.Out, s.Chunks, s.Quotes)
		for _, l := range s.Lost {
			text += "  LOST  " + answer.Plain(l) + "\n"
		}
	}
	_, err := io.WriteString(w, text)
	return err
}
