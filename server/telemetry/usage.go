package telemetry

import (
	"fmt"
	"runtime/metrics"
	"syscall"
	"time"
)

// Usage is what the process has used so far.
type Usage struct {
	CPU    time.Duration // user and system, all threads, since its start
	Memory int64         // bytes counted by the Go memory limit
}

// ReadUsage queries the kernel and the runtime. It takes some microseconds.
func ReadUsage() (Usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("read the CPU time of the process: %w", err)
	}
	// The limit counts memory mapped by the runtime, less what it has returned.
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return Usage{
		CPU:    time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		Memory: int64(s[0].Value.Uint64() - s[1].Value.Uint64()),
	}, nil
}

// percentSince returns the CPU time since an earlier reading, in per cent of one
// core.
func (u Usage) percentSince(earlier Usage, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return 100 * float64(u.CPU-earlier.CPU) / float64(elapsed)
}
