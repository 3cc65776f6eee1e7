package instance

import (
	"context"
	"errors"
	"sync"
)

// runner runs the parts of a service in three rings. At the end, or when a part
// fails, the outermost ring ends first and the next one follows, so that no part
// loses what it still needs.
type runner struct {
	rings [3]ring
	stop  context.CancelFunc // of the outermost
	mu    sync.Mutex
	errs  []error // guarded by mu
}

type ring struct {
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// The rings.
const (
	outermost = iota // takes requests
	inside
	innermost // all others write to it
)

func newRunner(ctx context.Context) *runner {
	r := &runner{}
	outer, stop := context.WithCancel(ctx)
	r.stop = stop
	for k := range r.rings {
		g := &r.rings[k]
		if k == outermost {
			g.ctx, g.cancel = outer, stop
		} else {
			g.ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
		}
	}
	return r
}

func (r *runner) outer(f func(context.Context) error) { r.start(outermost, f) }
func (r *runner) inner(f func(context.Context) error) { r.start(inside, f) }
func (r *runner) last(f func(context.Context) error)  { r.start(innermost, f) }

// start runs a part. If it returns before its ring is to end, with or without an
// error, everything ends.
func (r *runner) start(k int, f func(context.Context) error) {
	g := &r.rings[k]
	g.work.Go(func() {
		if err := f(g.ctx); err != nil {
			r.mu.Lock()
			r.errs = append(r.errs, err)
			r.mu.Unlock()
		}
		r.stop()
	})
}

// wait returns the first failure once all parts have ended.
func (r *runner) wait() error {
	<-r.rings[outermost].ctx.Done()
	for k := range r.rings {
		r.rings[k].cancel()
		r.rings[k].work.Wait()
	}
	return errors.Join(r.errs...)
}
