package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// written makes a file of a text.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loaded is Load for configurations that must be valid.
func loaded(t *testing.T, o Options) *Loaded {
	t.Helper()
	l, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDefaultIsValidAndStated(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if c.Server.Limits.Body != 16<<20 || c.Limits.MemoryCeiling != 4e9 || c.Limits.QueryDeadline != 50*time.Millisecond || c.Limits.ClientRate != 1000 ||
		c.Audit.Keep != 7*24*time.Hour || c.Layers.L4 != "hot" || c.Chaos.Enabled || len(c.Chaos.Schedule) != 1 {
		t.Errorf("%+v", c)
	}
}

// TestEverySourceOverridesTheOneBefore also tests Origin.
func TestEverySourceOverridesTheOneBefore(t *testing.T) {
	path := written(t, "limits:\n  client_burst: 2\n  client_rate: 2/s\n  slow_query: 2ms\nserver: {tls: }\n")
	l := loaded(t, Options{
		Path: path,
		Env:  []string{"CORRGRAPH_LIMITS_CLIENT_RATE=3/s", "CORRGRAPH_LIMITS_SLOW_QUERY=3ms", "HOME=/", "CORRGRAPH_TOKEN=secret", "CORRGRAPH_SERVICE_HOST=10.0.0.1"},
		Set:  []string{"limits.slow_query=1ms", "limits.slow_query=4ms"},
	})
	if c := l.Limits; c.ClientBurst != 2 || c.ClientRate != 3 || c.SlowQuery != 4*time.Millisecond || c.QueryDeadline != 50*time.Millisecond {
		t.Errorf("%+v", c)
	}
	for key, want := range map[string]Origin{
		"limits.client_burst":   {FromFile, path + ":2"},
		"limits.client_rate":    {FromEnv, "CORRGRAPH_LIMITS_CLIENT_RATE"},
		"limits.slow_query":     {FromFlag, "--set"},
		"limits.query_deadline": {Source: FromDefault},
		"server.tls.cert":       {Source: FromDefault},
	} {
		if got := l.Origin(key); got != want {
			t.Errorf("%s: %+v, want %+v", key, got, want)
		}
	}
	if l.Warnings != nil {
		t.Errorf("warned of what belongs to others: %q", l.Warnings)
	}
}

// TestMistakes: each is reported with its position, key and remedy.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown key":         {"limits:\n  client_rte: 5/s\n", []string{"c.yaml:2: limits.client_rte: unknown key; did you mean limits.client_rate?"}},
		"swapped letters":     {"servre: {}\n", []string{"c.yaml:1: servre: unknown key; did you mean server?"}},
		"another section":     {"client_rate: 5/s\n", []string{"c.yaml:1: client_rate: unknown key; did you mean limits.client_rate?"}},
		"like nothing":        {"workers: {xyzzyxyzzy: 1}\n", []string{"c.yaml:1: workers.xyzzyxyzzy: unknown key; known here: graphs, predictions"}},
		"twice":               {"workers:\n  graphs: 1\n  graphs: 2\n", []string{"c.yaml:3: workers.graphs: the key is already set in line 2"}},
		"section twice":       {"workers: {graphs: 1}\naudit: {}\nworkers: {predictions: 2}\n", []string{"c.yaml:3: workers: the key is already set in line 1"}},
		"second document":     {"workers: {graphs: 1}\n---\naudit: {}\n", []string{"c.yaml:2: a second document begins"}},
		"no unit":             {"limits: {query_deadline: 50}\n", []string{`c.yaml:1: limits.query_deadline: want a duration with its unit, like 50ms, 90s or 7d, have "50"`}},
		"size without unit":   {"server: {limits: {body: 1000}}\n", []string{"server.limits.body: want a size with its unit"}},
		"text for a number":   {"stream: {ring: many}\n", []string{`stream.ring: want a whole number, have "many"`}},
		"quoted number":       {"stream: {ring: '4096'}\n", []string{"stream.ring: want whole number, have text; leave out the quotes"}},
		"number for text":     {"store: {path: 7}\n", []string{"store.path: want text, have a number; put it in quotes if it is meant"}},
		"list for a value":    {"store: {path: [a]}\n", []string{"store.path: want one value (text), have a list"}},
		"value for a section": {"store: a.db\n", []string{"store: want keys and values, have text"}},
		"list at the top":     {"- a\n", []string{"c.yaml:1: want keys and values, have a list"}},
		"no value":            {"store: {path: }\n", []string{"store.path: has no value; leave the key out for its default"}},
		"yes is no boolean":   {"telemetry: {pprof: yes}\n", []string{`telemetry.pprof: want true or false, have "yes"`}},
		"word":                {"layers: {l4: stanby}\n", []string{`c.yaml:1: layers.l4: want one of hot, standby, off, have "stanby": did you mean standby?`}},
		"layer 1 cannot wait": {"layers: {l1: standby}\n", []string{"layers.l1: want one of hot, off"}},
		"out of bounds":       {"limits:\n  query_deadline: 51ms\n", []string{"c.yaml:2: limits.query_deadline: want 1ms to 50ms, have 51ms"}},
		"several at once": {"layers: {l1: cold}\nworkers: {graphs: -1, x: 2}\nstream: {ring: no}\n", []string{
			"workers.x: unknown key", "stream.ring: want a whole number", "c.yaml:1: layers.l1: want one of", "c.yaml:2: workers.graphs: want 0 to 1024, have -1",
		}},
		"not YAML":       {"server: {listen: \n", []string{"c.yaml:"}},
		"merge key":      {"server: {<<: {listen: a}}\n", []string{"unknown key"}},
		"element":        {"chaos:\n  schedule:\n    - {day: someday, fault: kill-layer, layer: 4, duratoin: 5s}\n", []string{"c.yaml:3: chaos.schedule[0].duratoin: unknown key; did you mean chaos.schedule[0].duration?"}},
		"element values": {"chaos:\n  schedule:\n    - {day: someday, fault: kill-layer, at: '4:00'}\n    - {fault: full-disk, delay: 1s}\n    - {layer: 5}\n", []string{"chaos.schedule[0].day: want one of daily", "chaos.schedule[0].at: want a time of the day", "chaos.schedule[0].layer: the fault kill-layer needs it", "chaos.schedule[1].delay: belongs to the fault slow-store, not to full-disk", "chaos.schedule[2].layer: want 0 to 4", "chaos.schedule[2].fault: want one of kill-layer"}},
		"schedule a map": {"chaos: {schedule: {day: monday}}\n", []string{"chaos.schedule: want a list, have keys and values"}},
		"own alias":      {"server: &a {tls: *a}\n", []string{"server.tls.tls: unknown key"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Options{Path: written(t, c.text)})
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("err %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("have %s\nwant %s", err, want)
				}
			}
		})
	}
}

