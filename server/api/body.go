package api

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"corrgraph/server/guard"
)

// firstRead is how many bytes of a body of unknown length are claimed and read
// first; each further step doubles the buffer.
const firstRead = 64 << 10

// largestKept limits the buffers kept for later bodies.
const largestKept = 4 << 20

// errShed is returned when there is no memory for a body.
var errShed = errors.New("no memory for a body of this size now")

// errTooLarge is returned for a body above the limit, measured after decompression.
var errTooLarge = errors.New("the body is too large")

// body reads and decompresses a request's body of at most limit bytes. Memory is
// claimed before it is allocated; the caller releases it. It reuses buf if that is
// large enough.
func (a *API) body(r *http.Request, claim *guard.Admission, buf []byte) ([]byte, error) {
	src, known := io.Reader(r.Body), r.ContentLength
	switch enc := strings.ToLower(strings.Join(r.Header.Values("Content-Encoding"), ",")); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, unzipped(err)
		}
		src, known = z, -1
	default:
		return nil, problem(http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding %q: want gzip or none", clip(enc)))
	}
	if known > a.o.Body {
		return nil, errTooLarge
	}
	return readAll(src, known, a.o.Body, claim, buf)
}

func readAll(src io.Reader, known, limit int64, claim *guard.Admission, buf []byte) ([]byte, error) {
	size := min(limit+1, firstRead)
	if known >= 0 {
		size = known + 1 // one more, to see the end
	}
	if !claim.Grow(size) {
		return nil, errShed
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, 0, size)
	}
	for {
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, errTooLarge
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, unzipped(err)
		}
		if len(buf) < cap(buf) {
			continue
		}
		more := min(int64(cap(buf)), limit+1-int64(cap(buf)))
		if !claim.Grow(more) {
			return nil, errShed
		}
		buf = append(make([]byte, 0, int64(cap(buf))+more), buf...)
	}
}

// unzipped explains why a body can't be read.
func unzipped(err error) error {
	var corrupt flate.CorruptInputError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return problem(http.StatusBadRequest, "the body is not gzip, though Content-Encoding says so")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return problem(http.StatusBadRequest, "the body is truncated")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the body did not arrive in time")
	}
	return problem(http.StatusBadRequest, "the body could not be read")
}

// mistake is an invalid element of a body.
type mistake struct {
	line           int
	reason, detail string
}

// linesOf turns a JSON array of objects, or one object, into NDJSON with one line
// per element, so that line numbers identify elements. Other elements become an
// empty line and a mistake. It fails if the text is not JSON.
func linesOf(text []byte) (lines []byte, wrong []mistake, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b bytes.Buffer
	b.Grow(len(text) + 64)
	element := func(n int) error {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("element %d: %w", n, err)
		}
		if raw[0] != '{' {
			wrong = append(wrong, mistake{n, "bad_json", "not an object"})
		} else if err := json.Compact(&b, raw); err != nil {
			return err
		}
		return b.WriteByte('\n')
	}
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '[' {
		if len(trimmed) == 0 {
			return nil, nil, nil
		}
		err = element(1)
	} else if _, err = d.Token(); err == nil {
		for n := 1; err == nil && d.More(); n++ {
			err = element(n)
		}
		if err == nil {
			_, err = d.Token()
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("there is data after the end")
	}
	return b.Bytes(), wrong, nil
}

// objectsOnly drops the lines before the first object of NDJSON, since the parser
// would take the first line for a table header. skipped is their number.
func objectsOnly(text []byte) (rest []byte, skipped int, wrong []mistake) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for len(text) > 0 {
		line, after, _ := bytes.Cut(text, []byte("\n"))
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) > 0 && trimmed[0] == '{' {
			break
		}
		skipped++
		if len(trimmed) > 0 {
			wrong = append(wrong, mistake{skipped, "bad_json", "not an object"})
		}
		text = after
	}
	return text, skipped, wrong
}
