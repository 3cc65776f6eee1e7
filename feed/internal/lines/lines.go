// Package lines reads text line by line in bounded memory, in time linear in its length,
// however it is split into reads.
package lines

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"corrgraph/feed"
)

// Max is the longest line in bytes.
const Max = 64 << 20

// Reader reads lines. Its methods are those of bufio.Scanner, except that Err is already
// known with the last line.
type Reader struct {
	in     *bufio.Reader
	long   []byte
	line   []byte
	number int
	ended  bool
	err    error
}

// buffer is the size of one read.
const buffer = 64 << 10

// New returns a reader of r. Its buffer is no larger than the rest of a reader that knows
// its length, such as a few ticks in memory.
func New(r io.Reader) *Reader {
	size := buffer
	if in, ok := r.(interface{ Len() int }); ok {
		size = min(size, in.Len()+1)
	}
	return &Reader{in: bufio.NewReaderSize(r, size)}
}

// Begins reports whether c is the first byte of the text that is neither white space nor a
// byte order mark. It must be called before Scan.
func (l *Reader) Begins(c byte) bool {
	if head, _ := l.in.Peek(3); string(head) == "\ufeff" {
		_, _ = l.in.Discard(3) // they were just seen
	}
	for n := 1; ; n++ {
		head, err := l.in.Peek(n)
		if err != nil || !strings.ContainsRune(" \t\r\n", rune(head[n-1])) {
			return err == nil && head[n-1] == c
		}
	}
}

// Rest is the text from the next line on, for another reader.
func (l *Reader) Rest() io.Reader { return l.in }

// Scan moves to the next line and reports whether there is one. An unterminated line counts
// if it has any bytes, even if reading failed inside it: see Ended.
func (l *Reader) Scan() bool {
	if l.err != nil || l.number > 0 && !l.ended {
		return false
	}
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = append(l.long[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = l.in.ReadSlice('\n')
			if len(l.long)+len(line) > Max {
				l.number++
				l.err = feed.ErrTooLong
				return false
			}
			l.long = append(l.long, line...)
		}
		line = l.long
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	l.ended = err == nil
	if len(line) == 0 && err != nil {
		return false
	}
	l.number++
	l.line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	return true
}

// Bytes returns the line without its terminator, valid until the next Scan.
func (l *Reader) Bytes() []byte { return l.line }

// Number is the line's number, from 1.
func (l *Reader) Number() int { return l.number }

// Ended reports whether the line was terminated: the last of a file may not be.
func (l *Reader) Ended() bool { return l.ended }

// Err returns the error that ended the reading: feed.ErrTooLong or the error of the reader,
// nil at the end of the text.
func (l *Reader) Err() error { return l.err }
