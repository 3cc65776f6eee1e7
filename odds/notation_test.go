package odds

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		in   Notation
		want Odds
	}{
		{"2.5", InDecimal, 2.5},
		{" 1.01 ", InDecimal, 1.01},
		{"+150", InAmerican, 2.5},
		{"150", InAmerican, 2.5},
		{"-200", InAmerican, 1.5},
		{"−200", InAmerican, 1.5},
		{"100", InAmerican, 2},
		{"-100", InAmerican, 2},
		{"EVEN", InAmerican, 2},
		{"evs", InAmerican, 2},
		{"Evens", InFractional, 2},
		{"5/2", InFractional, 3.5},
		{"1 / 4", InFractional, 1.25},
		{"0.4", InProbability, 2.5},
		{"40", InCents, 2.5},
		{"0", InLogOdds, 2},
		{"1,95", InDecimal, 1.95},
		{"1,234.5", InDecimal, 1234.5},
		{"1.234,5", InDecimal, 1234.5},
		{"1,234,567", InDecimal, 1234567},
		{"+1,200", InAmerican, 13},
		{"–110", InAmerican, Odds(1 + 100/110.0)},
		{"－110,0", InAmerican, Odds(1 + 100/110.0)},
		{"ev", InAmerican, 2},
		{"5⁄2", InFractional, 3.5},
		{"5-2", InFractional, 3.5},
		{"0,475", InProbability, Odds(1 / 0.475)},
		{"40 %", InProbability, 2.5},
		{"40¢", InCents, 2.5},
	} {
		if got, err := Parse(c.text, c.in); err != nil || got != c.want {
			t.Errorf("Parse(%q, %v) = %v, %v; want %v", c.text, c.in, float64(got), err, float64(c.want))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		in   Notation
		want error
	}{
		{"1", InDecimal, ErrDecimal},
		{"EVEN", InDecimal, ErrNumber},
		{"", InDecimal, ErrNumber},
		{"nan", InDecimal, ErrNumber},
		{"Inf", InDecimal, ErrNumber},
		{"0x1p4", InDecimal, ErrNumber},
		{"1_000", InDecimal, ErrNumber},
		{"1e999", InDecimal, ErrNumber},
		{"1,200", InDecimal, ErrNumber},
		{"12,34,567", InDecimal, ErrNumber},
		{"1,2.5", InDecimal, ErrNumber},
		{",", InDecimal, ErrNumber},
		{"--5", InAmerican, ErrNumber},
		{"−−110", InAmerican, ErrNumber},
		{"PK", InAmerican, ErrNumber},
		{"OTB", InAmerican, ErrNumber},
		{"+99", InAmerican, ErrAmerican},
		{"-99.5", InAmerican, ErrAmerican},
		{"5", InFractional, ErrFraction},
		{"5/0", InFractional, ErrFraction},
		{"-5/2", InFractional, ErrFraction},
		{"5/x", InFractional, ErrNumber},
		{"1/2/3", InFractional, ErrNumber},
		{"1", InProbability, ErrProb},
		{"100", InCents, ErrCents},
		{"99", InLogOdds, ErrLogOdds},
		{"2", Notation(99), ErrNotation},
	} {
		if got, err := Parse(c.text, c.in); !errors.Is(err, c.want) || got != 0 {
			t.Errorf("Parse(%q, %v) = %v, %v; want %v", c.text, c.in, float64(got), err, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		odds Odds
		in   Notation
		want string
	}{
		{2.5, InDecimal, "2.5"},
		{1 + 100.0/172, InDecimal, "1.5814"},
		{1.0001234, InDecimal, "1.0001234"},
		{101, InDecimal, "101"},
		{2.5, InAmerican, "+150"},
		{1.5, InAmerican, "-200"},
		{1.91, InAmerican, "-110"},
		{2, InAmerican, "+100"},
		{1.9999, InAmerican, "+100"},
		{2, InFractional, "evens"},
		{3.5, InFractional, "5/2"},
		{1 + 10.0/11, InFractional, "10/11"},
		{1.91, InFractional, "91/100"},
		{34, InFractional, "33/1"},
		{2.5, InProbability, "0.4"},
		{1000, InProbability, "0.001"},
		{2.5, InCents, "40"},
		{2, InLogOdds, "0.0000"},
		{3, InLogOdds, "-0.6931"},
		{1, InDecimal, "-"},
		{2, Notation(99), "-"},
	} {
		if got := Format(c.odds, c.in); got != c.want {
			t.Errorf("Format(%v, %v) = %q, want %q", float64(c.odds), c.in, got, c.want)
		}
	}
}

// Parse reads Format's output back to within the digits written.
func TestFormatRoundTrips(t *testing.T) {
	within := map[Notation]float64{ // of the win, relative
		InDecimal: 6e-4, InAmerican: 6e-3, InFractional: 1.1e-6, InProbability: 1.1e-3, InCents: 1.1e-3, InLogOdds: 1e-4,
	}
	for n, tolerance := range within {
		t.Run(n.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				win := math.Exp(rapid.Float64Range(-9, 9).Draw(t, "ln win"))
				s := Format(Odds(1+win), n)
				o, err := Parse(s, n)
				if err != nil {
					t.Fatalf("%v became %q: %v", win, s, err)
				}
				if math.Abs((float64(o)-1)/win-1) > tolerance {
					t.Fatalf("a win of %v became %q, read as %v", win, s, float64(o)-1)
				}
			})
		})
	}
}

func TestAmericanRoundTripsExactly(t *testing.T) {
	for x := 101; x <= 20000; x++ {
		for _, text := range []string{fmt.Sprintf("+%d", x), fmt.Sprintf("-%d", x)} {
			o, err := Parse(text, InAmerican)
			if err != nil {
				t.Fatal(err)
			}
			if got := Format(o, InAmerican); got != text {
				t.Fatalf("%s became %s", text, got)
			}
		}
	}
}

func TestNamesRoundTrip(t *testing.T) {
	for n := InDecimal; n <= InLogOdds; n++ {
		if got, err := ParseNotation(n.String()); err != nil || got != n {
			t.Errorf("ParseNotation(%q) = %v, %v", n, got, err)
		}
	}
	for m := Multiplicative; m <= Shin; m++ {
		if got, err := ParseMethod(m.String()); err != nil || got != m {
			t.Errorf("ParseMethod(%q) = %v, %v", m, got, err)
		}
	}
	if _, err := ParseNotation("roman"); !errors.Is(err, ErrNotation) {
		t.Errorf("roman: %v", err)
	}
	if _, err := ParseMethod("guess"); !errors.Is(err, ErrMethod) {
		t.Errorf("guess: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2.5", "+150", "5/2", "evens", "-", "1e400", "0.5/0.5"} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, s string, n uint8) {
		if o, err := Parse(s, Notation(n%7)); err == nil && !o.Valid() {
			t.Errorf("Parse(%q) gave %v without an error", s, float64(o))
		}
	})
}
