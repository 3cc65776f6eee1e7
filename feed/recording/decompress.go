package recording

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is what zstd itself decodes without being asked: --long=27 and --ultra -22.
const zstdWindow = 128 << 20

// layer returns the decompressor for data that begin with head, or nil if they are not
// compressed. Each reads files of several members or frames, and zeros behind the last one:
// tapes and disks fill their blocks with them.
func (c *content) layer(head []byte) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(c.Reader)
		if err != nil {
			return nil, c.raw.blame(err)
		}
		r.Multistream(false)
		return &members{in: c.Reader, member: r}, nil
	case len(head) == 10 && string(head[:3]) == "BZh" &&
		(string(head[4:]) == "1AY&SY" || string(head[4:]) == "\x17\x72\x45\x38\x50\x90"):
		in := &zeros{in: c.Reader}
		return &padded{in: in, plain: bzip2.NewReader(in), no: bzip2.StructuralError("bad magic value in continuation file")}, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}),
		len(head) > 3 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18": // a skippable frame
		in := &zeros{in: c.Reader}
		// One goroutine and little memory: there may be hundreds of these.
		r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, c.raw.blame(err)
		}
		c.closes = append(c.closes, r.Close)
		return &padded{in: in, plain: r, no: zstd.ErrMagicMismatch}, nil
	}
	return nil, nil
}

// members reads the members of a gzip file (RFC 1952, section 2.2) one by one: gzip.Reader
// alone takes padding for a bad member.
type members struct {
	in     *bufio.Reader
	member *gzip.Reader
	err    error // stays
}

func (m *members) Read(p []byte) (int, error) {
	for m.err == nil {
		n, err := m.member.Read(p)
		if err != io.EOF {
			m.err = err
			return n, err
		}
		if n > 0 {
			return n, nil // the end comes again with the next call
		}
		m.err = m.next()
	}
	return 0, m.err
}

// next moves to the next member, or returns io.EOF.
func (m *members) next() error {
	head, err := m.in.Peek(1)
	if err != nil {
		return err
	}
	if head[0] == 0 {
		return onlyZeros(m.in)
	}
	if err := m.member.Reset(m.in); err != nil {
		if errors.Is(err, gzip.ErrHeader) {
			err = errors.New("what follows its end is not gzip")
		}
		return err
	}
	m.member.Multistream(false)
	return nil
}

// onlyZeros returns io.EOF if nothing but zeros is left.
func onlyZeros(in io.ByteReader) error {
	for {
		switch b, err := in.ReadByte(); {
		case err != nil:
			return err
		case b != 0:
			return errors.New("what follows its end is neither zeros nor more of it")
		}
	}
}

// padded ends at padding: where the decompressor finds zeros in place of another frame, and
// nothing else follows.
type padded struct {
	in    *zeros
	plain io.Reader
	no    error // "no further frame begins here"
	err   error // stays: bzip2.Reader would go on after an error
}

func (p *padded) Read(to []byte) (n int, err error) {
	if p.err != nil {
		return 0, p.err
	}
	n, p.err = p.plain.Read(to)
	if p.err != nil && errors.Is(p.err, p.no) && p.in.last >= 2 {
		p.err = onlyZeros(p.in.in)
	}
	return n, p.err
}

// zeros counts the zeros that were read last.
type zeros struct {
	in   *bufio.Reader
	last int
}

func (z *zeros) Read(p []byte) (int, error) {
	n, err := z.in.Read(p)
	for _, b := range p[:n] {
		z.see(b)
	}
	return n, err
}

func (z *zeros) ReadByte() (byte, error) {
	b, err := z.in.ReadByte()
	if err == nil {
		z.see(b)
	}
	return b, err
}

func (z *zeros) see(b byte) {
	if z.last++; b != 0 {
		z.last = 0
	}
}
