package api

import (
	"compress/flate"
	"compress/gzip"
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
