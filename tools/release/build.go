package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// build compiles the program for a Linux architecture, or for this machine if arch
// is empty.
func (r *release) build(ctx context.Context, arch, to string) error {
	stamp := fmt.Sprintf("-s -w -buildid= -X main.linkedVersion=%s -X main.linkedCommit=%s -X main.linkedDate=%s", r.version, r.commit, r.date)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", stamp, "-o", to, "./cmd/corrgraph")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	if arch != "" {
		cmd.Env = append(cmd.Env, "GOOS=linux", "GOARCH="+arch)
	}
	_, err := r.output(cmd)
	return err
}

// output runs a command in the checkout and returns its output.
func (r *release) output(cmd *exec.Cmd) ([]byte, error) {
	if cmd.Dir == "" {
		cmd.Dir = r.root
	}
	out, err := cmd.Output()
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		return nil, fmt.Errorf("%v: %w: %s", cmd.Args, err, failed.Stderr)
	}
	return out, err
}

// static checks that a binary needs no dynamic linker.
func static(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			return fmt.Errorf("%s is not static", path)
		}
	}
	return nil
}
