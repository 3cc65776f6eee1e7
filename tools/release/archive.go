package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// archive writes a gzipped tar of a binary and its companion files, below one
// folder, sorted by path.
func (r *release) archive(to, folder, binary string, files map[string][]byte) (err error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	files = maps.Clone(files)
	files["corrgraph"] = program
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(f)
	err = r.writeArchive(buffered, folder, files)
	return errors.Join(err, buffered.Flush(), f.Close())
}

func (r *release) writeArchive(w io.Writer, folder string, files map[string][]byte) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	a := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := int64(0o644)
		if name == "corrgraph" {
			mode = 0o755
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(folder, name), Mode: mode, Size: int64(len(files[name])), ModTime: r.at, Format: tar.FormatUSTAR}
		if err := a.WriteHeader(h); err != nil {
			return err
		}
		if _, err := a.Write(files[name]); err != nil {
			return err
		}
	}
	return errors.Join(a.Close(), z.Close())
}

// writeSums writes SHA256SUMS over the files of a folder, in the format of
// sha256sum -c.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
