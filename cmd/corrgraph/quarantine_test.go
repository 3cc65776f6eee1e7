package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/server/quarantine"
)

// TestQuarantine lists batches in quarantine and takes them out.
func TestQuarantine(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	if out := must(t, "quarantine", "--db", db).out; !strings.Contains(out, "nothing is in quarantine in") {
		t.Errorf("without any: %s", out)
	}
	dir := quarantine.Folder(db)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"0000000000000001-telling":  `{"id":"0000000000000001","engine":"telling","source":"feed","event":"e1","market":"h2h","quotes":2,"deaths":2,"why":"the process died while it was being applied","since":"2026-12-01T12:00:00Z","held":true}`,
		"0000000000000002-learning": `{"id":"0000000000000002","engine":"learning","source":"feed\u001b[2J","since":"2026-12-01T13:00:00Z","deaths":1,"why":"the process died while it was being applied"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(must(t, "quarantine", "list", "--db", db).out), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "quarantined  2026-12-01T12:00:00Z  0000000000000001: feed at") || !strings.HasPrefix(lines[1], "suspected ") || strings.Contains(lines[1], "\x1b") {
		t.Errorf("listed: %q", lines)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, codeUsage, "--all"},
		{[]string{"--all", "0000000000000001"}, codeUsage, "--all"},
		{[]string{"0000000000000002"}, codeFailed, "no such batch"},
		{[]string{"0000000000000001"}, codeDone, "applied again at the next start: 0000000000000001"},
		{[]string{"0000000000000001"}, codeFailed, "no such batch"},
		{[]string{"--all"}, codeDone, "nothing is in quarantine"},
	} {
		if r := call(t, "", append([]string{"quarantine", "retry", "--db", db}, c.args...)...); r.code != c.code || !strings.Contains(r.out+r.errors, c.says) {
			t.Errorf("retry %q: exit code %d, %s%s", c.args, r.code, r.out, r.errors)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "0000000000000003-telling.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "", "quarantine", "list", "--db", db); r.code != codeData || !strings.Contains(r.out, "0000000000000002") || !strings.Contains(r.errors, "0000000000000003-telling.json") {
		t.Errorf("with a damaged file: exit code %d, %s%s", r.code, r.out, r.errors)
	}
}

// TestPoison has a real service die of four batches, one of each kind.
func TestPoison(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "chaos", "poison", "--runs", "4")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "KEPT: 4 of 4") {
		t.Errorf("%v: %s", err, out)
	}
}
