package db

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"corrgraph/store"
)

// acknowledged is as killed, with a mark beside the store in which its commits are noted;
// half of them are of Together, half of others.
func acknowledged(t *testing.T) (path string, rows []string) {
	t.Helper()
	if _, known := machineStart(); !known {
		t.Skip("the system does not say when the machine was started")
	}
	d := open(t, Options{Durable: true})
	if err := d.writer.Script(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	m, _, err := OpenMark(d.Path(), bytes.Repeat([]byte{7}, MarkID))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d.KeepTail(m)
	m.Reach(5)
	for i, row := range []string{"a", "b", "c", "d", "e"} {
		err := d.Together(t.Context(), put(row))
		if i%2 == 0 {
			row += "'"
			err = errors.Join(err, d.Write(t.Context(), func(c *Conn) error { return put(row)(t.Context(), c) }))
			rows = append(rows, row[:1])
		}
		rows = append(rows, row)
		if err != nil {
			t.Fatal(err)
		}
	}
	path = asKilled(t, d)
	copyOf(t, d.Path()+MarkSuffix, path+MarkSuffix)
	return path, rows
}

// edit changes a file.
func edit(t *testing.T, path string, change func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(b), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// No flip in a WAL whose end is noted drops a commit: neither that of the last frame.
func TestADamagedLastFrameIsToldFromAHalfWrittenOne(t *testing.T) {
	path, rows := acknowledged(t)
	whole, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 4))
	last := len(whole) - frameSize
	at := []int{last, last + 5, last + 9, last + 17, last + frameHead, len(whole) - 1}
	for range 300 {
		at = append(at, r.IntN(len(whole)))
	}
	for _, at := range at {
		wal := bytes.Clone(whole)
		wal[at] ^= 1 << r.IntN(8)
		if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := ReadWAL(path)
		if err != nil {
			t.Fatal(err)
		}
		if !errors.Is(w.Err(), store.ErrDamaged) && w.Frames != len(rows) {
			t.Errorf("byte %d of %d: %+v", at, len(whole), w)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[last+frameHead+2000] ^= 1
	if err := os.WriteFile(path+"-wal", flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, schema, Options{}); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "which was acknowledged") {
		t.Errorf("opened: %v", err)
	}
	repaired(t, path)
	if got := rowsOf(t, path); !slices.Equal(got, rows) {
		t.Errorf("repaired: %q, want %q", got, rows)
	}
}

// What is no damage opens as before.
func TestATailIsOfOneWALAndOneStartOfTheMachine(t *testing.T) {
	half := func(b []byte) []byte { return append(b, b[len(b)-frameSize:len(b)-100]...) } // of the next commit
	spoilt := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	same := func(b []byte) []byte { return b }
	for name, c := range map[string]struct {
		wal, mark func([]byte) []byte
		lost      int
	}{
		"whole":                            {same, same, 0},
		"half a commit more":               {half, same, 0},
		"another start of the machine":     {spoilt, func(b []byte) []byte { return restarted(b) }, 1},
		"a mark of an earlier version":     {spoilt, func(b []byte) []byte { return b[:markSize] }, 1},
		"a damaged tail":                   {spoilt, func(b []byte) []byte { b[markSize+40] ^= 1; return b }, 1},
		"a tail of another generation":     {spoilt, func(b []byte) []byte { return withTail(b, func(x *tail) { x.salts[3]++ }) }, 1},
		"a tail that is one commit behind": {spoilt, func(b []byte) []byte { return withTail(b, func(x *tail) { x.frames-- }) }, 1},
		"a WAL that was cut":               {func(b []byte) []byte { return b[:len(b)-frameSize] }, same, 1},
		"no WAL":                           {func([]byte) []byte { return nil }, same, 8},
	} {
		t.Run(name, func(t *testing.T) {
			path, rows := acknowledged(t)
			edit(t, path+"-wal", c.wal)
			edit(t, path+MarkSuffix, c.mark)
			want := rows[:len(rows)-c.lost]
			if got := rowsOf(t, path); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// withTail writes a mark's tail anew.
func withTail(b []byte, change func(*tail)) []byte {
	var x tail
	copy(x.boot[:], b[markSize:])
	copy(x.salts[:], b[markSize+len(x.boot):])
	x.frames = uint32(b[markSize+len(x.boot)+len(x.salts)+3])
	change(&x)
	return append(b[:markSize:markSize], x.bytes()...)
}

func restarted(b []byte) []byte { return withTail(b, func(x *tail) { x.boot[0]++ }) }

// The tail follows the WAL into its next generation, and the position stays what it was.
func TestATailFollowsItsWAL(t *testing.T) {
	path, _ := acknowledged(t)
	d, err := Open(t.Context(), path, schema, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	m, noted, err := OpenMark(path, bytes.Repeat([]byte{7}, MarkID))
	if err != nil || noted != 5 {
		t.Fatalf("position %d, %v", noted, err)
	}
	defer m.Close()
	d.KeepTail(m)
	before := readTail(path)
	if err := d.writer.Script(t.Context(), "PRAGMA wal_checkpoint(RESTART)"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := d.Together(t.Context(), put("later")); err != nil {
			t.Fatal(err)
		}
		now := readTail(path)
		if now.salts == before.salts || now.frames != uint32(i+1) || now.boot != before.boot {
			t.Errorf("%d commits later: %+v, before %+v", i+1, now, before)
		}
		w, err := ReadWAL(path)
		if err != nil || w.Err() != nil || w.salts != now.salts || w.Frames != int(now.frames) {
			t.Errorf("%d commits later: %+v, %v; tail %+v", i+1, w, err, now)
		}
	}
}
