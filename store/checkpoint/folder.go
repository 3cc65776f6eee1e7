package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kept is how many checkpoints are kept: the newest, and one in case that can't be read.
const Kept = 2

const (
	prefix = "checkpoint-"
	suffix = ".state"
	making = ".making-"
)

// Folder is where the checkpoints of a store are.
func Folder(store string) string { return store + ".checkpoints" }

// Path is where the checkpoint with a stamp is.
func Path(dir string, s Stamp) string {
	return filepath.Join(dir, fmt.Sprintf("%s%020d-%013d%s", prefix, s.Position, max(0, s.Taken), suffix))
}

// Create begins a checkpoint in a folder, which it makes. One writer may do so at a time; what it
// left half made earlier is removed.
func Create(dir string, s Stamp) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := tidy(dir); err != nil {
		return nil, err
	}
	name := filepath.Base(Path(dir, s))
	file, err := os.OpenFile(filepath.Join(dir, making+name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, file: file, name: name, m: Manifest{Stamp: s}}
	_, w.err = io.WriteString(file, head)
	return w, nil
}

// tidy removes what was left half made.
func tidy(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), making+prefix) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// Commit puts the checkpoint in its place, synced to disk, and removes all but the newest ones. If
// it fails, nothing is left of it.
func (w *Writer) Commit() (size int64, err error) {
	path := filepath.Join(w.dir, making+w.name)
	defer func() {
		if err != nil {
			os.Remove(path)
			err = fmt.Errorf("checkpoint %s: %w", filepath.Join(w.dir, w.name), err)
		}
	}()
	err = w.finish()
	if err == nil {
		size, err = w.file.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err = errors.Join(err, w.file.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(path, filepath.Join(w.dir, w.name)); err != nil {
		return 0, err
	}
	if err := syncFolder(w.dir); err != nil {
		return 0, err
	}
	return size, w.prune()
}

// Abort removes what was written.
func (w *Writer) Abort() {
	w.file.Close()
	os.Remove(filepath.Join(w.dir, making+w.name))
}

// prune removes all but the newest checkpoints. The log is append-only, so that one of a later
// position than the present one is of another log and goes first.
func (w *Writer) prune() error {
	all, err := List(w.dir)
	if err != nil {
		return err
	}
	kept := 0
	for _, c := range all {
		if c.Err == nil && c.Position <= w.m.Position && kept < Kept {
			kept++
			continue
		}
		err = errors.Join(err, os.Remove(c.Path))
	}
	return err
}

// Info is one checkpoint in a folder.
type Info struct {
	Manifest
	Path  string
	Bytes int64
	Err   error // why it can't be read; the manifest is empty then
}

// List returns the checkpoints in a folder, newest first; those that can't be read come last. A
// folder that does not exist has none. It reads their manifests only.
func List(dir string) (out []Info, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		c := Info{Path: filepath.Join(dir, e.Name())}
		f, err := Open(c.Path)
		if c.Err = err; err == nil {
			c.Manifest, c.Bytes = f.Manifest, f.Bytes
			f.Close()
		} else if info, err := e.Info(); err == nil {
			c.Bytes = info.Size()
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Info) int {
		switch {
		case (a.Err == nil) != (b.Err == nil):
			if a.Err == nil {
				return -1
			}
			return 1
		case a.Taken != b.Taken:
			return int(max(-1, min(1, b.Taken-a.Taken)))
		}
		return strings.Compare(b.Path, a.Path)
	})
	return out, nil
}

// Drop removes all checkpoints of a folder and returns how many.
func Drop(dir string) (n int, err error) {
	all, err := List(dir)
	for _, c := range all {
		if e := os.Remove(c.Path); e != nil {
			err = errors.Join(err, e)
			continue
		}
		n++
	}
	return n, errors.Join(err, ignoreMissing(tidy(dir)))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
