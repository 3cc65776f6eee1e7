package stream

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"corrgraph/feed/internal/jsondoc"
	"corrgraph/feed/internal/keys"
	"corrgraph/feed/stream/placeholder"
)

// ErrMap is wrapped by every error about a map itself.
var ErrMap = errors.New("stream map")

// mostMap limits a map in bytes.
const mostMap = 1 << 20

// Load reads a map from a YAML file. Every error names the line, the key and what would be right.
func Load(path string) (*Map, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(path, b)
}

// Read reads a map from YAML; errors refer to it as name.
func Read(name string, b []byte) (*Map, error) {
	m, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrMap, name, err)
	}
	return m, nil
}

func read(b []byte) (*Map, error) {
	if len(b) > mostMap {
		return nil, fmt.Errorf("%d bytes, want at most %d", len(b), mostMap)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("want one mapping of keys")
	}
	m := new(Map)
	if err := keys.Known(doc.Content[0], reflect.TypeFor[Map]()); err != nil {
		return nil, err
	}
	if err := doc.Decode(m); err != nil {
		return nil, err
	}
	c := &compiler{m: m, root: doc.Content[0], p: &program{}}
	if err := c.compile(); err != nil {
		return nil, err
	}
	m.prog = c.p
	return m, nil
}

// compiler checks a map and prepares it for use.
type compiler struct {
	m    *Map
	root *yaml.Node
	p    *program
}

// fault is an error at a key.
func (c *compiler) fault(at []any, format string, args ...any) error {
	line, name := keys.Place(c.root, at...)
	return fmt.Errorf("line %d: key %s: %w", line, name, fmt.Errorf(format, args...))
}

// word checks that a key has one of some words; empty is the first of them.
func (c *compiler) word(at []any, value *string, known ...string) error {
	if *value == "" {
		*value = known[0]
	}
	if !slices.Contains(known, *value) {
		return c.fault(at, "unknown word %q; did you mean %q?", *value, keys.Nearest(*value, known))
	}
	return nil
}

func (c *compiler) compile() error {
	m := c.m
	if m.Name == "" {
		return c.fault([]any{"name"}, "it is required; write name: my-source")
	}
	if m.Source == "" {
		m.Source = m.Name
	}
	for _, check := range []func() error{c.transport, c.acts, c.sequence, c.resume, c.messages} {
		if err := check(); err != nil {
			return err
		}
	}
	c.defaults()
	return nil
}

func (c *compiler) defaults() {
	a, m := &c.m.Alive, c.m
	set := func(d *Duration, to Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&a.Silence, 30*second)
	set(&a.Every, 15*second)
	set(&a.Quiet, 300*second)
	if m.Resume != nil {
		set(&m.Resume.Within, 60*second)
	}
}

const second = Duration(1e9)

// transport checks how the source is connected to.
func (c *compiler) transport() error {
	m := c.m
	if m.Transport == "" {
		return c.fault([]any{"transport"}, "it is required; write transport: sse or transport: websocket")
	}
	if err := c.word([]any{"transport"}, &m.Transport, SSE, WebSocket); err != nil {
		return err
	}
	if m.Alive.Quiet == 0 && len(m.Repair) > 0 {
		m.Alive.Quiet = 15 * second
	}
	schemes := map[string][2]string{SSE: {"https", "http"}, WebSocket: {"wss", "ws"}}[m.Transport]
	u, err := url.Parse(m.URL)
	switch {
	case m.URL == "":
		return c.fault([]any{"url"}, "it is required; write url: %s://host/path", schemes[0])
	case err != nil:
		return c.fault([]any{"url"}, "%q is no address; write %s://host/path", clip(m.URL), schemes[0])
	case u.Scheme != schemes[0] && u.Scheme != schemes[1] || u.Host == "":
		return c.fault([]any{"url"}, "of a source with transport %s: write %s://host/path", m.Transport, schemes[0])
	case u.User != nil:
		return c.fault([]any{"url"}, "a password in an address is shown wherever the address is; write it as a header: Authorization: Basic ${secret:name}")
	case strings.Contains(u.Host, "$"):
		return c.fault([]any{"url"}, "no placeholder in the host: write its name")
	}
	if m.Transport == SSE && len(m.Subscribe)+len(m.Repair) > 0 {
		key := "subscribe"
		if len(m.Subscribe) == 0 {
			key = "repair"
		}
		return c.fault([]any{key}, "server-sent events go one way: say what is wanted under query; %s is for transport websocket", key)
	}
	if m.Transport == SSE && m.Alive.Ping != nil {
		return c.fault([]any{"alive", "ping"}, "server-sent events go one way: leave it out")
	}
	return c.placeholders()
}

