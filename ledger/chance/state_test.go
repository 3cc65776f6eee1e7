package chance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

func saved(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	c := state.NewWriter(&b, "chance", 1)
	m.State(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restored(t testing.TB, b []byte) (*Model, error) {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(b), "chance", 1)
	if err != nil {
		t.Fatal(err)
	}
	m := New()
	m.State(c)
	return m, c.Close()
}

// A model that was saved and restored goes on to the last bit, and so does one that is taught the same again.
func TestARestartChangesNothing(t *testing.T) {
	w, straight := newWorld(21), New()
	v, again := newWorld(21), New()
	for round := range 4 {
		for _, league := range []string{"mlb", "wnba"} {
			w.league, v.league = league, league
			w.live(straight, 50*round, nil)
			v.live(again, 50*round, nil)
		}
		b := saved(t, straight)
		if !bytes.Equal(b, saved(t, again)) {
			t.Fatalf("round %d: not the same after a restart", round)
		}
		var err error
		if again, err = restored(t, b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, saved(t, again)) {
			t.Fatalf("round %d: saved, restored and saved again is not the same", round)
		}
	}
}

// Predict leaves no trace, whether it knows the names or not.
func TestPredictChangesNothing(t *testing.T) {
	w, m := newWorld(22), New()
	w.live(m, 300, nil)
	before := saved(t, m)
	f, _, _ := w.call()
	p := m.Predict(f)
	m.Predict(&Features{League: "new", Follower: "new", Market: "new", Families: []string{"new"}})
	if !bytes.Equal(before, saved(t, m)) {
		t.Error("a prediction has changed the model")
	}
	if math.Float64bits(p) != math.Float64bits(m.Predict(f)) {
		t.Error("the second prediction differs")
	}
}

// A state that could not have been saved is refused.
func TestDamagedStatesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(m *Model){
		"an offset of no weight":    func(m *Model) { m.all.followers["ann"] = 1000 },
		"an offset of a feature":    func(m *Model) { m.all.followers["ann"] = gap },
		"two of one weight":         func(m *Model) { m.all.followers["ann"] = m.all.followers["bob"] },
		"a weight without variance": func(m *Model) { m.all.of = m.all.of[1:] },
		"a short row":               func(m *Model) { m.all.cov[3] = m.all.cov[3][1:] },
		"a recalibration of three":  func(m *Model) { m.leagues["baseball_mlb"].recal.grow(0, 1) },
		"a weight of nobody":        func(m *Model) { m.all.grow(0, 1) },
	} {
		w, m := newWorld(23), New()
		w.live(m, 100, nil)
		spoil(m)
		if _, err := restored(t, saved(t, m)); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzModel: whatever is said of calls, every probability is one, and so it stays.
func FuzzModel(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 400))
	f.Add(bytes.Repeat([]byte{0x7f, 0xef, 1, 0}, 300))
	f.Add(bytes.Repeat([]byte{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3}, 60))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := New()
		take := func() uint64 {
			var b [8]byte
			data = data[copy(b[:], data):]
			return binary.LittleEndian.Uint64(b[:])
		}
		for len(data) > 0 {
			a := take()
			n := byte(a >> 8)
			call := &Features{
				League: string([]byte{n & 3}), Follower: string([]byte{n >> 2 & 3}), Market: string([]byte{n >> 4}), Live: a&4 > 0,
				With: int(take()), Against: int(take()), Groups: int(a >> 20), Agree: int(a >> 40), Oppose: -int(a >> 30),
				Size: math.Float64frombits(take()), Gap: math.Float64frombits(take()), OwnLast: math.Float64frombits(take()),
				OwnAge: odds.Millis(take()), ToStart: odds.Millis(take()), Families: []string{string([]byte{n})},
			}
			for range 1 + a&15 {
				if p := m.Predict(call); !(p >= least && p <= 1-least) {
					t.Fatalf("probability %v of %+v", p, call)
				}
				m.Learn(call, a&2 > 0)
			}
			if p := m.Predict(plain("other")); !(p >= least && p <= 1-least) {
				t.Fatalf("probability %v of a plain call after %+v", p, call)
			}
		}
		if _, err := restored(t, saved(t, m)); err != nil {
			t.Fatal(err)
		}
	})
}
