package guard

import (
	"fmt"
	"runtime/metrics"
)

// Usage is the memory of the process, in bytes.
type Usage struct {
	// Go is what the Go runtime has taken from the system and not returned: the
	// quantity that its memory limit bounds.
	Go int64
	// Resident is the resident set by the system's count: Go's part and everything
	// else, such as SQLite's heap and page cache (which its pure Go translation maps
	// itself), the program's text and mapped files. 0 where the system doesn't say.
	Resident int64
}

// Total is what counts against the ceiling. Both parts are needed: Resident misses
// what Go has mapped but not touched, Go misses everything outside its heap.
func (u Usage) Total() int64 { return max(u.Go, u.Resident) }

// Outside is the memory that Go's own limit does not bound.
func (u Usage) Outside() int64 { return max(0, u.Resident-u.Go) }

// usageReader reads the Usage of this process without allocating: it matters most
// when memory and file descriptors have run out.
type usageReader struct {
	samples  [2]metrics.Sample
	resident resident
}

func openUsage() (*usageReader, error) {
	r := &usageReader{samples: [2]metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}}
	if err := r.resident.open(); err != nil {
		return nil, fmt.Errorf("read resident memory: %w", err)
	}
	return r, nil
}

// read returns the current usage. On an error it still holds Go's part.
func (r *usageReader) read() (Usage, error) {
	metrics.Read(r.samples[:])
	u := Usage{Go: int64(r.samples[0].Value.Uint64() - r.samples[1].Value.Uint64())}
	var err error
	u.Resident, err = r.resident.read()
	return u, err
}
