package restart

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
)

// Options of a Keeper. Dir, Log and Clock are required.
type Options struct {
	Dir    string // see checkpoint.Folder
	Log    ticklog.Reader
	Config string // digest of the configuration that results depend on
	Skew   odds.Millis
	// Every is after how many quotes a checkpoint is taken. Zero means 500,000.
	Every int
	// Clock is that by which ticks are accepted.
	Clock func() time.Time
	// Room reports whether there is memory for so many bytes of state, as many as the last one had;
	// none is taken while there is not, but at the end. Nil means there is.
	Room func(bytes int64) bool
	// Aside reports whether a batch of an event time stays left out, because it is in quarantine or can't
	// be applied any more: a checkpoint that was taken without one that can be is passed over. Nil
	// means that all can.
	Aside func(id uint64, at odds.Time) bool
	// OnResult is called with the result of each checkpoint. Nil: not reported.
	OnResult func(Result)
}

// Result is what came of taking one checkpoint.
type Result struct {
	Position ticklog.Position
	AsOf     odds.Time
	Bytes    int64
	Took     time.Duration
	Paused   time.Duration // in which nothing was told because of it
	Err      error
}

// Status is what is known of checkpoints. It never changes.
type Status struct {
	Newest   Result    // that succeeded, since the start or before it
	Taken    time.Time // when; zero if there is none
	Failures uint64    // since the start
	Failed   string    // why the last one failed; empty after a success
	Skipped  uint64    // times that one was due and there was no room in memory or on disk
	Started  string    // from what the service was started
	Unkept   int       // quotes since the newest was begun
}

// Version is that of the states that this program reads.
var Version = fmt.Sprintf("%d.%d", ingest.DoorVersion, live.StateVersion)

// Between two checkpoints lie at least leastPause, and so many times what the last one took.
const (
	leastPause = 10 * time.Second
	sparing    = 10
)

// longestWrite is how long writing one may take.
const longestWrite = 2 * time.Minute

// Keeper takes checkpoints: it is an ingest.Cuts. Run must be called once.
type Keeper struct {
	o    Options
	live *live.Live
	jobs chan job // capacity 1
	over chan struct{}

	busy   atomic.Bool // from Cut until it is written
	unkept atomic.Int64
	status atomic.Pointer[Status]
	mu     sync.Mutex // of who changes status

	next time.Time // by the monotonic clock, before which none is due; owned by whoever is not busy
}

// job is a checkpoint to be written.
type job struct {
	door  *ingest.Door
	cut   *live.Cut
	begun time.Time
}

// New returns a Keeper without a service.
func New(o Options) *Keeper {
	if o.Every == 0 {
		o.Every = 500_000
	}
	if o.Room == nil {
		o.Room = func(int64) bool { return true }
	}
	if o.Aside == nil {
		o.Aside = func(uint64, odds.Time) bool { return false }
	}
	if o.OnResult == nil {
		o.OnResult = func(Result) {}
	}
	k := &Keeper{o: o, jobs: make(chan job, 1), over: make(chan struct{})}
	k.status.Store(&Status{})
	return k
}

// Status returns what is known by now.
func (k *Keeper) Status() Status {
	s := *k.status.Load()
	s.Unkept = int(k.unkept.Load())
	return s
}

func (k *Keeper) note(change func(*Status)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := *k.status.Load()
	change(&s)
	k.status.Store(&s)
}

// Reasons says what is wrong; nil if nothing is.
func (k *Keeper) Reasons() []string {
	if s := k.Status(); s.Failed != "" {
		return []string{fmt.Sprintf("checkpoints: the last one could not be taken, so that a start will take longer: %s", s.Failed)}
	}
	return nil
}

// Notes says from what the service was started, and what there is to start from.
func (k *Keeper) Notes() []string {
	s := k.Status()
	out := []string{"started from " + s.Started}
	if !s.Taken.IsZero() {
		out = append(out, fmt.Sprintf("the newest checkpoint, of %d bytes, is of %s, and %d quotes have come since", s.Newest.Bytes, s.Taken.UTC().Format(time.RFC3339), s.Unkept))
	}
	return out
}

// Due implements ingest.Cuts.
func (k *Keeper) Due(quotes int, last bool) bool {
	k.unkept.Store(int64(quotes))
	switch {
	case k.busy.Load() || quotes == 0 || k.live.Behind():
		return false
	case last:
		return true
	case quotes < k.o.Every || time.Now().Before(k.next) || !k.live.Checked():
		return false
	case !k.o.Room(k.status.Load().Newest.Bytes) || !checkpoint.Room(k.o.Dir, k.status.Load().Newest.Bytes):
		k.next = time.Now().Add(leastPause)
		k.note(func(s *Status) { s.Skipped++ })
		return false
	}
	return true
}

// Cut implements ingest.Cuts.
func (k *Keeper) Cut(d *ingest.Door) {
	k.busy.Store(true)
	k.jobs <- job{d, k.live.Cut(), time.Now()}
}

// Close says that none will be taken any more.
func (k *Keeper) Close() { close(k.over) }

// Run writes checkpoints until Close, and the one that was taken by then. Those who feed the
// service end meanwhile, so that the end of ctx does not end it.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		select {
		case j := <-k.jobs:
			k.finish(ctx, j)
		case <-k.over:
			select {
			case j := <-k.jobs:
				k.finish(ctx, j)
			default:
			}
			return nil
		}
	}
}

// finish writes a checkpoint and notes what came of it.
func (k *Keeper) finish(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWrite)
	defer cancel()
	size, err := k.write(ctx, j)
	r := Result{Position: j.door.At, AsOf: j.door.AsOf, Bytes: size, Took: time.Since(j.begun), Err: err}
	if err == nil {
		r.Paused = j.cut.Paused()
	}
	k.note(func(s *Status) {
		if s.Failed = ""; err != nil {
			s.Failures, s.Failed = s.Failures+1, err.Error()
			return
		}
		s.Newest, s.Taken = r, k.o.Clock()
	})
	k.o.OnResult(r)
	k.next = time.Now().Add(max(leastPause, sparing*r.Took))
	k.busy.Store(false)
}

func (k *Keeper) write(ctx context.Context, j job) (size int64, err error) {
	mark, err := ingest.Mark(ctx, k.o.Log, j.door.At)
	var w *checkpoint.Writer
	if err == nil {
		w, err = checkpoint.Create(k.o.Dir, checkpoint.Stamp{
			State: Version, Config: k.o.Config, Position: j.door.At, Mark: mark, AsOf: j.door.AsOf, Clock: j.door.Clock, Taken: odds.TimeOf(k.o.Clock()),
		})
	}
	if err != nil {
		// Nobody reads what the engines write, which waits in memory until it is dropped.
		return 0, errors.Join(err, j.cut.Write(ctx, func(string) (io.Writer, error) { return io.Discard, nil }))
	}
	if err = sections(ctx, j, w); err != nil {
		w.Abort()
		return 0, err
	}
	return w.Commit()
}

func sections(ctx context.Context, j job, w *checkpoint.Writer) error {
	if err := j.cut.Write(ctx, w.Section); err != nil {
		return err
	}
	door, err := w.Section("door")
	if err != nil {
		return err
	}
	return j.door.Save(door)
}
