package odds

import (
	"fmt"
	"math"
	"strings"
)

// ValidLine reports whether x can be a handicap or total: below a million in magnitude,
// which keeps sums and squares of joined values finite.
func ValidLine(x float64) bool { return math.Abs(x) < 1e6 }

// ParseLine reads a handicap or total as tables and pages write it: a number as in ParseNumber;
// with a fraction (3½); two lines half a point apart for the quarter line between them (0/-0.5,
// 2.5/3); PK, a pick, for 0. It fails with ErrNumber.
func ParseLine(s string) (float64, error) {
	t := strings.TrimSpace(s)
	switch strings.ToUpper(t) {
	case "PK", "PICK", "PICK'EM", "PICKEM":
		return 0, nil
	}
	if a, b, ok := strings.Cut(t, "/"); ok {
		return between(a, b, s)
	}
	for _, f := range [...][2]string{{"½", ".5"}, {"¼", ".25"}, {"¾", ".75"}} {
		if rest, ok := strings.CutSuffix(t, f[0]); ok {
			return ParseNumber(strings.TrimSpace(rest) + f[1])
		}
	}
	return ParseNumber(t)
}

// between returns the quarter line of two lines, of which the second may leave out its sign.
func between(a, b, of string) (float64, error) {
	x, err := ParseNumber(a)
	if err != nil {
		return 0, err
	}
	y, err := ParseNumber(b)
	if err != nil {
		return 0, err
	}
	if b = strings.TrimSpace(b); x < 0 && '0' <= b[0] && b[0] <= '9' {
		y = -y
	}
	if math.Abs(x-y) != 0.5 {
		return 0, fmt.Errorf("%w: %q: two lines are half a point apart", ErrNumber, strings.Clone(of))
	}
	return (x + y) / 2, nil
}

// DefaultLineSlope is the slope, in log-odds per point of line, for sports missing
// from the built-in table.
const DefaultLineSlope = 0.15

// lineSpread is the standard deviation of an outcome: of the total, and of the
// margin between the two sides.
type lineSpread struct {
	sport, league string // league "" is every other league of the sport
	total, margin float64
}

// lineSpreads are priors, round figures for whole games, not estimates from
// data. First match wins.
var lineSpreads = [...]lineSpread{
	{"baseball", "kbo", 4.7, 4.7},
	{"baseball", "", 4.4, 4.4}, // MLB's
	{"basketball", "wnba", 16.5, 11.5},
	{"basketball", "", 18.5, 12.5},       // the NBA's
	{"americanfootball", "", 13.5, 13.2}, // the NFL's
	{"soccer", "", 1.65, 1.7},
}

// LineSlope returns the built-in slope: by how much the log-odds of a selection
// fall for each point that its line moves against it. It is 4φ(0)/sd ≈ 1.596/sd,
// the logistic slope at the centre of a normal outcome with that standard
// deviation. Markets whose name contains "total" use the total's deviation, all
// others the margin's. The figures are priors for whole games; unknown sports get
// DefaultLineSlope.
//
// With the standard deviations of totals and margins: MLB and other baseball
// 4.4, 4.4; KBO 4.7, 4.7; NBA and other basketball 18.5, 12.5; WNBA 16.5, 11.5;
// NFL and other American football 13.5, 13.2; soccer goals 1.65, 1.7.
func LineSlope(sport, league, market string) float64 {
	for i := range lineSpreads {
		s := &lineSpreads[i]
		if s.sport != sport || s.league != "" && s.league != league {
			continue
		}
		sd := s.margin
		if strings.Contains(market, "total") {
			sd = s.total
		}
		return 4 / math.Sqrt(2*math.Pi) / sd
	}
	return DefaultLineSlope
}

// LineSlopes overrides the built-in table. Keys are "sport/league/market" or,
// for all leagues of a sport, "sport//market"; values are log-odds per point.
// The zero value overrides nothing.
type LineSlopes map[string]float64

// Slope returns the override for the league, else that for the sport, else
// LineSlope.
func (s LineSlopes) Slope(sport, league, market string) float64 {
	if len(s) > 0 {
		if v, ok := s[sport+"/"+league+"/"+market]; ok {
			return v
		}
		if v, ok := s[sport+"//"+market]; ok {
			return v
		}
	}
	return LineSlope(sport, league, market)
}

// JoinLine puts price and line on one scale, so that a moving main line is one series: over
// gains slope per point of line, under loses it, and a team with handicap h loses slope·h.
// slope is in log-odds per point. Draws, yes and no, and NaN lines are unchanged.
func JoinLine(v LogOdds, side Side, line, slope float64) LogOdds {
	if math.IsNaN(line) {
		return v
	}
	switch side {
	case Over:
		return v + LogOdds(slope*line)
	case Under, Home, Away, OtherSide:
		return v - LogOdds(slope*line)
	default:
		return v
	}
}
