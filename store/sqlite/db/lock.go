package db

import (
	"context"
	"fmt"
)

// lock takes the advisory lock of a writer: an exclusive transaction on an empty
// database beside the store. It ends with the process, however that ends, on
// every system that SQLite knows, and readers of the store never see it. The
// file stays, because removing it would let two processes lock two files of that
// name.
func lock(ctx context.Context, path string) (*Conn, error) {
	c, err := openConn(dsn(path+".lock", "mode=rwc", "_pragma=busy_timeout(0)"))
	if err != nil {
		return nil, fmt.Errorf("%s.lock: %w", path, err)
	}
	if err := c.Script(ctx, "BEGIN EXCLUSIVE"); err != nil {
		c.Close()
		return nil, fmt.Errorf("%s.lock: %w", path, err)
	}
	return c, nil
}
