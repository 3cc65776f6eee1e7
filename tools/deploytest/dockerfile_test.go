package deploytest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// stages parses the Dockerfile with BuildKit's own parser.
func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	f, err := os.Open(deploy + "docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Warnings) > 0 {
		t.Errorf("warnings %v", parsed.Warnings)
	}
	return all
}

func TestImageRunsWithoutRoot(t *testing.T) {
	all := stages(t)
	last := all[len(all)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is based on %s", last.BaseName)
	}
	said := map[string]string{}
	for _, c := range last.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			said["user"] = c.User
		case *instructions.EntrypointCommand:
			said["entrypoint"] = strings.Join(c.CmdLine, " ")
		case *instructions.HealthCheckCommand:
			said["health"] = strings.Join(c.Health.Test, " ")
		}
	}
	if said["user"] != "65532:65532" || said["entrypoint"] != "/usr/local/bin/corrgraph" || !strings.Contains(said["health"], "corrgraph healthcheck") {
		t.Errorf("the image says %q", said)
	}
}

// TestImageHasTheDashboard: pages are copied from the stage that builds them to the
// one that embeds them, and the binary from there to the image.
func TestImageHasTheDashboard(t *testing.T) {
	from := map[string][]string{} // stage to "stage source" of its copies
	ran := map[string]string{}
	for _, s := range stages(t) {
		for _, c := range s.Commands {
			switch c := c.(type) {
			case *instructions.CopyCommand:
				from[s.Name] = append(from[s.Name], c.From+" "+strings.Join(c.SourcePaths, " "))
			case *instructions.RunCommand:
				ran[s.Name] += strings.Join(c.CmdLine, " ") + "\n"
			}
		}
	}
	if !slices.Contains(from["build"], "pages /src/web/dist/app") || !strings.Contains(ran["pages"], "npm run build") || !slices.Contains(from[""], "build /out/corrgraph") {
		t.Errorf("copies %q, runs %q", from, ran)
	}
	for _, name := range []string{"linkedVersion", "linkedCommit", "linkedDate"} {
		if !strings.Contains(ran["build"], "-X main."+name+"=") {
			t.Errorf("the build does not set %s", name)
		}
	}
}

// TestContextHoldsWhatTheImageNeeds compares .dockerignore with the copied and
// embedded files.
func TestContextHoldsWhatTheImageNeeds(t *testing.T) {
	f, err := os.Open("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	needed := []string{"cmd/corrgraph/main.go", "web/spec/main.go", "web/dist/README.txt", "web/src/main.ts", "web/vite.config.ts", "web/index.html", "web/tsconfig.json", "web/public"}
	for _, s := range stages(t) {
		for _, c := range s.Commands {
			if c, ok := c.(*instructions.CopyCommand); ok && c.From == "" {
				needed = append(needed, c.SourcePaths...)
			}
		}
	}
	for path, want := range map[string]bool{".git": true, "web/node_modules/x": true, "web/dist/app/index.html": true, "tools/go.mod": true} {
		checkIgnored(t, ignored, path, want)
	}
	for _, path := range needed {
		checkIgnored(t, ignored, path, false)
		if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
			t.Error(err)
		}
	}
}

func checkIgnored(t *testing.T, m *patternmatcher.PatternMatcher, path string, want bool) {
	t.Helper()
	if got, err := m.MatchesOrParentMatches(path); err != nil || got != want {
		t.Errorf("%s is ignored: %v, %v", path, got, err)
	}
}
