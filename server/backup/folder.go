package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corrgraph/store"
	"corrgraph/store/checkpoint"
	"corrgraph/store/sqlite"
)

// ErrChecksum is returned for a backup without a matching checksum.
var ErrChecksum = errors.New("the checksum differs")

const (
	prefix   = "corrgraph-"
	suffix   = ".db"
	sumFile  = ".sha256"
	keptFile = ".checkpoint" // the checkpoint that the service had then; it has checksums of its own
	layout   = "20060102T150405.000Z"
	halfMade = ".making-" // files with this prefix may be removed by the writer of backups
	onTrial  = ".trial-"  // of any process; may be removed once a day old
)

// Backup is one backup in a folder.
type Backup struct {
	Path  string    `json:"path"`
	At    time.Time `json:"at"` // UTC; when it was started
	Bytes int64     `json:"bytes"`
}

// List returns the backups in a folder that have a checksum, newest first. A folder
// that does not exist has none.
func List(dir string) ([]Backup, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []Backup
	for _, e := range entries {
		at, ok := timeOf(e.Name())
		if !ok {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := e.Info()
		if err != nil {
			continue // removed meanwhile
		}
		if _, err := os.Stat(path + sumFile); err == nil {
			out = append(out, Backup{path, at, info.Size()})
		}
	}
	slices.SortFunc(out, func(a, b Backup) int { return b.At.Compare(a.At) })
	return out, nil
}

func nameOf(at time.Time) string { return prefix + at.UTC().Format(layout) + suffix }

// timeOf parses the time in a backup's name.
func timeOf(name string) (time.Time, bool) {
	stamp, ok := strings.CutPrefix(name, prefix)
	stamp, whole := strings.CutSuffix(stamp, suffix)
	at, err := time.Parse(layout, stamp)
	return at, ok && whole && err == nil && nameOf(at) == name
}

// Source is a store that can be copied while it is in use.
type Source interface {
	// Backup copies the store to path, which must not exist, and syncs it to disk.
	Backup(ctx context.Context, path string) error
}

// create makes a backup of src in dir, named by at, and verifies it. A failed one
// leaves nothing behind.
func create(ctx context.Context, src Source, dir string, at time.Time) (b Backup, err error) {
	path := filepath.Join(dir, nameOf(at))
	if _, err := os.Lstat(path); err == nil {
		return b, fmt.Errorf("backup %s: %w", path, fs.ErrExist)
	}
	making := filepath.Join(dir, halfMade+nameOf(at))
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup %s: %w", path, err)
			for _, left := range []string{making, making + sumFile, path + sumFile, making + keptFile, path + keptFile} {
				os.Remove(left)
			}
		}
	}()
	kept, err := copyCheckpoint(ctx, src, making+keptFile) // first: the log that is copied then holds its position
	if err != nil {
		return b, err
	}
	if err := src.Backup(ctx, making); err != nil {
		return b, err
	}
	if _, err := sqlite.Inspect(ctx, making); err != nil {
		return b, err
	}
	sum, size, err := digest(ctx, making)
	if err != nil {
		return b, err
	}
	if err := writeFile(making+sumFile, []byte(sum+"  "+filepath.Base(path)+"\n")); err != nil {
		return b, err
	}
	if kept {
		if err := os.Rename(making+keptFile, path+keptFile); err != nil {
			return b, err
		}
	}
	// The checksum first: a backup without one is invalid.
	if err := os.Rename(making+sumFile, path+sumFile); err != nil {
		return b, err
	}
	if err := os.Rename(making, path); err != nil {
		return b, err
	}
	return Backup{path, at.UTC(), size}, syncPath(dir)
}

