package drill

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/server/service"
	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// FlipOptions are those of Flip.
type FlipOptions struct {
	// Serve makes the command that starts the server with a store; it needs no token there.
	Serve func(ctx context.Context, addr, db string) *exec.Cmd
	// Doctor makes the command that examines a store; it exits with 0 if nothing is wrong.
	// With an out it writes there what can be saved.
	Doctor   func(ctx context.Context, db, out string) *exec.Cmd
	Dir      string        // scratch folder, which must exist
	Runs     int           // number of flips. Zero means 1000
	Requests int           // acknowledged before. Zero means 60
	Ready    time.Duration // limit for the server to become ready. Zero means 60 s
	Seed     uint64        // of the flips. Zero means 1

	// Progress is called after each flip. Nil: not reported.
	Progress func(run, of int, r *FlipReport)
}

// FlipReport is the result of Flip.
type FlipReport struct {
	Runs         int      `json:"runs"`
	Seed         uint64   `json:"seed"`
	Acknowledged int      `json:"acknowledged_ticks"` // in the store whose bits are flipped
	Harmless     int      `json:"harmless"`           // log, results, audit and reviews are as without the flip
	Told         int      `json:"told"`               // the doctor, health or a refused start says that something is wrong
	Refused      int      `json:"refused_starts"`     // of those told
	Effective    int      `json:"effective"`          // a tick, a result or another row is not as without the flip, or the start was refused
	Silent       []string `json:"silent"`             // effective and not told
	MostLost     int      `json:"most_lost_ticks"`    // in what a server serves, by one flip
	MostUnsaved  int      `json:"most_unsaved_ticks"` // in what the doctor saved, by one flip
	Kept         bool     `json:"kept"`               // none silent
}

// flipTicks is how many ticks a request of Flip has.
const flipTicks = 20

