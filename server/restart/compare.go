package restart

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"corrgraph/internal/pause"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
)

// CompareOptions say which checkpoints are compared, and how.
type CompareOptions struct {
	Dir    string // see checkpoint.Folder
	Log    ingest.Log
	Config string         // digest of the configuration that results depend on
	Door   ingest.Options // as of the service; Log, From, Clock and Cuts are set
	Live   live.Options   // as of the service; it has no readers
	// Share is how much of one processor it may take, in (0, 1]. Zero means all of it.
	Share float64
}

// Compared is what came of reading the log once more from one checkpoint to the next.
type Compared struct {
	From   ticklog.Position `json:"from"`
	To     ticklog.Position `json:"to"`
	AsOf   odds.Time        `json:"as_of"`  // of the second
	Differ []string         `json:"differ"` // parts of the second that do not follow from the log; none: it does
	Took   time.Duration    `json:"-"`
}

// Same reports whether the second follows from the first and the log.
func (c *Compared) Same() bool { return len(c.Differ) == 0 }

// Says says what came of it.
func (c *Compared) Says() string {
	span := fmt.Sprintf("from position %d of the tick log to %d, as of %s", c.From, c.To, c.AsOf)
	if c.Same() {
		return "what is known follows from the tick log, read once more " + span
	}
	return fmt.Sprintf("what is known does not follow from the tick log, read once more %s: %s differ. "+
		"Restart after `corrgraph checkpoint drop` to learn it anew", span, strings.Join(c.Differ, ", "))
}

// ErrNoPair is returned by Compare where there are no two checkpoints that can be compared.
var ErrNoPair = errors.New("there are no two checkpoints of this version and configuration to compare")

// Compare reads the log from the older checkpoint in a folder on and compares what follows with the
// newer one, by checksums: were the memory or the log damaged since, or did something other than
// the log decide what was learnt, it would differ. It holds a second copy of the state meanwhile.
// The error is ErrNoPair, or says what could not be read. Cost: that of a start from the older one.
func Compare(ctx context.Context, o CompareOptions) (c Compared, err error) {
	start := time.Now()
	older, newer, err := pair(&o)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, older.Close(), newer.Close()) }()
	c = Compared{From: older.Position, To: newer.Position, AsOf: newer.AsOf}
	defer func() { c.Took = time.Since(start) }()
	for _, f := range []*checkpoint.File{older, newer} {
		mark, err := ingest.Mark(ctx, o.Log, f.Position)
		if err != nil {
			return c, err
		}
		if mark != f.Mark {
			c.Differ = append(c.Differ, fmt.Sprintf("tick log at position %d", f.Position))
		}
	}
	if !c.Same() {
		return c, nil
	}
	again, err := readAgain(ctx, &o, older, newer)
	if err != nil {
		return c, err
	}
	for _, want := range newer.Sections {
		if !slices.Contains(Alike, want.Name) {
			continue
		}
		got := sha256.New()
		if err := again.Write(got, want.Name); err != nil {
			return c, err
		}
		if hex.EncodeToString(got.Sum(nil)) != want.SHA256 {
			c.Differ = append(c.Differ, want.Name)
		}
	}
	return c, nil
}

