package drill

import (
	"fmt"
	"time"

	"corrgraph/client"
	"corrgraph/server/guard/fault"
)

// Fault is what a drill breaks, and for how long. Of the parameters only those of
// the kind are set; the service checks them.
type Fault struct {
	Kind     fault.Kind
	Layer    int
	Delay    time.Duration
	Bytes    int64
	Offset   time.Duration
	Duration time.Duration // whole seconds
}

// String says what the fault does and for how long.
func (f Fault) String() string {
	s := string(f.Kind)
	switch f.Kind {
	case fault.KillLayer:
		s += fmt.Sprintf(" of layer %d", f.Layer)
	case fault.SlowStore:
		s += " by " + f.Delay.String()
	case fault.MemoryPressure:
		s += fmt.Sprintf(" of %.0f MB", float64(f.Bytes)/1e6)
	case fault.ClockSkew:
		s += " of " + f.Offset.String()
	}
	return s + " for " + f.Duration.String()
}

// request is the fault as a service is asked for it.
func (f Fault) request() client.Fault {
	return client.Fault{Kind: string(f.Kind), Layer: f.Layer, DelayMs: f.Delay.Milliseconds(), Bytes: f.Bytes, OffsetMs: f.Offset.Milliseconds(), Seconds: f.Duration.Seconds()}
}

// Promise is what the service owes its users while a fault holds. Reads of what is
// not broken never fail, whatever the fault.
type Promise struct {
	Degraded     bool // health says DEGRADED, and no layer's but the broken ones' status changes
	FailedLayer  int  // this layer is FAILED in every graph; 0: none is
	ShedLayer    int  // this layer may be OFF; 0: none may
	TicksRefused bool // ticks may be refused with 503 or 422, but not otherwise
}

// statementDeadline is the longest that a statement which serves a request may take:
// a store that is slower than that is a failed store.
const statementDeadline = 50 * time.Millisecond

// PromiseOf returns what is promised of a fault.
func PromiseOf(f Fault) Promise {
	switch f.Kind {
	case fault.KillLayer:
		return Promise{Degraded: true, FailedLayer: f.Layer}
	case fault.SlowStore:
		return Promise{Degraded: f.Delay >= statementDeadline, TicksRefused: true}
	case fault.FullDisk:
		return Promise{Degraded: true, TicksRefused: true}
	case fault.MemoryPressure:
		return Promise{Degraded: true, ShedLayer: 4, TicksRefused: true}
	case fault.ClockSkew, fault.FeedStall:
		return Promise{TicksRefused: true}
	}
	return Promise{}
}
