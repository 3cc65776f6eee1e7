package odds

import (
	"math"
	"testing"
)

func TestLayersHaveTheNumbersOfTheStore(t *testing.T) {
	for i, want := range []struct {
		layer Layer
		name  string
		key   string
		hours Millis
	}{
		{Direct, "direct", "L1", 1},
		{CrossMarket, "cross-market", "L2", 24},
		{CrossEvent, "cross-event", "L3", 7 * 24},
		{CrossSport, "cross-sport", "L4", 24},
	} {
		l := Layers[i]
		if l != want.layer || int(l) != i+1 || !l.Valid() || l.String() != want.name || l.Key() != want.key || l.Window() != want.hours*3_600_000 {
			t.Errorf("layer %d: %d %v %q %q, window %d ms", i+1, l, l.Valid(), l.String(), l.Key(), l.Window())
		}
	}
	for _, l := range []Layer{0, 5, 255} {
		if l.Valid() || l.String() != "invalid layer" {
			t.Errorf("%d is valid, or named %q", uint8(l), l.String())
		}
	}
}

// A band begins above its bound: exactly 0.9 is not HIGH.
func TestBandsBeginAboveTheirBounds(t *testing.T) {
	for confidence, want := range map[float64]Band{
		1: High, math.Nextafter(0.9, 1): High, 0.9: Medium, math.Nextafter(0.6, 1): Medium, 0.6: Low, 0.5: Low, 0: Low,
	} {
		if got := BandOf(confidence); got != want {
			t.Errorf("%v is %s, want %s", confidence, got, want)
		}
	}
	if got := BandOf(math.NaN()); got != Low {
		t.Errorf("NaN is %s", got)
	}
}
