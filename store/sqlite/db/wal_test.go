package db

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"corrgraph/store"
)

// killed is a store with five rows of a commit each in its WAL, as a killed process leaves
// it.
func killed(t *testing.T) (path string, rows []string) {
	t.Helper()
	d := open(t, Options{})
	if err := d.writer.Script(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		rows = append(rows, fmt.Sprintf("row %d", i))
		if err := d.Together(t.Context(), put(rows[i])); err != nil {
			t.Fatal(err)
		}
	}
	return asKilled(t, d), rows
}

func flip(t *testing.T, path string, at int64, bit uint) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1 << bit
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

const frameSize = frameHead + 4096

func TestADamagedWALIsRefusedBeforeItsCommitsAreDropped(t *testing.T) {
	for name, at := range map[string]int64{
		"magic": 1, "version": 6, "page size": 10, "salt": 17, "checksum": 25,
		"page number": walHead + 3, "commit mark": walHead + frameSize + 7, "frame's salt": walHead + 2*frameSize + 9,
		"frame's checksum": walHead + frameSize + 20, "page": walHead + 3*frameSize + 1000,
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := killed(t)
			flip(t, path+"-wal", at, 3)
			before, _ := os.ReadFile(path + "-wal")
			_, err := Open(t.Context(), path, schema, Options{})
			if after, _ := os.ReadFile(path + "-wal"); !errors.Is(err, store.ErrDamaged) || !bytes.Equal(before, after) {
				t.Errorf("opened (%v), or touched", err)
			}
		})
	}
}

// repaired writes a store's WAL again.
func repaired(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := RepairWAL(bytes.NewReader(b), &out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-wal", out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARepairedWALHasEveryCommit(t *testing.T) {
	for _, at := range []int64{1, 6, 10, 17, 25, walHead + 9, walHead + 20, walHead + frameHead + 2000, walHead + 4*frameSize + 20, walHead + 4*frameSize + 2000} {
		path, rows := killed(t)
		flip(t, path+"-wal", at, 3)
		repaired(t, path)
		if got := rowsOf(t, path); !slices.Equal(got, rows) {
			t.Errorf("byte %d: %q", at, got)
		}
	}
	path, rows := killed(t)
	repaired(t, path)
	if got := rowsOf(t, path); !slices.Equal(got, rows) {
		t.Errorf("a whole one: %q", got)
	}
}

// What a kill leaves half written is no damage, and neither is what the WAL held before it
// was begun again.
func TestWhatAKillLeavesIsNoDamage(t *testing.T) {
	path, rows := killed(t)
	whole, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	old := bytes.Clone(whole[walHead:])
	for i := range old { // another generation: other salts, other pages
		old[i] ^= 0x55
	}
	for n := len(whole); n >= walHead; n -= 1 + frameSize/7 {
		for _, tail := range [][]byte{nil, old} {
			wal := slices.Concat(whole[:n], tail[min(len(tail), max(0, n-walHead)):])
			if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := ReadWAL(path)
			if want := (n - walHead) / frameSize; err != nil || w.Err() != nil || w.Frames != want {
				t.Errorf("cut at %d, %d bytes of old frames behind: %+v, %v; want %d frames", n, len(tail), w, err, want)
			}
		}
	}
	if err := os.WriteFile(path+"-wal", whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, path); !slices.Equal(got, rows) {
		t.Errorf("%q", got)
	}
}

// Any single flip is either told or changes nothing that is read.
func TestNoFlipInAWALIsSilent(t *testing.T) {
	path, rows := killed(t)
	whole, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		wal := bytes.Clone(whole)
		at := r.IntN(len(wal))
		wal[at] ^= 1 << r.IntN(8)
		if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := ReadWAL(path)
		if err != nil {
			t.Fatal(err)
		}
		if w.Err() == nil && w.Bad == 0 && w.Frames != len(rows) {
			t.Errorf("byte %d: %+v", at, w)
		}
	}
}
