package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corrgraph/answer"
	"corrgraph/server/backup"
	"corrgraph/server/config"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

type backupCmd struct {
	Make   backupMakeCmd   `cmd:"" default:"withargs" help:"Make a backup now and check it (the default)."`
	List   backupListCmd   `cmd:"" help:"List the backups in a folder."`
	Verify backupVerifyCmd `cmd:"" help:"Test-restore a backup and report its contents."`
}

// folderFlags name the folder of backups.
type folderFlags struct {
	configFlags
	Folder string `name:"folder" placeholder:"DIR" help:"Folder of the backups (default: backup.folder of the configuration)."`
}

// where returns the configuration and the folder.
func (f *folderFlags) where(a *app) (*config.Loaded, string, error) {
	cfg, err := f.load(a)
	if err != nil {
		return nil, "", err
	}
	dir := f.Folder
	if dir == "" {
		dir = cfg.Backup.Folder
	}
	if dir == "" {
		return nil, "", usage(errors.New("no folder: name one with --folder, or a --config that has backup.folder"))
	}
	return cfg, dir, nil
}

// backupAnswer is a backup in command output.
type backupAnswer struct {
	backup.Backup
	SHA256 string          `json:"sha256"`
	Held   *store.Contents `json:"held,omitempty"`
}

// newBackupAnswer reads the checksum beside a backup.
func newBackupAnswer(b backup.Backup) (backupAnswer, error) {
	text, err := os.ReadFile(b.Path + ".sha256")
	sum, _, _ := strings.Cut(string(text), " ")
	if _, bad := hex.DecodeString(sum); err == nil && bad != nil {
		err = fmt.Errorf("%s.sha256 has no checksum", b.Path)
	}
	return backupAnswer{Backup: b, SHA256: sum}, err
}

type backupMakeCmd struct {
	folderFlags
	DB string `name:"db" placeholder:"FILE" help:"The store (default: store.path of the configuration)."`
}

func (backupMakeCmd) Help() string {
	return "Before something risky, with the service running:\n\n    corrgraph backup --config config/production/correlation-engine.yaml\n" +
		"    corrgraph backup --db desk.db --folder backups\n\n" +
		"The copy contains every commit made before it began. It counts once every page and every chunk of the tick log has been checked, and has a .sha256 file beside it; " +
		"older ones are deleted according to backup.keep." + codes
}

func (c *backupMakeCmd) Run(ctx context.Context, a *app) (err error) {
	cfg, dir, err := c.where(a)
	if err != nil {
		return err
	}
	db := c.DB
	if db == "" {
		db = cfg.Store.Path
	}
	// Reading takes no lock: a service may have the store open.
	st, err := openStore(ctx, db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	keep := cfg.Backup.Keep
	f, err := backup.Open(backup.Options{Dir: dir, Clock: clock, Keep: backup.Keep{Hourly: keep.Hourly, Daily: orNone(keep.Daily), Weekly: orNone(keep.Weekly)}})
	if err != nil {
		return err
	}
	b, err := f.Make(ctx, st)
	if err != nil {
		return err
	}
	reply, err := newBackupAnswer(b)
	if err != nil {
		return err
	}
	held, err := sqlite.Inspect(ctx, b.Path)
	if err != nil {
		return err
	}
	reply.Held = &held
	return a.print(reply, func(w io.Writer) error { return writeBackup(w, &reply) })
}

// orNone turns the configuration's 0, keep none, into the package's value for it.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func writeBackup(w io.Writer, b *backupAnswer) error {
	_, err := fmt.Fprintf(w, "%s\n  %s, sha256 %s\n  %s\n", answer.Plain(b.Path), megabytes(b.Bytes), b.SHA256, contents(b.Held))
	return err
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// contents describes the contents of a store in a line.
func contents(c *store.Contents) string {
	aside := ""
	if c.Quarantined > 0 {
		aside = fmt.Sprintf(" (%d more are damaged and in quarantine)", c.Quarantined)
	}
	return fmt.Sprintf("holds %d events, %d links, %d quotes in %d chunks of the tick log%s, %d audit rows, as of %s", c.Events, c.Edges, c.Quotes, c.Chunks, aside, c.AuditRows, c.AsOf)
}

type backupListCmd struct{ folderFlags }

func (backupListCmd) Help() string {
	return "Which backups exist, and which were test-restored?\n\n    corrgraph backup list --folder backups" + codes
}

func (c *backupListCmd) Run(a *app) error {
	_, dir, err := c.where(a)
	if err != nil {
		return err
	}
	all, err := backup.List(dir)
	if err != nil {
		return err
	}
	status, err := backup.ReadStatus(dir, clock())
	if err != nil {
		return err
	}
	reply := struct {
		Folder  string          `json:"folder"`
		Backups []backup.Backup `json:"backups"` // newest first
		Status  backup.Status   `json:"status"`
	}{dir, append([]backup.Backup{}, all...), status}
	return a.print(reply, func(w io.Writer) error {
		var b bytes.Buffer
		for _, x := range all {
			fmt.Fprintf(&b, "%s  %10s  %s\n", x.At.Format(time.RFC3339), megabytes(x.Bytes), answer.Plain(filepath.Base(x.Path)))
		}
		if len(all) == 0 {
			fmt.Fprintf(&b, "no backups in %s\n", answer.Plain(dir))
		}
		if !status.LastVerified.IsZero() {
			fmt.Fprintf(&b, "%s was test-restored at %s\n", answer.Plain(status.Verified), status.LastVerified.Format(time.RFC3339))
		}
		if status.LastError != "" {
			fmt.Fprintf(&b, "the last failure, at %s: %s\n", status.LastFailure.Format(time.RFC3339), answer.Plain(status.LastError))
		}
		_, err := w.Write(b.Bytes())
		return err
	})
}

type backupVerifyCmd struct {
	folderFlags
	File string `arg:"" optional:"" help:"The backup (default: the newest in the folder)."`
}

func (backupVerifyCmd) Help() string {
	return "Can it be restored?\n\n    corrgraph backup verify --folder backups\n    corrgraph backup verify backups/corrgraph-20260102T150405.000Z.db\n\n" +
		"The backup's checksum is verified; a copy of it is checked page by page and chunk by chunk, and opened as a store. The backup itself is not touched." + codes
}

func (c *backupVerifyCmd) Run(ctx context.Context, a *app) error {
	var reply backupAnswer
	var err error
	if c.File != "" {
		reply, err = verifyFile(ctx, c.File)
	} else {
		reply, err = c.newest(ctx, a)
	}
	if err != nil {
		return damaged(err)
	}
	return a.print(reply, func(w io.Writer) error {
		if err := writeBackup(w, &reply); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w, "  verified: it restores")
		return err
	})
}

