package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"reflect"
	"slices"
	"testing"

	"corrgraph/store"
)

type name string

// thing has a column of every sort.
type thing struct {
	Name  name
	N     int
	Small uint8
	F     float64
	Yes   bool
	Doc   map[string]int
	Bytes []byte
}

var things = Table[thing]{Name: "things", Columns: "name, n, small, f, yes, doc, bytes", Walk: func(c *Cells, v *thing) {
	Text(c, &v.Name)
	Number(c, &v.N)
	Number(c, &v.Small)
	c.Float(&v.F)
	c.Bool(&v.Yes)
	c.JSON(&v.Doc)
	c.Blob(&v.Bytes)
}}

var all = Statement{Name: "list", SQL: "SELECT name, n, small, f, yes, doc, bytes FROM things ORDER BY rowid", Deadline: Listing}

func openThings(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), t.TempDir()+"/s.db", Schema{7, []string{"CREATE TABLE things (name, n, small, f, yes, doc, bytes);"}}, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	d := openThings(t)
	want := []thing{
		{"a", math.MaxInt64, 255, 1.5, true, map[string]int{"x": 1}, []byte{0, 1, 255}},
		{"", math.MinInt64, 0, -math.MaxFloat64, false, nil, nil},
		{"it's \"quoted\"; --", 0, 1, math.SmallestNonzeroFloat64, true, map[string]int{}, []byte{0}},
	}
	replace := func(rows []thing) {
		t.Helper()
		if err := d.Write(t.Context(), func(c *Conn) error { return things.Replace(t.Context(), c, rows) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, rows := range [][]thing{want, want[:1], want, nil} {
		replace(rows)
		got, err := things.List(t.Context(), d, all)
		if err != nil || len(got) != len(rows) {
			t.Fatalf("%d of %d rows, %v", len(got), len(rows), err)
		}
		for i := range rows {
			if !reflect.DeepEqual(got[i], rows[i]) {
				t.Errorf("%+v, want %+v", got[i], rows[i])
			}
		}
	}
}

// Other programs write what SQLite takes.
func TestColumnsOfOtherTypesAreReadAsFarAsTheyCan(t *testing.T) {
	def := thing{"was", 3, 4, 5, true, map[string]int{"was": 1}, []byte("was")}
	for what, c := range map[string]struct {
		row  []driver.Value
		want thing
	}{
		"NULL leaves all but the bytes alone": {
			[]driver.Value{nil, nil, nil, nil, nil, nil, nil}, thing{"was", 3, 4, 5, true, map[string]int{"was": 1}, nil},
		},
		"numbers as text and back": {
			[]driver.Value{int64(7), 2.5, 1.4, int64(6), int64(2), `{"b":2}`, []byte{}},
			thing{"7", 3, 1, 6, true, map[string]int{"was": 1, "b": 2}, []byte{}},
		},
		"a row that is too short": {[]driver.Value{"new"}, thing{"new", 3, 4, 5, true, map[string]int{"was": 1}, nil}},
	} {
		got := def
		got.Doc = map[string]int{"was": 1}
		r := Cells{V: c.row}
		things.Walk(&r, &got)
		if r.Err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", what, got, r.Err, c.want)
		}
	}
}

func TestAfterAnErrorNothingMoreIsRead(t *testing.T) {
	var doc map[string]int
	n := 1
	r := Cells{V: []driver.Value{`{"cut`, int64(9), `{"x":1}`}}
	r.JSON(&doc)
	first := r.Err
	Number(&r, &n)
	r.JSON(&doc)
	if first == nil || r.Err != first || n != 1 || doc != nil {
		t.Errorf("%v then %v, n %d, doc %v", first, r.Err, n, doc)
	}
	w := Cells{Writing: true}
	w.JSON(math.NaN())
	if w.Err == nil {
		t.Error("JSON has a NaN")
	}
}

func TestARowThatCannotBeWrittenUndoesAll(t *testing.T) {
	d := openThings(t)
	broken := Table[float64]{Name: "things", Columns: "doc", Walk: func(c *Cells, v *float64) { c.JSON(v) }}
	err := d.Write(t.Context(), func(c *Conn) error { return broken.Write(t.Context(), c, []float64{1, math.Inf(1), 2}) })
	if got, _ := things.List(t.Context(), d, all); err == nil || len(got) != 0 {
		t.Errorf("%v, %d rows", err, len(got))
	}
}

func TestARowThatCannotBeReadEndsTheReading(t *testing.T) {
	d := openThings(t)
	if err := d.Write(t.Context(), func(c *Conn) error {
		return c.Script(t.Context(), `INSERT INTO things (name, doc) VALUES ('a', '{"x":1}'), ('b', '{cut'), ('c', '{"x":3}')`)
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := things.List(t.Context(), d, all); err == nil || len(got) > 2 {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

func TestRowsMayEndEarly(t *testing.T) {
	d := openThings(t)
	if err := d.Write(t.Context(), func(c *Conn) error { return things.Write(t.Context(), c, make([]thing, 5)) }); err != nil {
		t.Fatal(err)
	}
	for want, end := range map[int]error{2: ErrEnough, 3: errors.New("broken")} {
		n := 0
		err := d.Read(t.Context(), all, func(ctx context.Context, c *Conn) error {
			return c.Query(ctx, all, func([]driver.Value) error {
				if n++; n == want {
					return end
				}
				return nil
			})
		})
		if n != want || (err == nil) != errors.Is(end, ErrEnough) || err != nil && !errors.Is(err, end) {
			t.Errorf("%d rows, then %v", n, err)
		}
	}
	if c := d.Counters(); c.Failures != 1 {
		t.Errorf("an end is no failure: %+v", c)
	}
}

func TestAnAnswerOfNoRowIsAnError(t *testing.T) {
	d := open(t, Options{})
	none := Statement{SQL: "SELECT x FROM t", Deadline: Listing}
	err := d.Read(t.Context(), none, func(ctx context.Context, c *Conn) error {
		_, err := c.One(ctx, none)
		return err
	})
	if err == nil || err.Error() != `no row from "SELECT x FROM t"` {
		t.Errorf("%v", err)
	}
}

func TestMarksAndUpdates(t *testing.T) {
	for columns, want := range map[string][2]string{
		"a":        {"?", "a = excluded.a"},
		"a, b":     {"?,?", "a = excluded.a, b = excluded.b"},
		"a,b,\n c": {"?,?,?", "a = excluded.a, b = excluded.b, c = excluded.c"},
	} {
		if marks, updates := Marks(columns), Updates(columns); marks != want[0] || updates != want[1] {
			t.Errorf("%q: %q and %q, want %q", columns, marks, updates, want)
		}
	}
}

func TestHintsSayWhatToDoNext(t *testing.T) {
	for err, want := range map[error]string{
		store.ErrNewer:    " (use that version, or name another --db)",
		store.ErrInUse:    " (wait for the other process, stop it, or name another --db)",
		store.ErrDevig:    " (use that method, or name another --db)",
		store.ErrNotStore: " (name another --db)",
		store.ErrFull:     " (free some space and run again; what was stored is still there)",
		fs.ErrPermission:  "",
	} {
		if got := hint(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestPathsAreQuotedForTheDriver(t *testing.T) {
	for path, want := range map[string]string{
		"/a/b.db":          "file:/a/b.db?mode=rw",
		"/a b/50%?x#y.db":  "file:/a%20b/50%25%3Fx%23y.db?mode=rw",
		"/a/../b/./c.db":   "file:/b/c.db?mode=rw",
		"/a/müller&co.db":  "file:/a/m%C3%BCller&co.db?mode=rw",
		"/a/mode=memory":   "file:/a/mode=memory?mode=rw",
		"/a/trailing.db//": "file:/a/trailing.db?mode=rw",
	} {
		if got := dsn(path, "mode=rw"); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// Rows are read where SQLite holds them. The driver's own reading of them is the truth.
func TestRowsAreWhatTheDriverReads(t *testing.T) {
	d := openThings(t)
	st := Statement{Name: "mixed", Deadline: Listing, SQL: `WITH n (i) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))
		SELECT CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN i * 1000000007 WHEN 2 THEN i / 8.0 WHEN 3 THEN 'text ' || i / 5 WHEN 4 THEN zeroblob(i) END,
		'the same', i, -i / 2.0, '', x'', CASE WHEN i > 4 THEN 'né' || char(0) || 'e' END, i % 2 = 0, 'é' FROM n ORDER BY i`}
	for _, st := range []Statement{st, {Name: "one", Deadline: Listing, SQL: "SELECT 'alone'"}, {Name: "none", Deadline: Listing, SQL: "SELECT 1, 2 WHERE 0"}} {
		var got, want [][]driver.Value
		err := d.Read(t.Context(), st, func(ctx context.Context, c *Conn) error {
			for range 2 { // prepared, and prepared before
				got = nil
				if err := c.Query(ctx, st, func(v []driver.Value) error {
					got = append(got, slices.Clone(v))
					return nil
				}); err != nil {
					return err
				}
			}
			rows, err := c.prepared[st.SQL].Stmt.(driver.StmtQueryContext).QueryContext(ctx, nil)
			if err != nil {
				return err
			}
			v := make([]driver.Value, len(rows.Columns()))
			for err = rows.Next(v); err == nil; err = rows.Next(v) {
				want = append(want, slices.Clone(v))
			}
			return errors.Join(rows.Close(), ignoring(err, io.EOF))
		})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\nread  %q\nwant %q", st.Name, err, got, want)
		}
	}
}

func ignoring(err, this error) error {
	if errors.Is(err, this) {
		return nil
	}
	return err
}
