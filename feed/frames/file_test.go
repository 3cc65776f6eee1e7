package frames

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/odds"
)

var some = []*Frame{
	{1_790_000_000_000, 1, In, "market", []byte(`[{"a":1,"b":"<&>"}]`)},
	{1_790_000_000_001, 1, Out, "market", []byte("PING")},
	{1_790_000_000_002, 2, In, "raw", []byte("{\"op\":\"mcm\"}\r\n")},
	{1_790_000_000_003, 2, In, "raw", []byte("{\n \"lines\": 2}")},
	{1_790_000_000_004, 2, Note, "", []byte(`{"state":"gap","why":"EOF"}`)},
	{1_790_000_000_005, 3, In, "raw", []byte{}},
}

func write(t *testing.T, fs []*Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, "fake", "")
	for _, f := range fs {
		err = errors.Join(err, w.Write(f))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func plain(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhatWasWrittenIsRead, byte for byte.
func TestWhatWasWrittenIsRead(t *testing.T) {
	text := plain(t, write(t, some))
	if h, ok := HeadOf(text[:bytes.IndexByte(text, '\n')]); !ok || h != (Head{"fake", 1, ""}) {
		t.Errorf("head %+v", h)
	}
	var got []*Frame
	err := Read(t.Context(), bytes.NewReader(text), func(_ int, f *Frame) error {
		got = append(got, f)
		return nil
	}, func(line int, err error) { t.Error(line, err) })
	if err != nil || len(got) != len(some) {
		t.Fatal(len(got), err)
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], some[i]) {
			t.Errorf("frame %d: %q, want %q", i, got[i].Data, some[i].Data)
		}
	}
}

// TestAFlushedRecordingSurvivesItsProcess: what was flushed is read although the end is missing.
func TestAFlushedRecordingSurvivesItsProcess(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, "fake", "a: 1\n")
	err = errors.Join(err, w.Write(some[0]), w.Flush(), w.Write(some[1]))
	if err != nil {
		t.Fatal(err)
	}
	z, _ := zstd.NewReader(bytes.NewReader(b.Bytes()), zstd.WithDecoderConcurrency(1))
	defer z.Close()
	n := 0
	_ = Read(t.Context(), z, func(int, *Frame) error { n++; return nil }, func(int, error) {})
	if n != 1 {
		t.Errorf("%d frames of the one that was flushed", n)
	}
}

// echo tells a batch for each frame, and that it can't read some.
type echo struct{}

func (echo) Market(string) (m Market, ok bool) { return m, false }
func (echo) Frame(f *Frame) (t Told, err error) {
	if string(f.Data) == "bad" {
		return t, errors.New("no message")
	}
	t.Batches = []*odds.Batch{{Source: "fake", At: f.Recv, Recv: f.Recv, Updates: []odds.Update{{Event: &odds.Event{ID: "e"}, Venue: "fake", Market: "h2h", Quotes: []odds.Quote{{Selection: string(f.Data), Price: 2}}}}}}
	t.Unknown = []string{"novelty"}
	return t, nil
}

// TestABadLineCostsOnlyItself, and a cut end only what it held.
func TestABadLineCostsOnlyItself(t *testing.T) {
	text := `{"corrgraph_frames":"fake","format":1}
{"recv":"1970-01-01T00:00:00.001Z","conn":1,"kind":"in","text":"a"}
{"recv":
{"recv":"1970-01-01T00:00:00.002Z","conn":1,"kind":"in","text":"bad"}

{"recv":"1970-01-01T00:00:00.003Z","conn":1,"kind":"in","text":"b"}
{"recv":"1970-01-01T00:00:00.004Z","conn":1,"ki`
	var rep feed.Report
	var got []string
	err := New(func() Decoder { return echo{} }).Parse(t.Context(), "f", strings.NewReader(text), func(b *odds.Batch) error {
		got = append(got, fmt.Sprintf("%d %s line %d", b.At, b.Updates[0].Quotes[0].Selection, rep.Line()))
		return nil
	}, &rep)
	by, _ := rep.Rejected()
	if !errors.Is(err, feed.ErrTruncated) || !strings.Contains(err.Error(), "line 7") {
		t.Error("error", err)
	}
	if fmt.Sprint(got) != "[1 a line 2 3 b line 6]" || by["bad_json"] != 1 || by["bad_frame"] != 1 || rep.Skipped()["unknown: novelty"] != 2 {
		t.Errorf("read %q, rejected %v, skipped %v", got, by, rep.Skipped())
	}
}

// TestANewerFormatIsRefused rather than misread.
func TestANewerFormatIsRefused(t *testing.T) {
	err := Read(t.Context(), strings.NewReader("{\"corrgraph_frames\":\"fake\",\"format\":2}\n"), nil, nil)
	if !errors.Is(err, feed.ErrFormat) || !strings.Contains(err.Error(), "reads up to 1") {
		t.Error(err)
	}
	for _, no := range []string{"", "{", `{"corrgraph_frames":"fake"}`, `{"timestamp":"2026-08-06T06:00:43Z","data":[]}`} {
		if h, ok := HeadOf([]byte(no)); ok {
			t.Errorf("%q is the head %+v", no, h)
		}
	}
}

// TestReadingEnds with its context, and with the error of whoever takes the frames.
func TestReadingEnds(t *testing.T) {
	text := plain(t, write(t, some))
	full := errors.New("full")
	if err := Read(t.Context(), bytes.NewReader(text), func(int, *Frame) error { return full }, nil); err != full {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(full)
	if err := Read(ctx, bytes.NewReader(text), nil, nil); err != full {
		t.Error(err)
	}
}

// FuzzRead: no recording makes it panic, and each line is a frame or named.
func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"corrgraph_frames\":\"fake\",\"format\":1}\n{\"recv\":\"1970-01-01T00:00:00.001Z\",\"conn\":1,\"kind\":\"in\",\"data\":{}}\n"))
	f.Add([]byte("{\"recv\":1e99}\n\n[]\nnull"))
	f.Fuzz(func(t *testing.T, text []byte) {
		seen := 0
		_ = Read(t.Context(), bytes.NewReader(text), func(int, *Frame) error { seen++; return nil }, func(int, error) { seen++ })
		if most := bytes.Count(text, []byte{'\n'}) + 1; seen > most {
			t.Errorf("%d of %d lines", seen, most)
		}
	})
}
