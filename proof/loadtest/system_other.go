//go:build !linux

package loadtest

import (
	"runtime"
	"time"
)

func nap(d time.Duration) { time.Sleep(d) }

// cpuTime is unknown on this system.
func cpuTime() (used time.Duration, ok bool) { return 0, false }

func cores() int { return runtime.NumCPU() }
