package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

func example() *release {
	return &release{root: "../..", version: "v1.2.3", commit: "abc", date: "2026-11-29T06:52:29Z", at: time.Date(2026, 11, 29, 6, 52, 29, 0, time.UTC)}
}

// TestCompanions builds the program and checks its companion files.
func TestCompanions(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program")
	}
	r, work := example(), t.TempDir()
	binary := filepath.Join(work, "corrgraph")
	if _, err := r.output(exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/corrgraph")); err != nil {
		t.Fatal(err)
	}
	files, err := r.companions(t.Context(), binary, work)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"LICENSE", "README.md", "config/production/correlation-engine.yaml", "deploy/systemd/corrgraph.service",
		"completions/corrgraph.bash", "completions/_corrgraph", "completions/corrgraph.fish",
		"man/man1/corrgraph.1", "man/man1/corrgraph-serve.1", "man/man1/corrgraph-leaders.1",
	} {
		if len(files[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
	for name, text := range files {
		switch filepath.Dir(name) {
		case "man/man1":
			checkPage(t, name, text)
		case "completions":
			checkScript(t, name, text)
		}
	}
}

// checkPage renders a manual page, if a renderer is installed.
func checkPage(t *testing.T, name string, text []byte) {
	t.Helper()
	if !bytes.Contains(text, []byte(".TH CORRGRAPH")) {
		t.Errorf("%s is no manual page: %.80q", name, text)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		return
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-k", "-ww")
	cmd.Stdin = bytes.NewReader(text)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 || !bytes.Contains(out, []byte("corrgraph manual")) {
		t.Errorf("%s: %v %s", name, err, said.Bytes())
	}
}

// checkScript lets the shell parse its completions, if it is installed.
func checkScript(t *testing.T, name string, text []byte) {
	t.Helper()
	for shell, path := range shells {
		if path != name {
			continue
		}
		program, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed: %s is not parsed", shell, name)
			continue
		}
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.CommandContext(t.Context(), program, "-n", file).CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("%s -n %s: %v %s", shell, name, err, said)
		}
	}
}

func TestArchiveIsTheSameEveryTime(t *testing.T) {
	r, files := example(), map[string][]byte{"corrgraph": []byte("binary"), "LICENSE": []byte("free"), "man/man1/corrgraph.1": []byte(".TH")}
	var one, two bytes.Buffer
	if err := errors.Join(r.writeArchive(&one, "corrgraph_v1.2.3_linux_amd64", files), r.writeArchive(&two, "corrgraph_v1.2.3_linux_amd64", files)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two archives of the same files differ")
	}
	z, err := gzip.NewReader(&one)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(h.Name, "corrgraph_v1.2.3_linux_amd64/")
		if executable := h.Mode&0o111 != 0; executable != (name == "corrgraph") || !h.ModTime.Equal(r.at) || h.Uname != "" || h.Uid != 0 {
			t.Errorf("%s: mode %o, time %v, owner %q %d", name, h.Mode, h.ModTime, h.Uname, h.Uid)
		}
		names = append(names, name)
	}
	if want := []string{"LICENSE", "corrgraph", "man/man1/corrgraph.1"}; !slices.Equal(names, want) {
		t.Errorf("holds %q, want %q", names, want)
	}
}

func TestMaterialsHoldBothKindsAndNoTime(t *testing.T) {
	part := func(ref, lib string) *cyclonedx.BOM {
		return &cyclonedx.BOM{
			Metadata:     &cyclonedx.Metadata{Component: &cyclonedx.Component{BOMRef: ref, Name: ref}, Timestamp: "2001-01-01T00:00:00Z"},
			Components:   &[]cyclonedx.Component{{BOMRef: lib, Name: lib}},
			Dependencies: &[]cyclonedx.Dependency{{Ref: ref, Dependencies: &[]string{lib}}},
		}
	}
	bom := merge(part("corrgraph", "kong"), part("corrgraph-web", "uplot"), "2026-11-29T06:52:29Z")
	var names []string
	for _, c := range *bom.Components {
		names = append(names, c.Name)
	}
	if want := []string{"kong", "corrgraph-web", "uplot"}; !slices.Equal(names, want) {
		t.Errorf("components %q, want %q", names, want)
	}
	if own := *(*bom.Dependencies)[0].Dependencies; !slices.Equal(own, []string{"kong", "corrgraph-web"}) {
		t.Errorf("the program depends on %q", own)
	}
	if bom.Metadata.Timestamp != "2026-11-29T06:52:29Z" {
		t.Errorf("dated %s", bom.Metadata.Timestamp)
	}
}

func TestWithVersion(t *testing.T) {
	got, err := withVersion([]byte(`{"name":"w","packages":{"":{"name":"w"},"node_modules/a":{"version":"9"}}}`), "v1.2.3")
	want := `{"name":"w","packages":{"":{"name":"w","version":"1.2.3"},"node_modules/a":{"version":"9"}},"version":"1.2.3"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestLicenses(t *testing.T) {
	for name, want := range map[string]bool{"LICENSE": true, "license.md": true, "LICENSE-MIT": true, "COPYING": true, "NOTICE.txt": true, "licenses.go": false, "README": false} {
		if isLicense(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if _, err := licenseTexts(t.TempDir()); err == nil {
		t.Error("a module without a license is let through")
	}
}
