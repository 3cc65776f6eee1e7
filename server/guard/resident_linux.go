package guard

import (
	"fmt"
	"os"
)

// resident reads the resident set size from /proc/self/statm. The kernel counts it
// per thread or processor, so it may be off by some hundred KiB; smaps_rollup is
// exact but walks all pages of the process on each read.
type resident struct {
	file *os.File // kept open: a flood may exhaust file descriptors
	page int64
	buf  [128]byte
}

func (r *resident) open() (err error) {
	r.page = int64(os.Getpagesize())
	r.file, err = os.Open("/proc/self/statm")
	return err
}

func (r *resident) close() error { return r.file.Close() }

func (r *resident) read() (int64, error) {
	n, err := r.file.ReadAt(r.buf[:], 0)
	if n == 0 {
		return 0, fmt.Errorf("read %s: %w", r.file.Name(), err)
	}
	pages, ok := secondNumber(r.buf[:n])
	if !ok {
		return 0, fmt.Errorf("read %s: %q has no second number", r.file.Name(), r.buf[:n])
	}
	return pages * r.page, nil
}

// secondNumber parses the second of several numbers separated by spaces.
func secondNumber(text []byte) (v int64, ok bool) {
	i := 0
	for i < len(text) && text[i] != ' ' {
		i++
	}
	for i++; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		v, ok = 10*v+int64(text[i]-'0'), true
		if v > 1<<50 {
			return 0, false
		}
	}
	return v, ok
}
