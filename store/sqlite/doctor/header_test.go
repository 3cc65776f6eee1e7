package doctor

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"corrgraph/store"
)

func TestAStoreWithADamagedHeaderIsSaved(t *testing.T) {
	path := closed(t, fill(t, "a", "b"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// magic, page size, formats, reserved, pages, schema format, vacuum, encoding, version, application
	places := []int{0, 15, 16, 17, 18, 19, 20, 21, 23, 28, 31, 47, 52, 59, 61, 68, 71, 80}
	if testing.Short() { // under the race detector each takes seconds, and all do the same concurrently
		places = []int{0, 28}
	}
	for _, at := range places {
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		flip(t, path, at)
		sources, r := salvaged(t, path)
		if !slices.Equal(sources, []string{"a", "b"}) || r.Salvage.Rows["events"] == 0 || !errors.Is(r.Err(), store.ErrDamaged) {
			t.Errorf("byte %d: %q, %v, lost %q", at, sources, r.Findings, r.Salvage.Lost)
		}
	}
}

func TestAFileOfAnotherKindIsNotMended(t *testing.T) {
	path := closed(t, fill(t, "a"))
	for name, change := range map[string]func(b []byte){
		"nine bits":         func(b []byte) { b[0], b[1] = b[0]^0xff, b[1]^1 },
		"another program's": func(b []byte) { copy(b[68:], []byte{0, 0, 0, 0}) },
		"encrypted":         func(b []byte) { copy(b, bytes.Repeat([]byte{0x5a}, 100)) },
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		change(b)
		other := path + strings.ReplaceAll(name, " ", "-")
		if err := os.WriteFile(other, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Examine(t.Context(), other); !errors.Is(err, store.ErrNotStore) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// respell flips a bit of a text wherever it stands in the file, in use or not.
func respell(t *testing.T, path, text string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := []byte(text)
	bad[at] ^= 4
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(text), bad), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedEntryOfTheSchemaHidesItsTableAlone(t *testing.T) {
	texts := []string{"lead_time_ms INTEGER NOT NULL,", "CREATE TABLE predictions", "CREATE TABLE venue_groups ("}
	if testing.Short() {
		texts = texts[:1]
	}
	for _, text := range texts {
		for _, file := range []string{closed(t, fill(t, "a", "b")), killed(t, fill(t, "a", "b"))} {
			respell(t, file, text, 3)
			sources, r := salvaged(t, file)
			if !slices.Equal(sources, []string{"a", "b"}) || r.Err() == nil {
				t.Errorf("%s: %q, %v, lost %q", text, sources, r.Findings, r.Salvage.Lost)
			}
		}
	}
}

func TestALogThatCannotBeFoundIsSaid(t *testing.T) {
	path := closed(t, fill(t, "a"))
	respell(t, path, "CREATE TABLE tick_log (", 8)
	sources, r := salvaged(t, path)
	if len(sources) > 0 || !slices.ContainsFunc(r.Salvage.Lost, func(l string) bool {
		return strings.Contains(l, "the whole tick log") && strings.Contains(l, "corrgraph restore")
	}) {
		t.Errorf("%q, lost %q", sources, r.Salvage.Lost)
	}
}
