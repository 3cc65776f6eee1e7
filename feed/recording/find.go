package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"corrgraph/feed"
	"corrgraph/odds"
)

// keepOpen is how many files stay open from the start. If there are more, each is read up
// to its first batch and closed until the merge reaches that time.
const keepOpen = 8

// find lists the files behind the paths, including members of archives, with the time of
// each one's first batch.
func (s *Stream) find(paths []string) error {
	if rest := slices.DeleteFunc(slices.Clone(paths), leftBehind); len(rest) > 0 {
		s.beside.Add(int64(len(paths) - len(rest)))
		paths = rest
	}
	found := make([]*file, len(paths))
	var errs []error
	for i, path := range paths {
		f, err := s.stat(path)
		if err != nil {
			errs = append(errs, err)
		}
		found[i] = f
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	inside := make([][]*file, len(found))
	s.each(found, func(i int, f *file) { inside[i] = s.probe(f, len(found) > keepOpen) })
	for _, list := range inside {
		for _, f := range list {
			f.index = len(s.files)
			s.files = append(s.files, f)
		}
	}
	if len(s.files) <= keepOpen {
		return context.Cause(s.ctx)
	}
	s.each(s.files, func(_ int, f *file) {
		if f.bound != odds.Ever || f.stream || f.err != nil {
			return
		}
		if f.content == nil {
			f.content, f.err = s.open(f)
		}
		if f.err == nil {
			f.peek(s)
		}
	})
	return context.Cause(s.ctx)
}

// each calls do for all files, on as many goroutines as there are slots.
func (s *Stream) each(files []*file, do func(int, *file)) {
	turns := make(chan int) // unbuffered: the feeder waits for a free worker
	var work sync.WaitGroup
	for range min(len(files), cap(s.slots)) {
		work.Go(func() {
			for i := range turns {
				do(i, files[i])
			}
		})
	}
	for i := range files {
		turns <- i
	}
	close(turns)
	work.Wait()
}

// stat checks that a path can be read.
func (s *Stream) stat(path string) (*file, error) {
	f := &file{name: path, bound: odds.Ever}
	if path == "-" {
		f.name, f.stream = "standard input", true
		f.reopen = func() (io.ReadCloser, error) { return interruptible(s.ctx, s.o.Stdin), nil }
		return f, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s: %w", path, ErrDirectory)
	}
	f.size, f.stream = info.Size(), !info.Mode().IsRegular()
	f.reopen = func() (io.ReadCloser, error) { return os.Open(path) }
	if f.stream {
		return f, nil // a pipe can only be opened once
	}
	in, err := f.reopen()
	if err != nil {
		return nil, err
	}
	return f, in.Close()
}

// open opens a file for the parser.
func (s *Stream) open(f *file) (*content, error) {
	in, err := f.reopen()
	if err != nil {
		return nil, f.located(err)
	}
	c, err := unwrap(s.ctx, s.slots, in)
	return c, f.located(err)
}

// probe returns the files in f: f itself, or its members if it is an archive.
func (s *Stream) probe(f *file, many bool) []*file {
	f.content, f.err = s.open(f)
	if f.err != nil {
		return []*file{f}
	}
	if f.content.archived() {
		return s.expand(f)
	}
	if many && !f.stream {
		f.peek(s)
	}
	return []*file{f}
}

// expand returns the members of an archive. To be merged by time they must be readable in
// any order: a compressed archive, or one from a pipe, is first written to a temporary file
// that is deleted with the stream.
func (s *Stream) expand(f *file) []*file {
	defer f.close()
	in, err := f.seekable()
	if err != nil {
		f.err = f.located(err)
		return []*file{f}
	}
	list, err := contents(in)
	files := make([]*file, 0, len(list)+1)
	for _, m := range list {
		if beside(m.name) {
			s.beside.Add(1)
			continue
		}
		files = append(files, &file{
			name: f.name + ":" + m.name, size: m.size, bound: odds.Ever,
			reopen: func() (io.ReadCloser, error) {
				return io.NopCloser(io.NewSectionReader(in, m.at, m.size)), nil
			},
		})
	}
	if err != nil || len(files) == 0 {
		if err == nil {
			err = fmt.Errorf("%w: an archive without recordings", feed.ErrFormat)
		}
		f.err, f.size = f.located(err), 0
		files = append(files, f)
	}
	files[0].archive = in // closed with the stream
	return files
}

// beside reports whether a member of an archive is no recording by its name: what a system
// leaves in folders (._x, .DS_Store, __MACOSX), and what people put beside data.
func beside(member string) bool {
	name := path.Base(member)
	first, _, _ := strings.Cut(name, ".")
	switch strings.ToUpper(first) {
	case "", "README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "CHANGELOG", "MANIFEST", "CHECKSUMS", "SHA256SUMS", "SHA1SUMS", "MD5SUMS", "THUMBS", "DESKTOP":
		return true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".pdf", ".html", ".htm", ".py", ".sh", ".ipynb", ".sha256", ".sha1", ".md5", ".asc", ".sig", ".png", ".jpg", ".yaml", ".yml":
		return true
	}
	return strings.HasPrefix(member, "__MACOSX/") || strings.Contains(member, "/__MACOSX/")
}

// leftBehind reports whether a path is what a Mac leaves beside a file: a shell's * does not
// name it, but find does.
func leftBehind(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, "._") || name == ".DS_Store"
}

// seekable opens an archive so that its members can be read in any order.
func (f *file) seekable() (in *os.File, err error) {
	if f.content.layers == 0 && !f.stream {
		return os.Open(f.name)
	}
	spool, err := os.CreateTemp("", "corrgraph-*.tar")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			spool.Close()
		}
	}()
	// Unlinked at once, so that a crash leaves nothing behind.
	if err := os.Remove(spool.Name()); err != nil {
		return nil, err
	}
	_, err = io.Copy(spool, f.content)
	if err != nil && !errors.Is(err, feed.ErrTruncated) && !errors.Is(err, feed.ErrFormat) {
		return nil, fmt.Errorf("unpacking to %s: %w", spool.Name(), err)
	}
	// A damaged archive is cut at the damage, which members detects.
	_, err = spool.Seek(0, io.SeekStart)
	return spool, err
}
