package config

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/odds/account"
)

var update = flag.Bool("update", false, "write docs/CONFIGURATION.md")

// TestReference keeps the page and the declaration in step.
func TestReference(t *testing.T) {
	const page = "../../docs/CONFIGURATION.md"
	var want bytes.Buffer
	if err := WriteReference(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Error("docs/CONFIGURATION.md is not what the declaration says: go test ./server/config -run Reference -update")
	}
}

// TestDeclarations: every key parses in its own notation, is documented, and has a
// unique variable.
func TestDeclarations(t *testing.T) {
	variables := map[string]string{}
	var check func(fields []field)
	check = func(fields []field) {
		for _, f := range fields {
			if f.name == "" || f.doc == "" || !strings.HasSuffix(f.doc, ".") {
				t.Errorf("%s: key %q, doc %q", f.key, f.name, f.doc)
			}
			if strings.ContainsAny(f.doc, "|\n") {
				t.Errorf("%s: the doc breaks a table of Markdown", f.key)
			}
			check(f.fields)
			if f.section() || f.list() {
				continue
			}
			for _, text := range []string{f.def, f.min, f.max} {
				if text != "" && format(f.bound(text)) != text {
					t.Errorf("%s: declares %s, which prints as %s", f.key, text, format(f.bound(text)))
				}
			}
		}
	}
	check(root())
	for _, f := range leaves() {
		if other, taken := variables[variable(f.key)]; taken {
			t.Errorf("%s and %s have the same variable", f.key, other)
		}
		variables[variable(f.key)] = f.key
	}
	if len(variables) < 70 {
		t.Errorf("%d keys", len(variables))
	}
}

