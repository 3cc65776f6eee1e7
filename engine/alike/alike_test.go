package alike

import "testing"

func TestVenuesAreOneFromWhichValuesOn(t *testing.T) {
	for _, c := range []struct {
		x    sameness
		want bool
	}{
		{sameness{}, false},
		{sameness{corr: 85, share: 85, n: 100, both: 20}, true},
		{sameness{corr: 84.9, share: 100, n: 100, both: 50}, false},
		{sameness{corr: 100, share: 84.9, n: 100, both: 50}, false},
		{sameness{corr: 100, share: 100, n: 100, both: 19.5}, false},
	} {
		if got := c.x.one(); got != c.want {
			t.Errorf("%+v: %v", c.x, got)
		}
	}
}
