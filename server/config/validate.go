package config

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
)

// Validate returns all errors in the values, as Problems, or nil. It reads no file.
func (c *Config) Validate() error { return c.problems().asError() }

// Loopback reports whether the listener can be reached only from this machine. Any
// name but localhost counts as reachable, whatever it resolves to.
func (s *Server) Loopback() bool {
	host, _, err := net.SplitHostPort(s.Listen)
	return err == nil && loopback(host)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// problems lists errors in single values and in combinations.
func (c *Config) problems() Problems {
	p := c.limits()
	c.reach(&p)
	c.costs(&p)
	c.tracing(&p)
	c.commissions(&p)
	c.mine(&p)
	c.sources(&p)
	c.connections(&p)
	for i := range c.Chaos.Schedule {
		p = append(p, c.Chaos.Schedule[i].problems(fmt.Sprintf("chaos.schedule[%d]", i))...)
	}
	return p
}

// commissions checks that each venue is named once.
func (c *Config) commissions(p *Problems) {
	once := p.once("want the key of a venue")
	for i, x := range c.Engine.Commission {
		once(fmt.Sprintf("engine.commission[%d].venue", i), x.Venue)
	}
}

// sources checks that each source is named once.
func (c *Config) sources(p *Problems) {
	once := p.once("want the name of a source")
	for i, x := range c.Ingest.Sources {
		once(fmt.Sprintf("ingest.sources[%d].source", i), x.Source)
	}
}

// connections checks that what a venue needs is there. One venue may be connected to once: its
// markets are one book; a stream once a map.
func (c *Config) connections(p *Problems) {
	once := p.once("want the name of a venue")
	for i := range c.Connect.Venues {
		x, key := &c.Connect.Venues[i], fmt.Sprintf("connect.venues[%d].", i)
		switch {
		case x.Venue != "stream":
			once(key+"venue", x.Venue)
		case x.Map == "":
			p.add("", key+"map", "a stream needs a file that says what its messages mean")
		default:
			once(key+"map", x.Map)
		}
	}
}

// once returns a check that names in a list are given, and no two alike.
func (p *Problems) once(want string) func(key, name string) {
	seen := map[string]bool{}
	return func(key, name string) {
		switch {
		case name == "":
			*p = append(*p, Problem{Key: key, Text: want})
		case seen[name]:
			*p = append(*p, Problem{Key: key, Text: fmt.Sprintf("%q is listed twice", name)})
		}
		seen[name] = true
	}
}

// limits lists values that are out of bounds or not among the allowed words.
func (c *Config) limits() (p Problems) {
	check := func(prefix string) func(f *field, v reflect.Value) {
		return func(f *field, v reflect.Value) {
			if text := f.limits(v); text != "" {
				p = append(p, Problem{Key: prefix + f.key, Text: text})
			}
		}
	}
	walk(root(), reflect.ValueOf(c).Elem(), func(f *field, v reflect.Value) {
		if !f.list() {
			check("")(f, v)
			return
		}
		for i := range v.Len() {
			walk(f.fields, v.Index(i), check(fmt.Sprintf("%s[%d].", f.key, i)))
		}
	})
	return p
}

// reach checks that the service is protected if other machines can reach it.
func (c *Config) reach(p *Problems) {
	s := &c.Server
	if (s.TLS.Cert == "") != (s.TLS.Key == "") {
		p.add("", "server.tls", "needs both cert and key, or neither")
	}
	_, port, err := net.SplitHostPort(s.Listen)
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || strconv.FormatUint(n, 10) != port {
		p.add("", "server.listen", "want host:port, like 127.0.0.1:8080, [::1]:8080 or :8080, have %q", s.Listen)
		return
	}
	if s.Loopback() {
		return
	}
	if c.Access.TokensFile == "" {
		p.add("", "server.listen", "%s can be reached from other machines: that needs access.tokens_file", s.Listen)
	}
	if s.TLS.Cert == "" && !s.InsecurePlaintext {
		p.add("", "server.listen", "%s can be reached from other machines: that needs server.tls, or server.insecure_plaintext if tokens may cross the network unencrypted", s.Listen)
	}
}

// costs checks limits that contradict each other.
func (c *Config) costs(p *Problems) {
	if c.Limits.SlowQuery > c.Limits.QueryDeadline {
		p.add("", "limits.slow_query", "is longer than limits.query_deadline (%s), so that no statement would ever be slow", formatDuration(c.Limits.QueryDeadline))
	}
	if r := float64(c.Limits.GraphRate); r != math.Trunc(r) {
		p.add("", "limits.graph_rate", "want a whole number per second, have %s", c.Limits.GraphRate)
	}
	if c.Server.Limits.Body > c.Limits.MemoryCeiling/2 {
		p.add("", "server.limits.body", "one body of %s would fill half of limits.memory_ceiling (%s)", c.Server.Limits.Body, c.Limits.MemoryCeiling)
	}
	if c.Chaos.Poison && !c.Chaos.Enabled {
		p.add("", "chaos.poison", "needs chaos.enabled")
	}
	if c.Store.Path == "" {
		p.add("", "store.path", "the service needs a store")
	}
	if c.Backup.Folder != "" && c.Backup.VerifyEvery < c.Backup.Every {
		p.add("", "backup.verify_every", "is shorter than backup.every (%s), so that the same copy would be verified again", formatDuration(c.Backup.Every))
	}
}

// tracing checks the collector's address. It never quotes it, since it may hold a
// password.
func (c *Config) tracing(p *Problems) {
	const key = "telemetry.tracing.endpoint"
	t := &c.Telemetry.Tracing
	if t.Endpoint == "" {
		return
	}
	u, err := url.Parse(t.Endpoint)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		p.add("", key, "want a URL like https://collector:4318")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		p.add("", key, "may hold neither user nor password, query or fragment; credentials belong in OTEL_EXPORTER_OTLP_HEADERS")
	case u.Scheme == "http" && !t.Insecure && !loopback(u.Hostname()):
		p.add("", key, "is not encrypted and leaves this machine: use https, or set telemetry.tracing.insecure")
	}
}
