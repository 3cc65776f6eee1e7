package db

import (
	"database/sql/driver"
	"fmt"
	"math"
	"slices"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// cell is the value of one column.
type cell struct {
	kind  valueType
	int   int64
	float float64
	text  string
	blob  []byte // the reader's own
}

// valueType is a type of SQLite's values. The zero value is NULL, which a row that is too short
// has in place of what it lacks.
type valueType uint8

const (
	null valueType = iota
	integer
	float
	text
	blob
)

// take makes v a value of the driver.
func (v *cell) take(of driver.Value) {
	switch of := of.(type) {
	case int64:
		v.kind, v.int = integer, of
	case float64:
		v.kind, v.float = float, of
	case string:
		v.kind, v.text = text, of
	case []byte:
		v.kind, v.blob = blob, of
	}
}

// value is what the driver returns.
func (v *cell) value() driver.Value {
	switch v.kind {
	case integer:
		return v.int
	case float:
		return v.float
	case text:
		return v.text
	case blob:
		return v.blob
	}
	return nil
}

// number is false unless the value is a number; a fraction is rounded.
func (v *cell) number() (n int64, ok bool) {
	if v.kind == float {
		return int64(math.Round(v.float)), true
	}
	return v.int, v.kind == integer
}

// String is the value as text.
func (v *cell) String() string {
	if v.kind == text {
		return v.text
	}
	return fmt.Sprint(v.value())
}

// row is the current row of a running statement, read where SQLite holds it: the driver
// allocates for each value, which costs as much as finding it, and SQLite locks the connection
// for each, which here only one goroutine uses. A text that is the one of the row before is
// not allocated again.
type row struct {
	tls  *libc.TLS
	stmt uintptr  // sqlite3_stmt*
	at   int      // the next column
	last []string // by column

	first, step uintptr // the values of a row are an array, but may move with the row
}

// begin turns to the row that the statement is at.
func (r *row) begin() {
	r.at, r.first = 0, lib.Xsqlite3_column_value(r.tls, r.stmt, 0)
	if r.step == 0 && len(r.last) > 1 {
		r.step = lib.Xsqlite3_column_value(r.tls, r.stmt, 1) - r.first
	}
}

// next makes v the next column; it stays NULL beyond the last.
func (r *row) next(v *cell) {
	if r.at >= len(r.last) {
		return
	}
	p := r.first + uintptr(r.at)*r.step
	switch lib.Xsqlite3_value_type(r.tls, p) {
	case lib.SQLITE_INTEGER:
		v.kind, v.int = integer, lib.Xsqlite3_value_int64(r.tls, p)
	case lib.SQLITE_FLOAT:
		v.kind, v.float = float, lib.Xsqlite3_value_double(r.tls, p)
	case lib.SQLITE_TEXT:
		b := r.bytes(lib.Xsqlite3_value_text(r.tls, p), p)
		if string(b) != r.last[r.at] {
			r.last[r.at] = string(b)
		}
		v.kind, v.text = text, r.last[r.at]
	case lib.SQLITE_BLOB:
		v.kind, v.blob = blob, slices.Clone(r.bytes(lib.Xsqlite3_value_blob(r.tls, p), p))
	}
	r.at++
}

// bytes are those of value p, which SQLite may change at its next step.
func (r *row) bytes(at, p uintptr) []byte {
	if n := lib.Xsqlite3_value_bytes(r.tls, p); at != 0 && n > 0 {
		return libc.GoBytes(at, int(n))
	}
	return nil
}

// isNull reports whether the next column is NULL or missing.
func (r *row) isNull() bool {
	return r.at >= len(r.last) || lib.Xsqlite3_value_type(r.tls, r.first+uintptr(r.at)*r.step) == lib.SQLITE_NULL
}
