package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"corrgraph/store"
)

// Options of a Folder. Dir and Clock are required; zero elsewhere means default.
type Options struct {
	Dir         string // created if missing
	Keep        Keep
	Every       time.Duration // between two backups. Zero means 1 h
	VerifyEvery time.Duration // between two test restores. Zero means 24 h
	Retry       time.Duration // after a failure. Zero means 1 min
	// Clock names backups and schedules the next.
	Clock func() time.Time
	// OnResult is called with the result of each backup and each test restore of Run.
	// Nil: not reported.
	OnResult func(operation string, at time.Time, took time.Duration, err error)
}

// Status is the state of a folder's backups. Zero times mean never.
type Status struct {
	LastSuccess  time.Time       `json:"last_success"`  // when the newest backup was started
	LastVerified time.Time       `json:"last_verified"` // when a test restore last succeeded
	Verified     string          `json:"verified"`      // the file that was restored
	Held         *store.Contents `json:"held,omitempty"`
	Failures     int             `json:"failures"` // failed backups and test restores, ever
	LastFailure  time.Time       `json:"last_failure"`
	LastError    string          `json:"last_error"` // empty after a success
}

// Folder makes backups in a folder. Its methods are safe for concurrent use.
type Folder struct {
	o      Options
	making chan struct{} // holds one element during a backup or test restore

	mu     sync.Mutex
	status Status // guarded by mu
}

const statusFile = "status.json"

