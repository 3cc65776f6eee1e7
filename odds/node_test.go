package odds

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNodeNeverCutsARune(t *testing.T) {
	for pad := range 4 { // every alignment of a three-byte rune with the cut
		n := Node("pinnacle", strings.Repeat("x", pad)+strings.Repeat("두산", 40), "h2h", math.NaN(), "키움")
		if !utf8.ValidString(string(n)) {
			t.Errorf("pad %d: %q is not UTF-8", pad, n)
		}
		if err := n.Validate(); err != nil {
			t.Error(err)
		}
		if len(n) < MaxNodeID-3 {
			t.Errorf("pad %d: cut to %d bytes, want at least %d", pad, len(n), MaxNodeID-3)
		}
	}
}

func TestLongNodesStayApart(t *testing.T) {
	long := strings.Repeat("베어스", 60)
	a := Node("pinnacle", long, "h2h", math.NaN(), "a")
	b := Node("pinnacle", long, "h2h", math.NaN(), "b")
	if a == b {
		t.Errorf("two selections share %q", a)
	}
}

func TestNodeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.String()
		v, e, m, s := part.Draw(t, "venue"), part.Draw(t, "event"), part.Draw(t, "market"), part.Draw(t, "selection")
		n := Node(v, e, m, math.NaN(), s)
		if err := n.Validate(); err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(string(n)) {
			t.Fatalf("%q is not UTF-8", n)
		}
		gv, ge, gm, gs, ok := n.Parts()
		if len(n) < MaxNodeID-3 && len(n) > MinNodeID && (!ok || gv != v || ge != e || gm != m || gs != s) {
			t.Fatalf("%q became %q %q %q %q", n, gv, ge, gm, gs)
		}
	})
}
