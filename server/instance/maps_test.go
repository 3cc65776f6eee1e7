package instance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallMap = "name: %s\ntime: \"{t}\"\nvenue: v\nevent: \"{e}\"\nmarket: h2h\nprices: [{from: \"{p}\", is: home}]\n"

func TestColumnMaps(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shipped, err := columnMaps("")
	if err != nil || len(shipped) == 0 {
		t.Fatal(shipped, err)
	}
	write("a.yaml", fmt.Sprintf(smallMap, "house"))
	write("notes.txt", "no map")
	if all, err := columnMaps(dir); err != nil || all["house"] == nil || len(all) != len(shipped)+1 {
		t.Errorf("%v, %v", all, err)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"twice":  {"b.yaml", fmt.Sprintf(smallMap, "house"), "both named house"},
		"wrong":  {"b.yaml", "nam: x\n", "did you mean \"name\""},
		"large":  {"b.yaml", "# " + strings.Repeat("x", largestMap), "want at most"},
		"folder": {"", "", "ingest.maps"},
	} {
		t.Run(name, func(t *testing.T) {
			from := dir
			if c.file == "" {
				from = filepath.Join(dir, "none")
			} else {
				write(c.file, c.text)
			}
			if _, err := columnMaps(from); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
