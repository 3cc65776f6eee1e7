package db

import (
	"context"
	"errors"
	"io/fs"
)

// lane is a set of reading connections. Callers that find none free queue for one
// and give up at their statement's deadline.
type lane chan *Conn // one slot for each connection; nil where it is not yet open

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

// Read runs f with a connection of the lane that st belongs to. The deadline of
// st starts here, so it covers the wait for a connection. Index searches have a
// lane of their own, which scans and listings never occupy.
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
		// That happens once and can't be interrupted: the deadline begins anew.
		again, cancel := st.context(caller)
		defer cancel()
		ctx = again
	}
	return f(ctx, c)
}

// openReader opens a connection for reading. In WAL mode it waits for a writer only
// while that one recovers. It may write the WAL's index and, as the last to close,
// checkpoint; query_only keeps it from changing data.
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