// placeholders checks every ${…}.
func (c *compiler) placeholders() error {
	m := c.m
	none := placeholder.Filling{Secret: func(string) (string, error) { return "", nil }}
	check := func(text string, at ...any) error {
		if _, _, err := none.Text(text); err != nil {
			return c.fault(at, "%w", err)
		}
		return nil
	}
	sent := func(p *placeholder.Payload, at ...any) error {
		if _, _, err := none.Payload(p); err != nil {
			return c.fault(at, "%w", err)
		}
		return nil
	}
	err := check(m.URL, "url")
	for _, k := range slices.Sorted(maps.Keys(m.Headers)) {
		err = errors.Join(err, check(m.Headers[k], "headers", k))
	}
	for _, k := range slices.Sorted(maps.Keys(m.Query)) {
		for i, v := range m.Query[k] {
			err = errors.Join(err, check(v, "query", k, i))
		}
	}
	for i := range m.Subscribe {
		err = errors.Join(err, sent(&m.Subscribe[i], "subscribe", i))
	}
	for i := range m.Repair {
		err = errors.Join(err, sent(&m.Repair[i], "repair", i))
	}
	if m.Alive.Ping != nil {
		err = errors.Join(err, sent(m.Alive.Ping, "alive", "ping"))
	}
	return err
}

// acts checks what is done about codes.
func (c *compiler) acts() error {
	for _, of := range []struct {
		key  string
		acts map[int]Act
		low  int
		high int
	}{{"close", c.m.Close, 1000, 4999}, {"http", c.m.HTTP, 300, 599}} {
		for _, code := range slices.Sorted(maps.Keys(of.acts)) {
			a := of.acts[code]
			at := []any{of.key, fmt.Sprint(code)}
			if code < of.low || code > of.high {
				return c.fault(at, "want a code of %d to %d", of.low, of.high)
			}
			if err := c.act(at, &a); err != nil {
				return err
			}
			of.acts[code] = a
		}
	}
	return nil
}

func (c *compiler) act(at []any, a *Act) error {
	if err := c.word(append(at, "do"), &a.Do, Reconnect, Wait, Refuse, Ignore); err != nil {
		return err
	}
	if a.After != 0 && a.Do != Wait {
		return c.fault(append(at, "after"), "it is for do: wait")
	}
	if a.Do == Wait && a.After == 0 {
		a.After = 60 * second
	}
	if a.Do == Refuse && a.Say == "" {
		return c.fault(at, "say what somebody has to do before connecting is of use again; write say: the key is wrong, …")
	}
	return nil
}

func (c *compiler) sequence() error {
	if c.m.Sequence == nil {
		return nil
	}
	p, err := c.path([]any{"sequence", "path"}, c.m.Sequence.Path)
	c.p.sequence = &p
	return err
}

func (c *compiler) resume() error {
	r := c.m.Resume
	if r == nil {
		return nil
	}
	if !c.m.uses("${resume") && r.ID != EventID {
		return c.fault([]any{"resume"}, "nothing sends the position; write ${resume} in query, headers or subscribe, or id: %q to go on as server-sent events do", EventID)
	}
	if r.ID == EventID {
		if c.m.Transport != SSE {
			return c.fault([]any{"resume", "id"}, "%s is for transport sse; write the path of the position", EventID)
		}
		return nil
	}
	p, err := c.path([]any{"resume", "id"}, r.ID)
	c.p.position = &p
	return err
}

// uses reports whether something that is sent holds a text.
func (m *Map) uses(text string) bool {
	all := m.URL
	for _, v := range m.Headers {
		all += v + "\n"
	}
	for _, vs := range m.Query {
		all += strings.Join(vs, "\n")
	}
	for _, p := range m.Subscribe {
		all += p.Shown() + "\n"
	}
	return strings.Contains(all, text)
}

// path reads the path of one value in a whole message.
func (c *compiler) path(at []any, text string) (jsondoc.Path, error) {
	p, err := jsondoc.ParsePath(text)
	if err == nil && jsondoc.Loops(p.Steps) > 0 {
		err = fmt.Errorf("%q has several values; name one: [0]", text)
	}
	if err != nil {
		return p, c.fault(at, "%w", err)
	}
	if p.Of == jsondoc.OfRow {
		p.Of = jsondoc.OfRoot
	}
	return p, nil
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
