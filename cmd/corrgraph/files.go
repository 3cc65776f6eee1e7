package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"corrgraph/feed/recording"

	"github.com/klauspost/compress/zstd"
)

// input opens a file for reading, or stdin for "-", and decompresses it.
func (a *app) input(ctx context.Context, path string) (io.ReadCloser, error) {
	f := io.NopCloser(a.stdin)
	if path != "-" {
		file, err := openFile(path)
		if err != nil {
			return nil, err
		}
		f = file
	}
	r, err := recording.Decompress(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// output writes a file by calling write, compressed according to its name (.gz,
// .zst), or stdout for "-". The file is replaced in one step once complete. Devices
// and pipes are written to directly.
func (a *app) output(path string, write func(io.Writer) error) (err error) {
	if path == "-" {
		return write(a.stdout)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // fails for a directory
		if err != nil {
			return err
		}
		return errors.Join(pack(f, path, write), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	if err = errors.Join(pack(f, path, write), f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // safe: CreateTemp made it
	}
	return err
}

func pack(f io.Writer, path string, write func(io.Writer) error) (err error) {
	buffered := bufio.NewWriterSize(f, 1<<16)
	var w io.WriteCloser
	switch {
	case strings.HasSuffix(path, ".gz"):
		w = gzip.NewWriter(buffered)
	case strings.HasSuffix(path, ".zst"):
		if w, err = zstd.NewWriter(buffered); err != nil {
			return err
		}
	default:
		return errors.Join(write(buffered), buffered.Flush())
	}
	return errors.Join(write(w), w.Close(), buffered.Flush())
}

// progress draws a progress bar on terminals.
type progress struct {
	w     io.Writer
	drawn int64 // per mille drawn, -1 none
}

func (a *app) progress() *progress {
	if !a.terminal {
		return nil
	}
	return &progress{w: a.stderr, drawn: -1}
}

// update redraws the bar if it has moved. It is nil-safe.
func (p *progress) update(read, total int64) {
	if p == nil || total <= 0 {
		return
	}
	now := min(1000, 1000*read/total)
	if now == p.drawn {
		return
	}
	p.drawn = now
	const width = 40
	full := int(now * width / 1000)
	fmt.Fprintf(p.w, "\r%s%s %3d %% of %.0f MB", strings.Repeat("█", full), strings.Repeat("░", width-full), now/10, float64(total)/1e6)
}

// clear removes the bar.
func (p *progress) clear() {
	if p != nil && p.drawn >= 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