func TestCombinations(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *Config)
		want   []string // keys with problems
	}{
		"loopback needs nothing":  {func(c *Config) { c.Server.Listen = "[::1]:0" }, nil},
		"localhost":               {func(c *Config) { c.Server.Listen = "localhost:80" }, nil},
		"mapped loopback":         {func(c *Config) { c.Server.Listen = "[::ffff:127.0.0.1]:80" }, nil},
		"everywhere":              {func(c *Config) { c.Server.Listen = ":8080" }, []string{"server.listen", "server.listen"}},
		"a name may be anywhere":  {func(c *Config) { c.Server.Listen = "local:80" }, []string{"server.listen", "server.listen"}},
		"without TLS":             {func(c *Config) { c.Server.Listen, c.Access.TokensFile = "0.0.0.0:80", "t" }, []string{"server.listen"}},
		"without tokens":          {func(c *Config) { c.Server.Listen, c.Server.TLS = "0.0.0.0:80", TLS{"c", "k"} }, []string{"server.listen"}},
		"plaintext, as said":      {func(c *Config) { c.Server = plaintext(c.Server); c.Access.TokensFile = "t" }, nil},
		"plaintext is not enough": {func(c *Config) { c.Server = plaintext(c.Server) }, []string{"server.listen"}},
		"guarded":                 {func(c *Config) { c.Server.Listen, c.Server.TLS, c.Access.TokensFile = "0.0.0.0:80", TLS{"c", "k"}, "t" }, nil},
		"no port":                 {func(c *Config) { c.Server.Listen = "127.0.0.1" }, []string{"server.listen"}},
		"no such port":            {func(c *Config) { c.Server.Listen = "127.0.0.1:70000" }, []string{"server.listen"}},
		"a named port":            {func(c *Config) { c.Server.Listen = "127.0.0.1:http" }, []string{"server.listen"}},
		"half of TLS":             {func(c *Config) { c.Server.TLS.Key = "k" }, []string{"server.tls"}},
		"never slow":              {func(c *Config) { c.Limits.QueryDeadline = 20 * time.Millisecond }, []string{"limits.slow_query"}},
		"body beyond memory":      {func(c *Config) { c.Limits.MemoryCeiling, c.Server.Limits.Body = 64<<20, 33<<20 }, []string{"server.limits.body"}},
		"half a graph":            {func(c *Config) { c.Limits.GraphRate = 0.5 }, []string{"limits.graph_rate"}},
		"no store":                {func(c *Config) { c.Store.Path = "" }, []string{"store.path"}},
		"verified too often":      {func(c *Config) { c.Backup.Folder, c.Backup.VerifyEvery = "f", time.Minute }, []string{"backup.verify_every"}},
		"no backup, no matter":    {func(c *Config) { c.Backup.VerifyEvery = time.Minute }, nil},
		"undefined ratio":         {func(c *Config) { c.Telemetry.Tracing.SampleRatio = math.NaN() }, []string{"telemetry.tracing.sample_ratio"}},
		"open traces":             {func(c *Config) { c.Telemetry.Tracing.Endpoint = "http://collector:4318" }, []string{"telemetry.tracing.endpoint"}},
		"open traces, as said":    {func(c *Config) { c.Telemetry.Tracing = Tracing{"http://collector:4318", 1, true} }, nil},
		"traces on this machine":  {func(c *Config) { c.Telemetry.Tracing.Endpoint = "http://127.0.0.1:4318" }, nil},
		"another protocol":        {func(c *Config) { c.Telemetry.Tracing.Endpoint = "grpc://collector:4317" }, []string{"telemetry.tracing.endpoint"}},
		"all at once": {func(c *Config) { c.Layers.L2, c.Workers.Predictions, c.Store.Path = "", 0, "" }, []string{
			"layers.l2", "workers.predictions", "store.path",
		}},
	} {
		config := Default()
		c.change(&config)
		err := config.Validate()
		var have []string
		var problems Problems
		if errors.As(err, &problems) {
			for _, p := range problems {
				have = append(have, p.Key)
			}
		}
		if (err != nil) != (c.want != nil) || !slices.Equal(have, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	var zero Config
	if err := zero.Validate(); err == nil {
		t.Error("the zero Config is valid")
	}
}

func plaintext(s Server) Server {
	s.Listen, s.InsecurePlaintext = "0.0.0.0:80", true
	return s
}

func TestChanges(t *testing.T) {
	old := Default()
	if c := Changes(&old, &old); c != nil {
		t.Errorf("equal ones differ in %v", c)
	}
	next := Default()
	next.Limits.ClientRate = 5
	next.Server.Listen = "127.0.0.1:9"
	next.Chaos.Schedule = []ChaosFault{{Day: "daily", At: "01:00", Fault: "full-disk", Duration: time.Minute}}
	want := []Change{
		{"server.listen", "127.0.0.1:8080", "127.0.0.1:9", false},
		{"limits.client_rate", "1000/s", "5/s", true},
		{
			"chaos.schedule",
			"[{day: sunday, at: '04:00', fault: kill-layer, duration: 30s, layer: 4}]",
			"[{day: daily, at: '01:00', fault: full-disk, duration: 1m}]", true,
		},
	}
	if got := Changes(&old, &next); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	merged := Merge(&old, &next)
	if merged.Limits.ClientRate != 5 || merged.Server.Listen != old.Server.Listen || merged.Chaos.Schedule[0].Fault != "full-disk" {
		t.Errorf("%+v", merged)
	}
	if old.Limits.ClientRate != 1000 || len(old.Chaos.Schedule) != 1 || old.Chaos.Schedule[0].Fault != "kill-layer" {
		t.Error("Merge modified the old configuration")
	}
	for _, c := range Changes(&merged, &next) {
		if c.Reload {
			t.Errorf("%s could be reloaded and was not", c.Key)
		}
	}
}

// TestEveryKeyIsCompared: a key that Changes misses would be lost on reload.
func TestEveryKeyIsCompared(t *testing.T) {
	for _, f := range leaves() {
		old, next := Default(), Default()
		walk(root(), reflect.ValueOf(&next).Elem(), func(g *field, v reflect.Value) {
			if g.key == f.key {
				perturb(v)
			}
		})
		if c := Changes(&old, &next); len(c) != 1 || c[0].Key != f.key {
			t.Errorf("%s: %v", f.key, c)
		}
	}
}

// perturb changes v to another value.
func perturb(v reflect.Value) {
	switch {
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	case v.CanFloat():
		v.SetFloat(v.Float() + 0.5)
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.Len() == 0:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		v.SetLen(v.Len() - 1)
	}
}

func TestCommission(t *testing.T) {
	l := loaded(t, Options{Set: []string{"engine.commission=[{venue: betfair, share: 0.05}, {venue: smarkets, share: 0.02}]"}})
	if got := l.Commissions(); len(got) != 2 || got["betfair"] != 0.05 || got["smarkets"] != 0.02 {
		t.Errorf("%v", got)
	}
	_, err := Load(Options{Set: []string{"engine.commission=[{venue: betfair, share: 0.05}, {venue: betfair, share: 5}, {share: 0.1}]"}})
	for _, want := range []string{
		`engine.commission[1].share: want 0 to 0.5, have 5`, `engine.commission[1].venue: "betfair" is listed twice`, "engine.commission[2].venue: want the key of a venue",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestSourcesAreListedWithWhatIsKnownOfThem(t *testing.T) {
	l := loaded(t, Options{Set: []string{"ingest.sources=[{source: scraped, delay: 90s}, {source: fast, out_of_order: 100ms}]"}})
	if got, want := l.Ingest.Sources, []FeedSource{{Source: "scraped", Delay: 90 * time.Second}, {Source: "fast", OutOfOrder: 100 * time.Millisecond}}; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	_, err := Load(Options{Set: []string{"ingest.sources=[{source: a, delay: 6m}, {source: a, out_of_order: 11m}, {delay: 1s}]"}})
	for _, want := range []string{
		`ingest.sources[0].delay: want 0 to 5m, have 6m`, `ingest.sources[1].out_of_order: want 0 to 10m, have 11m`,
		`ingest.sources[1].source: "a" is listed twice`, "ingest.sources[2].source: want the name of a source",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

func TestMyVenues(t *testing.T) {
	const mine = "my_venues=[{venue: betfair, commission: 0.05, currency: GBP, stake: {min: 2, max: 500, step: 0.01}, odds: {min: 1.2, max: 20}}, {venue: smarkets}]"
	l := loaded(t, Options{Set: []string{mine, "currencies.base=EUR", "currencies.rates=[{currency: GBP, rate: 1.15}]", "engine.commission=[{venue: smarkets, share: 0.02}, {venue: matchbook, share: 0.03}]"}})
	if got, want := l.Commissions(), (map[string]float64{"betfair": 0.05, "smarkets": 0.02, "matchbook": 0.03}); !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	book := l.Accounts()
	want := account.Terms{Held: account.Mine, Currency: "GBP", Base: "EUR", Rate: 1.15, Stake: account.Range{Min: 2, Max: 500}, Step: 0.01, Odds: account.Range{Min: 1.2, Max: 20}}
	if got := book.Of("betfair"); got != want {
		t.Errorf("%+v", got)
	}
	if got := book.Of("smarkets"); got != (account.Terms{Held: account.Mine, Currency: "EUR", Base: "EUR", Rate: 1}) {
		t.Errorf("%+v", got)
	}
	if book.Of("matchbook").Held != account.Theirs || loaded(t, Options{}).Accounts().Of("any") != (account.Terms{}) {
		t.Error("a venue that is not named is theirs, and without names nothing is said")
	}
	if w := loaded(t, Options{Set: []string{"my_venues=[{venue: smarkts}, {venue: betfair_ex_uk}, {venue: winamax_fr}]"}}).Warnings; len(w) != 1 || !strings.Contains(w[0], `no venue "smarkts" is known`) || !strings.Contains(w[0], "did you mean smarkets?") {
		t.Errorf("warnings %q", w)
	}
	var printed strings.Builder
	if err := l.Print(&printed); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "printed.yaml")
	if err := os.WriteFile(path, []byte(printed.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := loaded(t, Options{Path: path}); !reflect.DeepEqual(again.MyVenues, l.MyVenues) || !reflect.DeepEqual(again.Currencies, l.Currencies) {
		t.Errorf("printed and read back: %+v", again.MyVenues)
	}
}

func TestMyVenuesThatCannotBe(t *testing.T) {
	_, err := Load(Options{Set: []string{
		"my_venues=[{venue: a, commission: 0.6}, {venue: a, stake: {min: 5, max: 2}}, {commission: 0.01}, {venue: b, currency: gbp, stake: {max: 1, step: 2}}, {venue: c, odds: {min: 0.5}}, {venue: d, odds: {min: 3, max: 2}}, {venue: e, commission: 0.02, stake: {min: -1}}, {venue: f, odds: {max: 1}}]",
		"engine.commission=[{venue: e, share: 0.05}]", "currencies.rates=[{currency: GBP, rate: 0}, {currency: GBP, rate: 1}, {currency: Pounds, rate: 1}]",
	}})
	for _, want := range []string{
		"my_venues[0].commission: want 0 to 0.5, have 0.6", `my_venues[1].venue: "a" is listed twice`, "my_venues[1].stake.min: is above stake.max (2)", "my_venues[2].venue: want the key of a venue",
		`my_venues[3].currency: want three capital letters like GBP, have "gbp"`, "my_venues[3].stake.step: is above stake.max (1)", "my_venues[4].odds.min: decimal odds exceed 1, have 0.5",
		"my_venues[5].odds.min: is above odds.max (2)", "my_venues[6].commission: is 0.02, but engine.commission says 0.05 of e: state it once", "my_venues[6].stake.min: want 0 to 1e+09, have -1",
		"my_venues[7].odds.max: decimal odds exceed 1, have 1", "currencies.rates[0].rate: want 1e-09 to 1e+09, have 0", `currencies.rates[1].currency: "GBP" is listed twice`,
		`currencies.rates[2].currency: want three capital letters like GBP, have "Pounds"`, "currencies.rates: need currencies.base, the currency in which they are stated",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	_, err = Load(Options{Set: []string{"currencies.base=EUR", "currencies.rates=[{currency: EUR, rate: 1}]"}})
	if err == nil || !strings.Contains(err.Error(), "currencies.rates[0].currency: EUR is the base: its rate is 1") {
		t.Errorf("%v", err)
	}
}
