package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"corrgraph/server/config"
)

func TestTokensAreReadOneALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := serverFlags{TokenFile: path}
	write("# admin first\none\n\n two \r\n")
	if got, err := f.tokens(); err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q, %v", got, err)
	}
	write("# nothing\n")
	if _, err := f.tokens(); exitCode(t.Context(), err) != codeData {
		t.Error(err)
	}
	f.CA = path
	if _, err := f.trust(); exitCode(t.Context(), err) != codeData {
		t.Error(err)
	}
	if got, err := (&serverFlags{}).tokens(); got != nil || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestKilledServerTouchesOnlyItsStore: whatever the configuration, the killed
// server uses a store, port, tokens, certificate and folder of its own.
func TestKilledServerTouchesOnlyItsStore(t *testing.T) {
	for _, file := range []string{"", "../../config/staging/correlation-engine.yaml", "../../config/production/correlation-engine.yaml"} {
		c := chaosKillCmd{configFlags: configFlags{Config: file, Set: []string{"limits.client_rate=5/s"}}}
		args := c.serveArgs("127.0.0.1:1", "x.db")
		o := config.Options{Path: file}
		for i, a := range args {
			if a == "--set" {
				o.Set = append(o.Set, args[i+1])
			}
		}
		l, err := config.Load(o)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if l.Server.Listen != "127.0.0.1:1" || l.Store.Path != "x.db" || l.Server.TLS != (config.TLS{}) || l.Access.TokensFile != "" || l.Backup.Folder != "" ||
			l.Telemetry.Tracing.Endpoint != "" || l.Chaos.Enabled || l.Limits.ClientRate.String() != "5/s" {
			t.Errorf("%s: %+v", file, l.Config)
		}
	}
}

func TestSizesOnTheCommandLine(t *testing.T) {
	var s size
	if err := s.UnmarshalText([]byte("4GB")); err != nil || s != 4e9 {
		t.Errorf("%d, %v", s, err)
	}
	if err := s.UnmarshalText([]byte("4")); err == nil {
		t.Error("took a size without a unit")
	}
}
