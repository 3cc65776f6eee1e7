package live

import (
	"fmt"
	"time"

	"corrgraph/engine"
)

// reliefEvery is how long the engine's memory is given to show what was dropped: freed
// memory is collected and returned at intervals.
const reliefEvery = 2 * time.Second

// relief keeps the engine within its memory while the log is read back, when no tick can be
// refused any more. Under pressure the engine takes in nothing new, and forgets the events
// quoted longest ago, a quarter at a time.
type relief struct {
	pressed func() bool
	clock   func() time.Time
	failed  func(what string, err error)

	on bool
	at time.Time // of the last quarter
}

func (r *relief) give(e *engine.Engine) {
	if on := r.pressed(); on != r.on {
		r.on = on
		e.HoldNew(on)
	}
	if !r.on || r.clock().Sub(r.at) < reliefEvery {
		return
	}
	r.at = r.clock()
	if n := e.ForgetOldest(); n > 0 {
		r.failed("memory is short while the tick log is read back", fmt.Errorf("%d events were forgotten, those quoted longest ago", n))
	}
}
