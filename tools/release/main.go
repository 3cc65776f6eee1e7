// Command release builds the files of a release of corrgraph: an archive for each
// platform, its bill of materials (CycloneDX), and SHA256SUMS over all of them.
//
//	release -root . -out bin/release VERSION COMMIT DATE
//
// deploy/release/stamp prints the three arguments. The same commit gives the same
// bytes with the same release of Go and npm, wherever it is checked out: binaries are
// linked without paths and build ids, archives hold the commit's date and no owner,
// and bills of materials have neither a serial number nor a time. The dashboard must
// be built first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one release.
type release struct {
	root, out             string // the checkout, and the output folder
	version, commit, date string
	at                    time.Time // date
}

// architectures are those of the archives; all are for Linux.
var architectures = []string{"amd64", "arm64"}

func run(ctx context.Context, args []string) (err error) {
	var r release
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	f.StringVar(&r.root, "root", ".", "the checkout")
	f.StringVar(&r.out, "out", "bin/release", "where the files go; replaced")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 3 {
		return errors.New("want VERSION COMMIT DATE, as deploy/release/stamp prints them")
	}
	r.version, r.commit, r.date = f.Arg(0), f.Arg(1), f.Arg(2)
	if r.at, err = time.Parse(time.RFC3339, r.date); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(r.root, "web/dist/app/index.html")); err != nil {
		return fmt.Errorf("the dashboard is not built (make web): %w", err)
	}
	work, err := os.MkdirTemp("", "corrgraph-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	return r.make(ctx, work)
}

// make builds everything, with work as a scratch folder.
func (r *release) make(ctx context.Context, work string) error {
	native := filepath.Join(work, "corrgraph")
	if err := r.build(ctx, "", native); err != nil {
		return err
	}
	common, err := r.companions(ctx, native, work)
	if err != nil {
		return err
	}
	if common["THIRD_PARTY_LICENSES"], err = r.licenses(ctx); err != nil {
		return err
	}
	for _, arch := range architectures {
		binary := filepath.Join(work, arch, "corrgraph")
		if err := r.build(ctx, arch, binary); err != nil {
			return err
		}
		if err := static(binary); err != nil {
			return err
		}
		name := r.name(arch)
		if err := r.archive(filepath.Join(r.out, name+".tar.gz"), name, binary, common); err != nil {
			return err
		}
		if err := r.materials(ctx, filepath.Join(r.out, name+".cdx.json"), binary, work); err != nil {
			return err
		}
	}
	return writeSums(r.out)
}

// name returns the base name of a platform's files.
func (r *release) name(arch string) string { return "corrgraph_" + r.version + "_linux_" + arch }
