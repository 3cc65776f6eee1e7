package instance

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// door is a listener with limits: of all connections, and of those of one address, so that
// no single client locks everybody out. A connection beyond either is let into a small
// reserve, in which only health is served and which it must leave soon; where that is full
// too, the newest takes the place of the oldest: who only holds connections keeps no probe out.
type door struct {
	net.Listener
	limits doorLimits

	mu     sync.Mutex
	open   int                // guarded by mu; connections outside the reserve
	of     map[netip.Addr]int // guarded by mu; the same, by address
	inside []*visitor         // guarded by mu; the reserve, oldest first
	cut    [limits]uint64     // guarded by mu; connections beyond a limit
}

// doorLimits are numbers of connections.
type doorLimits struct {
	all, address, reserve int
	stay                  time.Duration // in the reserve
}

// The limits of connections.
const (
	limitAll = iota
	limitAddress
	limitReserve // those that had to leave the reserve for a newer one, or found none
	limits
)

func newDoor(l net.Listener, o doorLimits) *door {
	return &door{Listener: l, limits: o, of: map[netip.Addr]int{}}
}

// Accept returns the next connection for which there is room.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if in := d.enter(c); in != nil {
			return in, nil
		}
		c.Close()
	}
}

// addressOf is the address that a connection counts for: of IPv6 the /64 network of one
// subscriber.
func addressOf(c net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	a := at.Addr().Unmap().WithZone("")
	if p, err := a.Prefix(64); err == nil && a.Is6() {
		return p.Addr()
	}
	return a
}

// enter counts a connection in; nil if there is no room for it.
func (d *door) enter(c net.Conn) net.Conn {
	from := addressOf(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.open >= d.limits.all:
		d.cut[limitAll]++
	case d.of[from] >= d.limits.address:
		d.cut[limitAddress]++
	default:
		d.open++
		d.of[from]++
		return &visitor{Conn: c, leave: sync.OnceFunc(func() { d.left(from) })}
	}
	if d.limits.reserve == 0 {
		d.cut[limitReserve]++
		return nil
	}
	d.makeRoomLocked(from)
	v := &visitor{Conn: c, from: from, until: time.Now().Add(d.limits.stay)}
	v.leave = func() { d.leftReserve(v) }
	_ = v.SetDeadline(v.until)
	d.inside = append(d.inside, v)
	return v
}

// makeRoomLocked closes the oldest connection of the reserve if it is full, or the oldest of
// an address that has a quarter of it.
func (d *door) makeRoomLocked(from netip.Addr) {
	same := func(v *visitor) bool { return v.from == from }
	mine := 0
	for _, v := range d.inside {
		if same(v) {
			mine++
		}
	}
	oldest := -1
	switch {
	case mine >= max(1, d.limits.reserve/4):
		oldest = slices.IndexFunc(d.inside, same)
	case len(d.inside) >= d.limits.reserve:
		oldest = 0
	}
	if oldest >= 0 {
		d.cut[limitReserve]++
		d.inside[oldest].Conn.Close()
		d.inside = slices.Delete(d.inside, oldest, oldest+1)
	}
}

func (d *door) left(from netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
	if d.of[from]--; d.of[from] == 0 {
		delete(d.of, from)
	}
}

func (d *door) leftReserve(v *visitor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside = slices.DeleteFunc(d.inside, func(x *visitor) bool { return x == v })
}

// refused counts the connections beyond each limit since the start.
func (d *door) refused() map[string]uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return map[string]uint64{"all": d.cut[limitAll], "address": d.cut[limitAddress], "reserve": d.cut[limitReserve]}
}

// visitor is a connection that was let in.
type visitor struct {
	net.Conn
	from  netip.Addr
	until time.Time // by when it must leave the reserve; zero outside it
	leave func()
}

// Close ends the connection; only the first call counts it out.
func (v *visitor) Close() error {
	defer v.leave()
	return v.Conn.Close()
}

// soonest is t, but no later than the visitor must leave.
func (v *visitor) soonest(t time.Time) time.Time {
	if !v.until.IsZero() && (t.IsZero() || t.After(v.until)) {
		return v.until
	}
	return t
}

// The deadlines of a visitor of the reserve are no later than it must leave.
func (v *visitor) SetDeadline(t time.Time) error { return v.Conn.SetDeadline(v.soonest(t)) }

func (v *visitor) SetReadDeadline(t time.Time) error { return v.Conn.SetReadDeadline(v.soonest(t)) }

func (v *visitor) SetWriteDeadline(t time.Time) error { return v.Conn.SetWriteDeadline(v.soonest(t)) }

// inReserve marks the context of a connection in the reserve.
type inReserve struct{}

// connContext tells handlers which connections are in the reserve.
func connContext(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if v, ok := c.(*visitor); ok && !v.until.IsZero() {
		return context.WithValue(ctx, inReserve{}, true)
	}
	return ctx
}

// healthOnly serves nothing but health on connections in the reserve, and one request on
// each.
func healthOnly(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(inReserve{}) == nil {
			rest.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			rest.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"too many connections are open, of this address or of all; see server.limits"}`)
	})
}
