package polymarket

import (
	"testing"

	"corrgraph/feed/frames"
)

// TestClockBack: our own clock may be set back between two frames.
func TestClockBack(t *testing.T) {
	x := follow(t)
	x.in(x.book("a1", "0.38", "0.42"))
	x.at -= 60_000
	x.frame(frames.Note, "", `{"state":"gap"}`)
	x.says("h2h unknown:")
	if b := x.last.Batches[0]; b.At > b.Recv || b.Recv != x.at {
		t.Errorf("batch at %d, received %d", b.At, b.Recv)
	}
	x.in(x.book("a1", "0.38", "0.42"))
	x.says("h2h open: Celtics 2.5/21 Knicks 1.667/62")
}
