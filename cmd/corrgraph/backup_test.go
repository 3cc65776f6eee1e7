package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/server/backup"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// quiet is an app that collects its output.
func quiet(asJSON bool) (*app, *bytes.Buffer) {
	var out bytes.Buffer
	return &app{stdout: &out, stderr: &bytes.Buffer{}, json: asJSON}, &out
}

func newStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func TestBackupThereAndBack(t *testing.T) {
	dir := t.TempDir()
	db, folder := filepath.Join(dir, "s.db"), filepath.Join(dir, "b")
	st := newStore(t, db) // open, as by a service
	if err := st.Audit(t.Context(), []store.AuditRow{{At: 1, Operation: "X", Status: "OK"}}); err != nil {
		t.Fatal(err)
	}
	flags := folderFlags{Folder: folder}
	a, out := quiet(true)
	if err := (&backupMakeCmd{folderFlags: flags, DB: db}).Run(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	var made backupAnswer
	if err := json.Unmarshal(out.Bytes(), &made); err != nil || len(made.SHA256) != 64 || made.Held.AuditRows != 1 || made.Bytes == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{"", made.Path} {
		a, out = quiet(false)
		if err := (&backupVerifyCmd{folderFlags: flags, File: file}).Run(t.Context(), a); err != nil || !strings.Contains(out.String(), "verified: it restores") {
			t.Errorf("verify %q: %v, %s", file, err, out)
		}
	}
	a, out = quiet(false)
	if err := (&backupListCmd{flags}).Run(a); err != nil || !strings.Contains(out.String(), filepath.Base(made.Path)) || !strings.Contains(out.String(), "test-restored") {
		t.Errorf("list: %v, %s", err, out)
	}
	restore := &restoreCmd{File: made.Path, DB: db}
	a, out = quiet(false)
	if err := restore.Run(t.Context(), a); !errors.Is(err, store.ErrInUse) {
		t.Errorf("over a store in use: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := restore.Run(t.Context(), a); err != nil || !strings.Contains(out.String(), "the replaced store is "+db+".before-") {
		t.Errorf("restore: %v, %s", err, out)
	}
	text, err := os.ReadFile(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(made.Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ = quiet(false)
	err = (&backupVerifyCmd{folderFlags: flags}).Run(t.Context(), a)
	if !errors.Is(err, backup.ErrChecksum) || exitCode(t.Context(), err) != codeData {
		t.Errorf("a damaged one: %v", err)
	}
	if err := restore.Run(t.Context(), a); exitCode(t.Context(), err) != codeData {
		t.Errorf("a damaged one is restored: %v", err)
	}
}

func TestBackupNeedsAFolder(t *testing.T) {
	a, _ := quiet(false)
	if err := (&backupListCmd{}).Run(a); exitCode(t.Context(), err) != codeUsage {
		t.Errorf("%v", err)
	}
}
