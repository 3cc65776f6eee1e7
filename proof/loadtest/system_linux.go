package loadtest

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// nap sleeps with the kernel's precision, some 50 µs.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // a signal ends it early: the request goes out early by as much
}

// cpuTime returns the CPU time that this process has used; ok if it is known.
func cpuTime() (used time.Duration, ok bool) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}

func cores() int { return runtime.NumCPU() }
