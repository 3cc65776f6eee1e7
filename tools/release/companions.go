package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// copied are the files of the checkout that archives contain unchanged.
var copied = []string{
	"LICENSE", "README.md", "CHANGELOG.md", "docs/CONFIGURATION.md", "config/production/correlation-engine.yaml",
	"deploy/README.md", "deploy/systemd/corrgraph.service", "deploy/systemd/corrgraph.sysusers",
}

// shells maps each shell to the path of its completions.
var shells = map[string]string{"bash": "completions/corrgraph.bash", "zsh": "completions/_corrgraph", "fish": "completions/corrgraph.fish"}

// companions returns the files beside the binary in every archive, by path: files
// of the checkout, and output of the program itself.
func (r *release) companions(ctx context.Context, binary, work string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, path := range copied {
		text, err := os.ReadFile(filepath.Join(r.root, path))
		if err != nil {
			return nil, err
		}
		files[path] = text
	}
	for shell, path := range shells {
		script, err := r.output(exec.CommandContext(ctx, binary, "completion", shell))
		if err != nil {
			return nil, err
		}
		files[path] = script
	}
	pages, err := r.manual(ctx, binary, work)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, pages)
	return files, nil
}

// manual renders the manual pages.
func (r *release) manual(ctx context.Context, binary, work string) (map[string][]byte, error) {
	dir := filepath.Join(work, "manual")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if _, err := r.output(exec.CommandContext(ctx, binary, "manual", dir)); err != nil {
		return nil, err
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		pages["man/man1/"+strings.TrimSuffix(filepath.Base(path), ".md")] = md2man.Render(text)
	}
	return pages, nil
}

// licenses collects the license texts of Go, of every module in the binary, and of
// the libraries in the dashboard. A module without one is an error.
func (r *release) licenses(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/corrgraph")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	list, err := r.output(cmd)
	if err != nil {
		return nil, err
	}
	goroot, err := r.output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	from := map[string]string{"Go": strings.TrimSpace(string(goroot))}
	for _, lib := range []string{"svelte", "uplot"} {
		from[lib] = filepath.Join(r.root, "web/node_modules", lib)
	}
	for line := range strings.Lines(string(list)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			from[name] = dir
		}
	}
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(from)) {
		texts, err := licenseTexts(from[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(&b, "==== %s\n\n%s\n", name, texts)
	}
	return b.Bytes(), nil
}

// licenseTexts returns the content of a folder's license files.
func licenseTexts(dir string) (all []byte, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isLicense(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(append(all, bytes.TrimSpace(text)...), "\n\n"...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no license in %s", dir)
	}
	return all, nil
}

// isLicense recognises license files by name, and the notices that must accompany
// them.
func isLicense(name string) bool {
	name = strings.ToUpper(name)
	return !strings.HasSuffix(name, ".GO") && slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE"}, func(word string) bool {
		return strings.HasPrefix(name, word)
	})
}
