package instance

import (
	"bufio"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"corrgraph/engine"
	"corrgraph/server/config"
)

// count and waiting return the connections outside the reserve and in it.
func (d *door) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

func (d *door) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.inside)
}

// visit opens a connection and sends a request on it, if path is not empty. The answer is
// "" if the connection was closed without one.
func (r *running) visit(path string) (c net.Conn, status string) {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	if path == "" {
		return c, ""
	}
	if _, err := c.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: " + r.Addr() + "\r\n\r\n")); err != nil {
		return c, ""
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return c, ""
	}
	defer res.Body.Close()
	return c, strings.TrimSpace(res.Status[:3])
}

// An address with as many connections as it may have gets health and a reason, from a
// reserve, and nothing beyond that. When it lets go of one, all is well again.
func TestOneAddressLocksNobodyOut(t *testing.T) {
	c := settings(t)
	c.Server.Limits.Connections, c.Server.Limits.AddressConnections, c.Server.Limits.Reserve = 100, 4, 4
	r := start(t, c)
	defer r.stop()
	http.DefaultClient.CloseIdleConnections()
	r.until("no connection is open", func() bool { return r.http.door.count() == 0 })
	var held []net.Conn
	for range 4 {
		c, _ := r.visit("")
		held = append(held, c)
	}
	r.until("all have come in", func() bool { return r.http.door.count() == 4 })
	for path, want := range map[string]string{"/healthz": "200", "/readyz": "200", "/v1/events": "503", "/metrics": "503"} {
		c, got := r.visit(path)
		if got != want {
			t.Errorf("%s answers %q, want %s", path, got, want)
		}
		c.Close()
		r.until("the reserve is free", func() bool { return r.http.door.waiting() == 0 })
	}
	idle, _ := r.visit("")
	r.until("the reserve is taken", func() bool { return r.http.door.waiting() == 1 })
	if _, got := r.visit("/healthz"); got != "200" {
		t.Errorf("where a quarter of the reserve is held by one that says nothing: %q", got)
	}
	if _, err := idle.Read(make([]byte, 1)); err == nil {
		t.Error("the one that says nothing was not closed")
	}
	if n := r.http.door.refused(); n["address"] != 6 || n["reserve"] != 1 || n["all"] != 0 {
		t.Errorf("counted %v", n)
	}
	held[0].Close()
	r.until("there is room", func() bool { _, got := r.visit("/v1/events"); return got == "200" })
}

// Where all connections are taken, every address still gets one of the reserve, in which the
// newest takes the place of the oldest.
func TestAllConnectionsTaken(t *testing.T) {
	d := newDoor(nil, doorLimits{all: 2, address: 2, reserve: 2, stay: time.Minute})
	from := func(addr string) (*remote, net.Conn) {
		c := &remote{at: addr}
		return c, d.enter(c)
	}
	from("192.0.2.1:1")
	from("192.0.2.1:2")
	a, _ := from("192.0.2.2:1")
	b, in := from("192.0.2.2:2")
	if v, ok := in.(*visitor); !ok || v.soonest(time.Time{}) != v.until {
		t.Fatal("it is not in the reserve, or may stay")
	}
	if !a.closed || b.closed {
		t.Error("the second of an address did not take the place of the first")
	}
	c, _ := from("[2001:db8::1]:1")
	if _, in := from("192.0.2.3:1"); !b.closed || c.closed || in == nil || len(d.inside) != 2 {
		t.Errorf("a full reserve: the oldest is closed %v, the newest let in %v", b.closed, in != nil)
	}
	if n := d.refused(); n["all"] != 4 || n["reserve"] != 2 {
		t.Errorf("counted %v", n)
	}
	in.Close()
	if d.open != 2 || len(d.inside) != 2 {
		t.Errorf("%d open, %d in the reserve", d.open, len(d.inside))
	}
}

// remote is a connection from an address.
type remote struct {
	net.Conn
	at     string
	closed bool
}

func (r *remote) Close() error                { r.closed = true; return nil }
func (r *remote) RemoteAddr() net.Addr        { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(r.at)) }
func (r *remote) SetDeadline(time.Time) error { return nil }

// One subscriber of IPv6 has a whole /64.
func TestAddressesOfOneSubscriberCountAsOne(t *testing.T) {
	for a, b := range map[string]string{"[2001:db8::1]:1": "[2001:db8::ffff:2]:9", "192.0.2.1:1": "[::ffff:192.0.2.1]:2"} {
		if addressOf(&remote{at: a}) != addressOf(&remote{at: b}) {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	if addressOf(&remote{at: "[2001:db8::1]:1"}) == addressOf(&remote{at: "[2001:db8:0:1::1]:1"}) {
		t.Error("two networks are one")
	}
}

// A service and a replay without settings have the same limits.
func TestConfiguredLimitsAreThoseOfTheEngine(t *testing.T) {
	if got, want := engine.Limits(config.Default().Engine.Limits), (engine.Limits{}).WithDefaults(); got != want {
		t.Errorf("by default %+v, the engine's are %+v", got, want)
	}
}

// The evidence of the families of two layers fits into half of a ceiling.
func TestFamiliesFitIntoTheCeiling(t *testing.T) {
	for ceiling, want := range map[int64]int{16_000_000_000: 16384, 4_000_000_000: 7629, 256 << 20: 512, 64 << 20: 128, 1: 64} {
		if got := within(engine.Limits{}, ceiling).Families; got != want {
			t.Errorf("of %d bytes: %d families, want %d", ceiling, got, want)
		}
	}
	if got := within(engine.Limits{Families: 100}, 4_000_000_000).Families; got != 100 {
		t.Errorf("%d families where 100 were asked for", got)
	}
}
