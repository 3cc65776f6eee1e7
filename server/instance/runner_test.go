package instance

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ended records the order in which parts end.
type ended struct {
	mu    sync.Mutex
	names []string // guarded by mu
}

// part works until its ring ends, and for a second longer.
func (e *ended) part(name string, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(time.Second)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.names = append(e.names, name)
		return err
	}
}

func TestRingsEndFromTheOutsideIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, e := newRunner(ctx), &ended{}
		r.last(e.part("log", nil))
		r.inner(e.part("engine", nil))
		r.outer(e.part("listener", nil))
		time.Sleep(time.Hour)
		cancel()
		if err := r.wait(); err != nil || !slices.Equal(e.names, []string{"listener", "engine", "log"}) {
			t.Errorf("ended %v: %v", e.names, err)
		}
	})
}

func TestAPartThatEndsEndsAll(t *testing.T) {
	broken, late := errors.New("broken"), errors.New("late")
	for _, ring := range []string{"listener", "engine", "log"} {
		for _, err := range []error{broken, nil} {
			synctest.Test(t, func(t *testing.T) {
				r, e := newRunner(t.Context()), &ended{}
				add := map[string]func(func(context.Context) error){"listener": r.outer, "engine": r.inner, "log": r.last}
				for name, start := range add {
					start(e.part(name, nil))
				}
				r.last(e.part("another", late))
				add[ring](func(context.Context) error { time.Sleep(time.Minute); return err })
				got := r.wait()
				if !errors.Is(got, late) || err != nil && !errors.Is(got, err) {
					t.Errorf("%s ended with %v, and all with %v", ring, err, got)
				}
				if len(e.names) != 4 || e.names[0] != "listener" || e.names[1] != "engine" {
					t.Errorf("ended %v", e.names)
				}
			})
		}
	}
}
