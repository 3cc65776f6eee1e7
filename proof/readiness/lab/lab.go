// Package lab runs scratch instances of the service for readiness gates, in this
// process or in one of their own. They have the judged configuration except for a
// store, tokens and a port of their own, so that they can be broken on purpose.
//
// A Lab belongs to one goroutine. It reads the clock, opens sockets, starts
// processes and leaves no file behind.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"corrgraph/odds"
	"corrgraph/server/config"
)

// Options of a lab.
type Options struct {
	Config config.Options // of the judged service
	// Program is the argv prefix that starts a service; flags (--config, --set) are
	// appended. Empty means this program's own serve.
	Program []string
	Dir     string // for scratch stores; empty means the system's
	Open    Opener // of instances in this process
	Clock   func() time.Time
}

// Opener opens an instance with a configuration; its Run must be called.
type Opener func(ctx context.Context, c *config.Config) (Instance, error)

// Instance is what gates need of an instance that runs in this process.
type Instance interface {
	Addr() string
	Run(ctx context.Context) error
	// Reload applies keys that can change without a restart and returns the others.
	Reload(next *config.Config) (restart []string, err error)
	// Applied reports whether every accepted tick is applied, and the given event time
	// is reached.
	Applied(until odds.Time) bool
}

// Lab makes scratch instances.
type Lab struct {
	o    Options
	dir  string
	seed string // path of the seeded store; empty until first needed
	n    int    // number of scratch instances so far
}

// New makes a lab with a folder of its own. Close must be called.
func New(o Options) (*Lab, error) {
	dir, err := os.MkdirTemp(o.Dir, "corrgraph-readiness-")
	if err != nil {
		return nil, fmt.Errorf("a folder for scratch stores: %w", err)
	}
	return &Lab{o: o, dir: dir}, nil
}

// Close removes the files of scratch instances.
func (l *Lab) Close() error {
	if err := os.RemoveAll(l.dir); err != nil {
		return fmt.Errorf("scratch files were not removed: %w", err)
	}
	return nil
}

// Dir returns the folder of the lab.
func (l *Lab) Dir() string { return l.dir }

// Now returns the time.
func (l *Lab) Now() time.Time { return l.o.Clock() }

// Finding is the result of a gate.
type Finding struct {
	Pass     bool
	Measured string // beside the threshold, with unit
	Evidence string // numbers, counts, how they were measured
}

// ErrNotRun says that a gate could not be run: nothing is known of what it checks.
var ErrNotRun = errors.New("not run")

// NotRun says why a gate could not be run.
func NotRun(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrNotRun, fmt.Errorf(format, args...))
}
