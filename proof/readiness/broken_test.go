package readiness

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/proof/readiness/lab"
	"corrgraph/server/config"
	"corrgraph/server/instance"
	"corrgraph/store"
)

// TestMain lets the test binary be the service that gates start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		serve(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// serve runs an instance until the process is killed.
func serve(args []string) {
	var o config.Options
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "--set" {
			o.Set = append(o.Set, args[i+1])
		}
	}
	c, err := config.Load(o)
	if err == nil {
		for err = instance.ErrTurned; errors.Is(err, instance.ErrTurned); { // as the command does
			var i *instance.Instance
			if i, err = instance.Open(context.Background(), &c.Config, instance.Options{Log: os.Stderr}); err == nil {
				err = i.Run(context.Background())
			}
		}
	}
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

// open opens a real instance.
func open(ctx context.Context, c *config.Config) (lab.Instance, error) {
	return instance.Open(ctx, c, instance.Options{})
}

// run runs one gate, with changed keys of the configuration.
func run(t *testing.T, name string, set ...string) store.Check {
	t.Helper()
	var got store.Check
	o := Options{Config: config.Options{Set: set}, Open: open, Dir: t.TempDir(), Kills: 1, LoadFor: time.Second, LoadRate: 20}
	err := Run(t.Context(), o, []string{name}, func(_ context.Context, c store.Check) error { got = c; return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s: %s", got.Status, got.Measured, got.Evidence)
	return got
}

// TestGatesFailOnABrokenService starts real instances with a configuration that
// breaks the gate's promise.
func TestGatesFailOnABrokenService(t *testing.T) {
	if testing.Short() {
		t.Skip("starts instances")
	}
	for name, set := range map[string][]string{
		"rate_limit":      {"limits.client_burst=100000"},
		"audit_complete":  {"audit.level=ERRORS"},
		"metrics_export":  {"telemetry.metrics=false"},
		"circuit_breaker": {"breakers.failures=4", "breakers.delay=100ms"},
		"audit_retention": {"audit.keep=1d"},
	} {
		t.Run(name, func(t *testing.T) {
			if c := run(t, name, set...); c.Status != Fail {
				t.Errorf("with %s it is %s", set, c.Status)
			}
		})
	}
}

// TestGatesPassOnASoundService is the counterpart, for gates that do not measure
// time: on a busy machine those would rightly fail.
func TestGatesPassOnASoundService(t *testing.T) {
	if testing.Short() {
		t.Skip("starts instances")
	}
	for _, name := range []string{"audit_complete", "metrics_export", "trace_propagation", "audit_retention", "sql_compliance", "crash_recovery", "foreign_clock"} {
		t.Run(name, func(t *testing.T) {
			if c := run(t, name); c.Status != Pass {
				t.Errorf("%s", c.Status)
			}
		})
	}
}

func TestAProcessThatDoesNotStartIsPending(t *testing.T) {
	for _, name := range []string{"crash_recovery", "memory_ceiling", "load"} {
		var got store.Check
		o := Options{Program: []string{filepath.Join(t.TempDir(), "no-such-program")}, Dir: t.TempDir()}
		err := Run(t.Context(), o, []string{name}, func(_ context.Context, c store.Check) error { got = c; return nil })
		if err != nil || got.Status != Pending || !strings.Contains(got.Evidence, "no-such-program") {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	err := Run(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "none")}, nil, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
