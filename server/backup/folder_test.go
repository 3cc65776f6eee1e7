package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/store"
)

// written makes files of some names in a new folder.
func written(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestNamesTellTheTimeAndNothingElseDoes(t *testing.T) {
	at := noon.Add(7*time.Millisecond + 999*time.Microsecond).In(time.FixedZone("east", 7200))
	name := nameOf(at)
	if got, ok := timeOf(name); name != "corrgraph-20260102T120000.007Z.db" || !ok || !got.Equal(noon.Add(7*time.Millisecond)) {
		t.Errorf("%s: %v, %v", name, got, ok)
	}
	for _, other := range []string{
		"", "corrgraph-.db", "corrgraph-20260102T120000.007Z", "20260102T120000.007Z.db", "corrgraph-20260102T120000Z.db", "corrgraph-20260102T120000.0070Z.db",
		"corrgraph-20260231T120000.007Z.db", "corrgraph-20260102T120000.007Z.db.sha256", ".making-" + name, "Corrgraph-20260102T120000.007Z.db", "corrgraph-20260102T120000,007Z.db",
	} {
		if got, ok := timeOf(other); ok {
			t.Errorf("%q is taken for the backup of %v", other, got)
		}
	}
}

func TestAListHasWhatHasAChecksumNewestFirst(t *testing.T) {
	older, newest, bare := nameOf(noon), nameOf(noon.Add(time.Hour)), nameOf(noon.Add(2*time.Hour))
	dir := written(t, older, older+sumFile, newest, newest+sumFile, bare, nameOf(noon.Add(3*time.Hour))+sumFile, "notes.txt", halfMade+newest)
	all, err := List(dir)
	if err != nil || len(all) != 2 || filepath.Base(all[0].Path) != newest || filepath.Base(all[1].Path) != older || !all[1].At.Equal(noon) || all[0].Bytes != int64(len(newest)) {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := List(filepath.Join(dir, "none")); err != nil || all != nil {
		t.Errorf("of no folder: %v, %v", all, err)
	}
	if _, err := List(filepath.Join(dir, "notes.txt")); err == nil {
		t.Error("a file was listed")
	}
}

func TestASweepTakesWhatNobodyNeeds(t *testing.T) {
	whole, gone := nameOf(noon), nameOf(noon.Add(-time.Hour))
	dir := written(t, whole, whole+sumFile, gone+sumFile, halfMade+whole, halfMade+whole+sumFile, "theirs.db", "theirs.db"+sumFile, "x.making-y")
	for name, age := range map[string]time.Duration{onTrial + "old": 24*time.Hour + time.Second, onTrial + "new": 24*time.Hour - time.Second} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), noon.Add(-age), noon.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sweep(dir, noon); err != nil {
		t.Fatal(err)
	}
	want := []string{onTrial + "new", whole, whole + sumFile, "theirs.db", "theirs.db" + sumFile, "x.making-y"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if err := sweep(filepath.Join(dir, "none"), noon); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no folder: %v", err)
	}
}

func TestAChecksumIsOneOrAnError(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string]string{
		sum + "  x.db\n": sum, strings.ToUpper(sum) + "  x.db\n": sum, sum + " *x.db": sum,
		"": "", "\n": "", sum[:63] + "  x.db": "", sum + "0  x.db": "", strings.Repeat("x", 64) + "  x.db": "",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.db")
		if err := os.WriteFile(path+sumFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readSum(path); got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, ErrChecksum) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := readSum(filepath.Join(t.TempDir(), "x.db")); !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), "there is no x.db.sha256") {
		t.Errorf("%v", err)
	}
}

// writer is a source that writes what it is told to.
type writer string

func (w writer) Backup(_ context.Context, path string) error {
	return os.WriteFile(path, []byte(w), 0o600)
}

func TestACopyThatIsNoStoreIsNoBackup(t *testing.T) {
	f, _ := folder(t, Options{})
	if _, err := f.Make(t.Context(), writer(strings.Repeat("no store ", 1000))); !errors.Is(err, store.ErrNotStore) {
		t.Errorf("%v", err)
	}
	if all, err := List(f.o.Dir); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if got := names(t, f.o.Dir); !slices.Equal(got, []string{statusFile}) {
		t.Errorf("left %q", got)
	}
	if s := f.Status(); s.Failures != 1 || !s.LastFailure.Equal(noon) || s.LastError == "" || !s.LastSuccess.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestWhoeverLeavesIsNotWaitedFor(t *testing.T) {
	f, _ := folder(t, Options{})
	f.making <- struct{}{} // somebody is at it
	why := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := f.Make(ctx, writer("")); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if _, err := f.VerifyNewest(ctx); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if s := f.Status(); s.Failures != 0 {
		t.Errorf("no failure of the folder: %+v", s)
	}
	path := filepath.Join(written(t, "a"), "a")
	if _, _, err := digest(ctx, path); !errors.Is(err, why) {
		t.Errorf("a checksum: %v", err)
	}
	if _, err := copyFile(ctx, path, path+"2"); !errors.Is(err, why) {
		t.Errorf("a copy: %v", err)
	}
}

func TestACopyIsMadeOnceAndSummedUp(t *testing.T) {
	path := filepath.Join(written(t, "abc"), "abc")
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc", FIPS 180-2
	if got, size, err := digest(t.Context(), path); got != sum || size != 3 || err != nil {
		t.Errorf("%s, %d, %v", got, size, err)
	}
	if got, err := copyFile(t.Context(), path, path+"2"); got != sum || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := copyFile(t.Context(), path, path+"2"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
}

func TestAStatusThatIsNoneBeginsAnew(t *testing.T) {
	for name, text := range map[string]string{"cut": `{"failures": 3`, "another": `[]`, "empty": ""} {
		newest := nameOf(noon)
		dir := written(t, newest, newest+sumFile)
		if err := os.WriteFile(filepath.Join(dir, statusFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := ReadStatus(dir, noon); err != nil || s.Failures != 0 || !s.LastSuccess.Equal(noon) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	for _, o := range []Options{{Dir: t.TempDir()}, {Clock: time.Now}} {
		if _, err := Open(o); err == nil || err.Error() != "backups need a folder and a clock" {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestWaits(t *testing.T) {
	f, set := folder(t, Options{Every: time.Hour, VerifyEvery: 24 * time.Hour, Retry: time.Minute})
	f.status.LastSuccess, f.status.LastVerified = noon, noon.Add(-23*time.Hour-30*time.Minute)
	for _, c := range []struct {
		after  time.Duration
		failed int
		want   time.Duration
	}{
		{0, 0, 30 * time.Minute},
		{30 * time.Minute, 0, 0},
		{3 * time.Hour, 0, 0},
		{0, 1, time.Minute},
		{0, 2, 2 * time.Minute},
		{0, 6, 32 * time.Minute},
		{0, 7, time.Hour},
		{0, 1000, time.Hour},
	} {
		set(noon.Add(c.after))
		if got := f.wait(c.failed); got != c.want {
			t.Errorf("%v after the last, %d failed: %v, want %v", c.after, c.failed, got, c.want)
		}
	}
}
