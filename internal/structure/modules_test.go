package structure

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// archived are unmaintained modules, and what to import instead.
var archived = map[string]string{
	"gopkg.in/yaml.v2": "go.yaml.in/yaml/v4",
	"gopkg.in/yaml.v3": "go.yaml.in/yaml/v4",
}

func TestNoArchivedModule(t *testing.T) {
	for _, f := range tree(t) {
		for _, p := range f.imports() {
			if instead := archived[p]; instead != "" {
				t.Errorf("%s imports %s, which is archived: use %s", f.path, p, instead)
			}
		}
	}
}

// required returns the version of a module that the text of a go.mod asks for.
func required(text, path string) (version string) {
	for line := range strings.Lines(text) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && f[0] == path {
			version = f[1]
		}
	}
	return version
}

// TestLibcIsTheOneOfSQLite: modernc.org/sqlite is C translated for one version of
// modernc.org/libc. With any other it may build and then corrupt memory.
func TestLibcIsTheOneOfSQLite(t *testing.T) {
	out, err := goCommand("list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	want := required(string(theirs), "modernc.org/libc")
	if got := required(string(ours), "modernc.org/libc"); got != want || want == "" {
		t.Errorf("go.mod asks for modernc.org/libc %s, modernc.org/sqlite was made for %s", got, want)
	}
	chosen, err := goCommand("list", "-m", "-f", "{{.Version}}", "modernc.org/libc")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(chosen) != want {
		t.Errorf("the build takes modernc.org/libc %s, modernc.org/sqlite was made for %s", chosen, want)
	}
}

func TestRequired(t *testing.T) {
	text := "module m\n\nrequire a.b/c v1.2.3\n\nrequire (\n\ta.b/cd v2.0.0 // indirect\n\td.e/f v0.1.0\n)\n"
	got := []string{required(text, "a.b/c"), required(text, "a.b/cd"), required(text, "d.e/f"), required(text, "d.e")}
	if want := []string{"v1.2.3", "v2.0.0", "v0.1.0", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func goCommand(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, problem.String())
	}
	return string(out), nil
}
