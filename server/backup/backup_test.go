package backup

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/store/storetest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func sample(t *testing.T, seed uint64) *sqlite.Store {
	t.Helper()
	s := openStore(t, filepath.Join(t.TempDir(), "s.db"))
	if err := s.WriteResults(t.Context(), storetest.Sample(seed, 200, 5, 20)); err != nil {
		t.Fatal(err)
	}
	return s
}

func dump(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.CanonicalDump(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// dumpAt dumps a store that is not open.
func dumpAt(t *testing.T, path string) string {
	t.Helper()
	s := openStore(t, path)
	defer s.Close()
	return dump(t, s)
}

// folder opens a folder with a clock that stands still until it is set.
func folder(t *testing.T, o Options) (f *Folder, set func(time.Time)) {
	t.Helper()
	now := noon
	o.Dir, o.Clock = filepath.Join(t.TempDir(), "backups"), func() time.Time { return now }
	f, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return f, func(at time.Time) { now = at }
}

func made(t *testing.T, f *Folder, s Source) Backup {
	t.Helper()
	b, err := f.Make(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestABackupIsRestoredByteForByte(t *testing.T) {
	s := sample(t, 1)
	f, set := folder(t, Options{})
	b := made(t, f, s)
	if filepath.Base(b.Path) != "corrgraph-20260102T120000.000Z.db" || !b.At.Equal(noon) {
		t.Errorf("made %+v", b)
	}
	want := dump(t, s)
	held, err := Verify(t.Context(), b.Path)
	if err != nil || held.Edges != 200 || held.Families != 5 || held.AsOf != storetest.Epoch {
		t.Errorf("verified: %+v, %v", held, err)
	}
	if err := s.WriteResults(t.Context(), storetest.Sample(2, 100, 1, 1)); err != nil {
		t.Fatal(err)
	}
	later := dump(t, s)
	if _, _, err := Restore(t.Context(), b.Path, s.Path(), noon); !errors.Is(err, store.ErrInUse) {
		t.Errorf("over a store in use: %v", err)
	}
	if dump(t, s) != later {
		t.Error("a refused restore changed the store")
	}
	s.Close()
	if err := os.Chmod(s.Path(), 0o640); err != nil {
		t.Fatal(err)
	}
	aside, held, err := Restore(t.Context(), b.Path, s.Path(), noon)
	if err != nil || held.Edges != 200 {
		t.Fatalf("restored: %+v, %v", held, err)
	}
	if info, err := os.Stat(s.Path()); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the restored store's mode: %v, %v", info.Mode(), err)
	}
	if dumpAt(t, s.Path()) != want {
		t.Error("the restored store differs from what was backed up")
	}
	if dumpAt(t, aside) != later {
		t.Error("the store kept aside differs from what was there")
	}
	fresh := filepath.Join(t.TempDir(), "new.db")
	if aside, _, err := Restore(t.Context(), b.Path, fresh, noon); err != nil || aside != "" {
		t.Errorf("where nothing was: %q, %v", aside, err)
	}
	for _, dir := range []string{filepath.Dir(s.Path()), filepath.Dir(b.Path)} {
		for _, name := range names(t, dir) {
			if strings.Contains(name, "restoring") || strings.HasPrefix(name, ".") {
				t.Errorf("%s is left in %s", name, dir)
			}
		}
	}
	set(noon.Add(time.Hour))
	if made(t, f, openStore(t, s.Path())); f.Status().LastSuccess != noon.Add(time.Hour) {
		t.Errorf("status: %+v", f.Status())
	}
}

func TestWhatIsNotWhatItSaysIsNotRestored(t *testing.T) {
	s := sample(t, 1)
	f, _ := folder(t, Options{})
	b := made(t, f, s)
	s.Close()
	before := dumpAt(t, s.Path())
	whole, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(b.Path + ".sha256")
	if err != nil {
		t.Fatal(err)
	}
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for _, test := range []struct {
		what         string
		content, sum []byte
		want         error
	}{
		{"a flipped bit", flipped, sum, ErrChecksum},
		{"cut short", whole[:len(whole)-4096], sum, ErrChecksum},
		{"no checksum in the file", whole, []byte("hello"), ErrChecksum},
		{"no store", []byte(strings.Repeat("text ", 999)), nil, store.ErrNotStore},
	} {
		write(b.Path, test.content)
		if test.sum == nil {
			hex, _, err := digest(t.Context(), b.Path)
			if err != nil {
				t.Fatal(err)
			}
			test.sum = []byte(hex + "  x\n")
		}
		write(b.Path+".sha256", test.sum)
		if _, err := Verify(t.Context(), b.Path); !errors.Is(err, test.want) {
			t.Errorf("%s: verify: %v", test.what, err)
		}
		db := filepath.Join(t.TempDir(), "db")
		write(db, []byte("what was there"))
		if _, _, err := Restore(t.Context(), b.Path, db, noon); !errors.Is(err, test.want) {
			t.Errorf("%s: restore: %v", test.what, err)
		}
		if got, _ := os.ReadFile(db); string(got) != "what was there" || len(names(t, filepath.Dir(db))) != 1 {
			t.Errorf("%s: a refused restore left %q in %v", test.what, got, names(t, filepath.Dir(db)))
		}
	}
	os.Remove(b.Path + ".sha256")
	if _, err := Verify(t.Context(), b.Path); !errors.Is(err, ErrChecksum) {
		t.Errorf("without a checksum: %v", err)
	}
	if all, err := List(filepath.Dir(b.Path)); err != nil || len(all) != 0 {
		t.Errorf("without a checksum it is listed: %v, %v", all, err)
	}
	if dumpAt(t, s.Path()) != before {
		t.Error("the store was changed")
	}
}

// copying is a source that makes an empty store, or fails.
type copying struct {
	made, failing int
	whole         *sqlite.Store
}

var errSource = errors.New("no space")

func (c *copying) Backup(ctx context.Context, path string) error {
	c.made++
	if c.failing > 0 {
		c.failing--
		return errors.Join(os.WriteFile(path, []byte("half"), 0o600), errSource)
	}
	return c.whole.Backup(ctx, path)
}

func TestWhatAKilledProcessLeftIsRemovedAndTheOldExpire(t *testing.T) {
	f, set := folder(t, Options{Keep: Keep{Hourly: 2, Daily: -1, Weekly: -1}})
	src := &copying{whole: sample(t, 1)}
	dir := f.o.Dir
	for _, left := range []string{halfMade + "x.db", nameOf(noon.Add(-time.Hour)) + sumFile, "theirs.txt"} {
		if err := os.WriteFile(filepath.Join(dir, left), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for h := range 4 {
		set(noon.Add(time.Duration(h) * time.Hour))
		made(t, f, src)
	}
	all, err := List(dir)
	if err != nil || len(all) != 2 || !all[0].At.Equal(noon.Add(3*time.Hour)) || !all[1].At.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("listed: %v, %v", all, err)
	}
	if got := names(t, dir); len(got) != 6 { // two backups with checksums, the status, and other files
		t.Errorf("left: %v", got)
	}
	if _, err := f.Make(t.Context(), src); !errors.Is(err, fs.ErrExist) {
		t.Errorf("twice in one instant: %v", err)
	}
	if all, _ := List(dir); len(all) != 2 {
		t.Errorf("a name taken twice costs a backup: %v", all)
	}
	set(noon.Add(9 * time.Hour))
	src.failing = 1
	if _, err := f.Make(t.Context(), src); !errors.Is(err, errSource) {
		t.Errorf("a failing source: %v", err)
	}
	if got := names(t, dir); len(got) != 6 {
		t.Errorf("left by a failure: %v", got)
	}
	again, err := ReadStatus(dir, noon.Add(9*time.Hour))
	if err != nil || again.Failures != 2 || !again.LastSuccess.Equal(noon.Add(3*time.Hour)) || !strings.Contains(again.LastError, errSource.Error()) {
		t.Errorf("status on the disk: %+v, %v", again, err)
	}
}

func TestVerifyNewestNeedsABackup(t *testing.T) {
	f, _ := folder(t, Options{})
	if _, err := f.VerifyNewest(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestTheScheduleIsKept(t *testing.T) {
	src := &copying{whole: sample(t, 1)}
	dir := t.TempDir()
	run := func(t *testing.T, for_ time.Duration) (log []string) {
		f, err := Open(Options{Dir: dir, Clock: time.Now, OnResult: func(operation string, at time.Time, _ time.Duration, err error) {
			if log = append(log, at.UTC().Format("02 15:04 ")+operation); err != nil {
				log[len(log)-1] += " failed"
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), for_)
		defer cancel()
		if err := f.Run(ctx, src); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run: %v", err)
		}
		return log
	}
	// Time in a bubble begins with 2000-01-01.
	synctest.Test(t, func(t *testing.T) {
		got := strings.Join(run(t, 150*time.Minute), ", ")
		want := "01 00:00 BACKUP, 01 00:00 RESTORE_TRIAL, 01 01:00 BACKUP, 01 02:00 BACKUP"
		if got != want {
			t.Errorf("first day: %s\nwant %s", got, want)
		}
		src.failing = 3 // a restart continues: next is 03:00, then in 1, 2 and 4 min
		got = strings.Join(run(t, 60*time.Minute), ", ")
		want = "01 03:00 BACKUP failed, 01 03:01 BACKUP failed, 01 03:03 BACKUP failed, 01 03:07 BACKUP"
		if got != want {
			t.Errorf("after a restart: %s\nwant %s", got, want)
		}
		log := run(t, 24*time.Hour)
		trials := 0
		for _, l := range log {
			if strings.Contains(l, "RESTORE_TRIAL") {
				trials++
				if !strings.HasPrefix(l, "02 00:0") {
					t.Errorf("the second trial is at %s", l)
				}
			}
		}
		if trials != 1 || len(log) != 25 {
			t.Errorf("a day more: %v", log)
		}
	})
}
