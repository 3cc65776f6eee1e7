package sqlite

import (
	"context"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

var linkTable = db.Table[store.Link]{Name: "links", Summed: true, Columns: "link_id, made_at, actor, body", Walk: func(c *db.Cells, l *store.Link) {
	db.Text(c, &l.ID)
	db.Number(c, &l.MadeAt)
	db.Text(c, &l.Actor)
	db.Text(c, &l.Body)
}}

// SetLink stores a decision, replacing the one on the same link.
func (s *Store) SetLink(ctx context.Context, l store.Link) error {
	return s.db.Write(ctx, func(c *db.Conn) error {
		w := db.Cells{Writing: true}
		linkTable.Row(&w, &l)
		_, err := c.Exec(ctx, s.table[setLink], w.V...)
		return err
	})
}

// DropLink removes a decision; ok is false if there is none on that link.
func (s *Store) DropLink(ctx context.Context, id string) (ok bool, err error) {
	err = s.db.Write(ctx, func(c *db.Conn) error {
		n, err := c.Exec(ctx, s.table[dropLink], id)
		ok = n > 0
		return err
	})
	return ok, err
}

// Links returns the oldest limit decisions, oldest first.
func (s *Store) Links(ctx context.Context, limit int) ([]store.Link, error) {
	return list(ctx, s, linkTable, s.table[links], int64(limit))
}
