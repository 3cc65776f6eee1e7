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
	"corrgraph/leadlag/paths"
	"corrgraph/replay"
)

// Exit codes, as listed by every --help.
const (
	codeDone        = 0   // also for an empty answer
	codeFailed      = 1   // unreadable, no permission, a directory, disk full, newer store, store in use, unknown node or event
	codeUsage       = 2   // invalid command line
	codeData        = 3   // invalid content, wrong columns, truncated, or too many rejects
	codeNotReady    = 4   // a gate failed or was not run, or the service is not healthy
	codeInterrupted = 130 // Ctrl-C or SIGTERM
)

var (
	errUsage = errors.New("usage")
	errData  = errors.New("bad data")
	errReady = errors.New("not ready")
)

// notReady marks an error of readiness, without changing its text.
func notReady(err error) error { return marked{err, errReady} }

// usage marks an error of the command line, without changing its text.
func usage(err error) error { return marked{err, errUsage} }

// badData marks an error of the input's content.
func badData(err error) error { return marked{err, errData} }

// marked is an error that also matches another one, without showing it.
type marked struct {
	error
	mark error
}

func (m marked) Unwrap() []error { return []error{m.error, m.mark} }

// exitCode returns the exit code of the process. After ctx has ended, any error
// counts as its consequence.
func exitCode(ctx context.Context, err error) int {
	var input *paths.InputError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return codeDone // the reader of our output has closed it
	case ctx.Err() != nil:
		return codeInterrupted
	case errors.Is(err, errReady):
		return codeNotReady
	case errors.Is(err, errUsage), errors.Is(err, recording.ErrUsage):
		return codeUsage
	case errors.Is(err, errData), errors.Is(err, replay.ErrChunks), errors.Is(err, feed.ErrFormat), errors.Is(err, feed.ErrTruncated), errors.As(err, &input),
		errors.Is(err, columns.ErrMap) && !system(err), errors.Is(err, catalog.ErrFacts) && !system(err):
		return codeData
	}
	return codeFailed
}

// system reports whether the file system is to blame, not the content.
func system(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// oneLine joins the lines of a text (joined errors, messages of libraries) and
// drops repeated ones: a writer returns its first error again on every flush.
func oneLine(s string) string {
	var said []string
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !slices.ContainsFunc(said, func(before string) bool { return strings.HasSuffix(before, line) }) {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; ")
}

// openFile opens a file for reading; a directory is an error.
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
