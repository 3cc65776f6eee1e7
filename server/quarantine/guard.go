package quarantine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"corrgraph/odds"
)

// The engines of a service, each of which has a [Slot].
const (
	Telling  = "telling"
	Learning = "learning"
)

var engines = [...]string{Telling, Learning}

// Options of Open. Dir and Clock are required.
type Options struct {
	Dir   string           // see Folder
	Clock func() time.Time // for stamps
	// Longest is how long a batch may take to be applied. Zero means a minute; below 0, for ever.
	Longest time.Duration
	// Oldest is the event time from which on the tick log holds ticks: what is older need not be kept
	// back any more.
	Oldest odds.Time
	// Tick returns a channel that delivers about every d, and what ends it. Nil means time.NewTicker.
	Tick func(d time.Duration) (<-chan time.Time, func())
	// Hung is called with a batch that took too long, once it is in quarantine, or could not be put
	// there. It should end the process. Nil: nothing happens.
	Hung func(i Item, err error)
	// Before is called with each batch once it is in the marker, for drills. Nil: nothing happens.
	Before func(b *odds.Batch)
}

// Guard knows which batches are in quarantine, and notes which are being applied. What is in
// quarantine does not change while it is open, so that both engines are given the same.
type Guard struct {
	o     Options
	held  map[uint64]bool
	slots [len(engines)]Slot
	unmap func() error

	items   []Item // held
	found   []Item // suspected or held since this start
	skipped atomic.Int64
}

// suspect is a batch that one engine was applying when the process died.
type suspect struct {
	engine string
	id     uint64
}

// What is in quarantine is kept for so long at least. Suspicion that nothing has come of is dropped
// then: the process was killed from outside.
const forgotten = 24 * time.Hour

