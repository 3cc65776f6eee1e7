//go:build !linux

package bench

import (
	"errors"
	"os"
	"runtime"
)

var errNotHere = errors.New("not supported on " + runtime.GOOS)

func evict(...string) error { return errNotHere }

func readKB(*os.ProcessState) int64 { return 0 }

type missCounter struct{}

func newMissCounter() (*missCounter, error) { return nil, errNotHere }

func (*missCounter) run(bool) {}

func (*missCounter) read() (uint64, error) { return 0, errNotHere }

func (*missCounter) close() {}
