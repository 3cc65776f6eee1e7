package guard

import (
	"fmt"
	"runtime/metrics"
)

// Usage is what the process holds, in bytes.
type Usage struct {
	// Go is what the Go runtime has from the system and has not given back: the
	// quantity that its memory limit bounds.
	Go int64
	// Resident is what the system counts for the process, Go's part and everything
	// else: SQLite's heap and page cache, which its pure Go translation maps by
	// itself, the program's text, mapped files. 0 where the system doesn't say.
	Resident int64
}

// Total is what counts against the ceiling. Both parts are needed: Resident alone
// leaves out what Go has mapped and will touch next, Go alone all that lies outside.
func (u Usage) Total() int64 { return max(u.Go, u.Resident) }

// Outside is what Go's own limit can't bound.
func (u Usage) Outside() int64 { return max(0, u.Resident-u.Go) }

// usageReader reads the Usage of this process without allocating: it is needed
// most when there is no memory and no file descriptor left.
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

// read returns the usage now. On an error the part that Go knows is there.
func (r *usageReader) read() (Usage, error) {
	metrics.Read(r.samples[:])
	u := Usage{Go: int64(r.samples[0].Value.Uint64() - r.samples[1].Value.Uint64())}
	var err error
	u.Resident, err = r.resident.read()
	return u, err
}
