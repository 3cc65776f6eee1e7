package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Errors of an input.
var (
	ErrFormat    = errors.New("not a saved state")
	ErrVersion   = errors.New("saved by a different version")
	ErrCorrupt   = errors.New("the saved state is damaged")
	ErrTruncated = errors.New("the saved state is cut off")

	errOrphan = errors.New("a reference to an object that is not saved")
)

// frameSize is the maximum number of bytes under one checksum.
const frameSize = 1 << 16

// frameHead is the size of a frame's head: its length and the CRC-32C of all bytes up to
// its end, four bytes each. The checksum is cumulative, so that swapped frames are
// detected, too. An empty frame ends the state.
const frameHead = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameWriter splits the output into frames.
type frameWriter struct {
	w   io.Writer
	crc uint32
	n   int                         // bytes in buf
	buf [frameHead + frameSize]byte // frameHead, then the bytes waiting to be written
}

func newFrameWriter(w io.Writer) *frameWriter { return &frameWriter{w: w, n: frameHead} }

func (f *frameWriter) write(b []byte) error {
	for len(b) > 0 {
		n := copy(f.buf[f.n:], b)
		f.n, b = f.n+n, b[n:]
		if f.n == len(f.buf) {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// room returns place for most bytes if there is more than that in the present frame, else nil. Of
// what is written there, took takes the first ones.
func (f *frameWriter) room(most int) []byte {
	if len(f.buf)-f.n <= most {
		return nil
	}
	return f.buf[f.n : f.n+most]
}

func (f *frameWriter) took(n int) { f.n += n }

func (f *frameWriter) flush() error {
	f.crc = crc32.Update(f.crc, castagnoli, f.buf[frameHead:f.n])
	binary.LittleEndian.PutUint32(f.buf[:], uint32(f.n-frameHead))
	binary.LittleEndian.PutUint32(f.buf[4:], f.crc)
	_, err := f.w.Write(f.buf[:f.n])
	f.n = frameHead
	return err
}

// close writes the remaining bytes and the end frame.
func (f *frameWriter) close() error {
	if f.n > frameHead {
		if err := f.flush(); err != nil {
			return err
		}
	}
	return f.flush()
}

// frameReader returns the bytes of complete frames.
type frameReader struct {
	r    io.Reader
	crc  uint32
	rest []byte // of the current frame
	buf  []byte
	done bool
}

func (f *frameReader) read(b []byte) error {
	for len(b) > 0 {
		if len(f.rest) == 0 {
			if err := f.next(); err != nil {
				return err
			}
			if f.done {
				return ErrCorrupt // the state ends before the requested bytes
			}
		}
		n := copy(b, f.rest)
		b, f.rest = b[n:], f.rest[n:]
	}
	return nil
}

// next reads a frame.
func (f *frameReader) next() error {
	var head [frameHead]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return cut(err)
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > frameSize {
		return ErrCorrupt
	}
	if f.buf == nil {
		f.buf = make([]byte, frameSize)
	}
	f.rest = f.buf[:n]
	if _, err := io.ReadFull(f.r, f.rest); err != nil {
		return cut(err)
	}
	if f.crc = crc32.Update(f.crc, castagnoli, f.rest); f.crc != binary.LittleEndian.Uint32(head[4:]) {
		return ErrCorrupt
	}
	f.done = n == 0
	return nil
}

// close reads the end.
func (f *frameReader) close() error {
	if len(f.rest) > 0 {
		return ErrCorrupt
	}
	if err := f.next(); err != nil {
		return err
	}
	if !f.done {
		return ErrCorrupt
	}
	return nil
}

// cut reports that an input ends too soon, unless its reader failed otherwise.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return fmt.Errorf("read the saved state: %w", err)
}
