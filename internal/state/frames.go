package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// What is wrong with an input.
var (
	ErrFormat    = errors.New("not a saved state")
	ErrVersion   = errors.New("saved by another version")
	ErrCorrupt   = errors.New("the saved state is damaged")
	ErrTruncated = errors.New("the saved state is cut off")

	errOrphan = errors.New("a reference to what is not saved")
)

// frameSize is how many bytes are checked together at most.
const frameSize = 1 << 16

// frameHead is the length of a frame and the CRC-32C of all bytes up to its end, four
// bytes each, so that frames can't change places either. A frame of no bytes ends the
// state.
const frameHead = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameWriter cuts what is written into frames.
type frameWriter struct {
	w   io.Writer
	crc uint32
	buf []byte // frameHead, then what waits to be written
}

func newFrameWriter(w io.Writer) *frameWriter {
	return &frameWriter{w: w, buf: make([]byte, frameHead, frameHead+frameSize)}
}

func (f *frameWriter) write(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), frameHead+frameSize-len(f.buf))
		f.buf, b = append(f.buf, b[:n]...), b[n:]
		if len(f.buf) == frameHead+frameSize {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *frameWriter) flush() error {
	f.crc = crc32.Update(f.crc, castagnoli, f.buf[frameHead:])
	binary.LittleEndian.PutUint32(f.buf, uint32(len(f.buf)-frameHead))
	binary.LittleEndian.PutUint32(f.buf[4:], f.crc)
	_, err := f.w.Write(f.buf)
	f.buf = f.buf[:frameHead]
	return err
}

// close writes what waits and the end.
func (f *frameWriter) close() error {
	if len(f.buf) > frameHead {
		if err := f.flush(); err != nil {
			return err
		}
	}
	return f.flush()
}

// frameReader hands out the bytes of frames that are whole.
type frameReader struct {
	r    io.Reader
	crc  uint32
	rest []byte // of the present frame
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
				return ErrCorrupt // it ends before what is asked for
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

// cut says that an input ends too soon, unless its reader has failed otherwise.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return fmt.Errorf("read the saved state: %w", err)
}
