package recording

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

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
