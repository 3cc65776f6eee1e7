package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestManual(t *testing.T) {
	dir := t.TempDir()
	must(t, "manual", dir)
	read := func(page string) string {
		text, err := os.ReadFile(filepath.Join(dir, page+".1.md"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	top := read("corrgraph")
	for _, page := range []string{"corrgraph-serve", "corrgraph-graph", "corrgraph-backup"} {
		if !strings.Contains(top, "**"+page+"**(1)\n: ") {
			t.Errorf("corrgraph(1) does not list %s", page)
		}
	}
	if strings.Contains(top, "corrgraph-manual") {
		t.Error("corrgraph(1) lists a hidden command")
	}
	for page, parts := range map[string][]string{
		"corrgraph-graph":  {"**corrgraph graph** [*flags*] \\<event>\n", "    corrgraph graph ", "\n**--as-of**=*TIME*\n: Answer as of"},
		"corrgraph-backup": {"**corrgraph backup make** ", "\n# BACKUP VERIFY\n", "CORRGRAPH\\_ variables"},
	} {
		for _, part := range parts {
			if text := read(page); !strings.Contains(text, part) {
				t.Errorf("%s(1) lacks %q:\n%s", page, part, text)
			}
		}
	}
}
