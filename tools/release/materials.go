package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/CycloneDX/cyclonedx-go"
)

// materials writes the bill of materials of a binary: the modules listed in the
// binary, and the packages used to build its pages.
func (r *release) materials(ctx context.Context, to, binary, work string) error {
	gomod, err := filepath.Abs(filepath.Join(r.root, ".tools/cyclonedx-gomod"))
	if err != nil {
		return err
	}
	text, err := r.output(exec.CommandContext(ctx, gomod, "bin", "-json", "-std", "-licenses", "-noserial", "-notimestamp", "-version", r.version, binary))
	if err != nil {
		return err
	}
	bom, err := decode(text)
	if err != nil {
		return err
	}
	pages, err := r.pageMaterials(ctx, work)
	if err != nil {
		return err
	}
	return r.write(to, merge(bom, pages, r.date))
}

// pageMaterials lists the packages of the dashboard's build. npm needs a version in
// package.json, so it gets a copy that has one.
func (r *release) pageMaterials(ctx context.Context, work string) (*cyclonedx.BOM, error) {
	dir := filepath.Join(work, "pages")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(r.root, "web", name))
		if err != nil {
			return nil, err
		}
		if text, err = withVersion(text, r.version); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "sbom", "--sbom-format=cyclonedx", "--package-lock-only")
	cmd.Dir = dir
	text, err := r.output(cmd)
	if err != nil {
		return nil, err
	}
	return decode(text)
}

// withVersion sets the version of an npm package, in its package.json or its lock.
func withVersion(text []byte, version string) ([]byte, error) {
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	v["version"] = version[1:] // npm versions have no v
	if all, ok := v["packages"].(map[string]any); ok {
		if own, ok := all[""].(map[string]any); ok {
			own["version"] = version[1:]
		}
	}
	return json.Marshal(v)
}

func decode(text []byte) (*cyclonedx.BOM, error) {
	bom := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		return nil, err
	}
	if bom.Components == nil || bom.Dependencies == nil || bom.Metadata == nil || bom.Metadata.Component == nil {
		return nil, errors.New("a bill of materials without components")
	}
	return bom, nil
}

// merge adds the pages' packages to a binary's bill, as dependencies of the
// program, and dates it.
func merge(program, pages *cyclonedx.BOM, date string) *cyclonedx.BOM {
	*program.Components = append(*program.Components, *pages.Metadata.Component)
	*program.Components = append(*program.Components, *pages.Components...)
	*program.Dependencies = append(*program.Dependencies, *pages.Dependencies...)
	for k := range *program.Dependencies {
		if d := &(*program.Dependencies)[k]; d.Ref == program.Metadata.Component.BOMRef && d.Dependencies != nil {
			*d.Dependencies = append(*d.Dependencies, pages.Metadata.Component.BOMRef)
		}
	}
	program.Metadata.Timestamp = date
	if t := program.Metadata.Tools; t != nil && t.Tools != nil {
		for k := range *t.Tools { // the tool's own hash depends on where it was built
			(*t.Tools)[k].Hashes = nil
		}
	}
	return program
}

func (r *release) write(to string, bom *cyclonedx.BOM) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	err = cyclonedx.NewBOMEncoder(f, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, bom.SpecVersion)
	return errors.Join(err, f.Close())
}
