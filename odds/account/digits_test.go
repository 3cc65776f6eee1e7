package account

import (
	"encoding/json"
	"math"
	"testing"
)

// TestAmountsAreMultiplesOfTheStepAsWritten: 17989 × 0.01 is 179.89000000000001 in floating point.
func TestAmountsAreMultiplesOfTheStepAsWritten(t *testing.T) {
	for _, c := range []struct {
		step, x float64
		want    string
	}{{0.01, 179.8912, "179.89"}, {0.05, 1.14, "1.15"}, {0.1, 0.3001, "0.3"}, {1e-8, 0.12345678, "0.12345678"}, {5, 182, "180"}, {0.01, 9_999_999.99, "9999999.99"}} {
		l := Leg{Stake: 1, Liability: 1, Terms: Terms{Step: c.step}}
		x, ok := l.amount(c.x)
		if text, err := json.Marshal(x); !ok || err != nil || string(text) != c.want {
			t.Errorf("step %g of %g: %s, want %s", c.step, c.x, text, c.want)
		}
	}
}

func TestDigits(t *testing.T) {
	for _, c := range []struct{ x, want float64 }{{0, 0}, {0.1 + 0.2, 0.3}, {1234.5600000000002, 1234.56}, {math.Inf(1), math.Inf(1)}} {
		if got := Digits(c.x, 12); got != c.want {
			t.Errorf("%v of %v", got, c.x)
		}
	}
	if got := Digits(math.MaxFloat64, 3); !(got > 0) {
		t.Error(got)
	}
}
