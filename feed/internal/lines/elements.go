package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"corrgraph/feed"
)

// Elements returns the elements of the JSON arrays in r, one a line, however they are laid
// out, so that line numbers are those of elements. It holds one element at a time, of at
// most Max bytes. Reading fails with feed.ErrFormat at anything else, with feed.ErrTruncated
// if an array does not end, and with feed.ErrTooLong.
func Elements(r io.Reader) io.Reader { return elementsOf(r, Max) }

func elementsOf(r io.Reader, longest int64) *elements {
	in := &bounded{in: r}
	return &elements{in: in, longest: longest, from: json.NewDecoder(in)}
}

type elements struct {
	in      *bounded
	longest int64
	from    *json.Decoder
	inside  bool         // an array
	line    bytes.Buffer // what is left of the present element
	err     error
}

func (e *elements) Read(p []byte) (int, error) {
	for e.line.Len() == 0 && e.err == nil {
		e.err = e.next()
	}
	if e.line.Len() > 0 {
		return e.line.Read(p)
	}
	return 0, e.err
}

// next reads one element, or a bracket.
func (e *elements) next() error {
	e.in.most = e.from.InputOffset() + e.longest
	switch {
	case !e.inside:
		begin, err := e.from.Token()
		if err == io.EOF {
			return io.EOF
		}
		if err == nil && begin != json.Delim('[') {
			return fmt.Errorf("%w: something else follows a JSON array", feed.ErrFormat)
		}
		e.inside = true
		return named(err)
	case !e.from.More():
		e.inside = false
		_, err := e.from.Token()
		return named(err)
	}
	var element json.RawMessage
	if err := e.from.Decode(&element); err != nil {
		return named(err)
	}
	if err := json.Compact(&e.line, element); err != nil {
		return named(err)
	}
	return e.line.WriteByte('\n')
}

// named turns an error of package json into one of a recording.
func named(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the JSON array does not end", feed.ErrTruncated)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: bad JSON: byte %d: %w", feed.ErrFormat, syntax.Offset, err)
	}
	return err
}

// bounded fails once more than most bytes have been read.
type bounded struct {
	in         io.Reader
	read, most int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read > b.most {
		return 0, feed.ErrTooLong
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	return n, err
}
