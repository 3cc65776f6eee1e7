package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Cells walks the columns of one row, writing or reading them, so that a type's columns are
// listed only once. After the first error it does nothing.
type Cells struct {
	V       []driver.Value // values written, or values left to read
	Writing bool
	Err     error
}

// next returns the next value of a row being read.
func (c *Cells) next() (v driver.Value) {
	if c.Err == nil && len(c.V) > 0 {
		v, c.V = c.V[0], c.V[1:]
	}
	return v
}

// Put appends a value to a row being written.
func (c *Cells) Put(v driver.Value) { c.V = append(c.V, v) }

// Text is a text column. Here and below, reading NULL leaves *p unchanged.
func Text[S ~string](c *Cells, p *S) {
	if c.Writing {
		c.Put(string(*p))
		return
	}
	switch v := c.next().(type) {
	case string:
		*p = S(v)
	case nil:
	default:
		*p = S(fmt.Sprint(v))
	}
}

// Number is an integer column; a fraction written by another program is rounded.
func Number[I ~int | ~int64 | ~uint8](c *Cells, p *I) {
	if c.Writing {
		c.Put(int64(*p))
		return
	}
	switch v := c.next().(type) {
	case int64:
		*p = I(v)
	case float64:
		*p = I(math.Round(v))
	}
}

// Float is a floating-point column.
func (c *Cells) Float(p *float64) {
	if c.Writing {
		c.Put(*p)
		return
	}
	switch v := c.next().(type) {
	case float64:
		*p = v
	case int64:
		*p = float64(v)
	}
}

// Bool is a column of 0 and 1.
func (c *Cells) Bool(p *bool) {
	n := 0
	if *p {
		n = 1
	}
	Number(c, &n)
	*p = n != 0
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
	if v, ok := c.next().(string); ok && c.Err == nil {
		c.Err = json.Unmarshal([]byte(v), p)
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
	v, _ := c.next().([]byte)
	*p = slices.Clip(v)
}
