package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemoOpensTheDashboard(t *testing.T) {
	const address = "http://127.0.0.1:8080"
	x11 := map[string]string{"DISPLAY": ":0"}
	for _, c := range []struct {
		open   string
		screen bool
		system string
		env    map[string]string
		want   string
	}{
		{"auto", true, "linux", x11, "xdg-open " + address},
		{"auto", true, "linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open " + address},
		{"auto", true, "darwin", nil, "open " + address},
		{"auto", true, "darwin", map[string]string{"SSH_CONNECTION": "::1 1 ::1 22"}, ""},
		{"auto", true, "linux", nil, ""},
		{"auto", false, "linux", x11, ""},
		{"no", true, "linux", x11, ""},
		{"yes", false, "linux", nil, "xdg-open " + address},
	} {
		var got string
		a := &app{screen: c.screen, start: func(program string, args ...string) error {
			got = strings.Join(append([]string{program}, args...), " ")
			return nil
		}}
		(&demoCmd{Open: c.open}).show(a, address, c.system, func(name string) string { return c.env[name] })
		if got != c.want {
			t.Errorf("--open %s, terminal %t, %s, %v: started %q, want %q", c.open, c.screen, c.system, c.env, got, c.want)
		}
	}
}

func TestDemoSaysThatNoBrowserOpens(t *testing.T) {
	for open, want := range map[string]string{"auto": "", "yes": "corrgraph: no browser was opened: none here\n"} {
		var said bytes.Buffer
		a := &app{screen: true, stderr: &said, start: func(string, ...string) error { return errors.New("none here") }}
		(&demoCmd{Open: open}).show(a, "http://x", "linux", func(string) string { return ":0" })
		if said.String() != want {
			t.Errorf("--open %s: said %q, want %q", open, said.String(), want)
		}
	}
}

func TestDemoWritesIntoNoStoreThatIsThere(t *testing.T) {
	dir := t.TempDir()
	for _, there := range []string{"x.db", "x-live.db"} {
		file := filepath.Join(dir, there)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (&demoCmd{DB: filepath.Join(dir, "x.db")}).fresh(); err == nil || !strings.Contains(err.Error(), file+" exists") {
			t.Errorf("beside %s: %v", there, err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if path, err := (&demoCmd{DB: filepath.Join(dir, "x.db")}).fresh(); err != nil || path != filepath.Join(dir, "x.db") {
		t.Errorf("%q, %v", path, err)
	}
}
