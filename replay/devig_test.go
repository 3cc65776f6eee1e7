package replay

import (
	"bytes"
	"errors"
	"testing"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/store"
)

// devigged replays files with a de-vig method.
func devigged(t *testing.T, db string, m odds.Method, files ...string) ([]byte, error) {
	t.Helper()
	st := openStore(t, db)
	defer st.Close()
	_, err := Run(t.Context(), st, Options{Paths: files, Engine: engine.Options{Devig: m}})
	return dump(t, st), err
}

// A store keeps the method it was built with.
func TestDevigMethodBelongsToTheStore(t *testing.T) {
	files := recordings(t, "the-odds-api-v4/raw/*.json.gz")
	ours, err := devigged(t, newDB(t), odds.Multiplicative, files...)
	if err != nil {
		t.Fatal(err)
	}
	byDefault, _ := replayInto(t, newDB(t), files...)
	sameDump(t, "the default", byDefault, ours)

	db := newDB(t)
	shin, err := devigged(t, db, odds.Shin, files...)
	if err != nil {
		t.Fatal(err)
	}
	again, err := devigged(t, db, odds.Shin, files...)
	if err != nil {
		t.Errorf("the same method again: %v", err)
	}
	sameDump(t, "again", again, shin)
	for m := odds.Multiplicative; m < odds.Shin; m++ {
		left, err := devigged(t, db, m, files...)
		if !errors.Is(err, store.ErrDevig) {
			t.Errorf("%s on a store of Shin's: %v", m, err)
		}
		sameDump(t, "after it was refused", left, shin)
	}
}

func TestDevigMethodChangesResults(t *testing.T) {
	long(t)
	files := recordings(t, "the-odds-api-v4/kbo_*.bz2")
	results := map[string]odds.Method{}
	for m := odds.Multiplicative; m <= odds.Power; m++ { // all markets have two sides, where Shin's is the additive one
		text, err := devigged(t, newDB(t), m, files...)
		if err != nil {
			t.Fatal(err)
		}
		_, families, _ := bytes.Cut(text, []byte(" FROM families "))
		if other, twice := results[string(families)]; twice {
			t.Errorf("%s and %s give the same families and edges", m, other)
		}
		results[string(families)] = m
	}
}