// Flip fills a store through a server, and then flips one random bit of a copy of it, again
// and again: of the store as a killed server leaves it, with its WAL, and as one that ended
// in good order. Each copy is examined by the doctor, read and served, and compared with the
// untouched one. If ctx ends, the report is of the flips until then.
func Flip(ctx context.Context, o FlipOptions) (*FlipReport, error) {
	o.Runs, o.Requests, o.Ready, o.Seed = cmp.Or(o.Runs, 1000), cmp.Or(o.Requests, 60), cmp.Or(o.Ready, time.Minute), cmp.Or(o.Seed, 1)
	if o.Serve == nil || o.Doctor == nil || o.Runs < 1 || o.Requests < 1 {
		return nil, fmt.Errorf("%w: no command, no flips or no requests", ErrOptions)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // kills whatever still runs
	f := &flipper{o: &o, r: rand.New(rand.NewPCG(o.Seed, 2)), book: &book{ticks: flipTicks}}
	r := &FlipReport{Runs: o.Runs, Seed: o.Seed, Silent: []string{}}
	if err := f.fill(ctx); err != nil {
		return nil, err
	}
	r.Acknowledged = o.Requests * flipTicks
	for run := range o.Runs {
		if ctx.Err() != nil { // what is known by then is worth telling
			r.Runs = run
			break
		}
		if err := f.flip(ctx, r, f.places[run%len(f.places)], run); err != nil {
			if ctx.Err() != nil {
				continue
			}
			return nil, fmt.Errorf("flip %d: %w", run+1, err)
		}
		if o.Progress != nil {
			o.Progress(run+1, o.Runs, r)
		}
	}
	r.Kept = len(r.Silent) == 0
	return r, nil
}

type flipper struct {
	o      *FlipOptions
	r      *rand.Rand
	book   *book
	places []untouched
}

// untouched is a store whose copies are damaged, and what is seen of it.
type untouched struct {
	name, db string
	as       outcomeOf
}

// outcomeOf is what is seen of a store.
type outcomeOf struct {
	rows          [sha256.Size]byte // before a server had it: results, audit, reviews, proofs and checks
	told, refused bool
	lost          int // acknowledged ticks that are not in the log, or more than once, or were never sent
	results       [sha256.Size]byte
}

// parts are the files of a store.
func parts() []string { return []string{"", "-wal", ".mark"} }

func copyParts(from, to string) error {
	for _, part := range parts() {
		b, err := os.ReadFile(from + part)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+part, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes the two untouched stores.
func (f *flipper) fill(ctx context.Context) error {
	db := filepath.Join(f.o.Dir, "store.db")
	p, c, err := f.start(ctx, db)
	if err != nil {
		return err
	}
	s := sender{c, f.book, func() {}, nil}
	for range f.o.Requests {
		s.post(ctx, f.book.next(time.Now().UnixMilli()))
	}
	err = f.review(ctx, c)
	p.kill()
	c.Close()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(f.book.entries, func(e entry) bool { return e.state != acked }); i >= 0 {
		return fmt.Errorf("request %d was not acknowledged: %s", i+1, p.said)
	}
	killed := untouched{name: "killed", db: filepath.Join(f.o.Dir, "killed.db")}
	closed := untouched{name: "closed", db: filepath.Join(f.o.Dir, "closed.db")}
	if err := copyParts(db, killed.db); err != nil {
		return err
	}
	if killed.as, err = f.look(ctx, db); err != nil {
		return err
	}
	if err := copyParts(db, closed.db); err != nil {
		return err
	}
	if closed.as, err = f.look(ctx, db); err != nil {
		return err
	}
	f.places = []untouched{killed, closed}
	for _, u := range f.places {
		if u.as.told || u.as.lost > 0 || u.as.rows == [sha256.Size]byte{} {
			return fmt.Errorf("the untouched store (%s) is called damaged, or lost %d ticks", u.name, u.as.lost)
		}
	}
	return nil
}

// review has a person judge anomalies, so that there are reviews to damage.
func (f *flipper) review(ctx context.Context, c *client.Client) error {
	for i := range 20 {
		body := fmt.Sprintf(`{"action":"verdict","verdict":"true","kind":"arbitrage","event_id":"kill-0","node":"venue%d/kill-0/h2h/home","at":"2026-01-02T15:04:05Z","note":"looked at by the desk"}`, i)
		a, err := c.Do(ctx, client.Request{Method: http.MethodPost, Path: "/v1/reviews", Type: "application/json", Body: []byte(body)})
		if err == nil && a.Status/100 != 2 {
			err = fmt.Errorf("a review was refused: %d %s", a.Status, a.Body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// start starts a server and waits until it is ready.
func (f *flipper) start(ctx context.Context, db string) (*process, *client.Client, error) {
	p, err := start(ctx, func(ctx context.Context, addr string) *exec.Cmd { return f.o.Serve(ctx, addr, db) })
	if err != nil {
		return nil, nil, err
	}
	c, err := client.New(client.Options{URL: p.url, Timeout: 10 * time.Second, Connections: 2})
	if err == nil {
		if err = p.ready(ctx, c, f.o.Ready); err == nil {
			return p, c, nil
		}
		c.Close()
	}
	p.kill()
	return nil, nil, err
}

// flip flips one bit of a copy and judges what comes of it.
func (f *flipper) flip(ctx context.Context, r *FlipReport, u untouched, run int) error {
	db := filepath.Join(f.o.Dir, "flipped.db")
	if err := remove(db, filepath.Join(f.o.Dir, "saved.db")); err != nil {
		return err
	}
	if err := copyParts(u.db, db); err != nil {
		return err
	}
	part, at, bit, err := f.spoil(db)
	if err != nil {
		return err
	}
	healthy := f.o.Doctor(ctx, db, "").Run() == nil
	if err := copyParts(db, db+".saved"); err != nil {
		return err
	}
	as, err := f.look(ctx, db)
	if err != nil {
		return err
	}
	if !r.judge(fmt.Sprintf("run %d: %s, %q byte %d bit %d", run+1, u.name, part, at, bit), healthy, as, u.as) {
		return nil
	}
	return f.save(ctx, r, db+".saved")
}

// judge counts one flip and reports whether it was effective: healthy is what the doctor
// says, as what a server made of the store, was what one makes of the untouched store.
func (r *FlipReport) judge(what string, healthy bool, as, was outcomeOf) (effective bool) {
	effective = as.refused || as.lost > 0 || as.results != was.results || as.rows != was.rows
	switch told := as.told || !healthy; {
	case told:
		r.Told++
	case effective:
		r.Silent = append(r.Silent, fmt.Sprintf("%s: %d ticks lost", what, as.lost))
	default:
		r.Harmless++
	}
	if as.refused {
		r.Refused++
	}
	if effective {
		r.Effective++
		r.MostLost = max(r.MostLost, as.lost)
	}
	return effective
}

func remove(stores ...string) error {
	for _, db := range stores {
		all, err := filepath.Glob(db + "*")
		if err != nil {
			return err
		}
		for _, file := range all {
			if err := os.RemoveAll(file); err != nil { // safe: of a scratch store; some are folders
				return err
			}
		}
	}
	return nil
}

// spoil flips a bit anywhere in the files of a store.
func (f *flipper) spoil(db string) (part string, at int64, bit int, err error) {
	total := int64(0)
	sizes := map[string]int64{}
	for _, part := range parts() {
		if info, err := os.Stat(db + part); err == nil {
			sizes[part] = info.Size()
			total += info.Size()
		}
	}
	at, bit = f.r.Int64N(total), f.r.IntN(8)
	for _, part = range parts() {
		if at < sizes[part] {
			break
		}
		at -= sizes[part]
	}
	file, err := os.OpenFile(db+part, os.O_RDWR, 0)
	if err != nil {
		return part, at, bit, err
	}
	var b [1]byte
	if _, err = file.ReadAt(b[:], at); err == nil {
		b[0] ^= 1 << bit
		_, err = file.WriteAt(b[:], at)
	}
	return part, at, bit, errors.Join(err, file.Close())
}

// look reads a store, serves it, ends the server in good order, and reads what is then in it.
func (f *flipper) look(ctx context.Context, db string) (as outcomeOf, err error) {
	if as.rows, err = f.rows(ctx, db); err != nil {
		return as, err
	}
	p, c, err := f.start(ctx, db)
	for range 2 { // a busy machine can fail a start
		if err != nil {
			p, c, err = f.start(ctx, db)
		}
	}
	if err != nil {
		as.told, as.refused = true, true
		return as, context.Cause(ctx)
	}
	as.told, err = unwell(ctx, c)
	c.Close()
	if err := errors.Join(err, p.stop(f.o.Ready)); err != nil {
		return as, err
	}
	as.lost, as.results, err = f.read(ctx, db)
	return as, err
}

// unwell reports whether health says that something is wrong with the store. Other reasons,
// such as a busy machine, don't count.
func unwell(ctx context.Context, c *client.Client) (bool, error) {
	var h struct {
		Reasons []string `json:"reasons"`
	}
	a, err := c.Do(ctx, client.Request{Path: "/healthz"})
	if err == nil {
		err = a.Into(&h)
	}
	return slices.ContainsFunc(h.Reasons, damage), err
}

// damage reports whether a reason is one of damage: a finding of the start, or the error of
// a damaged page.
func damage(why string) bool {
	for _, kind := range []string{store.FindPage, store.FindIndex, store.FindChunk, store.FindGap, store.FindSchema} {
		if strings.HasPrefix(why, "store: "+kind+": ") {
			return true
		}
	}
	return strings.Contains(why, store.ErrDamaged.Error())
}

// rows sums up all that is stored beside the log, as whoever asks the file itself is told. The
// sum of what can't be read is zero. A copy is read, because reading empties the WAL.
func (f *flipper) rows(ctx context.Context, db string) (sum [sha256.Size]byte, err error) {
	path := filepath.Join(f.o.Dir, "read.db")
	if err := errors.Join(remove(path), copyParts(db, path)); err != nil {
		return sum, err
	}
	st, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return sum, context.Cause(ctx)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	h := sha256.New()
	if err := tell(ctx, st, h); err != nil {
		return sum, context.Cause(ctx)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

func tell(ctx context.Context, st *sqlite.Store, w io.Writer) error {
	const all = 1 << 20
	audit, err1 := st.AuditTail(ctx, all)
	reviews, err2 := st.Reviews(ctx, 0, all)
	proofs, err3 := st.Proofs(ctx)
	checks, err4 := st.Checks(ctx, service.Component)
	performance, err5 := st.Performance(ctx, 0, math.MaxInt64, "", all)
	_, err6 := fmt.Fprintln(w, audit, reviews, proofs, checks, performance)
	return errors.Join(err1, err2, err3, err4, err5, err6, st.CanonicalDump(ctx, w))
}

// read compares a log with what was acknowledged, and sums the results up.
func (f *flipper) read(ctx context.Context, db string) (lost int, results [sha256.Size]byte, err error) {
	st, err := sqlite.Open(ctx, db, sqlite.Options{ReadOnly: true, Offline: true})
	if err != nil {
		return f.o.Requests * flipTicks, results, nil
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	b := *f.book
	b.entries = slices.Clone(f.book.entries)
	t, err := reconcile([]*book{&b}, ticklog.ByTimeAround(ctx, st.Log(), func(ticklog.Damage) {}))
	if err != nil {
		return f.o.Requests * flipTicks, results, context.Cause(ctx)
	}
	h := sha256.New()
	if err := st.CanonicalDump(ctx, h); err != nil {
		return t.Lost + t.Doubled + t.Strange, results, context.Cause(ctx)
	}
	return t.Lost + t.Doubled + t.Strange, [sha256.Size]byte(h.Sum(nil)), nil
}

// save lets the doctor save what can be read, and counts what it could not.
func (f *flipper) save(ctx context.Context, r *FlipReport, db string) error {
	out := filepath.Join(f.o.Dir, "saved.db")
	_ = f.o.Doctor(ctx, db, out).Run() // says that there is harm
	lost, _, err := f.read(ctx, out)
	r.MostUnsaved = max(r.MostUnsaved, lost)
	return errors.Join(err, remove(db))
}

// Sentence returns the verdict in words.
func (r *FlipReport) Sentence() string {
	word := "KEPT"
	if !r.Kept {
		word = "BROKEN"
	}
	return fmt.Sprintf("%s: of %d flipped bits %d were effective and %d told (%d starts refused), %d harmless, %d silent; of %d acknowledged ticks one flip cost at most %d, and %d after salvage",
		word, r.Runs, r.Effective, r.Told, r.Refused, r.Harmless, len(r.Silent), r.Acknowledged, r.MostLost, r.MostUnsaved)
}

// Text writes a report for people.
func (r *FlipReport) Text(w io.Writer) error {
	text := r.Sentence() + "\n"
	for _, s := range r.Silent {
		text += "  " + s + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
