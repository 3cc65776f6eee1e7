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

// A line ends at its line feed; a carriage return before it is no part of it, one
// elsewhere is.
func TestLineEnds(t *testing.T) {
	for text, want := range map[string]struct {
		lines []string
		ended bool // the last one
	}{
		"a\r":         {[]string{"a"}, false},
		"a\rb\n":      {[]string{"a\rb"}, true},
		"a\r\r\n":     {[]string{"a\r"}, true},
		"\r\n":        {[]string{""}, true},
		"\n\n":        {[]string{"", ""}, true},
		"a\x00b\nc":   {[]string{"a\x00b", "c"}, false},
		"\ufeffa\n":   {[]string{"\ufeffa"}, true},
		"a\u2028b\n ": {[]string{"a\u2028b", " "}, false},
	} {
		l := New(strings.NewReader(text))
		var got []string
		ended := false
		for l.Scan() {
			got, ended = append(got, string(l.Bytes())), l.Ended()
			if l.Number() != len(got) {
				t.Errorf("%q: line %d has the number %d", text, len(got), l.Number())
			}
		}
		if !slices.Equal(got, want.lines) || ended != want.ended || l.Scan() {
			t.Errorf("%q: %q, ended %v; want %q, %v", text, got, ended, want.lines, want.ended)
		}
	}
}

// A buffer fits what is left of a text in memory, and lines around its size are
// whole, also one that fills it to the last byte.
func TestLinesAroundTheBuffer(t *testing.T) {
	for _, n := range []int{14, 15, 16, 17, buffer - 2, buffer - 1, buffer, buffer + 1, 2*buffer - 1, 2 * buffer} {
		long := strings.Repeat("x", n)
		for name, r := range map[string]io.Reader{
			"in memory": strings.NewReader(long + "\nend"), "a stream": io.MultiReader(strings.NewReader(long), strings.NewReader("\nend")),
		} {
			l := New(r)
			if !l.Scan() || string(l.Bytes()) != long || !l.Ended() || !l.Scan() || string(l.Bytes()) != "end" || l.Ended() || l.Scan() || l.Err() != nil {
				t.Errorf("%d bytes, %s: line %d, %d bytes, %v", n, name, l.Number(), len(l.Bytes()), l.Err())
			}
		}
	}
	small := New(strings.NewReader("a\n"))
	if n := small.in.Size(); n > 64 {
		t.Errorf("a text of two bytes has a buffer of %d", n)
	}
}

// An error between two lines comes after the whole line before it.
func TestErrorBetweenLines(t *testing.T) {
	disk := errors.New("disk")
	l := New(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(disk)))
	if !l.Scan() || l.Err() != nil || l.Scan() || l.Err() != disk || l.Number() != 1 {
		t.Errorf("line %d, %v", l.Number(), l.Err())
	}
	if l.Scan() {
		t.Error("a line after the error")
	}
}

func TestBeginsLooksWithoutReading(t *testing.T) {
	for text, want := range map[string]bool{"[": true, "\ufeff \r\n\t[1]": true, "": false, " ": false, "{[": false, "\ufeff": false, "é[": false} {
		l := New(strings.NewReader(text))
		if got := l.Begins('['); got != want || l.Begins('[') != want {
			t.Errorf("%q: %v", text, got)
		}
		if rest, err := io.ReadAll(l.Rest()); err != nil || string(rest) != strings.TrimPrefix(text, "\ufeff") {
			t.Errorf("%q: %q, %v", text, rest, err)
		}
	}
}
