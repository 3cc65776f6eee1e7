package lines

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"corrgraph/feed"
)

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for text, want := range map[string][]string{
		"": nil, "\n": {""}, "a": {"a"}, "a\n": {"a"}, "a\r\n\nb": {"a", "", "b"}, long + "\n" + long: {long, long},
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			l := New(r)
			var got []string
			for l.Scan() {
				got = append(got, string(l.Bytes()))
			}
			if !slices.Equal(got, want) || l.Err() != nil || l.Number() != len(want) {
				t.Errorf("%.20q: %d lines, number %d, %v", text, len(got), l.Number(), l.Err())
			}
		}
	}
}

func TestErrorComesWithTheBrokenLine(t *testing.T) {
	broken := errors.New("disk")
	l := New(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)))
	if !l.Scan() || l.Err() != nil || !l.Ended() {
		t.Fatal("first line", l.Err())
	}
	if !l.Scan() || string(l.Bytes()) != "b" || l.Err() != broken || l.Ended() || l.Scan() {
		t.Fatal("broken line", l.Err())
	}
}

func TestTooLongIsAnErrorWithBoundedMemory(t *testing.T) {
	l := New(io.MultiReader(strings.NewReader("a\n"), endless{}))
	if !l.Scan() || l.Scan() || !errors.Is(l.Err(), feed.ErrTooLong) || l.Number() != 2 {
		t.Errorf("line %d: %v", l.Number(), l.Err())
	}
	if cap(l.long) > 2*Max {
		t.Errorf("%d bytes held", cap(l.long))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
