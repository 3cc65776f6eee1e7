package db

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Tally is a sum over rows in any order.
type Tally struct {
	Rows int
	sum  uint64
}

// Add adds a row.
func (t *Tally) Add(v []int64) {
	var b []byte
	for _, n := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	t.Rows++
	t.sum += xxhash.Sum64(b)
}

// Numbers calls each with every row of a statement that reads integers.
func (c *Conn) Numbers(ctx context.Context, st Statement, each func([]int64)) error {
	var v []int64
	return c.Scan(ctx, st, func(r *Cells) error {
		v = slices.Grow(v[:0], r.row.Len())[:r.row.Len()]
		for i := range v {
			v[i] = 0
			Number(r, &v[i])
		}
		each(v)
		return nil
	})
}
