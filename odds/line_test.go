package odds

import (
	"errors"
	"math"
	"testing"
)

func TestLinesAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]float64{
		"-3.5": -3.5, "−3½": -3.5, "½": 0.5, "+½": 0.5, "2¼": 2.25, "PK": 0, "pick": 0,
		"2.5/3": 2.75, "0/-0.5": -0.25, "-0.5/1": -0.75, "-0.5 / 0": -0.25, "+0/0.5": 0.25,
	} {
		if got, err := ParseLine(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "/", "1/2", "0.5/", "1/1", "EVEN", "½½", "-½/-1½", "3 1/2"} {
		if got, err := ParseLine(text); !errors.Is(err, ErrNumber) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestLineSlope(t *testing.T) {
	for _, c := range []struct {
		sport, league, market string
		want                  float64
	}{
		{"baseball", "mlb", "totals", 1.596 / 4.4},
		{"baseball", "kbo", "spreads", 1.596 / 4.7},
		{"baseball", "npb", "spreads", 1.596 / 4.4},
		{"basketball", "nba", "totals", 1.596 / 18.5},
		{"basketball", "nba", "spreads", 1.596 / 12.5},
		{"basketball", "wnba", "alternate_totals", 1.596 / 16.5},
		{"basketball", "wnba", "spreads", 1.596 / 11.5},
		{"americanfootball", "nfl", "totals", 1.596 / 13.5},
		{"americanfootball", "nfl", "spreads", 1.596 / 13.2},
		{"soccer", "epl", "totals", 1.596 / 1.65},
		{"soccer", "", "spreads", 1.596 / 1.7},
		{"curling", "", "totals", 0.15},
	} {
		near(t, c.sport+"/"+c.league+"/"+c.market, LineSlope(c.sport, c.league, c.market), c.want, 1e-3)
	}
}

func TestLineSlopesOverride(t *testing.T) {
	s := LineSlopes{"baseball/mlb/totals": 0.3, "baseball//totals": 0.2}
	near(t, "league", s.Slope("baseball", "mlb", "totals"), 0.3, 0)
	near(t, "sport", s.Slope("baseball", "kbo", "totals"), 0.2, 0)
	near(t, "built in", s.Slope("baseball", "mlb", "spreads"), LineSlope("baseball", "mlb", "spreads"), 0)
	near(t, "nil", LineSlopes(nil).Slope("curling", "", "totals"), 0.15, 0)
}

// A total that shifts by one point in a normal model, with its price kept at evens, must
// move the joined value as much as the same shift moves the price at a fixed line.
func TestJoinLineIsOneScale(t *testing.T) {
	const sd, mean = 18.5, 220.0
	over := func(mean, line float64) LogOdds {
		return Prob(0.5 * math.Erfc((line-mean)/sd/math.Sqrt2)).LogOdds()
	}
	s := LineSlope("basketball", "nba", "totals")
	moved := JoinLine(over(mean+1, 221), Over, 221, s) - JoinLine(over(mean, 220), Over, 220, s)
	fixed := over(mean+1, 220) - over(mean, 220)
	near(t, "step", float64(moved), float64(fixed), 1e-3)
}

func TestJoinLineBySide(t *testing.T) {
	for _, c := range []struct {
		side Side
		line float64
		want float64
	}{
		{Over, 10, 3},
		{Under, 10, -1},
		{Home, -1.5, 1.3},
		{Away, 1.5, 0.7},
		{OtherSide, -1.5, 1.3},
		{Draw, 1, 1},
		{Yes, 1, 1},
		{Home, math.NaN(), 1},
	} {
		near(t, c.side.String(), float64(JoinLine(1, c.side, c.line, 0.2)), c.want, 1e-15)
	}
}

func TestValidLine(t *testing.T) {
	for line, want := range map[float64]bool{
		0: true, -1.5: true, 999_999.5: true, -999_999.5: true, 1e6: false, -1e6: false, math.Inf(1): false, math.Inf(-1): false,
	} {
		if ValidLine(line) != want {
			t.Errorf("%v is valid: %v", line, !want)
		}
	}
	if ValidLine(math.NaN()) {
		t.Error("NaN is a line")
	}
}
