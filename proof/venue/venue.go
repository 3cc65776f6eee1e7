// Package venue is the ground on which scripted servers of venues stand: a network in memory, and
// faults on demand. A server a venue speaks its protocol; what it sends passes a [Faults], which
// spoils it as planned. With testing/synctest an hour of it takes as long as its frames need.
package venue

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"corrgraph/client/clienttest"
)

// Net is a network in memory. Its zero value has no servers.
type Net struct {
	mu      sync.Mutex
	servers map[string]*bufconn.Listener // guarded by mu
	down    map[string]bool              // guarded by mu: addresses that refuse connections
	dialled map[string]int               // guarded by mu
}

// buffered is how many bytes wait in each direction before a writer waits.
const buffered = 1 << 20

// Listen makes a server of an address, "host:port".
func (n *Net) Listen(address string) net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.servers == nil {
		n.servers, n.down, n.dialled = map[string]*bufconn.Listener{}, map[string]bool{}, map[string]int{}
	}
	l := bufconn.Listen(buffered)
	n.servers[address] = l
	return clienttest.Listener(l)
}

// Down makes an address refuse connections, or accept them again.
func (n *Net) Down(address string, down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down[address] = down
}

// Dialled counts the connections that were asked for.
func (n *Net) Dialled(address string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dialled[address]
}

// Dial connects to a server; it takes the place of net.Dialer.
func (n *Net) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l, down := n.servers[address], n.down[address]
	if n.dialled != nil {
		n.dialled[address]++
	}
	n.mu.Unlock()
	if l == nil || down {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: fmt.Errorf("%s: connection refused", address)}
	}
	c, err := l.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	return clienttest.Conn(c), nil
}

// Fault is something that goes wrong with what a server sends.
type Fault string

// The faults. Where a plan has For, the fault lasts for so many frames, else for one.
const (
	Drop      Fault = "drop"      // the frame is not sent
	Delay     Fault = "delay"     // the frame, and what follows, is sent later by By
	Duplicate Fault = "duplicate" // it is sent twice
	Reorder   Fault = "reorder"   // it is sent after the next one
	Half      Fault = "half"      // half of it is sent, then the connection is cut
	Freeze    Fault = "freeze"    // nothing is sent for By, while pings are answered
	Cut       Fault = "cut"       // the connection is cut before it
	Code      Fault = "code"      // the connection is closed before it, with status N
	Status    Fault = "status"    // the request, or handshake, is answered with HTTP status N
	Skew      Fault = "skew"      // the server's clock is off by By from here on
	Sequence  Fault = "sequence"  // a sequence number is left out
)

// Plan is one planned fault.
type Plan struct {
	Fault Fault
	At    int // the frame, or request, before which it begins, from 1
	For   int
	By    time.Duration
	N     int
}

// Faults are the plans of one server. It is safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	plans []Plan // guarded by mu
	nth   int    // guarded by mu: frames, or requests, so far
	skew  time.Duration
}

// Add plans further faults, counted from the next frame on.
func (f *Faults) Add(plans ...Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range plans {
		p.At += f.nth
		p.For = max(1, p.For)
		f.plans = append(f.plans, p)
	}
}

// Next counts a frame and returns the faults that it has.
func (f *Faults) Next() (now []Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nth++
	for _, p := range f.plans {
		if f.nth < p.At || f.nth >= p.At+p.For {
			continue
		}
		if p.Fault == Skew && f.nth == p.At {
			f.skew = p.By
		}
		now = append(now, p)
	}
	f.plans = slices.DeleteFunc(f.plans, func(p Plan) bool { return f.nth >= p.At+p.For-1 })
	return now
}

// Clock is the server's, which may be off.
func (f *Faults) Clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.skew)
}
