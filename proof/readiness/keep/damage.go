package keep

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"corrgraph/server/backup"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// VerifiesDamage reports whether a backup is called good although one bit of a chunk in it
// is flipped. Its checksum is right, as that of a backup of a damaged store would be.
func VerifiesDamage(ctx context.Context, from, to string) (blind bool, err error) {
	whole, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, whole, 0o600)
	}
	if err == nil {
		err = flipChunk(ctx, to)
	}
	if err != nil {
		return false, err
	}
	bad, err := os.ReadFile(to)
	if err == nil {
		err = os.WriteFile(to+".sha256", fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(bad), filepath.Base(to)), 0o600)
	}
	if err != nil {
		return false, err
	}
	_, err = backup.Verify(ctx, to)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return false, err
	}
	return err == nil, nil
}

// flipChunk flips a bit in the middle of a chunk in the middle of a tick log.
func flipChunk(ctx context.Context, path string) (err error) {
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	read := db.Statement{Name: "chunk", SQL: `SELECT rowid, payload FROM tick_log LIMIT 1 OFFSET (SELECT count(*) / 2 FROM tick_log)`, Deadline: db.Listing}
	write := db.Statement{Name: "flip", SQL: `UPDATE tick_log SET payload = ? WHERE rowid = ?`, Deadline: db.Listing}
	var row int64
	var payload []byte
	if err := c.Query(ctx, read, func(v []driver.Value) error {
		r := db.Cells{V: v}
		db.Number(&r, &row)
		r.Blob(&payload)
		return nil
	}); err != nil {
		return err
	}
	if len(payload) == 0 {
		return errors.New("the backup has no chunk to damage")
	}
	payload[len(payload)/2] ^= 1
	_, err = c.Exec(ctx, write, payload, row)
	return err
}
