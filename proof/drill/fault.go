package drill

import (
	"fmt"
	"time"

	"corrgraph/client"
	"corrgraph/server/guard/fault"
)

// The kinds of faults.
const (
	KillLayer      = fault.KillLayer
	SlowStore      = fault.SlowStore
	FullDisk       = fault.FullDisk
	MemoryPressure = fault.MemoryPressure
	ClockSkew      = fault.ClockSkew
	FeedStall      = fault.FeedStall
	JudgeStall     = fault.JudgeStall
)

// Fault is the fault of a drill, with its duration. Only the parameters of its kind
// are set; the service checks them.
type Fault struct {
	Kind     fault.Kind
	Layer    int
	Delay    time.Duration
	Bytes    int64
	Offset   time.Duration
	Duration time.Duration // whole seconds
}

// String describes the fault and its duration.
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

// request returns the fault as a request to the service.
func (f Fault) request() client.Fault {
	return client.Fault{Kind: string(f.Kind), Layer: f.Layer, DelayMs: f.Delay.Milliseconds(), Bytes: f.Bytes, OffsetMs: f.Offset.Milliseconds(), Seconds: f.Duration.Seconds()}
}

// Promise is the service's guarantee to its users during a fault. Reads of
// unaffected parts never fail, whatever the fault.
type Promise struct {
	Degraded     bool // health says DEGRADED, and the status of no other layer changes
	FailedLayer  int  // this layer is FAILED in every graph; 0: none
	ShedLayer    int  // this layer may be OFF; 0: none
	TicksRefused bool // ticks may be refused with 503 or 422 only
}

// statementDeadline is the deadline of a statement that serves a request: a slower
// store is a failed store.
const statementDeadline = 50 * time.Millisecond

// PromiseOf returns the promise for a fault.
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
