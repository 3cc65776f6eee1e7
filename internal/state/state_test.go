package state_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"corrgraph/internal/state"
)

type inner struct {
	Name string
	At   *int64
}

type sample struct {
	Flag    bool
	N       int
	Small   int8
	Big     uint64
	F       float64
	G       float32
	Word    string
	Many    []inner
	By      map[[2]string]int
	Nothing []string
	Three   [3]uint16
}

func newSample() sample {
	at := int64(math.MinInt64)
	return sample{
		Flag: true, N: -12345, Small: -128, Big: math.MaxUint64, F: math.Copysign(0, -1), G: math.SmallestNonzeroFloat32, Word: "häuser",
		Many: []inner{{"a", &at}, {"häuser", nil}, {strings.Repeat("long ", 40_000), nil}},
		By:   map[[2]string]int{{"b", "a"}: 1, {"a", "z"}: 2, {"a", "b"}: 3}, Three: [3]uint16{1, 0, 65535},
	}
}

func written(t *testing.T, values ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	c := state.NewWriter(&b, "sample", 3)
	c.Values(values...)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestValuesComeBack(t *testing.T) {
	want := newSample()
	saved := written(t, &want, &want.Word)
	for range 20 { // whatever the order of the map
		x := newSample()
		if again := written(t, &x, &x.Word); !bytes.Equal(saved, again) {
			t.Fatal("equal values give different bytes")
		}
	}
	c, err := state.NewReader(bytes.NewReader(saved), "sample", 3)
	if err != nil {
		t.Fatal(err)
	}
	got := sample{Nothing: []string{"old"}, Many: make([]inner, 7)}
	word := "old"
	c.Values(&got, &word)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	want.Nothing = []string{}
	if !reflect.DeepEqual(got, want) || word != want.Word {
		t.Errorf("read back %+v, %q", got, word)
	}
}

func TestWrongInput(t *testing.T) {
	x := newSample()
	saved := written(t, &x)
	read := func(b []byte, magic string, version uint64) error {
		c, err := state.NewReader(bytes.NewReader(b), magic, version)
		if err != nil {
			return err
		}
		var got sample
		c.Values(&got)
		return c.Close()
	}
	if err := read(saved, "sample", 3); err != nil {
		t.Fatal(err)
	}
	if err := read(saved, "simple", 3); !errors.Is(err, state.ErrFormat) {
		t.Errorf("another magic: %v", err)
	}
	if err := read(saved, "sample", 4); !errors.Is(err, state.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	for n := 0; n < len(saved); n += 1 + len(saved)/501 {
		if err := read(saved[:n], "sample", 3); !errors.Is(err, state.ErrTruncated) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		b := bytes.Clone(saved)
		b[n] ^= 1
		if err := read(b, "sample", 3); err == nil {
			t.Fatalf("byte %d was changed and nobody noticed", n)
		}
	}
	if err := read(written(t, &x, &x.N), "sample", 3); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("more than was asked for: %v", err)
	}
	if err := read(written(t, &x.Flag), "sample", 3); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("less than was asked for: %v", err)
	}
	broken := errors.New("the disk is gone")
	if _, err := state.NewReader(io.MultiReader(bytes.NewReader(saved[:5]), failing{broken}), "sample", 3); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriterThatFails(t *testing.T) {
	broken := errors.New("the disk is full")
	c := state.NewWriter(failing{broken}, "sample", 3)
	x := newSample()
	c.Values(&x)
	if err := c.Close(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestReferences(t *testing.T) {
	a, b := &inner{Name: "a"}, &inner{Name: "b"}
	var table state.Table[*inner]
	table.Add(a)
	table.Add(b)
	refs := []*inner{b, nil, a, b}
	var out bytes.Buffer
	c := state.NewWriter(&out, "refs", 1)
	state.Slice(c, &refs, func(p **inner) { table.Ref(c, p) })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	var got []*inner
	if c, err := state.NewReader(bytes.NewReader(out.Bytes()), "refs", 1); err != nil {
		t.Fatal(err)
	} else if state.Slice(c, &got, func(p **inner) { table.Ref(c, p) }); c.Close() != nil || !reflect.DeepEqual(got, refs) || got[0] != b {
		t.Errorf("read back %v, %v", got, c.Err())
	}
	var small state.Table[*inner]
	small.Add(a)
	if c, err := state.NewReader(bytes.NewReader(out.Bytes()), "refs", 1); err != nil {
		t.Fatal(err)
	} else if state.Slice(c, &got, func(p **inner) { small.Ref(c, p) }); !errors.Is(c.Close(), state.ErrCorrupt) {
		t.Errorf("a number beyond the table: %v", c.Err())
	}
	stranger := &inner{}
	c = state.NewWriter(&out, "refs", 1)
	if table.Ref(c, &stranger); c.Close() == nil {
		t.Error("a reference to an object outside the table was written")
	}
}

func TestUnexportedFieldsMustBeListed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a struct with unexported fields was accepted")
		}
	}()
	c := state.NewWriter(io.Discard, "x", 1)
	c.Values(&struct{ hidden int }{})
}