func TestMistakesOfVariablesAndSettings(t *testing.T) {
	_, err := Load(Options{
		Env: []string{"CORRGRAPH_LIMITS_CLIENT_RATTE=1/s", "CORRGRAPH_STREAM_RING=x", "CORRGRAPH_CHAOS_SCHEDULE=5", "CORRGRAPH_LAYERS_L4=cold"},
		Set: []string{"limits.query_deadlin=1ms", "store.path", "limits=5", "chaos.schedule=[{day: x]", "audit.keep=7"},
	})
	if err == nil {
		t.Fatal("nothing found")
	}
	for _, want := range []string{
		"CORRGRAPH_LIMITS_CLIENT_RATTE: no key has this variable; did you mean CORRGRAPH_LIMITS_CLIENT_RATE?",
		"CORRGRAPH_STREAM_RING: stream.ring: want a whole number",
		"CORRGRAPH_CHAOS_SCHEDULE: chaos.schedule: want a list, have a number",
		"CORRGRAPH_LAYERS_L4: layers.l4: want one of",
		"--set: limits.query_deadlin: unknown key; did you mean limits.query_deadline?",
		"--set: store.path: want section.key=value",
		"--set: limits: unknown key",
		"--set: audit.keep: want a duration",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not found: %s\nin\n%s", want, err)
		}
	}
	l := loaded(t, Options{Env: []string{"CORRGRAPH_LIMIT_CLIENT_RATE=1/s"}})
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "did you mean CORRGRAPH_LIMITS_CLIENT_RATE?") {
		t.Errorf("warnings %q", l.Warnings)
	}
}