// pair opens the two newest checkpoints of this version and configuration, of which both are whole.
func pair(o *CompareOptions) (older, newer *checkpoint.File, err error) {
	all, err := checkpoint.List(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	all = slices.DeleteFunc(all, func(c checkpoint.Info) bool { return c.Err != nil || c.State != Version || c.Config != o.Config })
	if len(all) < 2 || all[1].Position >= all[0].Position {
		return nil, nil, ErrNoPair
	}
	if older, err = checkpoint.Open(all[1].Path); err != nil {
		return nil, nil, err
	}
	if newer, err = checkpoint.Open(all[0].Path); err == nil {
		err = errors.Join(older.Verify(), newer.Verify())
	}
	if err != nil {
		return nil, nil, errors.Join(err, older.Close())
	}
	return older, newer, nil
}

// readAgain goes on from one checkpoint to where another one was taken.
func readAgain(ctx context.Context, o *CompareOptions, older, newer *checkpoint.File) (*Again, error) {
	first, err := doorOf(older)
	if err != nil {
		return nil, err
	}
	second, err := doorOf(newer)
	if err != nil {
		return nil, err
	}
	engines, door := o.Live, o.Door
	slow := &pacer{ctx: ctx, share: o.Share}
	engines.Telling, engines.Learning, engines.Engine.Workers = slow, slow, 1
	door.Log, door.From = o.Log, first
	again, err := NewAgain(ctx, engines, buffered(older))
	if err != nil {
		return nil, err
	}
	if _, err := ingest.Again(ctx, door, again, second); err != nil {
		return nil, err
	}
	return again, context.Cause(ctx)
}

func doorOf(f *checkpoint.File) (*ingest.Door, error) {
	r, err := buffered(f)("door")
	if err != nil {
		return nil, err
	}
	return ingest.RestoreDoor(r)
}

// buffered reads sections of a file.
func buffered(f *checkpoint.File) func(name string) (io.Reader, error) {
	return func(name string) (io.Reader, error) {
		r, err := f.Section(name)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(r, 1<<20), nil
	}
}

// pacer makes the engines that it guards rest, so that they take a share of one processor. It is for
// one goroutine.
type pacer struct {
	ctx   context.Context
	share float64
	begun time.Time     // of the batch at hand; zero: none is
	owed  time.Duration // to rest
}

// leastRest is the shortest rest that is taken: a timer is no finer than that.
const leastRest = 20 * time.Millisecond

// Begin implements engine.Guard.
func (p *pacer) Begin(*odds.Batch) (id uint64, ok bool) {
	if p.share <= 0 || p.share >= 1 {
		return 0, true
	}
	if !p.begun.IsZero() {
		p.owed += time.Duration(float64(time.Since(p.begun)) * (1/p.share - 1))
	}
	if p.owed >= leastRest {
		_ = pause.For(p.ctx, p.owed) // whoever reads the log sees that it is over
		p.owed = 0
	}
	p.begun = time.Now()
	return 0, true
}

// End implements engine.Guard.
func (*pacer) End() {}

// ComparerOptions of a Comparer.
type ComparerOptions struct {
	CompareOptions
	// Every is the least time between the ends of two comparisons.
	Every time.Duration
	// Ready reports whether one may begin, where the newest checkpoint has so many bytes: there is
	// memory for a second copy of the state, and nothing is in quarantine.
	Ready func(bytes int64) bool
	// OnResult is called with the result of each. err says why there is none.
	OnResult func(c Compared, err error)
}

// Comparer compares checkpoints of a running service with its log, beside it. Run must be called
// once.
type Comparer struct {
	o      ComparerOptions
	taken  chan int64 // capacity 1; bytes of a checkpoint that was taken
	status atomic.Pointer[Comparisons]
}

// Comparisons is what is known of them. It never changes.
type Comparisons struct {
	Newest             Compared // zero before the first
	Same, Differ, None uint64   // results since the start; None: it could not be done
}

// NewComparer returns a Comparer that has compared nothing.
func NewComparer(o ComparerOptions) *Comparer {
	c := &Comparer{o: o, taken: make(chan int64, 1)}
	c.status.Store(&Comparisons{})
	return c
}

// Taken says that a checkpoint of so many bytes was taken. It does not block.
func (c *Comparer) Taken(bytes int64) {
	select {
	case c.taken <- bytes:
	default:
	}
}

// Status returns what is known by now.
func (c *Comparer) Status() Comparisons { return *c.status.Load() }

// Reasons says what is wrong; nil if nothing is.
func (c *Comparer) Reasons() []string {
	if s := c.Status(); !s.Newest.Same() {
		return []string{s.Newest.Says()}
	}
	return nil
}

// Notes says what was compared last; nil if nothing was.
func (c *Comparer) Notes() []string {
	if s := c.Status(); s.Newest.To != 0 && s.Newest.Same() {
		return []string{s.Newest.Says()}
	}
	return nil
}

// Run compares until ctx ends, and returns its cause.
func (c *Comparer) Run(ctx context.Context) error {
	var rested <-chan time.Time // nil: it has
	taken := c.taken
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-rested:
			rested, taken = nil, c.taken
		case bytes := <-taken:
			if !c.o.Ready(bytes) {
				continue
			}
			x, err := Compare(ctx, c.o.CompareOptions)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if errors.Is(err, ErrNoPair) {
				continue // the first one
			}
			c.note(x, err)
			c.o.OnResult(x, err)
			rested, taken = time.After(c.o.Every), nil
		}
	}
}

func (c *Comparer) note(x Compared, err error) {
	s := c.Status()
	switch {
	case err != nil:
		s.None++
	case x.Same():
		s.Same, s.Newest = s.Same+1, x
	default:
		s.Differ, s.Newest = s.Differ+1, x
	}
	c.status.Store(&s)
}