// Open opens a folder of backups and reads its status. An unreadable status is
// rebuilt from the backups.
func Open(o Options) (*Folder, error) {
	for _, d := range []struct {
		p *time.Duration
		v time.Duration
	}{{&o.Every, time.Hour}, {&o.VerifyEvery, 24 * time.Hour}, {&o.Retry, time.Minute}} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	if o.Clock == nil || o.Dir == "" {
		return nil, errors.New("backups need a folder and a clock")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	status, err := ReadStatus(o.Dir, o.Clock())
	if err != nil {
		return nil, err
	}
	return &Folder{o: o, making: make(chan struct{}, 1), status: status}, nil
}

// ReadStatus reads the status of a folder without opening it. A backup named by a time after
// now, which a clock has made that was ahead, is no success of the present.
func ReadStatus(dir string, now time.Time) (Status, error) {
	var s Status
	if b, err := os.ReadFile(filepath.Join(dir, statusFile)); err == nil {
		if json.Unmarshal(b, &s) != nil {
			s = Status{}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	all, err := List(dir)
	s.LastSuccess = time.Time{} // the folder is authoritative
	if b, ok := newest(all, now); ok && !b.At.After(now) {
		s.LastSuccess = b.At
	}
	return s, err
}

// newest returns the newest of a list of backups, one of the present if there is one.
func newest(all []Backup, now time.Time) (b Backup, ok bool) {
	for _, b := range all {
		if !b.At.After(now) {
			return b, true
		}
	}
	if len(all) == 0 {
		return b, false
	}
	return all[0], true
}

// Status returns the status from memory.
func (f *Folder) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// Make makes a backup of src, verifies it, and removes those that Keep does not
// retain.
func (f *Folder) Make(ctx context.Context, src Source) (b Backup, err error) {
	free, err := f.take(ctx)
	if err != nil {
		return b, err
	}
	defer free()
	at := f.o.Clock().UTC().Truncate(time.Millisecond) // at the resolution of file names
	if err = sweep(f.o.Dir, at); err == nil {
		b, err = create(ctx, src, f.o.Dir, at)
	}
	made := err == nil
	if made {
		err = f.rotate(at)
	}
	return b, f.note(err, func(s *Status) {
		if made {
			s.LastSuccess = at
		}
	})
}

// VerifyNewest restores the newest backup for test. Without a backup it returns
// fs.ErrNotExist.
func (f *Folder) VerifyNewest(ctx context.Context) (held store.Contents, err error) {
	free, err := f.take(ctx)
	if err != nil {
		return held, err
	}
	defer free()
	all, err := List(f.o.Dir)
	b, ok := newest(all, f.o.Clock())
	if err == nil && !ok {
		err = fmt.Errorf("a backup in %s: %w", f.o.Dir, fs.ErrNotExist)
	}
	if err == nil {
		held, err = Verify(ctx, b.Path)
	}
	now := f.o.Clock().UTC()
	return held, f.note(err, func(s *Status) {
		if err == nil {
			s.LastVerified, s.Verified, s.Held = now, filepath.Base(b.Path), &held
		}
	})
}

// take waits for other backups and test restores to end.
func (f *Folder) take(ctx context.Context) (free func(), err error) {
	select {
	case f.making <- struct{}{}:
		return func() { <-f.making }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// rotate removes backups that Keep does not retain. Those named by a time after now are
// kept by the same rule beside those of the present, whose places they must not take.
func (f *Folder) rotate(now time.Time) error {
	all, err := List(f.o.Dir)
	if err != nil {
		return err
	}
	var past, ahead []time.Time
	at := map[time.Time]Backup{}
	for _, b := range all {
		at[b.At] = b
		if b.At.After(now) {
			ahead = append(ahead, b.At)
		} else {
			past = append(past, b.At)
		}
	}
	for _, t := range append(Expired(past, f.o.Keep), Expired(ahead, f.o.Keep)...) {
		if err := remove(at[t]); err != nil {
			return err
		}
	}
	return nil
}

// note records the result of a backup or test restore, also on disk, and returns
// err.
func (f *Folder) note(err error, change func(*Status)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
	f.status.LastError = ""
	if err != nil {
		f.status.Failures++
		f.status.LastFailure, f.status.LastError = f.o.Clock().UTC(), err.Error()
	}
	return errors.Join(err, writeStatus(f.o.Dir, &f.status))
}

func writeStatus(dir string, s *Status) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	making := filepath.Join(dir, halfMade+statusFile)
	if err := writeFile(making, append(b, '\n')); err != nil {
		return err
	}
	return os.Rename(making, filepath.Join(dir, statusFile))
}

// Run makes a backup and a test restore of the newest whenever one is due, until
// ctx ends; then it returns the cause. Due times count from the last success, so
// that a restart neither skips nor repeats one. After a failure it retries, at
// increasing intervals.
func (f *Folder) Run(ctx context.Context, src Source) error {
	failed := 0
	for {
		pause, cancel := context.WithTimeout(ctx, f.wait(failed))
		<-pause.Done()
		cancel()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if f.due(ctx, src) {
			failed = 0
		} else {
			failed++
		}
	}
}

// wait returns the time until something is due, or until the next retry.
func (f *Folder) wait(failed int) time.Duration {
	if failed > 0 {
		return min(f.o.Retry<<min(failed-1, 16), max(f.o.Every, f.o.Retry))
	}
	s, now := f.Status(), f.o.Clock()
	return min(until(now, s.LastSuccess, f.o.Every), until(now, s.LastVerified, f.o.VerifyEvery))
}

// until returns how long after now something is due that was last done at a time. What is
// said to have been done in the future is due: the clock was ahead then.
func until(now, last time.Time, every time.Duration) time.Duration {
	if last.After(now) {
		return 0
	}
	return max(0, last.Add(every).Sub(now))
}

// due does whatever is due and reports whether all of it succeeded.
func (f *Folder) due(ctx context.Context, src Source) bool {
	do := func(operation string, last time.Time, every time.Duration, act func() error) bool {
		start := f.o.Clock()
		if until(start, last, every) > 0 {
			return true
		}
		err := act()
		if f.o.OnResult != nil && ctx.Err() == nil {
			f.o.OnResult(operation, start, f.o.Clock().Sub(start), err)
		}
		return err == nil
	}
	s := f.Status()
	made := do("BACKUP", s.LastSuccess, f.o.Every, func() error {
		_, err := f.Make(ctx, src)
		return err
	})
	return made && do("RESTORE_TRIAL", s.LastVerified, f.o.VerifyEvery, func() error {
		_, err := f.VerifyNewest(ctx)
		return err
	})
}
