package truth

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"corrgraph/odds"
)

func TestWriteAndRead(t *testing.T) {
	want := &Truth{
		Preset: "demo", Seed: 1 << 60, Start: 1_780_336_800_000, End: 1_780_336_800_123, Quotes: 5, Batches: 2,
		Venues:      []Venue{{Name: "v", Role: "leader", StepMs: 60_000, Source: "s"}},
		Events:      []Event{{ID: "e", Sport: "baseball", League: "mlb", Home: "h", Away: "a", Start: 1_780_336_800_000}},
		Links:       []Link{{Layer: odds.CrossSport, Leader: "consensus/e/h2h/home", Follower: "consensus/f/h2h/home", Family: "f", Relation: "city", LagMs: 7, Jitter: 0.1, Beta: -1, Share: 0.5, R2: 0.25}},
		Nulls:       []Null{{A: "a/e/h2h/home", B: "b/e/h2h/home", Kind: "trend"}},
		Shocks:      []Shock{{Event: "e", At: 1, Until: 2, Size: 0.5, SpreadMs: 9}},
		Suspensions: []Suspension{{Node: "a/e/h2h/home", At: 1001, Until: 2000}},
		Outliers:    []Outlier{{Node: "a/e/h2h/home", At: 1, Until: 2, Price: 3, Fair: 2}},
		LineMoves:   []LineMove{{Node: "a/e/totals/over", At: 1, From: 8.5, To: 9, Slope: 0.3}},
		MarginMoves: []MarginMove{{Node: "a/e/h2h/home", At: 1, From: 1.05, To: 1.03}},
	}
	var b bytes.Buffer
	if err := want.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v (%v), want %+v", got, err, want)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, s := range []string{"", "{", "[]", "{}", `{"events":[{"id":5}]}`} {
		if _, err := Read(strings.NewReader(s)); err == nil || !strings.Contains(err.Error(), "truth") {
			t.Errorf("%q: %v", s, err)
		}
	}
}
