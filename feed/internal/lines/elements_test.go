package lines

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"corrgraph/feed"
)

func TestElementsAreLines(t *testing.T) {
	for text, c := range map[string]struct {
		want string
		err  error
	}{
		"[]":                            {"", nil},
		` [ {"a" : 1},` + "\n" + `2 ] `: {"{\"a\":1}\n2\n", nil},
		"[[1,\n2]]\n[3]":                {"[1,2]\n3\n", nil},
		`[{"a":1},{"a"`:                 {"{\"a\":1}\n", feed.ErrTruncated},
		`[{"a":1},`:                     {"{\"a\":1}\n", feed.ErrTruncated},
		`[{"a":1}`:                      {"{\"a\":1}\n", feed.ErrTruncated},
		`[{"a":1} {"a":2}]`:             {"{\"a\":1}\n", feed.ErrFormat},
		`[{"a":}]`:                      {"", feed.ErrFormat},
		`[1] {}`:                        {"1\n", feed.ErrFormat},
		"[1] x":                         {"1\n", feed.ErrFormat},
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, err := io.ReadAll(Elements(r))
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s: %q, %v; want %q, %v", text, got, err, c.want, c.err)
			}
		}
	}
	disk := errors.New("disk")
	if _, err := io.ReadAll(Elements(io.MultiReader(strings.NewReader("[1,"), iotest.ErrReader(disk)))); !errors.Is(err, disk) {
		t.Error(err)
	}
}

func TestAnElementWithoutEndIsTooLong(t *testing.T) {
	text := io.MultiReader(strings.NewReader(`[1,"`), spaces{})
	got, err := io.ReadAll(elementsOf(text, 1<<20))
	if string(got) != "1\n" || !errors.Is(err, feed.ErrTooLong) {
		t.Errorf("%q, %v", got, err)
	}
}

// spaces never ends.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
