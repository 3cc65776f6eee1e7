package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/server/restart"
	"corrgraph/store/checkpoint"
)

// TestCheckpoints lists, verifies and removes checkpoints of a store.
func TestCheckpoints(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	if out := must(t, "checkpoint", "--db", db).out; !strings.Contains(out, "no checkpoints in") {
		t.Errorf("without any: %s", out)
	}
	for at, version := range []string{restart.Version, "0.1"} {
		w, err := checkpoint.Create(checkpoint.Folder(db), checkpoint.Stamp{State: version, Position: 5, Taken: odds.Time(1_790_000_000_000 + 1000*at)})
		var s io.Writer
		if err == nil {
			s, err = w.Section("door")
		}
		if err == nil {
			_, err = io.WriteString(s, "what the door remembers")
		}
		if err == nil {
			_, err = w.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(must(t, "checkpoint", "verify", "--db", db).out), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "by another version") || !strings.Contains(lines[1], "taken 2026-09-21") {
		t.Errorf("listed: %q", lines)
	}
	all, err := checkpoint.List(checkpoint.Folder(db))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(all[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	text[30] ^= 1
	if err := os.WriteFile(all[0].Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "", "checkpoint", "verify", "--db", db); r.code != codeData || !strings.Contains(r.out, "damaged") {
		t.Errorf("a damaged one: exit code %d, %s", r.code, r.out)
	}
	if out := must(t, "checkpoint", "drop", "--db", db).out; !strings.HasPrefix(out, "2 checkpoints removed") {
		t.Errorf("dropped: %s", out)
	}
}
