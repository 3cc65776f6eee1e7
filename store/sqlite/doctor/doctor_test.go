package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/store/sqlite/db"
	"corrgraph/store/storetest"
	"corrgraph/ticklog"
)

// fill opens a new store with results and a chunk for each source.
func fill(t *testing.T, sources ...string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{Create: true, Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.WriteResults(t.Context(), storetest.Sample(1, 20, 2, 2)); err != nil {
		t.Fatal(err)
	}
	if err := s.Audit(t.Context(), []store.AuditRow{{At: 1, Operation: "TEST", Status: "OK"}}); err != nil {
		t.Fatal(err)
	}
	var enc ticklog.Encoder
	for i, source := range sources {
		at := odds.Time(1000 * i)
		if _, err := s.Log().Append(t.Context(), enc.Pack([]*odds.Batch{{Source: source, At: at, Recv: at}})); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// killed copies what a killed process would leave.
func killed(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "k.db")
	for _, part := range []string{"", "-wal", ".mark"} {
		if err := copyFile(s.Path()+part, to+part); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func closed(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.Path()
}

// change runs SQL of another program.
func change(t *testing.T, path, sql string) {
	t.Helper()
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Script(t.Context(), sql), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// flip flips a bit where a text stands first or last in a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 4
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// examine examines a store and checks that nothing about it changes.
func examine(t *testing.T, path string) *Report {
	t.Helper()
	before := snapshot(t, path)
	r, err := Examine(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if after := snapshot(t, path); after != before {
		t.Errorf("the store was changed: %s, then %s", before, after)
	}
	return r
}

func snapshot(t *testing.T, path string) string {
	t.Helper()
	var all []string
	files, _ := filepath.Glob(path + "*")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(f, "-shm") {
			all = append(all, filepath.Base(f), string(b[:min(len(b), 16)]), string(rune(len(b))), string(bytes.TrimRight(b, "\x00")[max(0, len(bytes.TrimRight(b, "\x00"))-8):]))
		}
	}
	return strings.Join(all, " ")
}

func kinds(r *Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, f.Kind)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestAWholeStoreIsWell(t *testing.T) {
	s := fill(t, "a", "b")
	if r := examine(t, killed(t, s)); r.Err() != nil || len(r.Findings) > 0 || r.InUse {
		t.Errorf("killed: %+v", r)
	}
	if r := examine(t, closed(t, s)); r.Err() != nil || len(r.Findings) > 0 || r.InUse {
		t.Errorf("closed: %+v", r)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, path string)
		want string
	}{
		"a chunk": {func(t *testing.T, path string) {
			change(t, path, "UPDATE tick_log SET payload = zeroblob(40) WHERE seq = 2")
		}, "chunk,index"},
		"a gap":      {func(t *testing.T, path string) { change(t, path, "DELETE FROM tick_log WHERE seq = 2") }, "gap"},
		"the end":    {func(t *testing.T, path string) { change(t, path, "DELETE FROM tick_log WHERE seq = 3") }, "gap"},
		"a row":      {func(t *testing.T, path string) { change(t, path, "UPDATE audit_log SET status = 'FAILED'") }, "row"},
		"the schema": {func(t *testing.T, path string) { change(t, path, "DROP INDEX anomalies_by_event") }, "schema"},
		"a page": {func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err == nil {
				_, err = f.WriteAt(bytes.Repeat([]byte{7}, 4096), 8*4096)
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "page"},
	} {
		path := closed(t, fill(t, "a", "b", "c"))
		c.harm(t, path)
		r := examine(t, path)
		got := strings.Join(kinds(r), ",")
		if r.Err() == nil || !strings.Contains(c.want, strings.Split(got, ",")[0]) {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
	path := closed(t, fill(t, "a"))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := examine(t, path); r.Err() != nil || strings.Join(kinds(r), ",") != store.FindPermissions {
		t.Errorf("permissions: %v", r.Findings)
	}
}

func TestAStoreInUseIsExaminedAndNotSaved(t *testing.T) {
	s := fill(t, "a", "b")
	r, err := Examine(t.Context(), s.Path())
	if err != nil || !r.InUse || strings.Join(kinds(r), ",") != store.FindLock || r.Err() != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if err := r.Save(t.Context(), s.Path()+".out"); !errors.Is(err, store.ErrInUse) {
		t.Errorf("saved: %v", err)
	}
	if _, err := s.Log().Append(t.Context(), ticklog.Chunk{Payload: []byte("x")}); err != nil {
		t.Errorf("its process: %v", err)
	}
}

// salvaged is what the doctor saves: the sources of the log, in order.
func salvaged(t *testing.T, path string) (sources []string, r *Report) {
	t.Helper()
	r = examine(t, path)
	out := filepath.Join(t.TempDir(), "out.db")
	if err := r.Save(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), out, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if found, err := s.Examine(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("what was saved: %v, %v", found, err)
	}
	for b, err := range ticklog.ByTime(t.Context(), s.Log()) {
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, b.Source)
	}
	return sources, r
}

func TestEverythingReadableIsSaved(t *testing.T) {
	path := closed(t, fill(t, "a", "b", "c"))
	change(t, path, "UPDATE tick_log SET payload = substr(payload, 1, 10) WHERE seq = 2")
	sources, r := salvaged(t, path)
	if !slices.Equal(sources, []string{"a", "c"}) || len(r.Salvage.Lost) != 1 || !strings.Contains(r.Salvage.Lost[0], "(1/2)") || r.Salvage.Chunks != 2 {
		t.Errorf("%q, %+v", sources, r.Salvage)
	}
	if r.Salvage.Rows["events"] == 0 || r.Salvage.Rows["audit_log"] != 1 || r.Salvage.Rows["predictions"] == 0 {
		t.Errorf("rows %v", r.Salvage.Rows)
	}
}

// parts spells a log in append order: clock, verdict, and the source of each batch.
func parts(t *testing.T, path string) (out []string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for p, err := range ticklog.InOrder(t.Context(), s.Log(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%d/%d", p.Clock, p.Verdict)
		for _, b := range p.Batches {
			text += fmt.Sprintf(" %s %v", b.Source, b.Late)
		}
		out = append(out, text)
	}
	return out
}

// What a service's log says of its past is saved too: clocks, verdicts, what came late, and
// the order of it all, a chunk that was in quarantine without need included.
func TestALiveLogIsSavedAsItIs(t *testing.T) {
	s := fill(t, "a")
	var enc ticklog.Encoder
	var chunks []ticklog.Chunk
	for i := range odds.Time(4) {
		chunks = append(chunks,
			enc.PackLive([]*odds.Batch{{Source: "live", At: 10 * i, Recv: 10 * i, Late: i%2 == 0}}, ticklog.Head{Clock: 1000 + 10*i}),
			enc.PackLive(nil, ticklog.Head{Clock: 1005 + 10*i, Verdict: 10 * i}))
	}
	at, err := s.Log().Append(t.Context(), chunks...)
	if err != nil {
		t.Fatal(err)
	}
	want := parts(t, killed(t, s))
	if len(want) != 9 || want[1] != "1000/0 live true" || want[4] != "1015/10" {
		t.Fatalf("before: %q", want)
	}
	for _, i := range []int{2, 3} { // with batches, and without
		if err := s.Quarantine(t.Context(), ticklog.Damage{Position: at[i], Payload: chunks[i].Payload, Why: "the disk was loose"}); err != nil {
			t.Fatal(err)
		}
	}
	path := closed(t, s)
	change(t, path, "UPDATE tick_log SET payload = substr(payload, 1, 10) WHERE seq = 9")
	out := filepath.Join(t.TempDir(), "out.db")
	r := examine(t, path)
	if err := r.Save(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if got := parts(t, out); !slices.Equal(got, want[:8]) || r.Salvage.Chunks != 8 || len(r.Salvage.Lost) != 1 || !strings.Contains(r.Salvage.Lost[0], "(1/9)") {
		t.Errorf("saved %q of %q, %+v", got, want, r.Salvage)
	}
}

func TestAQuarantinedChunkThatIsDamagedIsLost(t *testing.T) {
	s := fill(t, "a", "b")
	if err := s.Quarantine(t.Context(), ticklog.Damage{Position: 1<<32 | 1, Payload: []byte("CGT"), Why: "a test"}); err != nil {
		t.Fatal(err)
	}
	sources, r := salvaged(t, closed(t, s))
	if !slices.Equal(sources, []string{"b"}) || r.Salvage.Chunks != 1 || !slices.Equal(r.Salvage.Lost, []string{"chunk 4294967297 (1/1), in quarantine: a test"}) {
		t.Errorf("%q, %+v", sources, r.Salvage)
	}
}

func TestRowsThatAreNotWhatWasWrittenAreLeftOut(t *testing.T) {
	path := closed(t, fill(t, "a"))
	change(t, path, "UPDATE audit_log SET status = 'FAILED'; UPDATE audit_size SET bytes = 0; UPDATE state SET value = 1 WHERE name = 'as_of'")
	_, r := salvaged(t, path)
	want := []string{"rows of audit_log that are not what was written: 1", "rows of state that are not what was written: 1"}
	if !slices.Equal(r.Salvage.Lost, want) || r.Salvage.Rows["audit_log"] != 0 || r.Salvage.Rows["events"] == 0 {
		t.Errorf("%q, rows %v", r.Salvage.Lost, r.Salvage.Rows)
	}
}

func TestCommitsBehindADamagedFrameAreSaved(t *testing.T) {
	s := fill(t, "a", "b", "c")
	path := killed(t, s)
	flip(t, path+"-wal", 32+20) // the checksum of the first frame: SQLite would drop everything
	sources, r := salvaged(t, path)
	if !slices.Equal(sources, []string{"a", "b", "c"}) || r.Err() == nil || !slices.Contains(kinds(r), store.FindWAL) {
		t.Errorf("%q, %v", sources, r.Findings)
	}
}

func TestWhatCannotBeExamined(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{filepath.Join(dir, "none"): fs.ErrNotExist, text: store.ErrNotStore, dir: store.ErrNotStore} {
		if _, err := Examine(t.Context(), path); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	path := closed(t, fill(t, "a"))
	if err := examine(t, path).Save(t.Context(), text); !errors.Is(err, fs.ErrExist) {
		t.Errorf("saved over a file: %v", err)
	}
}
