package recording

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/odds"
)

// mlb returns the paths of the three MLB recordings.
func mlb(t testing.TB) []string {
	t.Helper()
	paths, _ := filepath.Glob("../../../shared/data/the-odds-api-v4/mlb_*.bz2")
	if len(paths) != 3 {
		if os.Getenv("CI") == "true" {
			t.Fatal("no recordings beside the repository")
		}
		t.Skip("no recordings beside the repository")
	}
	return paths
}

// drain reads a stream to its end, checks its order and closes it.
func drain(t testing.TB, s *Stream) (batches []*odds.Batch) {
	t.Helper()
	defer s.Close()
	last := odds.Ever
	for {
		b, err := s.Next()
		if err == io.EOF {
			return batches
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.At < last {
			t.Fatalf("%v after %v", b.At, last)
		}
		last = b.At
		batches = append(batches, b)
	}
}

func open(t testing.TB, o Options, paths ...string) *Stream {
	t.Helper()
	s, err := Open(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write makes a file in a directory of the test.
func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ticks writes a canonical table: one tick of the venue for each time, in ms after
// some instant.
func ticks(venue string, at ...int) []byte {
	var b bytes.Buffer
	b.WriteString("ts_source,bookmaker,event_id,market,selection,price\n")
	for _, ms := range at {
		fmt.Fprintf(&b, "%d,%s,e,h2h,x,%g\n", 1785996044000+ms, venue, 2+float64(ms%97)/10)
	}
	return b.Bytes()
}

func summary(batches []*odds.Batch) (lines []string) {
	for _, b := range batches {
		for _, u := range b.Updates {
			lines = append(lines, fmt.Sprint(b.At-1785996044000, b.Source, " ", u.Venue, u.Market, u.Event.ID, u.Quotes))
		}
	}
	return lines
}

func venues(batches []*odds.Batch) string {
	var s strings.Builder
	for _, b := range batches {
		fmt.Fprintf(&s, "%d%s ", b.At-1785996044000, b.Updates[0].Venue)
	}
	return strings.TrimSpace(s.String())
}

func gz(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t testing.TB, text []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(text, nil)
}

func archive(t testing.TB, files ...[]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "dir/", Typeflag: tar.TypeDir})
	for i, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("dir/%d", i), Size: int64(len(text)), Typeflag: tar.TypeReg, Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		w.Write(text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Two of the recordings were assembled from two runs and step back by eight hours: their
// polls must be sorted in.
func TestMergesTheThreeDays(t *testing.T) {
	s := open(t, Options{}, mlb(t)...)
	batches := drain(t, s)
	if _, n := s.Report().Rejected(); len(s.Errors()) > 0 || n > 0 || len(batches) != 735 || s.Report().Quotes() != 692052 {
		t.Errorf("%d batches, %d quotes, errors %v, rejects %v", len(batches), s.Report().Quotes(), s.Errors(), s.Report().Shown())
	}
	if read, total := s.Progress(); read != total || total == 0 {
		t.Errorf("read %d of %d bytes", read, total)
	}
}

func TestContentNotNameTellsTheFormat(t *testing.T) {
	text := ticks("v", 1, 2, 3)
	want := summary(drain(t, open(t, Options{}, write(t, "plain.bz2", text))))
	if len(want) != 3 {
		t.Fatal(want)
	}
	for name, content := range map[string][]byte{
		"gz": gz(t, text), "zst": zst(t, text), "gz of zst": gz(t, zst(t, text)), "tar": archive(t, text), "tar.gz": gz(t, archive(t, text)),
		"tar of gz": archive(t, gz(t, text)), "tar of two": archive(t, ticks("v", 2), ticks("v", 1, 3)), "tar.zst of two": zst(t, archive(t, ticks("v", 3), gz(t, ticks("v", 1, 2)))),
	} {
		s := open(t, Options{}, write(t, "x.txt", content))
		if got := summary(drain(t, s)); !reflect.DeepEqual(got, want) || s.Errors() != nil {
			t.Errorf("%s: %v %v, want %v", name, got, s.Errors(), want)
		}
		s = open(t, Options{Stdin: bytes.NewReader(content)}, "-")
		if got := summary(drain(t, s)); !reflect.DeepEqual(got, want) || s.Errors() != nil {
			t.Errorf("%s through standard input: %v %v, want %v", name, got, s.Errors(), want)
		}
	}
}

func TestOpenFailsAtOnce(t *testing.T) {
	dir := t.TempDir()
	good := write(t, "good", ticks("v", 1))
	_, err := Open(t.Context(), []string{good, dir, filepath.Join(dir, "none")}, Options{})
	if !errors.Is(err, ErrDirectory) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	if os.Getuid() != 0 { // root may read everything
		closed := write(t, "closed", nil)
		os.Chmod(closed, 0)
		if _, err := Open(t.Context(), []string{closed}, Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
	}
	for _, o := range []Options{{Format: "xml"}, {}} {
		paths := []string{good}
		if o.Format == "" {
			paths = nil
		}
		if _, err := Open(t.Context(), paths, o); !errors.Is(err, ErrUsage) {
			t.Error(err)
		}
	}
}

func TestABadFileDoesNotLoseTheOthers(t *testing.T) {
	text := ticks("v", 1, 2, 3, 4, 5, 6, 7, 8)
	noise := bytes.Repeat([]byte{0, 1, 2, 0xff}, 100)
	damaged := gz(t, text)
	damaged[len(damaged)-5] ^= 1 // its checksum
	for name, c := range map[string]struct {
		content []byte
		err     error
		least   int // minimum number of batches the file itself still gives
	}{
		"empty": {nil, feed.ErrFormat, 0}, "white space": {[]byte("\n \n"), feed.ErrFormat, 0}, "binary": {noise, feed.ErrFormat, 0},
		"unknown JSON": {[]byte(`{"a":1}`), feed.ErrFormat, 0}, "unknown table": {[]byte("a,b\n1,2\n"), feed.ErrFormat, 0},
		"UTF-16": {[]byte("\xff\xfea\x00"), feed.ErrFormat, 0}, "damaged gz": {damaged, feed.ErrFormat, 0}, "magic alone": {[]byte("\x1f\x8b"), feed.ErrTruncated, 0},
		"cut gz": {gz(t, text)[:len(gz(t, text))-20], feed.ErrTruncated, 1}, "cut zst": {zst(t, text)[:60], feed.ErrTruncated, 0},
		"cut table": {text[:len(text)-10], feed.ErrTruncated, 7}, "cut tar": {archive(t, text, text)[:3000], feed.ErrTruncated, 8},
		"empty tar": {archive(t), feed.ErrFormat, 0}, "tar with a bad member": {archive(t, noise, text), feed.ErrFormat, 8},
		"too many layers": {gz(t, gz(t, gz(t, gz(t, gz(t, text))))), feed.ErrFormat, 0},
	} {
		bad, good := write(t, "bad", c.content), write(t, "good", ticks("w", 2, 10))
		s := open(t, Options{}, bad, good)
		batches := drain(t, s)
		own := 0
		for _, b := range batches {
			if b.Updates[0].Venue == "v" {
				own++
			}
		}
		var at *feed.FileError
		errs := s.Errors()
		if len(errs) != 1 || !errors.Is(errs[0], c.err) || !errors.As(errs[0], &at) || !strings.HasPrefix(at.File, bad) ||
			own < c.least || len(batches) != own+2 {
			t.Errorf("%s: %d batches of it, %d in all, %v", name, own, len(batches), errs)
		}
	}
}

func TestCutBzip2GivesItsWholeBlocks(t *testing.T) {
	whole, err := os.ReadFile(mlb(t)[2])
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{}, write(t, "cut.bz2", whole[:len(whole)*2/3]))
	batches := drain(t, s)
	errs := s.Errors()
	if len(errs) != 1 || !errors.Is(errs[0], feed.ErrTruncated) || len(batches) < 100 || s.Report().Quotes() < 100_000 {
		t.Errorf("%d batches, %v", len(batches), errs)
	}
}

func TestMergeOrder(t *testing.T) {
	a, b := write(t, "a", ticks("a", 1, 5, 5, 9)), write(t, "b", ticks("b", 0, 5, 6, 9, 12))
	if got, want := venues(drain(t, open(t, Options{}, a, b))), "0b 1a 5a 5b 6b 9a 9b 12b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := venues(drain(t, open(t, Options{}, b, a))), "0b 1a 5b 5a 6b 9b 9a 12b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestOutOfOrder(t *testing.T) {
	path := write(t, "a", ticks("a", 0, 9000, 4000, 3999, 9001, 5000, 20000, 1))
	s := open(t, Options{}, path)
	if got, want := venues(drain(t, s)), "0a 4000a 5000a 9000a 9001a 20000a"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	by, n := s.Report().Rejected()
	if n != 2 || by["late"] != 2 || s.Report().Quotes() != 6 {
		t.Errorf("%v, %d quotes", by, s.Report().Quotes())
	}
	s = open(t, Options{OutOfOrder: -1}, path)
	if got, want := venues(drain(t, s)), "0a 9000a 9001a 20000a"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// However a recording is split into files, whatever their order and the number of
// processors, the stream is the same.
func TestSplitInvariance(t *testing.T) {
	times := make([]int, 3000)
	for i := range times {
		times[i] = i * 37
	}
	want := summary(drain(t, open(t, Options{}, write(t, "whole", ticks("v", times...)))))
	if len(want) != len(times) {
		t.Fatal(len(want))
	}
	for _, parts := range []int{2, 7, 100} {
		var paths []string
		for part := range slices.Chunk(times, (len(times)+parts-1)/parts) {
			paths = append(paths, write(t, "part", gz(t, ticks("v", part...))))
		}
		slices.Reverse(paths)
		for _, procs := range []int{1, 4} {
			before := runtime.GOMAXPROCS(procs)
			got := summary(drain(t, open(t, Options{Jobs: procs}, paths...)))
			runtime.GOMAXPROCS(before)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d parts on %d processors differ", parts, procs)
			}
		}
	}
}

// Five hundred files merge with few of them read at a time.
func TestManyFilesInBoundedMemory(t *testing.T) {
	const n = 500
	paths := make([]string, n)
	for i := range paths {
		times := make([]int, 20)
		for j := range times {
			times[j] = i*100_000 + j*1000
		}
		paths[i] = write(t, "part", gz(t, ticks("v", times...)))
	}
	before := runtime.NumGoroutine()
	s := open(t, Options{Jobs: 2}, paths...)
	most, got := 0, 0
	for {
		_, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got++
		live := 0
		for _, f := range s.files {
			if f.started && !f.finished.Load() || !f.started && f.content != nil {
				live++
			}
		}
		most = max(most, live)
	}
	if got != n*20 || most > 8 {
		t.Errorf("%d batches, %d files open at a time", got, most)
	}
	if read, total := s.Progress(); read != total {
		t.Errorf("read %d of %d", read, total)
	}
	s.Close()
	ended(t, before)
}

// ended verifies that no more goroutines run than before. One that has been waited for may
// still be exiting, so it gets time to run.
func ended(t *testing.T, before int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 60_000 { // five minutes, only to detect a hang
		if runtime.NumGoroutine() <= before {
			return
		}
		<-tick.C
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestCloseEndsAllReading(t *testing.T) {
	times := make([]int, 20000)
	for i := range times {
		times[i] = i * 10
	}
	var paths []string
	for range 3 {
		paths = append(paths, write(t, "x", ticks("v", times...)))
	}
	before := runtime.NumGoroutine()
	s := open(t, Options{}, paths...)
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	ended(t, before)
	if _, err := s.Next(); !errors.Is(err, errClosed) || s.Errors() != nil {
		t.Error(err, s.Errors())
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe() // nothing ever comes
	done := make(chan error)
	s, err := Open(ctx, paths[:1], Options{Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			if _, err := s.Next(); err != nil {
				done <- err
				return
			}
		}
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) && err != io.EOF {
		t.Error(err)
	}
	s.Close()
}

func TestStandardInputThatNeverComesCanBeLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	go cancel()
	if _, err := Open(ctx, []string{"-"}, Options{Stdin: in}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Any file gives an error or batches in order, and never more of them than it contains.
func FuzzOpen(f *testing.F) {
	f.Add(ticks("v", 1, 2))
	f.Add([]byte(`{"timestamp":"2026-08-06T06:00:43Z","data":[]}`))
	f.Add([]byte(`{"op":"mcm","pt":1785996044000,"clk":"a","mc":[]}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{}, path)
		quotes := 0
		for _, b := range drain(t, s) {
			quotes += b.Quotes()
		}
		if quotes != s.Report().Quotes() {
			t.Fatalf("%d quotes, %d counted", quotes, s.Report().Quotes())
		}
	})
}

func BenchmarkOpenMLB(b *testing.B) {
	paths := mlb(b)
	b.ReportAllocs()
	for b.Loop() {
		if got := drain(b, open(b, Options{}, paths...)); len(got) != 735 {
			b.Fatal(len(got))
		}
	}
}

// BenchmarkBzip2 is the decompression part of BenchmarkOpenMLB, on one thread.
func BenchmarkBzip2(b *testing.B) {
	var n int64
	for b.Loop() {
		n = 0
		for _, path := range mlb(b) {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			m, err := io.Copy(io.Discard, bzip2.NewReader(f))
			if err != nil {
				b.Fatal(err)
			}
			n += m
			f.Close()
		}
	}
	b.SetBytes(n)
}
