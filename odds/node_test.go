package odds

import (
	"errors"
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

func TestNodeWorked(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		venue, event, market string
		line                 float64
		selection            string
		want                 NodeID
	}{
		{"pinnacle", "game-1", "h2h", nan, "home", "pinnacle/game-1/h2h/home"},
		{"pinnacle", "game-1", "totals", 8.5, "over", "pinnacle/game-1/totals@8.5/over"},
		{"pinnacle", "game-1", "spreads", -1, "home", "pinnacle/game-1/spreads@-1/home"},
		{"v", "a/b", "m@1", nan, "100%", "v/a%2Fb/m%401/100%25"},
		{"v", "e", "m", nan, "tab\there\x7f", "v/e/m/tab%09here%7F"},
		{"v", "e", "m", nan, "s", "v/e/m/s___"}, // padded to the least length
		{"", "", "", nan, "", "///_______"},
		{"betfair", "é", "h2h", nan, "두산", "betfair/é/h2h/두산"},
	} {
		got := Node(c.venue, c.event, c.market, c.line, c.selection)
		if got != c.want || got.Validate() != nil {
			t.Errorf("%q, want %q (%v)", got, c.want, got.Validate())
		}
	}
}

// A handicap of minus nothing is the handicap of nothing: feeds write either.
func TestTheTwoZerosAreOneLine(t *testing.T) {
	a, b := Node("pinnacle", "e", "spreads", 0, "home"), Node("pinnacle", "e", "spreads", math.Copysign(0, -1), "home")
	if a != b || a != "pinnacle/e/spreads@0/home" {
		t.Errorf("%q and %q", a, b)
	}
}

func TestNodeLengthsAtTheirLimits(t *testing.T) {
	for _, n := range []int{MaxNodeID - 1, MaxNodeID, MaxNodeID + 1, MaxNodeID + 2} {
		name := strings.Repeat("x", n-len("v/e/m/"))
		id := Node("v", "e", "m", math.NaN(), name)
		whole := id == NodeID("v/e/m/"+name)
		if len(id) != min(n, MaxNodeID) || whole != (n <= MaxNodeID) {
			t.Errorf("%d bytes became %d: %q", n, len(id), id)
		}
	}
	for id, ok := range map[NodeID]bool{
		"123456789": false, "1234567890": true, NodeID(strings.Repeat("x", MaxNodeID)): true, NodeID(strings.Repeat("x", MaxNodeID+1)): false,
		"": false, "tab\tinside": false, "delete\x7finside": false, "nul\x00inside": false, "space inside": true, "다른 프로그램": true,
	} {
		if err := id.Validate(); (err == nil) != ok || err != nil && !errors.Is(err, ErrNodeID) {
			t.Errorf("%q: %v, want valid %v", id, err, ok)
		}
	}
}

// An id that was cut inside its selection still tells venue, event and market; one
// cut before that tells nothing.
func TestPartsOfShortenedIDs(t *testing.T) {
	long := strings.Repeat("x", 200)
	venue, event, market, selection, ok := Node("v", "a/b", "m", 2.5, long).Parts()
	if !ok || venue != "v" || event != "a/b" || market != "m@2.5" || selection == long {
		t.Errorf("%q %q %q %q %v", venue, event, market, selection, ok)
	}
	if _, _, _, _, ok := Node("v", long, "m", math.NaN(), "s").Parts(); ok {
		t.Error("an event that was cut off has parts")
	}
	for _, id := range []NodeID{"another-program", "a/b/c", "a/b/c/d/e", ""} {
		if _, _, _, _, ok := id.Parts(); ok {
			t.Errorf("%q has parts", id)
		}
	}
}

func TestPartsLeaveWhatIsNoEscape(t *testing.T) {
	for text, want := range map[string]string{"100%": "100%", "%4": "%4", "%zz": "%zz", "%2F%": "/%", "%%41": "%A", "%41": "A"} {
		if _, _, _, got, ok := NodeID("venue/e/m/" + text).Parts(); !ok || got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTheConsensusIsNoVenueOfASource(t *testing.T) {
	for name, want := range map[string]bool{
		"consensus": true, "Consensus": true, "CONSENSUS": true, " consensus ": true, "con sen\tsus": true, "conſenſus": true,
		"consensus\u00a0": true, "con\u200bsensus": true, "con\u00adsensus": true, "consensus\x00": true,
		"%63onsensus": true, "%63%6f%6e%73%65%6E%73%75%73": true, "%2563onsensus": true, "consensus%20": true, "%20CONSENSUS%0a": true,
		"": false, "consensu": false, "consensus2": false, "the consensus": false, "con-sensus": false, "%": false, "%63": false, "draftkings": false,
	} {
		if got := ReservedVenue(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
