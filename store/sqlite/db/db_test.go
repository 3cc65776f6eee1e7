package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"corrgraph/store"
)

var (
	rows   = Statement{Name: "rows", SQL: "SELECT count(*) FROM t", Deadline: Listing}
	insert = Statement{Name: "insert", SQL: "INSERT INTO t VALUES (?)", Deadline: Commit}
)

// open opens a new file with one table.
func open(t testing.TB, o Options) *DB {
	t.Helper()
	o.Create = true
	d, err := Open(context.Background(), filepath.Join(t.TempDir(), "s.db"), Schema{ID: 7, Migrations: []string{"CREATE TABLE t (x);"}}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func count(t testing.TB, d *DB) int64 {
	t.Helper()
	var v []int64
	if err := d.Read(context.Background(), rows, func(ctx context.Context, c *Conn) (err error) {
		v, err = c.One(ctx, rows)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return v[0]
}

// pragma reads a pragma that answers with one number.
func pragma(t testing.TB, c *Conn, name string) int64 {
	t.Helper()
	row, err := c.One(context.Background(), Statement{SQL: "PRAGMA " + name, Deadline: Commit})
	if err != nil {
		t.Fatal(err)
	}
	return row[0]
}

func put(x string) func(context.Context, *Conn) error {
	return func(ctx context.Context, c *Conn) error {
		_, err := c.Exec(ctx, insert, x)
		return err
	}
}

func TestDurableCommitsAreSynced(t *testing.T) {
	d := open(t, Options{Durable: true})
	if log, rest := pragma(t, d.logger, "synchronous"), pragma(t, d.writer, "synchronous"); log != 2 || rest != 1 {
		t.Errorf("synchronous is %d for Together and %d for the rest, want 2 (FULL) and 1 (NORMAL)", log, rest)
	}
	plain := open(t, Options{})
	if plain.logger != plain.writer {
		t.Error("a second writer without need")
	}
}

// Calls that wait behind a writer share one transaction; one without room fails alone.
func TestCallsThatWaitAreCommittedTogether(t *testing.T) {
	d := open(t, Options{MaxPages: 120})
	large := strings.Repeat("x", 1<<20)
	results := make(chan error, 5)
	err := d.Write(t.Context(), func(*Conn) error {
		for i := range 4 {
			go func() { results <- d.Together(context.Background(), put(fmt.Sprint(i))) }()
		}
		go func() { results <- d.Together(context.Background(), put(large)) }()
		for waiting := 0; waiting < 5; {
			d.group.mu.Lock()
			waiting = len(d.group.waiting)
			d.group.mu.Unlock()
			runtime.Gosched()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Together(gone, put("gone")); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that has left: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for range 5 {
		if err := <-results; errors.Is(err, store.ErrFull) {
			full++
		} else if err != nil {
			t.Error(err)
		}
	}
	if n := count(t, d); full != 1 || n != 4 {
		t.Errorf("%d calls had no room, and %d rows are there", full, n)
	}
}

const endless = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) `

func TestDeadlineInterrupts(t *testing.T) {
	d := open(t, Options{})
	for what, sql := range map[string]string{
		"in the first step": endless + `SELECT count(*) FROM n`,
		"in a later step":   endless + `SELECT i FROM n WHERE i = 1 OR i < 0`,
		"between rows":      endless + `SELECT i FROM n`,
	} {
		st := Statement{SQL: sql, Deadline: 50 * time.Millisecond}
		err := d.Read(t.Context(), st, func(ctx context.Context, c *Conn) error {
			return c.Query(ctx, st, func([]driver.Value) error { return nil })
		})
		if !errors.Is(err, store.ErrDeadline) {
			t.Errorf("%s: %v", what, err)
		}
		// The connection is as good as before.
		if n := count(t, d); n != 0 {
			t.Errorf("%s, afterwards: %d rows", what, n)
		}
	}
	err := d.Write(t.Context(), func(c *Conn) error {
		_, err := c.Exec(t.Context(), Statement{SQL: endless + `INSERT INTO t SELECT i FROM n`, Deadline: 50 * time.Millisecond})
		return err
	})
	if !errors.Is(err, store.ErrDeadline) {
		t.Errorf("a write: %v", err)
	}
	err = d.Write(t.Context(), func(c *Conn) error {
		return c.ExecEach(t.Context(), Statement{SQL: endless + `INSERT INTO t SELECT i FROM n`, Deadline: 50 * time.Millisecond}, 1,
			func(int) ([]driver.Value, error) { return nil, nil })
	})
	if !errors.Is(err, store.ErrDeadline) {
		t.Errorf("a bulk write: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fs.ErrClosed)
	err = d.Read(ctx, rows, func(ctx context.Context, c *Conn) error {
		_, err := c.One(ctx, rows)
		return err
	})
	if !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a caller that has left: %v", err)
	}
}

// While scans hold all their connections, searches proceed and a further scan gives up at
// its deadline.
func TestSearchesNeedNoConnectionOfScans(t *testing.T) {
	d := open(t, Options{})
	held := make([]*Conn, cap(d.scans))
	for i := range held {
		held[i] = <-d.scans
	}
	scan := Statement{Name: "scan", SQL: rows.SQL, Deadline: Request}
	if err := d.Read(t.Context(), scan, func(context.Context, *Conn) error { return nil }); !errors.Is(err, store.ErrDeadline) {
		t.Errorf("a scan that finds no connection: %v", err)
	}
	search := scan
	search.Quick = true
	for range 100 {
		if err := d.Read(t.Context(), search, func(context.Context, *Conn) error { return nil }); err != nil {
			t.Fatalf("a search while scans hold all their connections: %v", err)
		}
	}
	for _, c := range held {
		d.scans <- c
	}
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows afterwards", n)
	}
}
