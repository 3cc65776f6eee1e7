package db

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/store"
)

// copyOf copies a file.
func copyOf(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asKilled copies what a process that is killed now would leave.
func asKilled(t *testing.T, d *DB) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "s.db")
	copyOf(t, d.Path(), to)
	if _, err := os.Stat(d.Path() + "-wal"); err == nil {
		copyOf(t, d.Path()+"-wal", to+"-wal")
	}
	return to
}

// rowsOf are the rows of a store that a killed process left.
func rowsOf(t *testing.T, path string) []string {
	t.Helper()
	d, err := Open(t.Context(), path, schema, Options{})
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return held(t, path)
}

func TestAWALThatGoesIsNoticed(t *testing.T) {
	zero := func(at int64, n int) func(wal string) error {
		return func(wal string) error {
			f, err := os.OpenFile(wal, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, n), at)
			return errors.Join(err, f.Close())
		}
	}
	for name, c := range map[string]struct {
		harm  func(path string) error
		saved bool // what was acknowledged is in the store afterwards
	}{
		"removed":    {func(path string) error { return os.Remove(path + "-wal") }, true},
		"no index":   {func(path string) error { return os.Remove(path + "-shm") }, true},
		"replaced":   {func(path string) error { return os.Rename(path+".other", path+"-wal") }, true},
		"emptied":    {func(path string) error { return os.Truncate(path+"-wal", 0) }, false},
		"cut":        {func(path string) error { return os.Truncate(path+"-wal", 4000) }, false},
		"no header":  {func(path string) error { return zero(0, walHead)(path + "-wal") }, false},
		"last frame": {func(path string) error { return zero(walHead+(frameHead+4096)*2, frameHead)(path + "-wal") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, Options{Durable: true})
			if err := d.writer.Script(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				t.Fatal(err)
			}
			for _, x := range []string{"a", "b", "c"} {
				if err := d.Together(t.Context(), put(x)); err != nil {
					t.Fatal(err)
				}
			}
			copyOf(t, d.Path()+"-wal", d.Path()+".other")
			if err := c.harm(d.Path()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := d.Together(t.Context(), put("lost")); !errors.Is(err, store.ErrReplaced) {
					t.Fatalf("acknowledged: %v", err)
				}
			}
			if err := d.Write(t.Context(), func(*Conn) error { return nil }); !errors.Is(err, store.ErrReplaced) {
				t.Errorf("another write: %v", err)
			}
			if c.saved {
				if got := rowsOf(t, asKilled(t, d)); !slices.Equal(got, []string{"a", "b", "c"}) {
					t.Errorf("after a kill it holds %q", got)
				}
			}
		})
	}
}

// The WAL may go between the first look and the commit.
func TestAWALThatGoesDuringACommitIsNotAcknowledged(t *testing.T) {
	d := open(t, Options{Durable: true})
	err := d.Write(t.Context(), func(c *Conn) error {
		if err := put("x")(t.Context(), c); err != nil {
			return err
		}
		return os.Remove(d.Path() + "-wal")
	})
	if !errors.Is(err, store.ErrReplaced) {
		t.Errorf("acknowledged: %v", err)
	}
}

// Other programs may write, and shorten the WAL by the means of SQLite.
func TestOthersMayWriteAndCheckpoint(t *testing.T) {
	d := open(t, Options{})
	other, err := OpenConn(d.Path(), "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, mode := range []string{"PASSIVE", "FULL", "RESTART", "TRUNCATE"} {
		err := errors.Join(d.Together(t.Context(), put("x")),
			other.Script(t.Context(), "INSERT INTO t VALUES ('y'); PRAGMA wal_checkpoint("+mode+")"),
			d.Together(t.Context(), put("z")), other.Script(t.Context(), "INSERT INTO t VALUES ('y')"))
		if err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	if err := d.Together(t.Context(), put("x")); err != nil {
		t.Error(err)
	}
}

func TestAMalformedPageClosesTheDoor(t *testing.T) {
	path := made(t, "a", "b")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0x77}, 4096), 4096); err != nil { // the page of t
		t.Fatal(err)
	}
	f.Close()
	d, err := Open(t.Context(), path, schema, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 2 {
		if err := d.Together(t.Context(), put("x")); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("written: %v", err)
		}
	}
	if err := d.Write(t.Context(), func(*Conn) error { t.Error("the door is open"); return nil }); !errors.Is(err, store.ErrDamaged) {
		t.Error(err)
	}
}

func TestTheStoreItselfIsLocked(t *testing.T) {
	d := open(t, Options{})
	if err := os.Remove(d.Path() + ".lock"); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Link(d.Path(), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{d.Path(), link} {
		if _, err := Open(t.Context(), path, schema, Options{}); !errors.Is(err, store.ErrInUse) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := Replace(t.Context(), d.Path(), made(t), link+".aside"); !errors.Is(err, store.ErrInUse) {
		t.Errorf("replaced: %v", err)
	}
	if err := d.Together(t.Context(), put("x")); err != nil {
		t.Error(err)
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	d := open(t, Options{})
	if err := d.Backup(t.Context(), d.Path()+".copy"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".copy"} {
		if info, err := os.Stat(d.Path() + suffix); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: %v, %v", suffix, info.Mode(), err)
		}
	}
	path := made(t)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	rowsOf(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions that somebody chose became %v, %v", info.Mode(), err)
	}
}

func TestAChangedSchemaIsRefusedByName(t *testing.T) {
	for change, want := range map[string]string{
		"CREATE TRIGGER gone BEFORE INSERT ON t BEGIN SELECT raise(IGNORE); END": "trigger gone on t is not ours",
		"CREATE UNIQUE INDEX once ON t (x)":                                      "index once on t is not ours",
		"ALTER TABLE t ADD COLUMN y":                                             "table t was changed",
		"DROP TABLE t":                                                           "table t is missing",
		"CREATE TABLE theirs (x); CREATE VIEW v AS SELECT x FROM t; CREATE INDEX more ON t (x)":                      "",
		"CREATE TABLE theirs (x); CREATE TRIGGER own AFTER INSERT ON theirs BEGIN INSERT INTO t VALUES (new.x); END": "",
	} {
		path := made(t, "a")
		c, err := OpenConn(path, "mode=rw")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Script(t.Context(), change), c.Close()); err != nil {
			t.Fatal(err)
		}
		d, err := Open(t.Context(), path, schema, Options{})
		switch {
		case err == nil:
			d.Close()
			if want != "" {
				t.Errorf("%s: accepted", change)
			}
		case want == "" || !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
}
