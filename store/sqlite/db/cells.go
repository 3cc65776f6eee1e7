package db

import (
	"database/sql/driver"
	"encoding/json"
	"slices"

	"corrgraph/store/sqlite/row"
)

// Cells walks the columns of one row, writing or reading them, so that a type's columns are
// listed only once. After the first error it does nothing.
type Cells struct {
	V       []driver.Value // values written, or values left to read
	Writing bool
	Err     error

	row *row.Row // read instead of V, if not nil
	v   row.Value
}

// next returns the next value of a row being read. It is valid up to the next call.
func (c *Cells) next() *row.Value {
	c.v.Kind = row.Null
	switch {
	case c.Err != nil:
	case c.row != nil:
		c.row.Next(&c.v)
	case len(c.V) > 0:
		c.v.Take(c.V[0])
		c.V = c.V[1:]
	}
	return &c.v
}

// known reports whether the next value is not NULL. A NULL is passed over.
func (c *Cells) known() bool {
	isNull := len(c.V) == 0 || c.V[0] == nil
	if c.row != nil {
		isNull = c.row.IsNull()
	}
	if isNull {
		c.next()
	}
	return !isNull
}

// Put appends a value to a row being written.
func (c *Cells) Put(v driver.Value) { c.V = append(c.V, v) }

// Text is a text column. Here and below, reading NULL leaves *p unchanged.
func Text[S ~string](c *Cells, p *S) {
	if c.Writing {
		c.Put(string(*p))
		return
	}
	if v := c.next(); v.Kind != row.Null {
		*p = S(v.String())
	}
}

// Number is an integer column; a fraction written by another program is rounded.
func Number[I ~int | ~int64 | ~uint8](c *Cells, p *I) {
	if c.Writing {
		c.Put(int64(*p))
		return
	}
	if n, ok := c.next().Number(); ok {
		*p = I(n)
	}
}

// Float is a floating-point column for each pointer.
func (c *Cells) Float(ps ...*float64) {
	for _, p := range ps {
		if c.Writing {
			c.Put(*p)
			continue
		}
		switch v := c.next(); v.Kind {
		case row.Float:
			*p = v.Float
		case row.Integer:
			*p = float64(v.Int)
		}
	}
}

// Maybe is a floating-point column that is NULL unless its value is known. It returns
// whether it is.
func (c *Cells) Maybe(p *float64, known bool) bool {
	switch {
	case c.Writing && known:
		c.Put(*p)
	case c.Writing:
		c.Put(nil)
	default:
		if known = c.known(); known {
			c.Float(p)
		}
	}
	return known
}

// Bool is a column of 0 and 1 for each pointer.
func (c *Cells) Bool(ps ...*bool) {
	for _, p := range ps {
		n := 0
		if *p {
			n = 1
		}
		Number(c, &n)
		*p = n != 0
	}
}

// Known is a column of 0 and 1 that is NULL unless its value is known. It returns both.
func (c *Cells) Known(known, yes bool) (isKnown, isYes bool) {
	switch {
	case c.Writing && known:
		c.Bool(&yes)
	case c.Writing:
		c.Put(nil)
	default:
		if known = c.known(); known {
			c.Bool(&yes)
		}
	}
	return known, yes && known
}

// JSON is a column of JSON text.
func (c *Cells) JSON(p any) {
	if c.Writing {
		b, err := json.Marshal(p)
		if err != nil && c.Err == nil {
			c.Err = err
		}
		c.Put(string(b))
		return
	}
	if v := c.next(); v.Kind == row.Text && c.Err == nil {
		c.Err = json.Unmarshal([]byte(v.Text), p)
	}
}

// Blob is a column of bytes; empty means NULL.
func (c *Cells) Blob(p *[]byte) {
	if c.Writing {
		if len(*p) == 0 {
			c.Put(nil)
			return
		}
		c.Put(*p)
		return
	}
	*p = nil
	if v := c.next(); v.Kind == row.Blob {
		*p = slices.Clip(v.Blob)
	}
}
