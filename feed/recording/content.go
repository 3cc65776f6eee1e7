package recording

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"corrgraph/feed"
)

const (
	// sniff is how many bytes are examined to detect the format.
	sniff = 64 << 10
	// maxLayers limits nested compression.
	maxLayers = 4
)

// content is a file as a parser sees it: decompressed, UTF-16 with a byte order mark turned
// into UTF-8, with its first sniff bytes available.
type content struct {
	*bufio.Reader
	raw    *rawReader
	layers int
	closes []func()
}

// Close releases the decompressors and the file.
func (c *content) Close() {
	for i := len(c.closes) - 1; i >= 0; i-- {
		c.closes[i]()
	}
	c.closes = nil
}

// Decompress returns the content of in without gzip, bzip2 or zstd compression, detected by
// content, up to four layers. Damaged data fail with feed.ErrFormat or feed.ErrTruncated.
// Closing the result closes in; so does an error.
func Decompress(ctx context.Context, in io.ReadCloser) (io.ReadCloser, error) {
	c, err := unwrap(ctx, make(chan struct{}, 1), in)
	if err != nil {
		return nil, err
	}
	return closer{c}, nil
}

// closer is a content with the Close of an io.Closer.
type closer struct{ *content }

// Close implements io.Closer.
func (c closer) Close() error {
	c.content.Close()
	return nil
}

// unwrap removes the compression of a file, layer by layer, detected by magic numbers.
func unwrap(ctx context.Context, slots chan struct{}, in io.ReadCloser) (*content, error) {
	raw := &rawReader{in: in, ctx: ctx}
	c := &content{Reader: bufio.NewReaderSize(raw, sniff), raw: raw, closes: []func(){func() { in.Close() }}}
	for {
		head, err := c.Peek(10)
		if err != nil && err != io.EOF && len(head) == 0 {
			c.Close()
			return nil, err
		}
		plain, err := c.layer(head)
		if err != nil {
			c.Close()
			return nil, err
		}
		if plain == nil {
			c.transcode()
			return c, nil
		}
		if c.layers++; c.layers > maxLayers {
			c.Close()
			return nil, fmt.Errorf("%w: compressed more than %d times over", feed.ErrFormat, maxLayers)
		}
		c.Reader = bufio.NewReaderSize(&plainReader{in: plain, raw: raw, slots: slots}, sniff)
	}
}

// transcode reads UTF-16 with a byte order mark as UTF-8.
func (c *content) transcode() {
	head, _ := c.Peek(4)
	if len(head) < 4 || head[2] == 0 && head[3] == 0 { // UTF-32
		return
	}
	if mark := string(head[:2]); mark == "\xff\xfe" || mark == "\xfe\xff" {
		utf8 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(c.Reader)
		c.Reader = bufio.NewReaderSize(utf8, sniff)
	}
}

// archived reports whether the content is a tar archive.
func (c *content) archived() bool {
	head, _ := c.Peek(262)
	return len(head) == 262 && string(head[257:]) == "ustar"
}

// rawReader reads the stored bytes and counts them. It keeps the system's error so that it
// is not mistaken for damaged data.
type rawReader struct {
	in    io.Reader
	ctx   context.Context
	count int64
	read  *atomic.Int64 // progress; nil while probing
	err   error
}

// progress adds the bytes read so far and from now on to read.
func (r *rawReader) progress(read *atomic.Int64) {
	read.Add(r.count)
	r.read = read
}

func (r *rawReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		r.err = context.Cause(r.ctx)
		return 0, r.err
	}
	n, err := r.in.Read(p)
	r.count += int64(n)
	if r.read != nil {
		r.read.Add(int64(n))
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// blame distinguishes a failed read from bad data.
func (r *rawReader) blame(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case r.err != nil:
		return r.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: truncated compressed data", feed.ErrTruncated)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("%w: its zstd window is larger than 128 MiB: pack it again with --long=27 or less", feed.ErrFormat)
	default:
		return fmt.Errorf("%w: damaged: %w", feed.ErrFormat, err)
	}
}

// plainReader reads from a decompressor, holding one of the slots during the read.
type plainReader struct {
	in    io.Reader
	raw   *rawReader
	slots chan struct{}
}

func (r *plainReader) Read(p []byte) (int, error) {
	select {
	case r.slots <- struct{}{}:
	case <-r.raw.ctx.Done():
		return 0, context.Cause(r.raw.ctx)
	}
	n, err := r.in.Read(p)
	<-r.slots
	return n, r.raw.blame(err)
}

// contents lists the regular files of an archive: names, offsets and sizes. After an error,
// the list holds the members before it.
func contents(r io.ReadSeeker) (list []member, err error) {
	for a := tar.NewReader(r); ; {
		h, err := a.Next()
		switch {
		case err == io.EOF:
			return list, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return list, fmt.Errorf("%w: truncated archive", feed.ErrTruncated)
		case err != nil:
			return list, fmt.Errorf("%w: damaged archive: %w", feed.ErrFormat, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return list, err
		}
		list = append(list, member{h.Name, at, h.Size})
	}
}

type member struct {
	name     string
	at, size int64
}
