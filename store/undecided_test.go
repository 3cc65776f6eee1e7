package store_test

import (
	"bytes"
	"testing"

	"corrgraph/ledger"
	"corrgraph/store"
)

// TestWhatIsNotDecidedIsStoredAsNothingFound: whether a verdict was in force when a service was
// stopped must not show in a dump where it found nothing.
func TestWhatIsNotDecidedIsStoredAsNothingFound(t *testing.T) {
	docs, err := store.Undecided().Documents(&ledger.Scorecard{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"leadership", "leagues"} {
		if !bytes.Equal(docs[name], []byte("[]")) {
			t.Errorf("%s: %s", name, docs[name])
		}
	}
}