// Open reads what is in quarantine, and adds what the process before died of. One Guard may be open
// for a folder. A file that can't be read is put aside and is in err, beside a Guard that works; any
// other error comes with a nil Guard.
func Open(o Options) (_ *Guard, err error) {
	o.Longest = cmp.Or(o.Longest, time.Minute)
	if o.Tick == nil {
		o.Tick = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	g := &Guard{o: o, held: map[uint64]bool{}}
	suspects, spoilt, err := g.read()
	if err != nil {
		return nil, err
	}
	page, unmap, err := mapMarker(filepath.Join(o.Dir, "marker"), slotBytes*len(engines))
	if err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	g.unmap = unmap
	for k, engine := range engines {
		s := &g.slots[k]
		*s = Slot{g: g, engine: engine, mark: mark(page[k*slotBytes : (k+1)*slotBytes]), suspects: suspects}
		if err := g.blame(s); err != nil {
			return nil, errors.Join(err, unmap())
		}
	}
	return g, spoilt
}

// read reads the folder.
func (g *Guard) read() (_ *suspects, spoilt, err error) {
	all, err := List(g.o.Dir)
	var file *FileError
	for errs := unjoin(err); len(errs) > 0; errs = errs[1:] {
		if !errors.As(errs[0], &file) {
			return nil, nil, err
		}
		if err := os.Rename(file.Path, file.Path+unreadable); err != nil {
			return nil, nil, err
		}
		spoilt = errors.Join(spoilt, fmt.Errorf("%w; it is put aside", file))
	}
	out := &suspects{dir: g.o.Dir, by: map[suspect]Item{}}
	for _, i := range all {
		id, _ := i.id() // read has checked it
		old := g.o.Clock().Sub(i.Since) > forgotten
		switch {
		case i.Held && !(old && i.At < g.o.Oldest):
			g.hold(i, id)
		case old:
			if err := os.Remove(i.path(g.o.Dir)); err != nil {
				return nil, spoilt, err
			}
		default:
			out.put(suspect{i.Engine, id}, i)
		}
	}
	return out, spoilt, nil
}

// hold keeps a batch back from both engines.
func (g *Guard) hold(i Item, id uint64) {
	if !g.held[id] {
		g.held[id] = true
		g.items = append(g.items, i)
	}
}

// unjoin returns the errors that errors.Join has joined.
func unjoin(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// blame notes the batch that an engine was applying when the process died.
func (g *Guard) blame(s *Slot) error {
	i, ok := s.mark.read()
	id, _ := i.id()
	if !ok || g.held[id] {
		s.mark.end()
		return nil
	}
	key := suspect{s.engine, id}
	i.Engine, i.Deaths, i.Since, i.Why = s.engine, s.suspects.by[key].Deaths+1, g.o.Clock().UTC(), "the process died while it was being applied"
	if i.Held = i.Deaths >= Deaths; i.Held {
		g.hold(i, id)
		for _, engine := range engines {
			s.suspects.clear(suspect{engine, id})
		}
	} else {
		s.suspects.put(key, i)
	}
	g.found = append(g.found, i)
	if err := i.write(g.o.Dir); err != nil {
		return fmt.Errorf("quarantine: %w", err) // the marker still names it
	}
	s.mark.end()
	return nil
}

// Slot returns that of an engine.
func (g *Guard) Slot(engine string) *Slot {
	for k := range g.slots {
		if g.slots[k].engine == engine {
			return &g.slots[k]
		}
	}
	panic("quarantine: no engine " + engine)
}

// Items returns what was in quarantine when it was opened. It must not be changed.
func (g *Guard) Items() []Item { return g.items }

// Found returns what the process before died of. It must not be changed.
func (g *Guard) Found() []Item { return g.found }

// Keeps reports whether a batch of an event time stays left out: it is in quarantine, or the tick log
// no longer goes back that far.
func (g *Guard) Keeps(id uint64, at odds.Time) bool { return g.held[id] || at < g.o.Oldest }

// Skipped is how often an engine was not given a batch because it is in quarantine.
func (g *Guard) Skipped() int { return int(g.skipped.Load()) }

// looks is how often Run looks within Options.Longest.
const looks = 20

// Run notices batches that are not done in time, until ctx ends. What counts is how often it has
// looked meanwhile, and not the clock: a machine that slept was not busy.
func (g *Guard) Run(ctx context.Context) error {
	if g.o.Longest < 0 {
		<-ctx.Done()
		return nil
	}
	tick, stop := g.o.Tick(g.o.Longest / looks)
	defer stop()
	var seen [len(engines)]struct {
		turn  uint64
		times int
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
		for k := range g.slots {
			x, turn := &seen[k], g.slots[k].turn.Load()
			if turn == 0 || turn != x.turn {
				x.turn, x.times = turn, 0
				continue
			}
			if x.times++; x.times == looks {
				g.hung(&g.slots[k])
			}
		}
	}
}

// hung puts the batch at hand into quarantine.
func (g *Guard) hung(s *Slot) {
	i, ok := s.mark.read()
	if !ok || s.turn.Load() == 0 {
		return // it is done after all
	}
	i.Engine, i.Since, i.Held = s.engine, g.o.Clock().UTC(), true
	i.Why = fmt.Sprintf("it was not done after %s", g.o.Longest)
	err := i.write(g.o.Dir)
	if g.o.Hung != nil {
		g.o.Hung(i, err)
	}
}

// Close ends it. No engine may use it any more.
func (g *Guard) Close() error {
	for k := range g.slots {
		g.slots[k].mark.end()
	}
	return g.unmap()
}

// suspects are shared by the slots.
type suspects struct {
	dir string
	mu  sync.Mutex
	by  map[suspect]Item // guarded by mu once engines run
	n   atomic.Int64     // len(by): mostly nothing is suspected
}

// put notes a suspicion, before engines run.
func (s *suspects) put(key suspect, i Item) {
	s.by[key] = i
	s.n.Store(int64(len(s.by)))
}

// clear drops a suspicion: the batch has been applied.
func (s *suspects) clear(key suspect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.by[key]; ok {
		delete(s.by, key)
		s.n.Add(-1)
		_ = os.Remove(i.path(s.dir)) // it stays a suspicion, which is dropped a day later
	}
}

// has reports whether a batch is suspected.
func (s *suspects) has(key suspect) bool {
	if s.n.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.by[key]
	return ok
}

// Slot is where one engine notes what it applies. It is for one goroutine, but for Guard.Run.
type Slot struct {
	g        *Guard
	engine   string
	mark     mark
	suspects *suspects
	turns    uint64
	turn     atomic.Uint64 // of the batch at hand; 0 none
	at       uint64        // its ID
	doubted  bool          // it is suspected
}

// Begin notes that a batch is about to be applied, and that the one before is done. ok is false if
// it is in quarantine: then it must not be. Cost: O(prices), without allocating.
func (s *Slot) Begin(b *odds.Batch) (id uint64, ok bool) {
	s.End()
	id = ID(b)
	if s.g.held[id] {
		s.g.skipped.Add(1)
		return id, false
	}
	s.at, s.doubted = id, s.suspects.has(suspect{s.engine, id})
	s.mark.begin(id, b)
	s.turns++
	s.turn.Store(s.turns)
	if s.g.o.Before != nil {
		s.g.o.Before(b)
	}
	return id, true
}

// End notes that nothing is being applied.
func (s *Slot) End() {
	if s.turn.Load() == 0 {
		return
	}
	s.turn.Store(0)
	s.mark.end()
	if s.doubted {
		s.doubted = false
		s.suspects.clear(suspect{s.engine, s.at})
	}
}

// ID is a hash of what a batch says. It does not depend on when it was received.
func ID(b *odds.Batch) uint64 {
	h := xxhash.Sum64String(b.Source)
	h = join(join(h, uint64(b.At)), uint64(b.Seq))
	for i := range b.Updates {
		u := &b.Updates[i]
		if u.Event != nil {
			h = join(h, xxhash.Sum64String(u.Event.ID))
		}
		h = join(join(h, xxhash.Sum64String(u.Venue)), xxhash.Sum64String(u.Market))
		h = join(h, uint64(len(u.Quotes)))
		for k := range u.Quotes {
			q := &u.Quotes[k]
			h = join(join(h, xxhash.Sum64String(q.Selection)), xxhash.Sum64String(q.Subject))
			h = join(join(h, math.Float64bits(q.Line)), math.Float64bits(q.Price))
		}
	}
	for i := range b.Marks {
		m := &b.Marks[i]
		h = join(join(h, xxhash.Sum64String(m.Event.ID)), xxhash.Sum64String(string(m.Kind)))
		h = join(join(h, xxhash.Sum64String(m.Value)), xxhash.Sum64String(m.Was))
	}
	return h
}

// join adds a number to a hash: a step of FNV-1a on words, with the bits spread further.
func join(h, n uint64) uint64 { return bits.RotateLeft64((h^n)*0x9e3779b97f4a7c15, 29) }

// Reasons says what is wrong; nil if nothing is.
func (g *Guard) Reasons() (out []string) {
	if n := len(g.items); n > 0 {
		out = append(out, fmt.Sprintf("quarantine: %d batches of ticks are not applied because the service died of them, the last one %s; see corrgraph quarantine list", n, g.items[n-1].String()))
	}
	return out
}

// Notes says what is worth knowing: what is suspected still.
func (g *Guard) Notes() (out []string) {
	for k := range g.found {
		i := &g.found[k]
		if id, _ := i.id(); !i.Held && g.slots[0].suspects.has(suspect{i.Engine, id}) { // else it has been applied since
			out = append(out, fmt.Sprintf("the process before died while a batch was being applied, which goes into quarantine if it happens again: %s", i.String()))
		}
	}
	return out
}

// Pinned is the event time from which on the tick log must be kept, so that what is in quarantine
// can be tried again: that of the oldest batch which came there within a day. odds.Never if there
// is none.
func (g *Guard) Pinned() odds.Time {
	at, now := odds.Never, g.o.Clock()
	for k := range g.items {
		if i := &g.items[k]; now.Sub(i.Since) <= forgotten {
			at = min(at, i.At)
		}
	}
	return at
}