func TestSchedule(t *testing.T) {
	l := loaded(t, Options{Set: []string{"chaos.schedule=[{day: daily, at: '23:30', fault: clock-skew, offset: -2s}]"}})
	if f := l.Chaos.Schedule; len(f) != 1 || f[0].Offset != -2*time.Second || f[0].Duration != 30*time.Second {
		t.Errorf("%+v", f)
	}
	if l := loaded(t, Options{Set: []string{"chaos.schedule=[]"}}); len(l.Chaos.Schedule) != 0 {
		t.Errorf("%+v", l.Chaos.Schedule)
	}
	saturday := time.Date(2026, 11, 28, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		day   string
		after time.Time
		want  time.Time
	}{
		{"daily", saturday.Add(-1), saturday},
		{"daily", saturday, saturday.AddDate(0, 0, 1)},
		{"saturday", saturday, saturday.AddDate(0, 0, 7)},
		{"friday", saturday, saturday.AddDate(0, 0, 6)},
		{"saturday", saturday.Add(-1).In(time.FixedZone("east", 5*3600)), saturday},
	} {
		f := ChaosFault{Day: c.day, At: "23:30"}
		if got := f.Next(c.after); !got.Equal(c.want) {
			t.Errorf("%s after %v: %v, want %v", c.day, c.after, got, c.want)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	if _, err := Load(Options{Path: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrInvalid) {
		t.Errorf("missing file: %v", err)
	}
	var path *fs.PathError
	if _, err := Load(Options{Path: t.TempDir()}); !errors.As(err, &path) {
		t.Errorf("directory: %v", err)
	}
	if _, err := Load(Options{Path: written(t, strings.Repeat("#\n", largest))}); !errors.Is(err, ErrInvalid) {
		t.Errorf("huge file: %v", err)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "server:\n  # listen: x\n"} {
		l := loaded(t, Options{Path: written(t, empty)})
		if !reflect.DeepEqual(l.Config, Default()) {
			t.Errorf("%q is not the default", empty)
		}
	}
}

// TestDeployed: the shipped configurations are valid, and have the settings that
// they exist for.
func TestDeployed(t *testing.T) {
	s := loaded(t, Options{Path: "../../config/staging/correlation-engine.yaml"})
	if s.Limits.GraphRate != 100 || s.Breakers.Failures != 5 || s.Breakers.Period != time.Minute || s.Audit.Level != "ALL" || s.Audit.Keep != 7*24*time.Hour ||
		s.Layers != (Layers{"hot", "hot", "hot", "standby"}) || s.Limits.MemoryCeiling != 4e9 || s.Limits.QueryDeadline != 50*time.Millisecond ||
		s.Workers != (Workers{0, 4}) || s.Limits.ClientRate != 1000 || !s.Chaos.Enabled || len(s.Chaos.Schedule) == 0 || !s.Server.Loopback() {
		t.Errorf("staging is not under its constraints: %+v", s.Config)
	}
	p := loaded(t, Options{Path: "../../config/production/correlation-engine.yaml"})
	if p.Limits.GraphRate != 0 || p.Audit.Level != "ALL" || p.Access.TokensFile == "" || p.Server.TLS.Cert == "" || p.Telemetry.Tracing.Endpoint == "" || p.Chaos.Enabled {
		t.Errorf("production: %+v", p.Config)
	}
}

// TestPrintReadsBack: printed output loads as the same configuration.
func TestPrintReadsBack(t *testing.T) {
	for _, o := range []Options{
		{},
		{Path: "../../config/staging/correlation-engine.yaml"},
		{Path: "../../config/production/correlation-engine.yaml", Env: []string{"CORRGRAPH_STORE_PATH=# it's: 7"}},
		{Set: []string{"chaos.schedule=[]", "store.path=yes", "engine.catalog=0123", "layers.l4=off", "telemetry.tracing.sample_ratio=0.333", "limits.client_rate=10/m"}},
	} {
		l := loaded(t, o)
		var out bytes.Buffer
		if err := l.Print(&out); err != nil {
			t.Fatal(err)
		}
		again, err := Load(Options{Path: written(t, out.String())})
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if changes := Changes(&l.Config, &again.Config); changes != nil {
			t.Errorf("%+v: differs in %v\n%s", o, changes, out.String())
		}
		if n := strings.Count(out.String(), " # "); n < len(leaves()) {
			t.Errorf("%d of %d values have a source:\n%s", n, len(leaves()), out.String())
		}
	}
}

func TestPrintSaysWhereFrom(t *testing.T) {
	path := written(t, "limits: {client_rate: 5/s}\n")
	var out bytes.Buffer
	if err := loaded(t, Options{Path: path, Env: []string{"CORRGRAPH_LAYERS_L4=off"}, Set: []string{"workers.graphs=2"}}).Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  client_rate: 5/s # file " + path + ":1\n", "  graphs: 2 # flag --set\n", " # env CORRGRAPH_LAYERS_L4\n", "  memory_ceiling: 4GB # default\n", "schedule: # default\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestNoPasswordIsShown: a password in the collector's address is refused, and
// neither the error nor any output repeats it.
func TestNoPasswordIsShown(t *testing.T) {
	for _, endpoint := range []string{"https://user:hunter2@collector", "https://collector?key=hunter2", "http://hunter2@[::1", "hunter2@collector"} {
		l, err := Load(Options{Set: []string{"telemetry.tracing.endpoint=" + endpoint}})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", endpoint, err)
		}
		if !strings.Contains(endpoint, "://") {
			continue // it looks like a path
		}
		var out bytes.Buffer
		if err := l.Print(&out); err != nil {
			t.Fatal(err)
		}
		if d := Default(); strings.Contains(out.String(), "hunter2") || slices.ContainsFunc(Changes(&d, &l.Config), func(c Change) bool { return strings.Contains(c.New, "hunter2") }) {
			t.Errorf("%s is shown:\n%s", endpoint, out.String())
		}
		for _, v := range l.Values() {
			if s, ok := v.Value.(string); ok && strings.Contains(s, "hunter2") {
				t.Errorf("%s is shown as %s", endpoint, s)
			}
		}
	}
}

// FuzzFile: any text is Problems or a valid configuration that prints and reads back.
func FuzzFile(f *testing.F) {
	for _, name := range []string{"../../config/staging", "../../config/production"} {
		data, err := os.ReadFile(name + "/correlation-engine.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a, *a]\nserver: *a\n"))
	f.Add([]byte("server: &s {limits: *s}\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("store: {path: !!binary aGk=, readers: 0x10}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &Loaded{Config: Default(), origins: map[string]Origin{}}
		if l.file("f", data) != nil || l.Validate() != nil {
			return
		}
		var out bytes.Buffer
		if err := l.Print(&out); err != nil {
			t.Fatal(err)
		}
		again := &Loaded{Config: Default(), origins: map[string]Origin{}}
		if p := again.file("g", out.Bytes()); p != nil {
			t.Fatalf("%v\n%s", p, out.String())
		}
		if c := Changes(&l.Config, &again.Config); c != nil {
			t.Fatalf("%v\n%s", c, out.String())
		}
	})
}
