package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"corrgraph/store/sqlite"
)

type migrateCmd struct{ dbFlag }

func (migrateCmd) Help() string {
	return "Prepare a store that other programs write their correlations to:\n\n    corrgraph migrate --db desk.db" + codes
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
	return "Two stores that concluded the same have equal dumps, byte by byte:\n\n" +
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

type versionCmd struct{}

func (versionCmd) Help() string {
	return "Which build is this?\n\n    corrgraph version --json" + codes
}

// version is the answer of version.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes on top of Revision
	Store    int    `json:"store_version"`
	Go       string `json:"go"`
}

func versionOf() version {
	v := version{Version: "(devel)", Store: sqlite.Version(), Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (versionCmd) Run(a *app) error {
	v := versionOf()
	return a.print(v, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "corrgraph %s, store version %d, %s\n", v.Version, v.Store, v.Go)
		return err
	})
}
