package leadlag

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// saved writes what do shows.
func saved(t *testing.T, do func(*state.Coder)) []byte {
	t.Helper()
	var b bytes.Buffer
	c := state.NewWriter(&b, "test", 1)
	do(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restored reads what saved wrote.
func restored(t *testing.T, b []byte, do func(*state.Coder)) error {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(b), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	do(c)
	return c.Close()
}

// Evidence that was saved goes on as if nothing had happened, to the last bit.
func TestEvidenceGoesOnAfterARestore(t *testing.T) {
	for name, build := range map[string]func(*Axis) *Evidence{
		"decoys":         func(x *Axis) *Evidence { return NewEvidence(x, true) },
		"none":           func(x *Axis) *Evidence { return NewEvidence(x, false) },
		"near":           func(x *Axis) *Evidence { return NewNearEvidence(x, true) },
		"near, no decoy": func(x *Axis) *Evidence { return NewNearEvidence(x, false) },
	} {
		rng := rand.New(rand.NewPCG(5, 1))
		var s Scratch
		x := NewAxis(1000)
		a := randomMoves(rng, 300, 20_000)
		b := lagged(rng, a, 3000, 1)
		e := gather(build(x), a[:150], b[:150], 1, &s)
		bytes1 := saved(t, e.State)
		if again := saved(t, e.State); !bytes.Equal(bytes1, again) {
			t.Errorf("%s: saving twice gives different bytes", name)
		}
		r := NewEvidence(x, e.decoy != nil)
		if err := restored(t, bytes1, r.State); err != nil {
			t.Fatal(name, err)
		}
		gather(e, a[150:], b[150:], 2, &s)
		gather(r, a[150:], b[150:], 2, &s)
		if e.nearOnly != r.nearOnly || !reflect.DeepEqual(e.Search(), r.Search()) || !reflect.DeepEqual(e.DecoyScores(nil), r.DecoyScores(nil)) ||
			!reflect.DeepEqual(e.Correlogram(AB), r.Correlogram(AB)) || !reflect.DeepEqual(e.Link(AB, Span{2, 3}), r.Link(AB, Span{2, 3})) ||
			!reflect.DeepEqual(e.ZeroLink(), r.ZeroLink()) {
			t.Errorf("%s: it went on differently", name)
		}
		if search := r.Search(); search.Z < 5 {
			t.Errorf("%s: the link is not there: %+v", name, search)
		}
	}
}

// Sums of one axis do not fit another.
func TestEvidenceOfAnotherAxisIsRefused(t *testing.T) {
	b := saved(t, NewEvidence(NewAxis(1000), true).State)
	for name, into := range map[string]*Evidence{
		"other near bins": NewEvidence(NewAxis(20), true),
		"a poll":          NewEvidence(NewAxis(300_000), true),
	} {
		if err := restored(t, b, into.State); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEvidenceThatMayBeNil(t *testing.T) {
	var asked []odds.Millis
	axis := func(r odds.Millis) *Axis {
		asked = append(asked, r)
		return NewAxis(r)
	}
	var none, back *Evidence
	b := saved(t, func(c *state.Coder) { StateOf(c, &none, axis) })
	if err := restored(t, b, func(c *state.Coder) { StateOf(c, &back, axis) }); err != nil || back != nil || len(asked) != 0 {
		t.Errorf("nil became %v, axes %v, %v", back, asked, err)
	}
	e := NewEvidence(NewAxis(60_000), false)
	b = saved(t, func(c *state.Coder) { StateOf(c, &e, axis) })
	if err := restored(t, b, func(c *state.Coder) { StateOf(c, &back, axis) }); err != nil || back == nil {
		t.Fatal(back, err)
	}
	if len(asked) != 1 || asked[0] != 60_000 || back.Axis.Resolution != 60_000 {
		t.Errorf("axes %v, resolution %v", asked, back.Axis.Resolution)
	}
	if got := back.DecoyScores(nil); len(got) != 0 {
		t.Errorf("evidence without decoys came back with %d of them", len(got))
	}
}
