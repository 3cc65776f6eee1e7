package lab

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/config"
)

func newLab(t *testing.T, o Options) *Lab {
	t.Helper()
	o.Dir, o.Clock = t.TempDir(), func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(l.Dir()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder is left: %v", err)
		}
	})
	return l
}

// TestAScratchInstanceTouchesNothingOfTheRealOne, whatever the configuration.
func TestAScratchInstanceTouchesNothingOfTheRealOne(t *testing.T) {
	for _, file := range []string{"", "../../../config/staging/correlation-engine.yaml", "../../../config/production/correlation-engine.yaml"} {
		l := newLab(t, Options{Config: config.Options{Path: file}})
		p, err := l.Place(t.Context(), Setup{Empty: true, Set: []string{"layers.l4=off"}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for what, path := range map[string]string{"store": c.Store.Path, "tokens": c.Access.TokensFile, "backups": c.Backup.Folder} {
			if !strings.HasPrefix(path, l.Dir()) {
				t.Errorf("%s: %s at %s", file, what, path)
			}
		}
		if c.Server.Listen != "127.0.0.1:0" || c.Server.TLS != (config.TLS{}) || c.Telemetry.Tracing.Endpoint != "" || len(c.Chaos.Schedule) > 0 || c.Layers.L4 != "off" {
			t.Errorf("%s: %+v", file, c)
		}
	}
}

func TestTheSeedIsCopiedAndSentWhole(t *testing.T) {
	l := newLab(t, Options{})
	all, err := SeedBatches()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // copies: the second one is intact
		p, err := l.Place(t.Context(), Setup{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := Logged(t.Context(), p.Store); err != nil || n != int64(Count(all)) {
			t.Errorf("%d quotes in the log, want %d: %v", n, Count(all), err)
		}
		if err := copyStore(p.Store, p.Store); !errors.Is(err, os.ErrExist) {
			t.Errorf("a store is written over: %v", err)
		}
	}
	one, err := Bodies(all[:500], 1<<30)
	if err != nil || len(one) != 1 {
		t.Fatalf("%d bodies, %v", len(one), err)
	}
	many, err := Bodies(all[:500], 100)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, b := range many {
		n := bytes.Count(b, []byte("\n")) - 1 // but for the header
		if n > 100 && len(many) > 1 {
			t.Errorf("%d rows in a body", n)
		}
		rows += n
	}
	if want := bytes.Count(one[0], []byte("\n")) - 1; rows != want {
		t.Errorf("%d rows in %d bodies, %d in one", rows, len(many), want)
	}
}

func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		took, ok, err := Within(t.Context(), time.Second, func(context.Context) (bool, error) { n++; return n == 6, nil })
		if took != 100*time.Millisecond || !ok || err != nil {
			t.Errorf("%s, %t, %v", took, ok, err)
		}
		if took, ok, err := Within(t.Context(), time.Second, func(context.Context) (bool, error) { return false, nil }); took != time.Second || ok || err != nil {
			t.Errorf("never: %s, %t, %v", took, ok, err)
		}
		if _, ok, err := Within(t.Context(), time.Second, func(context.Context) (bool, error) { return false, os.ErrClosed }); ok || !errors.Is(err, os.ErrClosed) {
			t.Errorf("an error: %t, %v", ok, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, _, err := Within(ctx, time.Second, func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("its context ends: %v", err)
		}
	})
}

func TestMemoryOfAProcess(t *testing.T) {
	now, peak, err := Resident(os.Getpid())
	if err != nil {
		t.Skip(err) // not known on this system
	}
	if now < 1<<20 || peak < now/2 {
		t.Errorf("%d now, %d at most", now, peak)
	}
	if _, _, err := Resident(1 << 30); err == nil {
		t.Error("a process that isn't there has memory")
	}
}

func TestCommandOfAProcess(t *testing.T) {
	l := newLab(t, Options{Program: []string{"corrgraph", "serve"}, Config: config.Options{Path: "c.yaml", Set: []string{"a=1"}}})
	got, err := l.Command(&Site{Set: []string{"b=2"}})
	if want := "corrgraph serve --config c.yaml --set a=1 --set b=2"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := l.Spawn(t.Context(), &Site{Dir: filepath.Join(l.Dir(), "none")}); err == nil {
		t.Error("a process whose configuration can't be read is started")
	}
}
