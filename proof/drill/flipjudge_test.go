package drill

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFlipIsSilentOnlyIfItDidSomethingAndNobodySaidSo(t *testing.T) {
	for name, c := range map[string]struct {
		healthy                           bool
		as                                outcomeOf
		told, harmless, silent, effective int
	}{
		"nothing":                 {true, outcomeOf{}, 0, 1, 0, 0},
		"told though harmless":    {false, outcomeOf{}, 1, 0, 0, 0},
		"lost and told by health": {true, outcomeOf{lost: 2, told: true}, 1, 0, 0, 1},
		"lost, told by doctor":    {false, outcomeOf{lost: 2}, 1, 0, 0, 1},
		"refused":                 {true, outcomeOf{told: true, refused: true}, 1, 0, 0, 1},
		"lost":                    {true, outcomeOf{lost: 1}, 0, 0, 1, 1},
		"another result":          {true, outcomeOf{results: [32]byte{1}}, 0, 0, 1, 1},
		"another review":          {true, outcomeOf{rows: [32]byte{1}}, 0, 0, 1, 1},
	} {
		var r FlipReport
		effective := r.judge(name, c.healthy, c.as, outcomeOf{})
		if r.Told != c.told || r.Harmless != c.harmless || len(r.Silent) != c.silent || r.Effective != c.effective || effective != (c.effective > 0) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestAStoreIsRemovedWithItsFolders, and no other one.
func TestAStoreIsRemovedWithItsFolders(t *testing.T) {
	dir := t.TempDir()
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "a.db.checkpoints", "x"), 0o700), os.WriteFile(filepath.Join(dir, "a.db"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "b.db"), nil, 0o600), remove(filepath.Join(dir, "a.db")))
	left, readErr := os.ReadDir(dir)
	if err != nil || readErr != nil || len(left) != 1 || left[0].Name() != "b.db" {
		t.Errorf("%v, %v: left %v", err, readErr, left)
	}
}
