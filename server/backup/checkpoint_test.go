package backup

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"corrgraph/odds"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
)

// checkpointed puts a checkpoint beside a store.
func checkpointed(t *testing.T, db string, at ticklog.Position) {
	t.Helper()
	w, err := checkpoint.Create(checkpoint.Folder(db), checkpoint.Stamp{Position: at, Taken: odds.TimeOf(noon)})
	var s io.Writer
	if err == nil {
		s, err = w.Section("door")
	}
	if err == nil {
		_, err = io.WriteString(s, "what the door remembers")
	}
	if err == nil {
		_, err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// positions are those of the checkpoints beside a store.
func positions(t *testing.T, db string) (out []ticklog.Position) {
	t.Helper()
	all, err := checkpoint.List(checkpoint.Folder(db))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Path, c.Err)
		}
		out = append(out, c.Position)
	}
	return out
}

func TestACheckpointIsKeptWithTheBackup(t *testing.T) {
	s := sample(t, 1)
	f, set := folder(t, Options{Keep: Keep{Hourly: 1, Daily: -1, Weekly: -1}})
	if _, err := os.Stat(made(t, f, s).Path + keptFile); err == nil {
		t.Error("a backup has a checkpoint, and the store has none")
	}
	checkpointed(t, s.Path(), 7)
	set(noon.Add(time.Hour))
	b := made(t, f, s)
	for i, damaged := range []bool{false, true} {
		if damaged {
			text, err := os.ReadFile(b.Path + keptFile)
			if err != nil {
				t.Fatal(err)
			}
			text[30] ^= 1
			if err := os.WriteFile(b.Path+keptFile, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		db := filepath.Join(t.TempDir(), "restored.db")
		if _, _, err := Restore(t.Context(), b.Path, db, noon); err != nil {
			t.Fatal(err)
		}
		if got := positions(t, db); len(got) != 1-i || i == 0 && got[0] != 7 {
			t.Errorf("damaged %v: checkpoints of %v are beside what was restored", damaged, got)
		}
	}
	set(noon.Add(2 * time.Hour))
	made(t, f, s)
	left, err := filepath.Glob(filepath.Join(f.o.Dir, "*"+keptFile))
	if err != nil || len(left) != 1 || left[0] == b.Path+keptFile {
		t.Errorf("%v are left with one backup, error %v", left, err)
	}
}
