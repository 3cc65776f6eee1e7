package db

import (
	"context"
	"fmt"
)

// lock takes the writer's advisory lock: an exclusive transaction on an empty database
// beside the store. The operating system releases it when the process ends, however it
// ends, and readers of the store never notice it. The lock file is not removed, because
// then two processes could lock two files of the same name.
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
