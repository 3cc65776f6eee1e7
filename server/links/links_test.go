package links

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"corrgraph/catalog"
	"corrgraph/catalog/contract"
	"corrgraph/engine"
	"corrgraph/engine/bets"
	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

const noon odds.Time = 1_780_000_000_000

func said(venue, event, title string) *odds.Batch {
	return &odds.Batch{Source: venue, At: noon, Recv: noon, Updates: []odds.Update{{
		Event: &odds.Event{ID: event, Title: title}, Venue: venue, Market: "yes_no", Terms: odds.Terms{Winners: 1, Complete: odds.StatedYes}, Quotes: []odds.Quote{
			{Selection: "Yes", Side: odds.Yes, Line: math.NaN(), Price: 2}, {Selection: "No", Side: odds.No, Line: math.NaN(), Price: 2},
		},
	}}}
}

// keeper is a Keeper on the store of a path, of an engine that two venues have quoted.
func keeper(t *testing.T, path string) *Keeper {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	e := engine.New(engine.Options{})
	for _, b := range []*odds.Batch{
		said("polymarket", "P", "Will it rain in Ruritania?"), said("kalshi", "K", "Rain in Ruritania"), said("kalshi", "S", "Shared"), said("polymarket", "S", "Shared"),
	} {
		if err := e.Apply(b); err != nil {
			t.Fatal(err)
		}
	}
	facts, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	k := New(st, facts, func(context.Context) ([]bets.Event, error) { return e.Bets(), nil })
	if n, err := k.Load(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	return k
}

func (k *Keeper) one(t *testing.T, q contract.Query) contract.Link {
	t.Helper()
	p, err := k.List(t.Context(), q, noon)
	if err != nil || p.Total != 1 || len(p.Links) != 1 {
		t.Fatalf("%+v: %+v, %v", q, p, err)
	}
	return p.Links[0]
}

func TestACandidateIsConfirmedKeptOverARestartAndWithdrawn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	k := keeper(t, path)
	l := k.one(t, contract.Query{})
	if l.State != contract.Candidate {
		t.Fatalf("%+v", l)
	}
	made, err := k.Decide(t.Context(), "ann", l.ID, contract.Verdict{Relation: contract.Identity, State: contract.Confirmed, Note: "read both"}, noon)
	if err != nil || made.ID != l.ID || made.By != "ann" || made.Note != "read both" || made.Since != noon {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := k.one(t, contract.Query{}); got.State != contract.Confirmed {
		t.Errorf("it is proposed again: %+v", got)
	}
	if err := k.store.(*sqlite.Store).Close(); err != nil {
		t.Fatal(err)
	}
	again := keeper(t, path)
	where := func() string {
		out, passed := again.Door.Pass([]*odds.Batch{said("kalshi", "K", "Rain in Ruritania"), said("polymarket", "P", "Will it rain in Ruritania?")})
		passed()
		var last string
		for _, b := range out {
			last += b.Updates[len(b.Updates)-1].Event.ID
		}
		return last
	}
	if got := where(); got != "PP" && got != "KK" {
		t.Errorf("after a restart they are read as %q", got)
	}
	if err := again.Withdraw(t.Context(), l.ID, noon); err != nil {
		t.Fatal(err)
	}
	if got := where(); got != "KP" {
		t.Errorf("withdrawn, they are read as %q", got)
	}
	if err := again.Withdraw(t.Context(), l.ID, noon); !errors.Is(err, ErrUnknown) {
		t.Errorf("withdrawn twice: %v", err)
	}
}

func TestALinkByRuleIsListedOfItsEventAndCanBeRejected(t *testing.T) {
	k := keeper(t, filepath.Join(t.TempDir(), "s.db"))
	l := k.one(t, contract.Query{EventID: "S"})
	if l.By != contract.ByRule || l.State != contract.Confirmed {
		t.Fatalf("%+v", l)
	}
	if _, err := k.Decide(t.Context(), "ann", l.ID, contract.Verdict{Relation: contract.Identity, State: contract.Rejected}, noon); err != nil {
		t.Fatal(err)
	}
	if got := k.one(t, contract.Query{EventID: "S"}); got.ID != l.ID || got.State != contract.Rejected || got.By != "ann" {
		t.Errorf("%+v", got)
	}
	apart := 0
	for _, venue := range []string{"kalshi", "polymarket"} {
		out, _ := k.Door.Pass([]*odds.Batch{said(venue, "S", "Shared")})
		if u := out[0].Updates; u[len(u)-1].Settlement == "apart:"+venue {
			apart++
		}
	}
	if apart != 1 {
		t.Errorf("%d venues are kept apart", apart)
	}
}

func TestTwoBetsCanBeNamedAndWhatIsUnknownOrWrongIsRefused(t *testing.T) {
	k := keeper(t, filepath.Join(t.TempDir(), "s.db"))
	yes := contract.Verdict{Relation: contract.Identity, State: contract.Confirmed}
	with := func(a, b contract.Bet) contract.Verdict { v := yes; v.A, v.B = &a, &b; return v }
	for want, v := range map[error]contract.Verdict{
		ErrUnknown: with(contract.Bet{EventID: "P"}, contract.Bet{EventID: "nowhere"}),
		ErrInvalid: with(contract.Bet{EventID: "P"}, contract.Bet{EventID: "K", Market: "yes_no"}),
	} {
		if _, err := k.Decide(t.Context(), "ann", "", v, noon); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := k.Decide(t.Context(), "ann", "nothing", yes, noon); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown id: %v", err)
	}
	if _, err := k.Decide(t.Context(), "ann", "", with(contract.Bet{EventID: "P", Market: "yes_no"}, contract.Bet{EventID: "K", Market: "yes_no"}), noon); err != nil {
		t.Error(err)
	}
	if _, err := k.List(t.Context(), contract.Query{Cursor: "x"}, noon); !errors.Is(err, ErrInvalid) {
		t.Errorf("a wrong cursor: %v", err)
	}
	if err := k.Name(t.Context(), "ann", contract.Name{Source: "s", Name: "New York", Means: "team:none"}, nil, noon); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown team: %v", err)
	}
	if err := k.Name(t.Context(), "ann", contract.Name{Source: "s", Name: "New York"}, nil, noon); err != nil {
		t.Errorf("a name that is left as it is: %v", err)
	}
}

// TestARelationIsTurnedWithItsBets: the bet with fewer venues is read as the other. Where that is the
// second one, what was said of the first is turned.
func TestARelationIsTurnedWithItsBets(t *testing.T) {
	k := keeper(t, filepath.Join(t.TempDir(), "s.db"))
	v := contract.Verdict{Relation: contract.Subset, State: contract.Confirmed, A: &contract.Bet{EventID: "S", Market: "yes_no"}, B: &contract.Bet{EventID: "K", Market: "yes_no"}}
	l, err := k.Decide(t.Context(), "ann", "", v, noon)
	if err != nil || l.A.EventID != "K" || l.B.EventID != "S" || l.Relation != contract.Superset {
		t.Errorf("%s is a %s of %s, error %v; S is a subset of K", l.A.EventID, l.Relation, l.B.EventID, err)
	}
}
