package db

import (
	"context"
	"database/sql/driver"
	"strings"
)

// Table maps a type to its columns: Walk lists its fields in the order of Columns, for
// writing and for reading.
type Table[T any] struct {
	Name    string
	Columns string
	Walk    func(c *Cells, v *T)
	// Unique is the column by which the first of several rows stands and the others are
	// passed over; empty if the table has no key that outside input decides.
	Unique string
	// Summed says that each row has a sum of its columns, in a column row_sum.
	Summed bool
}

// Insert returns the statement that inserts one row. (Many rows in one INSERT save nothing:
// SQLite then journals each page to be able to undo the statement.)
func (t Table[T]) Insert() Statement {
	sql := "INSERT INTO " + t.Name + " (" + t.Written() + ") VALUES (" + Marks(t.Written()) + ")"
	if t.Unique != "" {
		sql += " ON CONFLICT (" + t.Unique + ") DO NOTHING"
	}
	return Statement{Name: "insert_" + t.Name, SQL: sql, Deadline: Commit}
}

// Write inserts all rows. Call it in a transaction, for speed and atomicity.
func (t Table[T]) Write(ctx context.Context, c *Conn, rows []T) error {
	w := Cells{Writing: true}
	return c.ExecEach(ctx, t.Insert(), len(rows), func(i int) ([]driver.Value, error) {
		w.V = w.V[:0]
		t.Row(&w, &rows[i])
		return w.V, w.Err
	})
}

// Replace empties the table and fills it with rows.
func (t Table[T]) Replace(ctx context.Context, c *Conn, rows []T) error {
	empty := Statement{Name: "clear_" + t.Name, SQL: "DELETE FROM " + t.Name, Deadline: Commit}
	if _, err := c.Exec(ctx, empty); err != nil {
		return err
	}
	return t.Write(ctx, c, rows)
}

// Read appends the rows of a SELECT of t's columns to out.
func (t Table[T]) Read(ctx context.Context, c *Conn, out []T, s Statement, args ...driver.Value) ([]T, error) {
	err := c.Scan(ctx, s, func(r *Cells) error {
		out = append(out, *new(T))
		t.Walk(r, &out[len(out)-1])
		return r.Err
	}, args...)
	return out, err
}

// List reads all rows of a SELECT of t's columns, using a connection of d.
func (t Table[T]) List(ctx context.Context, d *DB, s Statement, args ...driver.Value) (out []T, err error) {
	err = d.Read(ctx, s, func(ctx context.Context, c *Conn) error {
		out, err = t.Read(ctx, c, nil, s, args...)
		return err
	})
	return out, err
}

// Marks returns a question mark for each of the comma-separated columns.
func Marks(columns string) string {
	return strings.TrimSuffix(strings.Repeat("?,", strings.Count(columns, ",")+1), ",")
}

// Updates returns the assignments for an upsert of columns.
func Updates(columns string) string {
	var set []string
	for c := range strings.SplitSeq(columns, ",") {
		c = strings.TrimSpace(c)
		set = append(set, c+" = excluded."+c)
	}
	return strings.Join(set, ", ")
}
