package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/store"
)

var schema = Schema{ID: 7, Migrations: []string{"CREATE TABLE t (x);"}}

// made is the path of a store that holds rows and is closed.
func made(t *testing.T, rows ...string) string {
	t.Helper()
	d := open(t, Options{})
	for _, x := range rows {
		if err := d.Together(t.Context(), put(x)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return d.Path()
}

// held is what a store holds, read by a program that has nothing to do with it.
func held(t *testing.T, path string) (out []string) {
	t.Helper()
	if err := Inspect(t.Context(), path, schema, func(c *Conn, _ int) error {
		return c.Query(t.Context(), Statement{SQL: "SELECT x FROM t ORDER BY rowid", Deadline: Listing}, func(row []driver.Value) error {
			out = append(out, fmt.Sprint(row[0]))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWhatCannotBeOpenedIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := made(t)
	newer := made(t)
	for name, c := range map[string]struct {
		path   string
		schema Schema
		o      Options
		want   error
		says   string
	}{
		"none":              {filepath.Join(dir, "none"), schema, Options{}, fs.ErrNotExist, ""},
		"none, for reading": {filepath.Join(dir, "none"), schema, Options{ReadOnly: true, Create: true}, fs.ErrNotExist, ""},
		"no folder":         {filepath.Join(dir, "no", "folder"), schema, Options{Create: true}, fs.ErrNotExist, ""},
		"a folder":          {dir, schema, Options{Create: true}, store.ErrNotStore, "it is a directory (name another --db)"},
		"a text":            {file("text", strings.Repeat("no database ", 100)), schema, Options{}, store.ErrNotStore, "(name another --db)"},
		"an empty file":     {file("empty", ""), schema, Options{ReadOnly: true}, store.ErrNotStore, "it is empty (name another --db)"},
		"another program's": {foreign, Schema{ID: 8, Migrations: schema.Migrations}, Options{Create: true}, store.ErrNotStore, "a database of another program (application id 7, 1 tables and indexes)"},
		"of a newer one":    {newer, Schema{ID: 7}, Options{}, store.ErrNewer, "version 1, this program knows 0 (use that version, or name another --db)"},
	} {
		before, _ := os.ReadFile(c.path)
		d, err := Open(t.Context(), c.path, c.schema, c.o)
		if d != nil || !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "store "+c.path+": ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want one that says %q", name, err, c.says)
		}
		if after, _ := os.ReadFile(c.path); !slices.Equal(before, after) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestOneWriterAndAnyReaders(t *testing.T) {
	d := open(t, Options{})
	if err := d.Together(t.Context(), put("a")); err != nil {
		t.Fatal(err)
	}
	if second, err := Open(t.Context(), d.Path(), schema, Options{}); second != nil || !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "wait for the other process") {
		t.Errorf("a second writer: %v", err)
	}
	for range 2 {
		r, err := Open(t.Context(), d.Path(), schema, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n := count(t, r); n != 1 {
			t.Errorf("a reader sees %d rows", n)
		}
		for name, err := range map[string]error{"write": r.Write(t.Context(), func(*Conn) error { return nil }), "together": r.Together(t.Context(), put("x"))} {
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "opened for reading only") {
				t.Errorf("%s by a reader: %v", name, err)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), d.Path(), schema, Options{})
	if err != nil {
		t.Fatalf("after the first writer has left: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestAClosedStoreSaysSo(t *testing.T) {
	d := open(t, Options{})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"write":    d.Write(t.Context(), func(*Conn) error { return nil }),
		"together": d.Together(t.Context(), put("x")),
		"read":     d.Read(t.Context(), rows, func(context.Context, *Conn) error { return nil }),
	} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	d := open(t, Options{})
	broken := errors.New("broken")
	err := d.Write(t.Context(), func(c *Conn) error {
		if err := put("a")(t.Context(), c); err != nil {
			return err
		}
		return broken
	})
	if n := count(t, d); !errors.Is(err, broken) || n != 0 {
		t.Errorf("%v, %d rows", err, n)
	}
	gone, cancel := context.WithCancel(t.Context())
	err = d.Write(gone, func(c *Conn) error {
		if err := put("b")(t.Context(), c); err != nil {
			return err
		}
		cancel() // its caller leaves: what was done is committed
		return nil
	})
	if n := count(t, d); err != nil || n != 1 {
		t.Errorf("%v, %d rows", err, n)
	}
	if err := d.Write(gone, func(*Conn) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller who has left: %v", err)
	}
	if err := d.Write(t.Context(), func(c *Conn) error { return put("c")(t.Context(), c) }); err != nil || count(t, d) != 2 {
		t.Errorf("the next one: %v", err)
	}
}

func TestAFileThatWasReplacedIsNotWrittenTo(t *testing.T) {
	d := open(t, Options{})
	other := made(t)
	if err := os.Rename(other, d.Path()); err != nil {
		t.Fatal(err)
	}
	if err := d.Together(t.Context(), put("x")); !errors.Is(err, store.ErrReplaced) || !strings.Contains(err.Error(), "another stands in its place") {
		t.Errorf("another file: %v", err)
	}
	if err := os.Remove(d.Path()); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), func(*Conn) error { return nil }); !errors.Is(err, store.ErrReplaced) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestAMigrationThatFailsLeavesTheVersionBefore(t *testing.T) {
	path := made(t, "kept")
	two := Schema{ID: 7, Migrations: append(slices.Clone(schema.Migrations), "CREATE TABLE u (y); INSERT INTO nothing VALUES (1);")}
	if _, err := Open(t.Context(), path, two, Options{}); err == nil || !strings.Contains(err.Error(), "migration to version 2: ") {
		t.Errorf("%v", err)
	}
	if got := held(t, path); !slices.Equal(got, []string{"kept"}) { // by a program that knows version 1 alone
		t.Errorf("%q", got)
	}
	two.Migrations[1] = "CREATE TABLE u (y);"
	d, err := Open(t.Context(), path, two, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if v := pragma(t, d.writer, "user_version"); v != 2 || count(t, d) != 1 {
		t.Errorf("version %d", v)
	}
}

func TestABackupHoldsEveryCommitBeforeIt(t *testing.T) {
	d := open(t, Options{})
	for i := range 20 {
		if err := d.Together(t.Context(), put(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	if err := d.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := d.Together(t.Context(), put("later")); err != nil {
		t.Fatal(err)
	}
	if got := held(t, path); len(got) != 20 || got[19] != "19" {
		t.Errorf("%q", got)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"copy.db"}) {
		t.Errorf("beside the copy: %q", got)
	}
}

func TestABackupThatFailsLeavesNothingAndTakesNothing(t *testing.T) {
	d := open(t, Options{})
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "backup to "+path) {
		t.Errorf("over a file: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file that was there is %q", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Backup(ctx, filepath.Join(dir, "two.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("of a caller who has left: %v", err)
	}
	if err := d.Backup(t.Context(), filepath.Join(dir, "no", "folder.db")); err == nil {
		t.Error("into a folder that isn't there")
	}
	if got := files(t, dir); !slices.Equal(got, []string{"copy.db"}) {
		t.Errorf("left behind: %q", got)
	}
}

func TestInspectTellsAStoreFromWhatIsNone(t *testing.T) {
	good := made(t, strings.Repeat("x", 1<<16))
	bad := made(t, strings.Repeat("x", 1<<16))
	f, err := os.OpenFile(bad, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("?", 4096)), 4096); err != nil { // the table's first page
		t.Fatal(err)
	}
	f.Close()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"good": {good, nil}, "bad": {bad, store.ErrDamaged}, "empty": {empty, store.ErrNotStore},
		"a folder": {t.TempDir(), store.ErrNotStore}, "none": {empty + "x", fs.ErrNotExist},
	} {
		looked := false
		err := Inspect(t.Context(), c.path, schema, func(conn *Conn, version int) error {
			looked = version == 1
			if wrong, err := conn.Pages(t.Context()); err != nil || wrong != nil {
				return fmt.Errorf("%w: %q, %w", store.ErrDamaged, wrong, err)
			}
			return nil
		})
		if !errors.Is(err, c.want) || looked != (c.want == nil || c.path == bad) {
			t.Errorf("%s: %v, looked %v", name, err, looked)
		}
	}
	if got := files(t, filepath.Dir(good)); !slices.Equal(got, []string{"s.db", "s.db.lock"}) {
		t.Errorf("beside what was inspected: %q", got)
	}
	seen := errors.New("seen enough")
	if err := Inspect(t.Context(), good, schema, func(*Conn, int) error { return seen }); !errors.Is(err, seen) {
		t.Errorf("%v", err)
	}
}

func TestReplaceExchangesTwoStores(t *testing.T) {
	old, next := made(t, "old"), made(t, "new")
	aside := filepath.Join(filepath.Dir(old), "aside.db")
	if err := Replace(t.Context(), old, next, aside); err != nil {
		t.Fatal(err)
	}
	if now, before := held(t, old), held(t, aside); !slices.Equal(now, []string{"new"}) || !slices.Equal(before, []string{"old"}) {
		t.Errorf("now %q, aside %q", now, before)
	}
	if _, err := os.Stat(next); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the new one is there twice: %v", err)
	}
	if err := Replace(t.Context(), old, made(t, "third"), aside); !errors.Is(err, fs.ErrExist) {
		t.Errorf("what was set aside before: %v", err)
	}
	if now := held(t, old); !slices.Equal(now, []string{"new"}) {
		t.Errorf("after that failed: %q", now)
	}
}

func TestReplaceOfNothingMakesNothingAside(t *testing.T) {
	dir := t.TempDir()
	path, aside := filepath.Join(dir, "s.db"), filepath.Join(dir, "aside.db")
	if err := Replace(t.Context(), path, made(t, "new"), aside); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"s.db", "s.db.lock"}) {
		t.Errorf("%q", got)
	}
	if now := held(t, path); !slices.Equal(now, []string{"new"}) {
		t.Errorf("%q", now)
	}
}

// A WAL that its store left behind must not become the new one's.
func TestReplaceTakesAWALOutOfTheWay(t *testing.T) {
	damaged := strings.Repeat("damaged ", 1000)
	for name, c := range map[string]struct {
		there map[string]string
		want  []string
	}{
		"of a damaged store": {map[string]string{"s.db": damaged, "s.db-wal": "wal", "s.db-shm": "shm"}, []string{"aside.db", "s.db", "s.db.lock"}},
		"of no store":        {map[string]string{"s.db-wal": "wal", "s.db-shm": "shm"}, []string{"aside.db-wal", "s.db", "s.db.lock"}},
	} {
		dir := t.TempDir()
		for file, text := range c.there {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "s.db")
		if err := Replace(t.Context(), path, made(t, "new"), filepath.Join(dir, "aside.db")); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := files(t, dir); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if now := held(t, path); !slices.Equal(now, []string{"new"}) {
			t.Errorf("%s: now %q", name, now)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, "aside.db")); string(text) != c.there["s.db"] {
			t.Errorf("%s: %d bytes aside", name, len(text))
		}
	}
}

func TestAStoreInUseIsNotReplaced(t *testing.T) {
	d := open(t, Options{})
	if err := d.Together(t.Context(), put("a")); err != nil {
		t.Fatal(err)
	}
	next, aside := made(t, "new"), filepath.Join(t.TempDir(), "aside.db")
	if err := Replace(t.Context(), d.Path(), next, aside); !errors.Is(err, store.ErrInUse) {
		t.Errorf("by a writer: %v", err)
	}
	if n := count(t, d); n != 1 {
		t.Errorf("%d rows", n)
	}
	if got := held(t, next); !slices.Equal(got, []string{"new"}) {
		t.Errorf("the new one holds %q", got)
	}
}

func TestStatementsAreCountedAndSlowOnesReported(t *testing.T) {
	var at time.Time // moves by a step with every look
	step := time.Millisecond
	var told []string
	fault := error(nil)
	d := open(t, Options{
		Clock: func() time.Time { at = at.Add(step); return at },
		Fault: func(write bool) error {
			if write {
				return fault
			}
			return nil
		},
		OnStatement: func(name string, took time.Duration, err error) {
			told = append(told, fmt.Sprint(name, " ", took, " ", err))
		},
	})
	if err := d.Together(t.Context(), put("a")); err != nil || len(told) != 0 {
		t.Fatalf("%v, %q", err, told)
	}
	before := d.Counters()
	step = 25 * time.Millisecond
	if count(t, d) != 1 || !slices.Equal(told, []string{"rows 25ms <nil>"}) {
		t.Errorf("told %q", told)
	}
	step = time.Millisecond
	fault = fs.ErrPermission
	if err := d.Together(t.Context(), put("b")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
	fault = store.ErrInUse
	if err := d.Together(t.Context(), put("b")); !errors.Is(err, store.ErrInUse) {
		t.Errorf("%v", err)
	}
	fault = context.Canceled // the caller left: no fault of the store
	if err := d.Together(t.Context(), put("b")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	after := d.Counters()
	if after.Slow != before.Slow+1 || after.Failures != before.Failures+1 || after.Busy != before.Busy+1 || after.Timeouts != before.Timeouts || after.Statements <= before.Statements+3 {
		t.Errorf("%+v, before %+v", after, before)
	}
}

// A delay counts against the deadline.
func TestADelayIsCutAtTheDeadline(t *testing.T) {
	delay := time.Duration(0)
	d := open(t, Options{Delay: func(write bool) time.Duration {
		if write {
			return 0
		}
		return delay
	}})
	delay = time.Hour
	st := Statement{Name: "rows", SQL: rows.SQL, Deadline: 5 * time.Millisecond, Quick: true}
	err := d.Read(t.Context(), st, func(ctx context.Context, c *Conn) error {
		_, err := c.One(ctx, st)
		return err
	})
	if !errors.Is(err, store.ErrDeadline) || d.Counters().Timeouts != 1 {
		t.Errorf("%v, %+v", err, d.Counters())
	}
}
