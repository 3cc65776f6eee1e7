package db

import (
	"context"
	"errors"
	"io/fs"
)

// lane is a set of reading connections. If none is free, callers queue for one and give up
// at their statement's deadline.
type lane chan *Conn // one slot per connection; nil if not yet open

func newLane(n int) lane {
	l := make(lane, n)
	for range n {
		l <- nil
	}
	return l
}

// drain takes all connections, waiting for those in use, and closes them.
func (l lane) drain() (err error) {
	for range cap(l) {
		if c := <-l; c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// Read runs f with a connection of st's lane. The deadline of st starts here, so it covers
// the wait for a connection. Index searches have a separate lane, never occupied by scans
// and listings.
func (d *DB) Read(ctx context.Context, st Statement, f func(context.Context, *Conn) error) (err error) {
	caller := ctx
	ctx, cancel := st.context(ctx)
	defer cancel()
	from := d.scans
	if st.Quick {
		from = d.readers
	}
	var c *Conn
	select {
	case c = <-from:
	case <-d.closed:
		return fs.ErrClosed
	case <-ctx.Done():
		err := st.cut(ctx, ctx.Err())
		d.watch.done(st.Name, d.watch.now(), err)
		return err
	}
	defer func() { from <- c }()
	if c == nil {
		if c, err = d.openReader(); err != nil {
			return err
		}
		// This happens once and cannot be interrupted: the deadline restarts.
		again, cancel := st.context(caller)
		defer cancel()
		ctx = again
	}
	return f(ctx, c)
}

// openReader opens a connection for reading. In WAL mode it waits for a writer only during
// recovery. It may write the WAL's index and, as the last to close, checkpoint; query_only
// keeps it from changing data.
func (d *DB) openReader() (*Conn, error) {
	mode := "mode=rw"
	if d.immutable {
		mode = "mode=ro&immutable=1"
	}
	c, err := openConn(dsn(d.path, mode, "_pragma=busy_timeout(25)", "_pragma=query_only(1)", "_pragma=cache_size(-16000)"))
	if err != nil {
		return nil, err
	}
	c.watch = d.watch
	return c, nil
}

// Apart runs f with a connection of its own, for checks that take long. What it finds
// damaged does not close the door for writing.
func (d *DB) Apart(ctx context.Context, f func(c *Conn) error) (err error) {
	select {
	case <-d.closed:
		return d.isClosed()
	default:
	}
	c, err := d.openReader()
	if err != nil {
		return err
	}
	c.watch = new(watch)
	defer func() { err = errors.Join(err, c.Close()) }()
	return f(c)
}
