package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"corrgraph/catalog"
	"corrgraph/feed"
	"corrgraph/feed/columns"
	"corrgraph/feed/recording"
	"corrgraph/leadlag"
)

// Exit codes, as every --help states them.
const (
	codeDone        = 0   // an empty answer too
	codeFailed      = 1   // unreadable, no permission, a directory, disk full, newer store, store in use, unknown node or event
	codeUsage       = 2   // the command line is wrong
	codeData        = 3   // garbage, wrong columns, cut off, or too many rejects
	codeNotReady    = 4   // a gate fails or was not run, the service is not well
	codeInterrupted = 130 // Ctrl-C or SIGTERM
)

var (
	errUsage = errors.New("usage")
	errData  = errors.New("bad data")
	errReady = errors.New("not ready")
)

// notReady marks an error as one of readiness. Its text stays as it is.
func notReady(err error) error { return marked{err, errReady} }

// usage marks an error of the command line. Its text stays as it is.
func usage(err error) error { return marked{err, errUsage} }

// badData marks an error of what was read.
func badData(err error) error { return marked{err, errData} }

// marked is an error that is also another one, without saying so.
type marked struct {
	error
	mark error
}

func (m marked) Unwrap() []error { return []error{m.error, m.mark} }

// exitCode returns what the process ends with. When ctx has ended, an error is
// taken for its consequence, whatever it says.
func exitCode(ctx context.Context, err error) int {
	var input *leadlag.InputError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return codeDone // whoever reads our output has seen enough
	case ctx.Err() != nil:
		return codeInterrupted
	case errors.Is(err, errReady):
		return codeNotReady
	case errors.Is(err, errUsage), errors.Is(err, recording.ErrUsage):
		return codeUsage
	case errors.Is(err, errData), errors.Is(err, feed.ErrFormat), errors.Is(err, feed.ErrTruncated), errors.As(err, &input),
		errors.Is(err, columns.ErrMap) && !system(err), errors.Is(err, catalog.ErrFacts) && !system(err):
		return codeData
	}
	return codeFailed
}

// system reports whether the file system, and not the content, is to blame.
func system(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// oneLine folds a text (joined errors, messages of libraries) into one line, and
// says nothing twice: a writer gives its first error again at every flush.
func oneLine(s string) string {
	var said []string
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !slices.ContainsFunc(said, func(before string) bool { return strings.HasSuffix(before, line) }) {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; ")
}

// openFile opens a file to read; a directory is an error.
func openFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a directory; name a file", path)
	}
	return f, nil
}
