package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// cells walks the columns of one row, writing or reading them, so that a type's
// columns are listed once for both. After the first error it does nothing.
type cells struct {
	v       []driver.Value
	writing bool
	err     error
}

// next returns the next value of a row that is read.
func (c *cells) next() (v driver.Value) {
	if c.err == nil && len(c.v) > 0 {
		v, c.v = c.v[0], c.v[1:]
	}
	return v
}

func (c *cells) put(v driver.Value) { c.v = append(c.v, v) }

// text is a column of text. Reading NULL leaves *p alone, here and below.
func text[S ~string](c *cells, p *S) {
	if c.writing {
		c.put(string(*p))
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

// number is a column of whole numbers; a fraction that another program wrote is
// rounded.
func number[I ~int | ~int64 | ~uint8](c *cells, p *I) {
	if c.writing {
		c.put(int64(*p))
		return
	}
	switch v := c.next().(type) {
	case int64:
		*p = I(v)
	case float64:
		*p = I(math.Round(v))
	}
}

func (c *cells) float(p *float64) {
	if c.writing {
		c.put(*p)
		return
	}
	switch v := c.next().(type) {
	case float64:
		*p = v
	case int64:
		*p = float64(v)
	}
}

func (c *cells) bool(p *bool) {
	n := 0
	if *p {
		n = 1
	}
	number(c, &n)
	*p = n != 0
}

// json is a column of JSON text.
func (c *cells) json(p any) {
	if c.writing {
		b, err := json.Marshal(p)
		if err != nil && c.err == nil {
			c.err = err
		}
		c.put(string(b))
		return
	}
	if v, ok := c.next().(string); ok && c.err == nil {
		c.err = json.Unmarshal([]byte(v), p)
	}
}

// blob is a column of bytes; none is NULL.
func (c *cells) blob(p *[]byte) {
	if c.writing {
		if len(*p) == 0 {
			c.put(nil)
			return
		}
		c.put(*p)
		return
	}
	v, _ := c.next().([]byte)
	*p = slices.Clip(v)
}
