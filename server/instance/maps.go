package instance

import (
	"fmt"
	"os"
	"path/filepath"

	"corrgraph/feed/columns"
)

const (
	mostMaps   = 1000
	largestMap = 1 << 20 // bytes
)

// columnMaps returns the shipped column maps and those of a folder, by name. One of the folder
// takes the place of a shipped one of its name.
func columnMaps(folder string) (map[string]*columns.Map, error) {
	out := map[string]*columns.Map{}
	for _, m := range columns.Shipped() {
		out[m.Name] = m
	}
	if folder == "" {
		return out, nil
	}
	if _, err := os.ReadDir(folder); err != nil {
		return nil, fmt.Errorf("ingest.maps: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) > mostMaps {
		return nil, fmt.Errorf("ingest.maps: %s has %d maps, want at most %d: %w", folder, len(files), mostMaps, err)
	}
	from := map[string]string{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("ingest.maps: %w", err)
		}
		if info.Size() > largestMap {
			return nil, fmt.Errorf("ingest.maps: %s has %d bytes, want at most %d", file, info.Size(), largestMap)
		}
		m, err := columns.Load(file)
		if err != nil {
			return nil, fmt.Errorf("ingest.maps: %w", err)
		}
		if other, ok := from[m.Name]; ok {
			return nil, fmt.Errorf("ingest.maps: %s and %s are both named %s: rename one", other, file, m.Name)
		}
		out[m.Name], from[m.Name] = m, file
	}
	return out, nil
}
