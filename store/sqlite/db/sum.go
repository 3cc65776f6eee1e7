package db

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"corrgraph/store"
)

// sumOf is a sum of a row's values, the same before they are written and after they are read.
func sumOf(row []driver.Value) int64 {
	var d xxhash.Digest
	d.Reset()
	var b [9]byte
	put := func(kind byte, n uint64) {
		b[0] = kind
		binary.LittleEndian.PutUint64(b[1:], n)
		_, _ = d.Write(b[:])
	}
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			put('n', 0)
		case int64:
			put('i', uint64(v))
		case float64:
			put('f', math.Float64bits(v+0)) // SQLite stores -0 as 0
		case string:
			put('s', uint64(len(v)))
			_, _ = d.WriteString(v)
		case []byte:
			put('b', uint64(len(v)))
			_, _ = d.Write(v)
		default:
			panic(fmt.Sprintf("a column of type %T", v)) // Cells writes no other
		}
	}
	return int64(d.Sum64())
}

// Row appends the values of v to w, for a statement that names the columns of Written.
func (t Table[T]) Row(w *Cells, v *T) {
	from := len(w.V)
	t.Walk(w, v)
	if t.Summed {
		w.Put(sumOf(w.V[from:]))
	}
}

// Written are the columns that a statement that writes a row names.
func (t Table[T]) Written() string {
	if t.Summed {
		return t.Columns + ", row_sum"
	}
	return t.Columns
}

// wrong calls each with every row whose sum is not that of its columns. Rows without a sum
// are passed over.
func (t Table[T]) wrong(ctx context.Context, c *Conn, each func(rowid int64)) error {
	st := Statement{Name: "sums_" + t.Name, SQL: "SELECT rowid, " + t.Written() + " FROM " + t.Name + " NOT INDEXED WHERE row_sum IS NOT NULL", Deadline: Upkeep}
	return c.Query(ctx, st, func(row []driver.Value) error {
		last := len(row) - 1
		if sum, ok := row[last].(int64); !ok || sum != sumOf(row[1:last]) {
			each(row[0].(int64))
		}
		return nil
	})
}

// mostRows is how many damaged rows of a table are named.
const mostRows = 8

// Check reads all rows that have a sum, and names those that are not what was written. Cost:
// about a microsecond a row and a nanosecond a byte.
func (t Table[T]) Check(ctx context.Context, c *Conn) (found []store.Finding, err error) {
	n := 0
	err = t.wrong(ctx, c, func(rowid int64) {
		if n++; n <= mostRows {
			found = append(found, t.finding(fmt.Sprintf("row %d is not what was written: a bit flipped, or another program changed it", rowid)))
		}
	})
	if n > mostRows {
		found = append(found, t.finding(fmt.Sprintf("%d more rows are not what was written", n-mostRows)))
	}
	if errors.Is(err, store.ErrDamaged) {
		return append(found, store.Finding{Kind: store.FindPage, Where: t.Name, Detail: err.Error(), Harm: true}), nil
	}
	return found, err
}

func (t Table[T]) finding(detail string) store.Finding {
	return store.Finding{Kind: store.FindRow, Where: t.Name, Detail: detail, Harm: true}
}

// DropWrong removes the rows that Check finds and adds their number to gone, by table. Call
// it in a transaction.
func (t Table[T]) DropWrong(ctx context.Context, c *Conn, gone map[string]int) error {
	var rows []int64
	if err := t.wrong(ctx, c, func(rowid int64) { rows = append(rows, rowid) }); err != nil || len(rows) == 0 {
		return err
	}
	gone[t.Name] += len(rows)
	drop := Statement{Name: "drop_" + t.Name, SQL: "DELETE FROM " + t.Name + " WHERE rowid = ?", Deadline: Upkeep}
	return c.ExecEach(ctx, drop, len(rows), func(i int) ([]driver.Value, error) { return []driver.Value{rows[i]}, nil })
}
