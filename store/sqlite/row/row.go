// Package row reads the rows of a running statement where SQLite holds them. The driver
// allocates for each value, which costs as much as finding it, and SQLite locks the
// connection for each. A row is for one goroutine, which has the connection to itself; what
// is read of it stays as it was when the statement goes on.
package row

import (
	"database/sql/driver"
	"fmt"
	"math"
	"slices"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Value is the value of one column: the member that Kind names.
type Value struct {
	Kind  Kind
	Int   int64
	Float float64
	Text  string
	Blob  []byte // the reader's own
}

// Kind is a type of SQLite's values. The zero value is NULL, which a row that is too short
// has in place of what it lacks.
type Kind uint8

// SQLite's types.
const (
	Null Kind = iota
	Integer
	Float
	Text
	Blob
)

// Take makes v a value of the driver.
func (v *Value) Take(of driver.Value) {
	switch of := of.(type) {
	case int64:
		v.Kind, v.Int = Integer, of
	case float64:
		v.Kind, v.Float = Float, of
	case string:
		v.Kind, v.Text = Text, of
	case []byte:
		v.Kind, v.Blob = Blob, of
	}
}

// Driver is what the driver returns.
func (v *Value) Driver() driver.Value {
	switch v.Kind {
	case Integer:
		return v.Int
	case Float:
		return v.Float
	case Text:
		return v.Text
	case Blob:
		return v.Blob
	}
	return nil
}

// Number is false unless the value is a number; a fraction is rounded.
func (v *Value) Number() (n int64, ok bool) {
	if v.Kind == Float {
		return int64(math.Round(v.Float)), true
	}
	return v.Int, v.Kind == Integer
}

// String is the value as text.
func (v *Value) String() string {
	if v.Kind == Text {
		return v.Text
	}
	return fmt.Sprint(v.Driver())
}

// Row is the current row of a statement. A text that is the one of the row before is not
// allocated again.
type Row struct {
	tls  *libc.TLS
	stmt uintptr  // sqlite3_stmt*
	at   int      // the next column
	last []string // by column

	first, step uintptr // the values of a row are an array, but may move with the row
}

// New returns the rows of a statement with so many columns.
func New(tls *libc.TLS, stmt uintptr, columns int) *Row {
	return &Row{tls: tls, stmt: stmt, last: make([]string, columns)}
}

// Len is the number of columns.
func (r *Row) Len() int { return len(r.last) }

// Begin turns to the row that the statement is at.
func (r *Row) Begin() {
	r.at, r.first = 0, lib.Xsqlite3_column_value(r.tls, r.stmt, 0)
	if r.step == 0 && len(r.last) > 1 {
		r.step = lib.Xsqlite3_column_value(r.tls, r.stmt, 1) - r.first
	}
}

// Next makes v the next column; it stays NULL beyond the last.
func (r *Row) Next(v *Value) {
	if r.at >= len(r.last) {
		return
	}
	p := r.first + uintptr(r.at)*r.step
	switch lib.Xsqlite3_value_type(r.tls, p) {
	case lib.SQLITE_INTEGER:
		v.Kind, v.Int = Integer, lib.Xsqlite3_value_int64(r.tls, p)
	case lib.SQLITE_FLOAT:
		v.Kind, v.Float = Float, lib.Xsqlite3_value_double(r.tls, p)
	case lib.SQLITE_TEXT:
		b := r.bytes(lib.Xsqlite3_value_text(r.tls, p), p)
		if string(b) != r.last[r.at] {
			r.last[r.at] = string(b)
		}
		v.Kind, v.Text = Text, r.last[r.at]
	case lib.SQLITE_BLOB:
		v.Kind, v.Blob = Blob, slices.Clone(r.bytes(lib.Xsqlite3_value_blob(r.tls, p), p))
	}
	r.at++
}

// bytes are those of value p, which SQLite may change at its next step.
func (r *Row) bytes(at, p uintptr) []byte {
	if n := lib.Xsqlite3_value_bytes(r.tls, p); at != 0 && n > 0 {
		return libc.GoBytes(at, int(n))
	}
	return nil
}

// IsNull reports whether the next column is NULL or missing.
func (r *Row) IsNull() bool {
	return r.at >= len(r.last) || lib.Xsqlite3_value_type(r.tls, r.first+uintptr(r.at)*r.step) == lib.SQLITE_NULL
}
