package trial_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"corrgraph/engine"
	"corrgraph/proof/simulate"
	"corrgraph/proof/trial"
	"corrgraph/replay"
	"corrgraph/store/sqlite"
)

func open(t *testing.T) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "odds.db"), sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// small is a market of few pairs and enough moves to find some.
func small(seed uint64) simulate.Options {
	return simulate.Options{Seed: seed, Preset: "calibration", Null: 8, True: 4, Moves: 300}
}

func TestASimulatedMarketIsStoredWhole(t *testing.T) {
	st := open(t)
	sum, planted, err := trial.Simulated(t.Context(), st, small(1), replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Quotes != planted.Quotes || sum.Events != len(planted.Events) || sum.AsOf != planted.End || len(planted.Links) != 4 || len(sum.Rejected) > 0 {
		t.Errorf("%+v of %d quotes, %d events until %s, %d links", sum, planted.Quotes, len(planted.Events), planted.End, len(planted.Links))
	}
	events, err := st.Events(t.Context())
	if err != nil || len(events) != len(planted.Events) {
		t.Errorf("the store knows %d events, %v", len(events), err)
	}
}

func TestEqualSeedsGiveEqualStores(t *testing.T) {
	var dumps [3]bytes.Buffer
	for i, seed := range []uint64{1, 1, 2} {
		st := open(t)
		if _, _, err := trial.Simulated(t.Context(), st, small(seed), replay.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := st.CanonicalDump(t.Context(), &dumps[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(dumps[0].Bytes(), dumps[1].Bytes()) {
		t.Error("equal seeds, different stores")
	}
	if bytes.Equal(dumps[0].Bytes(), dumps[2].Bytes()) {
		t.Error("different seeds, equal stores")
	}
}

func TestAStudyScoresTheSameMarketAlways(t *testing.T) {
	a, err := trial.Study(t.Context(), small(1), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := trial.Study(t.Context(), small(1), engine.Options{})
	if err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v, %v", a, b, err)
	}
	if a.Markets != 1 || a.Preset != "calibration" || a.Edges.Links != 4 || a.Nulls.Pairs != 8 || a.Edges.Found == 0 || a.Nulls.Discovered > 1 {
		t.Errorf("%+v", a)
	}
}

// TestAMarketThatCannotBeMadeIsAnError, and one that is given up is no market.
func TestAMarketThatCannotBeMadeIsAnError(t *testing.T) {
	bad := simulate.Options{Preset: "roulette"}
	if _, planted, err := trial.Simulated(t.Context(), open(t), bad, replay.Options{}); err == nil || !strings.Contains(err.Error(), `unknown preset "roulette"`) || planted != nil {
		t.Errorf("%v, %v", planted, err)
	}
	if _, err := trial.Study(t.Context(), bad, engine.Options{}); err == nil || !strings.Contains(err.Error(), `unknown preset "roulette"`) {
		t.Error(err)
	}
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, planted, err := trial.Simulated(ctx, open(t), small(1), replay.Options{}); !errors.Is(err, enough) && !errors.Is(err, context.Canceled) || planted != nil {
		t.Errorf("%v, %v", planted, err)
	}
	if r, err := trial.Study(ctx, small(1), engine.Options{}); !errors.Is(err, enough) || r.Markets != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