// sweep removes leftovers of killed processes: half-written files, test restores,
// and checksums of removed backups.
func sweep(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		stale := strings.HasPrefix(name, halfMade)
		for _, suffix := range []string{sumFile, keptFile} {
			if of, ok := strings.CutSuffix(name, suffix); ok && !stale {
				if _, ours := timeOf(of); ours {
					_, err := os.Lstat(filepath.Join(dir, of))
					stale = errors.Is(err, fs.ErrNotExist)
				}
			}
		}
		if strings.HasPrefix(name, onTrial) {
			info, err := e.Info()
			stale = err == nil && info.ModTime().Before(now.Add(-24*time.Hour))
		}
		if stale {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove removes a backup, the file first: a lone checksum is not a backup.
func remove(b Backup) error {
	if err := os.Remove(b.Path); err != nil {
		return err
	}
	if err := os.Remove(b.Path + keptFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(b.Path + sumFile)
}

// copyCheckpoint copies the newest checkpoint of a store; false if it has none.
func copyCheckpoint(ctx context.Context, src Source, to string) (bool, error) {
	s, ok := src.(interface{ Path() string })
	if !ok {
		return false, nil
	}
	all, err := checkpoint.List(checkpoint.Folder(s.Path()))
	if err != nil || len(all) == 0 || all[0].Err != nil {
		return false, err
	}
	_, err = copyFile(ctx, all[0].Path, to)
	if errors.Is(err, fs.ErrNotExist) { // newer ones have taken its place
		return false, nil
	}
	return err == nil, err
}

// restoreCheckpoint puts the checkpoint of a backup beside the store that was restored. Without
// one, or with a damaged one, the next start reads the tick log.
func restoreCheckpoint(ctx context.Context, backup, db string) error {
	f, err := checkpoint.Open(backup + keptFile)
	if err == nil {
		defer f.Close()
		err = f.Verify()
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, checkpoint.ErrDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	to := checkpoint.Path(checkpoint.Folder(db), f.Stamp)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if _, err := copyFile(ctx, backup+keptFile, to); err != nil && !errors.Is(err, fs.ErrExist) {
		os.Remove(to)
		return err
	}
	return syncPath(filepath.Dir(to))
}

// Verify restores a backup for test: it compares the backup with its checksum,
// copies it to a scratch file beside it, checks every page there, opens it for
// writing, which upgrades an older store, and reports its contents. The backup is
// not touched. Errors: ErrChecksum, store.ErrNotStore, store.ErrDamaged,
// store.ErrNewer. Cost: some seconds per gigabyte, and temporarily its size on
// disk.
func Verify(ctx context.Context, path string) (store.Contents, error) {
	held, err := verify(ctx, path)
	if err != nil {
		err = fmt.Errorf("backup %s: %w", path, err)
	}
	return held, err
}

func verify(ctx context.Context, path string) (held store.Contents, err error) {
	scratch, err := os.MkdirTemp(filepath.Dir(path), onTrial)
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	trial := filepath.Join(scratch, "trial.db")
	if held, err = extract(ctx, path, trial); err != nil {
		return held, err
	}
	s, err := sqlite.Open(ctx, trial, sqlite.Options{Offline: true})
	if err != nil {
		return held, err
	}
	_, err = s.Now(ctx)
	return held, errors.Join(err, s.Close())
}

// extract copies a backup to a new file, syncs it, compares the copy with the
// checksum, and checks it.
func extract(ctx context.Context, path, to string) (held store.Contents, err error) {
	want, err := readSum(path)
	if err != nil {
		return held, err
	}
	got, err := copyFile(ctx, path, to)
	if err != nil {
		return held, err
	}
	if got != want {
		return held, fmt.Errorf("%w: it is %s, %s%s says %s", ErrChecksum, got, filepath.Base(path), sumFile, want)
	}
	return sqlite.Inspect(ctx, to)
}

// Restore replaces the store at db by a backup, after the checks of Verify. A store
// in use is refused (store.ErrInUse) and left as it is. The old store is kept as
// aside, named db.before- and the current time; aside is "" if there was none. A
// process killed at any moment leaves the old store or the new one, whole.
func Restore(ctx context.Context, path, db string, now time.Time) (aside string, held store.Contents, err error) {
	fail := func(err error) (string, store.Contents, error) {
		return "", held, fmt.Errorf("restore %s to %s: %w", path, db, err)
	}
	fresh := db + ".restoring-" + now.UTC().Format(layout)
	aside = db + ".before-" + now.UTC().Format(layout)
	if _, err := os.Lstat(aside); err == nil {
		return fail(fmt.Errorf("%s: %w", aside, fs.ErrExist))
	}
	defer os.Remove(fresh) // does nothing after success
	if held, err = extract(ctx, path, fresh); err != nil {
		return fail(err)
	}
	if info, err := os.Stat(db); err == nil { // the new store gets the old one's permissions
		if err := os.Chmod(fresh, info.Mode().Perm()); err != nil {
			return fail(err)
		}
	}
	if err := sqlite.Replace(ctx, db, fresh, aside); err != nil {
		return fail(err)
	}
	if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
		aside = ""
	}
	if err := restoreCheckpoint(ctx, path, db); err != nil {
		return aside, held, fmt.Errorf("%s is restored from %s, but not its checkpoint, without which the next start takes longer: %w", db, path, err)
	}
	return aside, held, nil
}

// readSum reads the checksum beside a backup.
func readSum(path string) (string, error) {
	b, err := os.ReadFile(path + sumFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: there is no %s%s", ErrChecksum, filepath.Base(path), sumFile)
		}
		return "", err
	}
	sum, _, _ := strings.Cut(string(b), " ")
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%w: %s%s holds none", ErrChecksum, filepath.Base(path), sumFile)
	}
	return strings.ToLower(sum), nil
}

// digest returns the SHA-256 of a file, in hex, and its size.
func digest(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, &reader{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// copyFile copies a file to a new one, syncs it, and returns the SHA-256 of the
// copy.
func copyFile(ctx context.Context, from, to string) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), &reader{ctx, in})
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, out.Sync(), out.Close())
}

// reader stops when ctx ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// writeFile writes and syncs a small file.
func writeFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncPath syncs the names in a folder.
func syncPath(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