func verifyFile(ctx context.Context, path string) (reply backupAnswer, err error) {
	held, err := backup.Verify(ctx, path)
	if err != nil {
		return reply, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return reply, err
	}
	b := backup.Backup{Path: path, At: info.ModTime().UTC(), Bytes: info.Size()} // may have any name
	all, err := backup.List(filepath.Dir(path))
	for _, x := range all {
		if filepath.Base(x.Path) == filepath.Base(path) {
			b = x
		}
	}
	if err != nil {
		return reply, err
	}
	reply, err = newBackupAnswer(b)
	reply.Held = &held
	return reply, err
}

// newest verifies the newest backup of the folder, and records the result there.
func (c *backupVerifyCmd) newest(ctx context.Context, a *app) (reply backupAnswer, err error) {
	_, dir, err := c.where(a)
	if err != nil {
		return reply, err
	}
	all, err := backup.List(dir)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("a backup in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return reply, err
	}
	f, err := backup.Open(backup.Options{Dir: dir, Clock: clock})
	if err != nil {
		return reply, err
	}
	held, err := f.VerifyNewest(ctx)
	if err != nil {
		return reply, err
	}
	for _, b := range all {
		if filepath.Base(b.Path) == f.Status().Verified {
			reply, err = newBackupAnswer(b)
		}
	}
	reply.Held = &held
	return reply, err
}

// damaged marks errors of a backup's content as bad data.
func damaged(err error) error {
	if errors.Is(err, backup.ErrChecksum) || errors.Is(err, store.ErrNotStore) || errors.Is(err, store.ErrDamaged) {
		return badData(err)
	}
	return err
}

type restoreCmd struct {
	configFlags
	File string `arg:"" help:"The backup."`
	DB   string `name:"db" placeholder:"FILE" help:"The store to replace (default: store.path of the configuration)."`
}

func (restoreCmd) Help() string {
	return "Replace a store, which no service may have open, by a backup:\n\n" +
		"    corrgraph restore backups/corrgraph-20260102T150405.000Z.db --db /var/lib/corrgraph/corrgraph.db\n\n" +
		"The backup is checked first. The replaced store is kept beside it under the name that is printed." + codes
}

func (c *restoreCmd) Run(ctx context.Context, a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	db := c.DB
	if db == "" {
		db = cfg.Store.Path
	}
	aside, held, err := backup.Restore(ctx, c.File, db, clock())
	if err != nil {
		return damaged(err)
	}
	reply := struct {
		DB   string         `json:"db"`
		From string         `json:"from"`
		Old  string         `json:"old,omitempty"` // path of the replaced store
		Held store.Contents `json:"held"`
	}{db, c.File, aside, held}
	return a.print(reply, func(w io.Writer) error {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s restored from %s\n  %s\n", answer.Plain(db), answer.Plain(c.File), contents(&held))
		if aside != "" {
			fmt.Fprintf(&b, "  the replaced store is %s\n", answer.Plain(aside))
		}
		_, err := w.Write(b.Bytes())
		return err
	})
}
