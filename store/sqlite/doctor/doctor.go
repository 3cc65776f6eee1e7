// Package doctor says what is wrong with a store and saves what can be read of it. It
// changes nothing about the store: one whose WAL holds commits is examined as a copy, in the
// folder for temporary files, because whoever reads a WAL alone empties it.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/store/sqlite/db"
)

// Report is what is known of a store.
type Report struct {
	DB       string          `json:"db"`
	InUse    bool            `json:"in_use"` // a process has it open for writing
	Findings []store.Finding `json:"findings"`
	Salvage  *Salvage        `json:"salvage,omitempty"`

	head []byte // of the file, as it should be; nil if it is
}

// Err returns store.ErrDamaged if there is harm.
func (r *Report) Err() error { return store.Damaged(r.Findings) }

// Examine checks the store at path. Errors are those of opening it: fs.ErrNotExist,
// store.ErrNotStore, store.ErrNewer. Cost: some seconds per gigabyte, and that of decoding
// the log.
func Examine(ctx context.Context, path string) (*Report, error) {
	r := &Report{DB: path, Findings: []store.Finding{}}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	if r.InUse = db.InUse(ctx, path); r.InUse {
		r.add(store.Finding{Kind: store.FindLock, Where: path, Detail: "a process has it open for writing; it was checked beside that"})
	}
	r.permissions()
	if !r.InUse {
		if err := r.header(); err != nil {
			return nil, err
		}
	}
	err := r.check(ctx)
	if errors.Is(err, store.ErrDamaged) { // so much so that it can't be opened
		r.add(store.Finding{Kind: store.FindFile, Where: path, Detail: err.Error(), Harm: true})
		err = nil
	}
	return r, err
}

func (r *Report) add(f ...store.Finding) { r.Findings = append(r.Findings, f...) }

// permissions looks who may read and write the files.
func (r *Report) permissions() {
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", db.MarkSuffix} {
		info, err := os.Stat(r.DB + suffix)
		if err == nil && info.Mode().Perm()&0o007 != 0 {
			r.add(store.Finding{Kind: store.FindPermissions, Where: r.DB + suffix, Detail: fmt.Sprintf("everybody on this machine may use it (%v): chmod o-rwx", info.Mode().Perm())})
		}
	}
}

func (r *Report) check(ctx context.Context) error {
	if r.InUse {
		st, err := sqlite.Open(ctx, r.DB, sqlite.Options{ReadOnly: true, Offline: true})
		if err != nil {
			return err
		}
		found, err := st.CheckInUse(ctx)
		r.add(found...)
		return errors.Join(err, st.Close())
	}
	return r.still(ctx, func(path string) error {
		found, err := sqlite.Check(ctx, path, r.DB)
		r.add(found...)
		return err
	})
}

// still calls f with the path of a file that holds all of the store: the store itself, or a
// copy with what its WAL holds.
func (r *Report) still(ctx context.Context, f func(path string) error) (err error) {
	info, err := os.Stat(r.DB + "-wal")
	still := errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
	if still && r.head == nil {
		return f(r.DB)
	}
	if err != nil && !still {
		return err
	}
	dir, err := os.MkdirTemp("", "corrgraph-doctor-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "copy.db")
	if err := errors.Join(copyFile(r.DB, path), r.rewrite(path)); err != nil {
		return err
	}
	if !still {
		if err := r.copyWAL(path); err != nil {
			return err
		}
	}
	if err := fold(ctx, path); err != nil {
		return err
	}
	return f(path)
}

// copyWAL copies the WAL; a damaged one is written again, so that SQLite reads all of it.
func (r *Report) copyWAL(to string) error {
	wal, err := db.ReadWAL(r.DB)
	if err != nil {
		return err
	}
	if wal.Err() == nil && wal.Bad == 0 {
		return copyFile(r.DB+"-wal", to+"-wal")
	}
	f := store.Finding{Kind: store.FindWAL, Where: r.DB + "-wal", Harm: true}
	if err := wal.Err(); err != nil {
		f.Detail = err.Error()
	} else {
		f.Detail = fmt.Sprintf("its last frame, %d, is half written or damaged; a killed process can leave the first", wal.Bad)
		f.Harm = false
	}
	r.add(f)
	in, err := os.Open(r.DB + "-wal")
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to+"-wal", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if wal.Err() == nil { // what is half written stays out
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Close())
	}
	return errors.Join(db.RepairWAL(in, out), out.Close())
}

// fold moves the WAL of a copy into it, whatever is wrong with its schema.
func fold(ctx context.Context, path string) error {
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		return err
	}
	return errors.Join(c.Script(ctx, "PRAGMA writable_schema = ON; PRAGMA journal_mode = DELETE"), c.Close())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
