package loadtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
	"strconv"
)

// errAnswer marks an answer that is no HTTP/1.1.
var errAnswer = errors.New("malformed answer")

// head is what the generator needs of an answer's head.
type head struct {
	status  int
	length  int64 // −1 unknown
	chunked bool
	close   bool // the connection ends with this answer
}

// readHead reads the head of an answer. It does what net/http's does for the three
// headers that delimit a body and skips all others without allocating: parsing
// twenty headers a request would cost the generator more than sending it.
func readHead(r *bufio.Reader) (h head, err error) {
	for {
		if h, err = readOne(r); err != nil || h.status >= 200 || h.status == 101 {
			return h, err
		}
	}
}

func readOne(r *bufio.Reader) (head, error) {
	line, err := readLine(r)
	if err != nil {
		return head{}, err
	}
	old := bytes.HasPrefix(line, []byte("HTTP/1.0 "))
	h := head{length: -1, close: old}
	if len(line) < len("HTTP/1.1 200") || !old && !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return h, errAnswer
	}
	if h.status = digits(line[9:12]); h.status < 100 || len(line) > 12 && line[12] != ' ' {
		return h, errAnswer
	}
	for {
		line, err := readLine(r)
		if err != nil {
			return h, err
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return h, errAnswer
		}
		if err := h.note(name, bytes.TrimSpace(value)); err != nil {
			return h, err
		}
	}
	if old && h.chunked {
		return h, errAnswer // HTTP/1.0 has no chunks: nobody knows where such a body ends
	}
	if h.status < 200 || h.status == 204 || h.status == 304 {
		h.length, h.chunked = 0, false
	}
	return h, nil
}

func (h *head) note(name, value []byte) (err error) {
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		if h.length, err = strconv.ParseInt(string(value), 10, 64); err != nil || h.length < 0 {
			return errAnswer
		}
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if h.chunked = bytes.EqualFold(value, []byte("chunked")); !h.chunked {
			return errAnswer
		}
	case bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close")):
		h.close = true
	}
	return nil
}

// digits reads a number of three digits; −1 when it is none.
func digits(b []byte) (n int) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// readLine returns a line without its end, valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errAnswer
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// readBody reads the body behind a head and returns its size. What of it fits into
// keep's capacity is kept; nil discards all, without copying where the length is
// known.
func readBody(r *bufio.Reader, h head, keep []byte) (size int64, kept []byte, err error) {
	body := io.Reader(r)
	switch {
	case h.chunked:
		body = httputil.NewChunkedReader(r)
	case h.length >= 0 && keep == nil:
		n, err := discard(r, h.length)
		return n, nil, err
	case h.length >= 0:
		body = io.LimitReader(r, h.length)
	}
	if size, kept, err = fill(body, keep); err == nil {
		var rest int64
		rest, err = io.Copy(io.Discard, body)
		size += rest
	} else if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	switch {
	case err != nil:
	case h.chunked:
		err = skipTrailers(r)
	case h.length >= 0 && size < h.length:
		err = io.ErrUnexpectedEOF
	}
	return size, kept, err
}

// fill reads until buf's capacity is full or the body ends, with io.EOF.
func fill(body io.Reader, buf []byte) (size int64, _ []byte, err error) {
	buf = buf[:0]
	for len(buf) < cap(buf) && err == nil {
		var n int
		n, err = body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
	}
	return int64(len(buf)), buf, err
}

func discard(r *bufio.Reader, n int64) (done int64, err error) {
	for done < n && err == nil {
		var k int
		k, err = r.Discard(int(min(n-done, 1<<30)))
		done += int64(k)
	}
	return done, err
}

func skipTrailers(r *bufio.Reader) error {
	for {
		if line, err := readLine(r); err != nil || len(line) == 0 {
			return err
		}
	}
}
