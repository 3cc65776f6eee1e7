package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"corrgraph/store/sqlite"
)

type migrateCmd struct{ dbFlag }

func (migrateCmd) Help() string {
	return "Prepare a store for other programs to write their correlations to:\n\n    corrgraph migrate --db desk.db" + codes
}

func (c *migrateCmd) Run(ctx context.Context, a *app) error {
	st, err := sqlite.Open(ctx, c.DB, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		return err
	}
	if err := st.Close(); err != nil {
		return err
	}
	answer := struct {
		DB      string `json:"db"`
		Version int    `json:"version"`
	}{c.DB, sqlite.Version()}
	return a.print(answer, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s is ready, version %d\n", c.DB, answer.Version)
		return err
	})
}

type dumpCmd struct{ dbFlag }

func (dumpCmd) Help() string {
	return "Stores with equal results have byte-identical dumps:\n\n" +
		"    corrgraph dump --db a.db | sha256sum" + codes
}

func (c *dumpCmd) Run(ctx context.Context, a *app) error {
	if a.json {
		return usage(errors.New("dump has one form, its own; leave out --json"))
	}
	st, err := openStore(ctx, c.DB)
	if err != nil {
		return err
	}
	return errors.Join(st.CanonicalDump(ctx, a.stdout), st.Close())
}
