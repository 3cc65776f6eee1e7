package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"modernc.org/libc"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"corrgraph/store/sqlite/row"
)

// Conn is one connection with its prepared statements, for one goroutine at a time. It
// bypasses database/sql, whose pool and conversions cost more than the index searches they
// serve.
type Conn struct {
	c        driver.Conn
	handle   uintptr   // sqlite3*, for interrupt
	tls      *libc.TLS // for reading rows
	prepared map[string]statement
	watch    *watch // never nil
	writes   bool   // it belongs to a writer
}

// statement is a prepared statement.
type statement struct {
	driver.Stmt
	handle uintptr // sqlite3_stmt*, for reading rows
}

// handle returns a private field of the driver that holds an object of SQLite.
func handle(of any, field string) (uintptr, error) {
	f := reflect.ValueOf(of).Elem().FieldByName(field)
	if !f.IsValid() || f.Kind() != reflect.Uintptr || f.Uint() == 0 {
		return 0, fmt.Errorf("this version of the SQLite driver has no %q", field)
	}
	return uintptr(f.Uint()), nil
}

// OpenConn opens a separate connection to the file at path, with parameters of the driver
// ("mode=rwc"). Only each statement's own deadline applies; there are no injected faults.
func OpenConn(path string, params ...string) (*Conn, error) { return openConn(dsn(path, params...)) }

// openConn opens a connection with one of the driver's DSNs.
func openConn(dsn string) (*Conn, error) {
	c, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, classify(err)
	}
	// At the end of a query's context the driver interrupts only its first step. It exports
	// neither an interrupt nor the handle. ARCHITECTURE.md says why it is used nevertheless.
	h, err := handle(c, "db")
	if err != nil {
		c.Close()
		return nil, err
	}
	return &Conn{c: c, handle: h, tls: libc.NewTLS(), prepared: map[string]statement{}, watch: new(watch)}, nil
}

// Close closes the connection.
func (c *Conn) Close() error {
	for _, s := range c.prepared {
		s.Close()
	}
	defer c.tls.Close()
	return classify(c.c.Close())
}

// Script runs statements without arguments or rows.
func (c *Conn) Script(ctx context.Context, sql string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(ctx, sql, nil)
	return classify(err)
}

func (c *Conn) prepare(ctx context.Context, sql string) (statement, error) {
	if s, ok := c.prepared[sql]; ok {
		return s, nil
	}
	p, err := c.c.(driver.ConnPrepareContext).PrepareContext(ctx, sql)
	if err != nil {
		return statement{}, classify(err)
	}
	h, err := handle(p, "pstmt")
	if err != nil {
		p.Close()
		return statement{}, err
	}
	s := statement{p, h}
	c.prepared[sql] = s
	return s, nil
}

// ErrEnough, returned for a row, ends the rows of a statement early. It does not count as a
// failure.
var ErrEnough = errors.New("enough")

// run runs f, which runs s, within the deadline of s, and converts an error caused by the
// deadline to ErrDeadline.
func (c *Conn) run(ctx context.Context, s Statement, f func(ctx context.Context, p statement) error) error {
	ctx, cancel := s.context(ctx)
	defer cancel()
	start := c.watch.now()
	err := error(nil)
	if s.Name != rollback.Name { // an injected fault must not prevent the rollback
		err = c.watch.disturb(ctx, c.writes)
	}
	var p statement
	if err == nil {
		p, err = c.prepare(ctx, s.SQL)
	}
	if err == nil {
		err = f(ctx, p)
	}
	switch {
	case errors.Is(err, ErrEnough):
		err = nil
	case err != nil:
		err = s.cut(ctx, err)
	}
	c.watch.done(s.Name, start, err)
	return err
}

// Exec runs a statement within its deadline and returns the number of changed rows.
func (c *Conn) Exec(ctx context.Context, s Statement, args ...driver.Value) (n int64, err error) {
	err = c.run(ctx, s, func(ctx context.Context, p statement) error {
		r, err := p.Stmt.(driver.StmtExecContext).ExecContext(ctx, named(args))
		if err != nil {
			return classify(err)
		}
		n, err = r.RowsAffected()
		return classify(err)
	})
	return n, err
}

// ExecEach runs a statement n times, all within one deadline, with the arguments returned
// by bind. The driver starts a goroutine for every call whose context can end; here one
// watcher serves all calls.
func (c *Conn) ExecEach(ctx context.Context, s Statement, n int, bind func(i int) ([]driver.Value, error)) error {
	return c.run(ctx, s, func(ctx context.Context, p statement) error {
		defer c.interruptAtEnd(ctx)()
		var values []driver.NamedValue
		for i := range n {
			args, err := bind(i)
			if err != nil {
				return err
			}
			values = values[:0]
			for j, a := range args {
				values = append(values, driver.NamedValue{Ordinal: j + 1, Value: a})
			}
			if _, err := p.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), values); err != nil {
				return classify(err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
}

// Scan runs a statement within its deadline, which includes reading its rows, and calls each
// with every row. The cells are valid during the call only; each may keep what it reads of
// them.
func (c *Conn) Scan(ctx context.Context, s Statement, each func(*Cells) error, args ...driver.Value) error {
	return c.run(ctx, s, func(ctx context.Context, p statement) (err error) {
		rows, err := p.Stmt.(driver.StmtQueryContext).QueryContext(ctx, named(args)) // takes the first step
		if err != nil {
			return classify(err)
		}
		defer c.interruptAtEnd(ctx)()
		defer func() { // resets the statement, which repeats the error of a step that failed
			if e := rows.Close(); err == nil {
				err = classify(e)
			}
		}()
		r := row.New(c.tls, p.handle, len(rows.Columns()))
		cells := Cells{row: r}
		for more := lib.Xsqlite3_data_count(c.tls, p.handle) > 0; more; more = lib.Xsqlite3_step(c.tls, p.handle) == lib.SQLITE_ROW {
			r.Begin()
			if err := each(&cells); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
}

// Query is Scan for rows of which no type is known. each may keep the values, but not the
// slice.
func (c *Conn) Query(ctx context.Context, s Statement, each func([]driver.Value) error, args ...driver.Value) error {
	var values []driver.Value
	return c.Scan(ctx, s, func(r *Cells) error {
		values = values[:0]
		for range r.row.Len() {
			values = append(values, r.next().Driver())
		}
		return each(values)
	}, args...)
}

// inTransaction reports whether a transaction is open.
func (c *Conn) inTransaction() bool {
	return lib.Xsqlite3_get_autocommit(c.tls, c.handle) == 0
}

// interruptAtEnd interrupts the connection's current work when ctx ends, until the returned
// function is called. That function waits for an interrupt in progress, which must not hit
// the next statement.
func (c *Conn) interruptAtEnd(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		tls := libc.NewTLS()
		defer tls.Close()
		lib.Xsqlite3_interrupt(tls, c.handle)
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

// One runs a statement that returns one row of integers.
func (c *Conn) One(ctx context.Context, s Statement, args ...driver.Value) (v []int64, err error) {
	err = c.Scan(ctx, s, func(r *Cells) error {
		v = make([]int64, r.row.Len())
		for i := range v {
			Number(r, &v[i])
		}
		return nil
	}, args...)
	if err == nil && v == nil {
		err = fmt.Errorf("no row from %q", s.SQL)
	}
	return v, err
}

func named(args []driver.Value) []driver.NamedValue {
	n := make([]driver.NamedValue, len(args))
	for i, a := range args {
		n[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return n
}
