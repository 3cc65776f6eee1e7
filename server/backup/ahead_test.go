package backup

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A clock that was a year ahead for two days left backups of all classes there. The next
// one of the present was removed as soon as it was made, and none was due for a year.
func TestBackupsOfAClockThatWasAheadTakeNoPlaceOfThePresent(t *testing.T) {
	f, set := folder(t, Options{Keep: Keep{Hourly: 3, Daily: 2, Weekly: 1}, Every: time.Hour})
	src := &copying{whole: sample(t, 1)}
	far := noon.AddDate(1, 0, 0)
	for h := range 30 {
		set(far.Add(time.Duration(h) * time.Hour))
		made(t, f, src)
	}
	if _, err := f.VerifyNewest(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(noon)
	again, err := Open(f.o)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*Folder{"the same process": f, "a restart": again} {
		if d := f.wait(0); d != 0 {
			t.Errorf("%s: the next backup is due in %v", name, d)
		}
	}
	if !again.Status().LastSuccess.IsZero() {
		t.Errorf("the last success is at %v", again.Status().LastSuccess)
	}
	for h := range 5 {
		set(noon.Add(time.Duration(h) * time.Hour))
		b := made(t, again, src)
		all, err := List(f.o.Dir)
		if err != nil || len(all) < 4 {
			t.Fatalf("%d backups, %v", len(all), err)
		}
		if got, ok := newest(all, f.o.Clock()); !ok || !got.At.Equal(b.At) {
			t.Errorf("hour %d: the newest is of %v", h, got.At)
		}
	}
	if all, _ := List(f.o.Dir); len(all) != 7 { // 3 of the present, and ahead of it 3 and the last of another day
		t.Errorf("%d backups: %v", len(all), all)
	}
	if _, err := again.VerifyNewest(t.Context()); err != nil || again.Status().Verified != filepath.Base(nameOf(noon.Add(4*time.Hour))) {
		t.Errorf("test-restored: %s, %v", again.Status().Verified, err)
	}
}

func TestAClockThatIsPutBackDelaysNoBackup(t *testing.T) {
	dir, src := t.TempDir(), &copying{whole: sample(t, 1)}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		clock := func() time.Time { // put back by 1,000 hours, after 90 minutes
			now := time.Now()
			if now.Sub(start) < 90*time.Minute {
				now = now.Add(1000 * time.Hour)
			}
			return now
		}
		var log []string
		f, err := Open(Options{Dir: dir, Clock: clock, OnResult: func(operation string, at time.Time, _ time.Duration, err error) {
			log = append(log, at.UTC().Format("2006-01-02 15:04 ")+operation)
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Minute)
		defer cancel()
		if err := f.Run(ctx, src); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		got := strings.Join(log, ", ")
		want := "2000-02-11 16:00 BACKUP, 2000-02-11 16:00 RESTORE_TRIAL, 2000-02-11 17:00 BACKUP, " +
			"2000-01-01 02:00 BACKUP, 2000-01-01 02:00 RESTORE_TRIAL, 2000-01-01 03:00 BACKUP"
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}
