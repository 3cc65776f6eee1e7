//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestOutputKeepsDevices: only regular files are replaced or removed, whatever the
// result of the write.
func TestOutputKeepsDevices(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip("no named pipes here")
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := new(app).output(fifo, broken); err == nil {
		t.Error("no error from the pipe")
	}
	if _, err := os.Lstat(fifo); err != nil {
		t.Errorf("the pipe is gone: %v", err)
	}
}
