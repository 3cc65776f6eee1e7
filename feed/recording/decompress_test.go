package recording

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"corrgraph/feed"
)

func TestDecompress(t *testing.T) {
	text := bytes.Repeat([]byte("time,value\n1,2\n"), 1000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"plain":  {text, nil},
		"gzip":   {packed.Bytes(), nil},
		"cut":    {packed.Bytes()[:packed.Len()/2], feed.ErrTruncated},
		"broken": {append([]byte("\x1f\x8b\xff"), text...), feed.ErrFormat},
	} {
		in := &closed{Reader: bytes.NewReader(c.in)}
		var got []byte
		r, err := Decompress(t.Context(), in)
		if err == nil {
			got, err = io.ReadAll(r)
			r.Close()
		}
		if !errors.Is(err, c.want) || c.want == nil && !bytes.Equal(got, text) || in.times != 1 {
			t.Errorf("%s: %d bytes, %v, closed %d times", name, len(got), err, in.times)
		}
	}
}

type closed struct {
	io.Reader
	times int
}

func (c *closed) Close() error {
	c.times++
	return nil
}

func bz(t testing.TB, text string) []byte {
	t.Helper()
	packed, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// Members and frames follow one another, and zeros fill the last block. Anything else behind
// the end is said, after what was before it.
func TestMembersAndPadding(t *testing.T) {
	// bzip2 of "a,b\n"
	const bzip = "425a683931415926535903433ae000000151000010000430002000219a68334d173c5dc914e142400d0ceb80"
	for name, one := range map[string][]byte{"gzip": gz(t, []byte("a,b\n")), "zstd": zst(t, []byte("a,b\n")), "bzip2": bz(t, bzip)} {
		zeros := make([]byte, 70_000)
		for _, c := range []struct {
			behind []byte
			plain  string
			want   error
		}{
			{nil, "a,b\n", nil},
			{one, "a,b\na,b\n", nil},
			{zeros[:512], "a,b\n", nil},
			{zeros, "a,b\n", nil},
			{append(bytes.Clone(one), zeros...), "a,b\na,b\n", nil},
			{append(bytes.Clone(zeros), one...), "a,b\n", feed.ErrFormat},
			{[]byte("more of something"), "a,b\n", feed.ErrFormat},
			{one[:len(one)-3], "a,b\n", feed.ErrTruncated},
		} {
			r, err := Decompress(t.Context(), io.NopCloser(bytes.NewReader(append(bytes.Clone(one), c.behind...))))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			if !errors.Is(err, c.want) || !strings.HasPrefix(string(got), c.plain) || c.want == nil && string(got) != c.plain {
				t.Errorf("%s with %d bytes behind it: %q, %v; want %q, %v", name, len(c.behind), got, err, c.plain, c.want)
			}
		}
	}
}

// The reason is that of the content behind the end, however the file is read.
func TestWhatFollowsTheEndIsSaid(t *testing.T) {
	s := open(t, Options{}, write(t, "x", append(gz(t, ticks("v", 1, 2)), "and something more"...)))
	if n := len(drain(t, s)); n != 2 || len(s.Errors()) != 1 || !strings.HasSuffix(s.Errors()[0].Error(), "damaged: what follows its end is not gzip") {
		t.Errorf("%d batches, %v", n, s.Errors())
	}
}

// zstd's own limit is read, and a larger window is no damage.
func TestWindowsOfZstd(t *testing.T) {
	packed := func(window int) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		for range 40 { // larger than a window that is forgotten for small content
			w.Write(bytes.Repeat([]byte("ts_source,x\n"), 1<<10))
			w.Flush()
		}
		w.Close()
		return b.Bytes()
	}
	for window, want := range map[int]string{8 << 20: "", 128 << 20: "", 256 << 20: "its zstd window is larger than 128 MiB: pack it again with --long=27 or less"} {
		r, err := Decompress(t.Context(), io.NopCloser(bytes.NewReader(packed(window))))
		var n int64
		if err == nil {
			n, err = io.Copy(io.Discard, r)
			r.Close()
		}
		if want == "" && (err != nil || n != 40*12<<10) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d MiB: %d bytes, %v", window>>20, n, err)
		}
	}
}

// UTF-16 with its mark is read, packed or not.
func TestUTF16IsRead(t *testing.T) {
	text := string(ticks("v", 1, 2))
	for _, end := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		wide, err := unicode.UTF16(end, unicode.UseBOM).NewEncoder().String(strings.Replace(text, "h2h", "Zürich", 1))
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{}, write(t, "x", []byte(wide)), write(t, "y", gz(t, []byte(wide))))
		if b := drain(t, s); len(b) != 4 || b[0].Updates[0].Market != "Zürich" {
			t.Errorf("%v", b)
		}
	}
}

// What lies beside the recordings of an archive is passed over and counted.
func TestFilesBesideRecordings(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"./._a.csv", "./.DS_Store", "__MACOSX/a.csv", "d/__MACOSX/._a.csv", "README", "d/readme.txt", "notes.md", "SHA256SUMS", "d/a.csv", "b.txt"} {
		text := []byte("\x00\x05\x16\x07")
		if strings.HasSuffix(name, "a.csv") || name == "b.txt" {
			text = ticks("v", len(name))
		}
		w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Typeflag: tar.TypeReg, Mode: 0o600})
		w.Write(text)
	}
	w.Close()
	s := open(t, Options{}, write(t, "x.tar", b.Bytes()), write(t, "._x.csv", []byte("\x00\x05")), write(t, ".DS_Store", nil))
	if n := len(drain(t, s)); n != 2 || len(s.Errors()) != 0 || s.Report().Skipped()["file that is no recording by its name"] != 10 {
		t.Errorf("%d batches, %v, %v", n, s.Errors(), s.Report().Skipped())
	}
	s = open(t, Options{}, write(t, "._x.csv", []byte("\x00\x05")))
	if drain(t, s); len(s.Errors()) != 1 {
		t.Error("a file named alone is read, and found unreadable")
	}
}
