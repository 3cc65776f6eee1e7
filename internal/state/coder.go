package state

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"
)

// Coder writes values, or reads them back in the same order. After the first error it does
// nothing: values read then are zero, including lengths.
type Coder struct {
	out *frameWriter // nil while reading
	in  *frameReader

	strings map[string]uint64 // strings written, each once
	known   []string          // strings read
	err     error
	buf     [binary.MaxVarintLen64]byte
}

// NewWriter starts a state: magic identifies its content, version its encoding.
func NewWriter(w io.Writer, magic string, version uint64) *Coder {
	c := &Coder{out: newFrameWriter(w), strings: map[string]uint64{}}
	c.write([]byte(magic))
	c.uint(&version)
	return c
}

// NewReader starts reading a state. It returns ErrFormat, ErrVersion, ErrCorrupt or
// ErrTruncated, or wraps the reader's error.
func NewReader(r io.Reader, magic string, version uint64) (*Coder, error) {
	c := &Coder{in: &frameReader{r: r}}
	b := make([]byte, len(magic))
	c.read(b)
	if c.err == nil && string(b) != magic {
		c.err = ErrFormat
	}
	var v uint64
	if c.uint(&v); c.err == nil && v != version {
		c.err = fmt.Errorf("%w: it has version %d, this program reads %d", ErrVersion, v, version)
	}
	return c, c.err
}

// Reading reports whether the Coder reads.
func (c *Coder) Reading() bool { return c.out == nil }

// Err returns the first error.
func (c *Coder) Err() error { return c.err }

// Fail records that the input is invalid or a value cannot be written. An earlier error
// takes precedence.
func (c *Coder) Fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Close ends the state and returns the first error.
func (c *Coder) Close() error {
	if c.err != nil {
		return c.err
	}
	if c.Reading() {
		c.err = c.in.close()
	} else {
		c.err = c.out.close()
	}
	return c.err
}

// Values codes the pointed-to values, and changes them only while reading: booleans, numbers, strings, and structs, arrays,
// slices, maps and pointers of these. It panics for anything else, and for a struct with
// unexported fields: its owner must list them. Reading an empty slice or map leaves the
// target as it was.
func (c *Coder) Values(ps ...any) {
	for _, p := range ps {
		switch p := p.(type) { // the most frequent types
		case *bool:
			c.bool(p)
		case *int:
			c.int(p)
		case *float64:
			c.float(p)
		case *string:
			c.string(p)
		default:
			c.value(reflect.ValueOf(p).Elem())
		}
	}
}

// Len codes a length.
func (c *Coder) Len(n int) int {
	x := uint64(n)
	c.uint(&x)
	return int(x)
}

// Slice codes a slice of any type, element by element.
func Slice[T any](c *Coder, s *[]T, each func(*T)) {
	n := c.Len(len(*s))
	if !c.Reading() {
		for i := range *s {
			each(&(*s)[i])
		}
		return
	}
	*s = (*s)[:0]
	for range n {
		if c.err != nil {
			return
		}
		*s = append(*s, *new(T))
		each(&(*s)[len(*s)-1])
	}
}

// Int codes a number of any signed type, without asking for its type as Values does.
func Int[T ~int64](c *Coder, p *T) {
	x := int64(*p)
	if c.int64(&x); c.Reading() {
		*p = T(x)
	}
}

// Float codes a number, as Values does.
func (c *Coder) Float(p *float64) { c.float(p) }

// room returns place for most bytes to be written, or nil if they must go through write.
func (c *Coder) room(most int) []byte {
	if c.err != nil {
		return nil
	}
	return c.out.room(most)
}

func (c *Coder) write(b []byte) {
	if c.err == nil {
		c.err = c.out.write(b)
	}
}

func (c *Coder) read(b []byte) {
	if c.err == nil {
		c.err = c.in.read(b)
	}
	if c.err != nil {
		clear(b)
	}
}

func (c *Coder) bool(p *bool) {
	var b [1]byte
	if *p {
		b[0] = 1
	}
	if c.Reading() {
		c.read(b[:])
		*p = b[0] == 1
		return
	}
	c.write(b[:])
}

func (c *Coder) uint(p *uint64) {
	if !c.Reading() {
		if b := c.room(binary.MaxVarintLen64); b != nil {
			c.out.took(binary.PutUvarint(b, *p))
			return
		}
		c.write(binary.AppendUvarint(c.buf[:0], *p))
		return
	}
	*p = 0
	if c.err == nil {
		if x, n := binary.Uvarint(c.in.rest); n > 0 {
			*p, c.in.rest = x, c.in.rest[n:]
			return
		}
	}
	var b [1]byte
	for shift := 0; shift < 64; shift += 7 {
		c.read(b[:])
		*p |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return
		}
	}
	c.Fail(ErrCorrupt)
}

// int64 codes small numbers of either sign in few bytes.
func (c *Coder) int64(p *int64) {
	x := uint64(*p)<<1 ^ uint64(*p>>63)
	if c.uint(&x); c.Reading() {
		*p = int64(x>>1) ^ -int64(x&1)
	}
}

func (c *Coder) int(p *int) {
	x := int64(*p)
	if c.int64(&x); c.Reading() {
		*p = int(x)
	}
}

func (c *Coder) float(p *float64) {
	b := c.buf[:8]
	if c.Reading() {
		c.read(b)
		*p = math.Float64frombits(binary.LittleEndian.Uint64(b))
		return
	}
	if b := c.room(8); b != nil {
		binary.LittleEndian.PutUint64(b, math.Float64bits(*p))
		c.out.took(8)
		return
	}
	binary.LittleEndian.PutUint64(b, math.Float64bits(*p))
	c.write(b)
}

func (c *Coder) float32(p *float32) {
	b := c.buf[:4]
	if c.Reading() {
		c.read(b)
		*p = math.Float32frombits(binary.LittleEndian.Uint32(b))
		return
	}
	binary.LittleEndian.PutUint32(b, math.Float32bits(*p))
	c.write(b)
}

// string codes a string: in full the first time, then by number.
func (c *Coder) string(p *string) {
	if c.Reading() {
		c.readString(p)
		return
	}
	id, ok := c.strings[*p]
	if ok {
		c.uint(&id)
		return
	}
	id = uint64(len(c.strings))
	c.strings[*p] = id
	c.uint(&id)
	c.Len(len(*p))
	c.write([]byte(*p))
}

func (c *Coder) readString(p *string) {
	*p = ""
	var id uint64
	c.uint(&id)
	switch {
	case c.err != nil:
	case id < uint64(len(c.known)):
		*p = c.known[id]
	case id > uint64(len(c.known)):
		c.Fail(ErrCorrupt)
	default:
		var b []byte
		for n := c.Len(0); n > 0 && c.err == nil; n -= frameSize { // limited by the data, whatever the length claims
			from := len(b)
			b = append(b, make([]byte, min(n, frameSize))...)
			c.read(b[from:])
		}
		*p = string(b)
		c.known = append(c.known, *p)
	}
}
