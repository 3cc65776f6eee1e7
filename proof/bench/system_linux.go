package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// evict syncs files to disk and drops their pages from the page cache. A missing
// file is not an error.
func evict(names ...string) error {
	for _, name := range names {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = f.Sync() // dirty pages are not dropped
		if err == nil {
			err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// readKB returns what an ended process read from disk.
func readKB(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Inblock / 2 // blocks of 512 bytes
	}
	return 0
}

// missCounter counts the last-level cache misses of the calling thread in user
// space: the event `cache-misses` of perf stat.
type missCounter struct{ fd int }

// newMissCounter locks the goroutine to its thread until close. It fails if the
// machine has no such counter, like most virtual ones, or forbids it.
func newMissCounter() (*missCounter, error) {
	runtime.LockOSThread()
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_HARDWARE, Config: unix.PERF_COUNT_HW_CACHE_MISSES,
		Bits: unix.PerfBitDisabled | unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv,
	}
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("this machine does not count cache misses: perf_event_open: %w", err)
	}
	return &missCounter{fd}, nil
}

func (c *missCounter) run(on bool) {
	what := uint(unix.PERF_EVENT_IOC_DISABLE)
	if on {
		what = unix.PERF_EVENT_IOC_ENABLE
	}
	// This can't fail on a descriptor from perf_event_open.
	_ = unix.IoctlSetInt(c.fd, what, 0)
}

func (c *missCounter) read() (n uint64, err error) {
	var b [8]byte
	if _, err := unix.Read(c.fd, b[:]); err != nil {
		return 0, err
	}
	return *(*uint64)(unsafe.Pointer(&b)), nil
}

func (c *missCounter) close() {
	unix.Close(c.fd)
	runtime.UnlockOSThread()
}
