package odds_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"corrgraph/odds"
)

func TestTimeText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		at := odds.Time(rng.Int64N(4_000_000_000_000) - 1_000_000_000_000)
		layout := "2006-01-02T15:04:05.000Z"
		if i%2 == 0 {
			at -= at % 1000
		}
		if at%1000 == 0 {
			layout = "2006-01-02T15:04:05Z"
		}
		want := at.Std().Format(layout)
		if at.String() != want {
			t.Fatalf("%d is %s, want %s", int64(at), at, want)
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, odds.Time(1_750_000_000_007).String()); err != nil {
		t.Error(err)
	}
}
