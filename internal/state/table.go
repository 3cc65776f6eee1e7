package state

import "cmp"

// Table numbers objects that others refer to.
type Table[T comparable] struct {
	list  []T
	index map[T]int
}

// Add gives x the next number.
func (t *Table[T]) Add(x T) {
	if t.index == nil {
		t.index = map[T]int{}
	}
	t.index[x] = len(t.list)
	t.list = append(t.list, x)
}

// Has reports whether x has a number.
func (t *Table[T]) Has(x T) bool {
	_, ok := t.index[x]
	return ok
}

// Len is the number of objects.
func (t *Table[T]) Len() int { return len(t.list) }

// All lists the objects in order.
func (t *Table[T]) All() []T { return t.list }

// Ref codes a reference to an object of the table, or the zero value. Any other object is
// an error.
func (t *Table[T]) Ref(c *Coder, p *T) {
	var zero T
	n := 0
	if !c.Reading() && *p != zero {
		i, ok := t.index[*p]
		if !ok {
			c.Fail(errOrphan)
			return
		}
		n = i + 1
	}
	switch n = c.Len(n); {
	case n == 0 || c.err != nil:
		*p = zero
	case n < 0 || n > len(t.list):
		c.Fail(ErrCorrupt)
		*p = zero
	default:
		*p = t.list[n-1]
	}
}

// Number is the number of x; 0 if it has none.
func (t *Table[T]) Number(x T) int { return t.index[x] }

// Order compares two objects by their numbers.
func (t *Table[T]) Order(a, b T) int { return cmp.Compare(t.index[a], t.index[b]) }
