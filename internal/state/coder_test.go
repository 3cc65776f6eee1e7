package state_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"corrgraph/internal/state"

	"pgregory.net/rapid"
)

// reader opens a saved state.
func reader(t testing.TB, saved []byte) *state.Coder {
	t.Helper()
	c, err := state.NewReader(bytes.NewReader(saved), "sample", 3)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnyNumberComesBack(t *testing.T) {
	check(t, func(t *rapid.T) {
		type numbers struct {
			A int64
			B uint64
			C float64
			D float32
			E int
			F string
			G bool
		}
		in := numbers{
			rapid.Int64().Draw(t, "a"), rapid.Uint64().Draw(t, "b"), rapid.Float64().Draw(t, "c"), rapid.Float32().Draw(t, "d"),
			rapid.Int().Draw(t, "e"), rapid.String().Draw(t, "f"), rapid.Bool().Draw(t, "g"),
		}
		var b bytes.Buffer
		w := state.NewWriter(&b, "sample", 3)
		w.Values(&in, &in.C)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := state.NewReader(&b, "sample", 3)
		if err != nil {
			t.Fatal(err)
		}
		var out numbers
		var again float64
		if c.Values(&out, &again); c.Close() != nil || out != in || again != in.C {
			t.Fatalf("%+v became %+v, %v", in, out, c.Err())
		}
	})
}

// Floats come back bit by bit: NaNs and the sign of 0 too.
func TestFloatsKeepTheirBits(t *testing.T) {
	in := []float64{math.NaN(), math.Float64frombits(0x7ff8_0000_dead_beef), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64}
	var out []float64
	c := reader(t, written(t, &in))
	if c.Values(&out); c.Close() != nil || len(out) != len(in) {
		t.Fatal(out, c.Err())
	}
	for i := range in {
		if math.Float64bits(in[i]) != math.Float64bits(out[i]) {
			t.Errorf("%x became %x", math.Float64bits(in[i]), math.Float64bits(out[i]))
		}
	}
}

// What an owner held before shows nowhere.
func TestReadingReplacesWhatWasThere(t *testing.T) {
	type owner struct {
		Of   map[string]int
		Next *inner
		List []inner
	}
	for name, saved := range map[string]owner{
		"less":    {Of: map[string]int{"b": 2}, List: []inner{{Name: "only"}}},
		"nothing": {},
	} {
		at := int64(1)
		held := owner{map[string]int{"a": 1, "b": 1}, &inner{Name: "old"}, []inner{{"old", &at}, {"older", &at}}}
		c := reader(t, written(t, &saved))
		if c.Values(&held); c.Close() != nil {
			t.Fatal(c.Err())
		}
		if len(held.Of) != len(saved.Of) || held.Of["b"] != saved.Of["b"] || held.Next != nil || len(held.List) != len(saved.List) {
			t.Errorf("%s was saved, read as %+v", name, held)
		}
		for i := range held.List {
			if held.List[i] != saved.List[i] {
				t.Errorf("%s was saved: element %d is %+v", name, i, held.List[i])
			}
		}
	}
}

func TestAfterTheFirstErrorEverythingIsZero(t *testing.T) {
	x := newSample()
	list := []int{1, 2, 3}
	by := map[int]int{1: 1}
	c := reader(t, written(t, &x, &list, &by))
	first := errors.New("makes no sense")
	c.Fail(first)
	c.Fail(errors.New("what follows from it"))
	flag, n, f, g, word, there := true, 7, 1.5, float32(1.5), "old", &inner{}
	c.Values(&flag, &n, &f, &g, &word, &there)
	if flag || n != 0 || f != 0 || g != 0 || word != "" || there != nil || c.Len(5) != 0 {
		t.Errorf("read %v, %v, %v, %v, %q, %v", flag, n, f, g, word, there)
	}
	state.Slice(c, &list, func(*int) { t.Error("an element was read") })
	state.Map(c, by, cmp.Compare[int], func(*int, *int) { t.Error("an entry was read") })
	if len(list) != 0 || c.Err() != first || c.Close() != first {
		t.Errorf("list %v, error %v", list, c.Err())
	}
}

// A length that was never written costs no more memory than there are bytes.
func TestAbsurdLengths(t *testing.T) {
	for name, read := range map[string]func(c *state.Coder){
		"of a slice": func(c *state.Coder) { var x []inner; c.Values(&x) },
		"of a map":   func(c *state.Coder) { x := map[string]int{}; c.Values(&x) },
		"of a list":  func(c *state.Coder) { var x []inner; state.Slice(c, &x, func(i *inner) { c.Values(i) }) },
		"of a table": func(c *state.Coder) {
			state.Map(c, map[string]int{}, cmp.Compare[string], func(k *string, v *int) { c.Values(k, v) })
		},
	} {
		length := uint64(1) << 40
		c := reader(t, written(t, &length))
		if read(c); !errors.Is(c.Close(), state.ErrCorrupt) {
			t.Errorf("a length %s of 2^40: %v", name, c.Err())
		}
	}
	first, length := uint64(0), uint64(1)<<40 // a string not seen yet, and how long it is
	c := reader(t, written(t, &first, &length))
	var word string
	if c.Values(&word); !errors.Is(c.Close(), state.ErrCorrupt) {
		t.Errorf("a string of 2^40 bytes: %v", c.Err())
	}
}

func TestAStringIsWrittenOnce(t *testing.T) {
	long := strings.Repeat("x", 1000)
	once, thrice := []string{long}, []string{long, long, long}
	if a, b := len(written(t, &once)), len(written(t, &thrice)); b != a+2 {
		t.Errorf("%d bytes for one, %d for three", a, b)
	}
	number := uint64(3) // of a string of which only none has been read
	c := reader(t, written(t, &number))
	var word string
	if c.Values(&word); !errors.Is(c.Err(), state.ErrCorrupt) {
		t.Errorf("the number of an unknown string: %v", c.Err())
	}
}

// A frame is 64 KiB at most: what is longer, and what ends with one, comes back too.
func TestFramesHideNothing(t *testing.T) {
	for _, n := range []int{0, 1, 65_520, 65_521, 65_522, 65_523, 65_524, 65_525, 65_526, 65_527, 65_528, 65_529, 65_536, 131_072, 200_000} {
		in := strings.Repeat("x", n)
		saved := written(t, &in)
		c := reader(t, saved)
		var out string
		if c.Values(&out); c.Close() != nil || out != in {
			t.Errorf("%d bytes came back as %d: %v", n, len(out), c.Err())
		}
		if most := n + 64 + 8*(n/65_536); len(saved) > most {
			t.Errorf("%d bytes take %d", n, len(saved))
		}
	}
}

// Whole frames that change places are noticed: their sums run on.
func TestFramesThatChangePlaces(t *testing.T) {
	a, b, c := strings.Repeat("a", 65_536), strings.Repeat("b", 65_536), strings.Repeat("c", 65_536)
	saved := written(t, &a, &b, &c)
	const frame = 8 + 65_536
	swapped := slices.Concat(saved[:frame], saved[2*frame:3*frame], saved[frame:2*frame], saved[3*frame:])
	dropped := slices.Concat(saved[:frame], saved[2*frame:])
	twice := slices.Concat(saved[:frame], saved[:frame], saved[frame:])
	for name, s := range map[string][]byte{"swapped": swapped, "dropped": dropped, "twice": twice} {
		r := reader(t, s)
		var x, y, z string
		if r.Values(&x, &y, &z); !errors.Is(r.Close(), state.ErrCorrupt) {
			t.Errorf("a frame %s: %v", name, r.Err())
		}
	}
}

func TestMapsOfOwnersComeBackInAnyOrder(t *testing.T) {
	in := map[*inner]int{}
	var table state.Table[*inner]
	for i := range 50 {
		x := &inner{Name: fmt.Sprint(i)}
		table.Add(x)
		in[x] = i
	}
	write := func() []byte {
		var b bytes.Buffer
		c := state.NewWriter(&b, "sample", 3)
		state.Map(c, in, table.Order, func(k **inner, v *int) { table.Ref(c, k); c.Values(v) })
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	saved := write()
	for range 10 {
		if !bytes.Equal(saved, write()) {
			t.Fatal("equal maps give different bytes")
		}
	}
	out := map[*inner]int{}
	c := reader(t, saved)
	state.Map(c, out, table.Order, func(k **inner, v *int) { table.Ref(c, k); c.Values(v) })
	if err := c.Close(); err != nil || len(out) != 50 {
		t.Fatalf("%d entries, %v", len(out), err)
	}
	for k, v := range in {
		if out[k] != v || table.Number(k) != v || table.All()[v] != k || !table.Has(k) {
			t.Errorf("%s became %d", k.Name, out[k])
		}
	}
	if stranger := (&inner{}); table.Has(stranger) || table.Number(stranger) != 0 || table.Len() != 50 {
		t.Error("a stranger has a number")
	}
}

// Keys of maps come in one order, whatever they are made of.
func TestKeysOfMapsHaveAnOrder(t *testing.T) {
	type place struct {
		Row  int8
		Side bool
		Of   [2]uint16
	}
	places, flags, numbers := map[place]int{}, map[bool]int{true: 1, false: 2}, map[int64]string{}
	for i := range 40 {
		places[place{int8(i%5 - 2), i%2 == 0, [2]uint16{uint16(i % 3), uint16(i)}}] = i
		numbers[int64(i-20)] = fmt.Sprint(i % 4)
	}
	saved := written(t, &places, &flags, &numbers)
	for range 10 {
		if !bytes.Equal(saved, written(t, &places, &flags, &numbers)) {
			t.Fatal("equal maps give different bytes")
		}
	}
	gotPlaces, gotFlags, gotNumbers := map[place]int{}, map[bool]int{}, map[int64]string{}
	c := reader(t, saved)
	if c.Values(&gotPlaces, &gotFlags, &gotNumbers); c.Close() != nil {
		t.Fatal(c.Err())
	}
	if len(gotPlaces) != len(places) || gotFlags[false] != 2 || gotFlags[true] != 1 || len(gotNumbers) != 40 || gotNumbers[-20] != "0" {
		t.Errorf("%v, %v, %v", gotPlaces, gotFlags, gotNumbers)
	}
	for k, v := range places {
		if gotPlaces[k] != v {
			t.Errorf("%+v became %d", k, gotPlaces[k])
		}
	}
}

func TestWhatCanNotBeSavedIsRefusedAtOnce(t *testing.T) {
	for name, v := range map[string]any{
		"a function":          new(func()),
		"a channel":           new(chan int),
		"an interface":        new(any),
		"keys without order":  &map[float64]int{1: 1, 2: 2},
		"a nested own field":  &[]struct{ inner *struct{ x int } }{{}},
		"an own field beside": &struct{ A, b int }{},
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "state: ") {
					t.Errorf("%s: %q", name, text)
				}
			}()
			state.NewWriter(io.Discard, "x", 1).Values(v)
		}()
	}
}

func TestVersionsAreNamed(t *testing.T) {
	_, err := state.NewReader(bytes.NewReader(written(t)), "sample", 4)
	if want := "saved by a different version: it has version 3, this program reads 4"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := state.NewReader(bytes.NewReader(nil), "sample", 3); !errors.Is(err, state.ErrTruncated) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestAnOrphanIsNoReference(t *testing.T) {
	var table state.Table[*inner]
	var b bytes.Buffer
	c := state.NewWriter(&b, "sample", 3)
	x := &inner{}
	table.Ref(c, &x)
	if err := c.Close(); err == nil || err.Error() != "a reference to an object that is not saved" {
		t.Errorf("%v", err)
	}
}

func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}
