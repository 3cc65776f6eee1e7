package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// parts are sections of a checkpoint, in order.
var parts = []string{"telling", "learning", "door"}

// content is what a section of a checkpoint of a position holds.
func content(name string, at int) []byte {
	r := rand.New(rand.NewPCG(uint64(at), uint64(name[0])))
	b := make([]byte, 300+r.IntN(3000))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func make1(t *testing.T, dir string, at int) {
	t.Helper()
	w, err := Create(dir, Stamp{State: "1.2", Config: "c", Position: ticklog.Position(at), Mark: fmt.Sprint("m", at), Taken: odds.Time(1000 + at)})
	for _, name := range parts {
		var s io.Writer
		if err == nil {
			s, err = w.Section(name)
		}
		if err == nil {
			_, err = s.Write(content(name, at))
		}
	}
	if err == nil {
		_, err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// usable returns the position of the newest checkpoint that is what was written, as a start looks
// for it; 0 if there is none.
func usable(t *testing.T, dir string) int {
	t.Helper()
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Err != nil {
			continue
		}
		f, err := Open(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Verify() == nil {
			for _, name := range parts {
				r, err := f.Section(name)
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := io.ReadAll(r); !bytes.Equal(got, content(name, int(f.Position))) || f.Mark != fmt.Sprint("m", f.Position) {
					t.Fatalf("%s: section %s is another one and was not noticed", c.Path, name)
				}
			}
			f.Close()
			return int(f.Position)
		}
		f.Close()
	}
	return 0
}

func TestTwoAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.db.checkpoints")
	if all, err := List(dir); err != nil || len(all) != 0 {
		t.Errorf("a folder that is not there has %d, error %v", len(all), err)
	}
	for at := 1; at <= 4; at++ {
		make1(t, dir, at)
		if got := usable(t, dir); got != at {
			t.Errorf("the newest is of %d, want %d", got, at)
		}
	}
	all, err := List(dir)
	if err != nil || len(all) != Kept || all[0].Position != 4 || all[1].Position != 3 {
		t.Errorf("%d are kept: %+v, error %v", len(all), all, err)
	}
	// A store of which an older state was restored has an older log.
	make1(t, dir, 2)
	if all, err = List(dir); err != nil || len(all) != 1 || all[0].Position != 2 {
		t.Errorf("of another log %d are kept: %+v, error %v", len(all), all, err)
	}
	if n, err := Drop(dir); n != 1 || err != nil || usable(t, dir) != 0 {
		t.Errorf("%d dropped, error %v", n, err)
	}
}

// TestDamageIsFound damages the newest of two checkpoints at random: a start must then find the
// one before, and nothing else.
func TestDamageIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	make1(t, dir, 1)
	make1(t, dir, 2)
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	newest, older := all[0].Path, all[1].Path
	whole, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(older)
	if err != nil {
		t.Fatal(err)
	}
	first := len(head) + int(all[0].Sections[0].Bytes)
	second := first + int(all[0].Sections[1].Bytes)
	for i := range 3000 {
		b, what := bytes.Clone(whole), ""
		switch k := r.IntN(len(b)); i % 8 {
		case 0, 1, 2:
			what = "a bit is flipped"
			b[k] ^= 1 << r.IntN(8)
		case 3:
			what = "it is cut off"
			b = b[:k]
		case 4:
			what = "something is appended"
			b = append(b, b[:1+k]...)
		case 5:
			what = "a piece is missing"
			b = slices.Delete(b, k, min(len(b), k+1+r.IntN(500)))
		case 6:
			what = "two sections are swapped"
			b = slices.Concat(whole[:len(head)], whole[first:second], whole[len(head):first], whole[second:])
		default:
			what = "a piece is of another checkpoint"
			n := min(k, len(before))
			b = append(slices.Clone(before[:n]), whole[n:]...)
			if bytes.Equal(b, whole) {
				continue
			}
		}
		if err := os.WriteFile(newest, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := usable(t, dir); got != 1 {
			t.Fatalf("%s (%d): a start finds that of %d", what, i, got)
		}
	}
	if err := os.WriteFile(newest, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := usable(t, dir); got != 2 {
		t.Errorf("undamaged, a start finds that of %d", got)
	}
	if err := os.Remove(newest); err != nil {
		t.Fatal(err)
	}
	if got := usable(t, dir); got != 1 {
		t.Errorf("without the newest, a start finds that of %d", got)
	}
}

// TestAWordOfItsOwnIsNotBelieved: sizes that a file states bound nothing but what is in it.
func TestAWordOfItsOwnIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, prefix+"x"+suffix)
	for _, size := range []uint64{0, 1, mostManifest, 1 << 40, 1<<64 - 1} {
		end := make([]byte, foot)
		for i := range 8 {
			end[i] = byte(size >> (8 * i))
		}
		copy(end[len(end)-len(tail):], tail)
		if err := os.WriteFile(path, append([]byte(head), end...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrDamaged) {
			t.Errorf("a manifest of %d bytes: %v", size, err)
		}
	}
}

func TestAFailedOneLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	make1(t, dir, 1)
	w, err := Create(dir, Stamp{Position: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.file.Close()
	if s, err := w.Section("door"); err == nil {
		if _, err := s.Write([]byte("x")); err == nil {
			t.Error("a closed file was written")
		}
	}
	if _, err := w.Commit(); err == nil {
		t.Error("a checkpoint that could not be written counts")
	}
	w, err = Create(dir, Stamp{Position: 3})
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err = Create(dir, Stamp{Position: 4}); err != nil { // and the process dies
		t.Fatal(err)
	}
	make1(t, dir, 5)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || usable(t, dir) != 5 {
		t.Errorf("%d files are left, error %v", len(entries), err)
	}
}

func TestRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.db.checkpoints") // not there yet
	if !Room(dir, 0) {
		t.Skip("this disk is full")
	}
	if runtime.GOOS == "linux" && Room(dir, 1<<60) {
		t.Error("a disk has room for an exabyte")
	}
}
