package connect

import (
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed/frames"
)

// recorded returns the frames of a recording.
func recorded(t *testing.T, packed string) (out []*frames.Frame) {
	t.Helper()
	z, err := zstd.NewReader(strings.NewReader(packed), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	err = frames.Read(t.Context(), z, func(_ int, f *frames.Frame) error {
		out = append(out, f)
		return nil
	}, func(line int, err error) { t.Errorf("line %d: %v", line, err) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}
