package betfair

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"corrgraph/odds"
)

func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// same expects the same batches; exact counts receipt and resolution too, which a stream states
// and a recording of it may not.
func same(t *testing.T, got, want []*odds.Batch, exact bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d batches, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		a, b := text(got[i], exact), text(want[i], exact)
		if a != b {
			t.Fatalf("batch %d of %d:\n%s\nwant\n%s", i, len(want), a, b)
		}
	}
}

// text writes a batch with all that it holds.
func text(b *odds.Batch, exact bool) string {
	out := fmt.Sprintln(b.Source, b.At, b.Polled, b.Seq, b.Late)
	if exact {
		out += fmt.Sprintln(b.Recv, b.Resolution)
	}
	for i := range b.Updates {
		u := b.Updates[i]
		e := *u.Event
		u.Event = nil
		out += fmt.Sprintf("%+v %+v\n", e, u)
	}
	return out
}
