package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/store/sqlite/db"
	"corrgraph/ticklog"
)

// threeChunks is a closed store with a chunk each of sources a, b and c.
func threeChunks(t *testing.T) string {
	t.Helper()
	s := open(t, Options{})
	for i, source := range []string{"a", "b", "c"} {
		if _, err := s.Log().Append(t.Context(), marked(odds.Time(1000*i), source)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.Path()
}

// script runs SQL of another program.
func script(t *testing.T, path, sql string) {
	t.Helper()
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Script(t.Context(), sql), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// spoil flips a bit in the payload of chunk 2.
func spoil(t *testing.T, path string) {
	t.Helper()
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	chunk := marked(1000, "b")
	chunk.Payload[len(chunk.Payload)-1] ^= 1
	if _, err := c.Exec(t.Context(), db.Statement{SQL: "UPDATE tick_log SET payload = ? WHERE seq = 2", Deadline: db.Listing}, chunk.Payload); err != nil {
		t.Fatal(err)
	}
}

func reopen(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// examined is what a start finds, and the sources that it reads.
func examined(t *testing.T, s *Store) (found []store.Finding, sources []string) {
	t.Helper()
	found, err := s.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range ticklog.ByTimeAround(t.Context(), s.Log(), func(d ticklog.Damage) {
		if err := s.Quarantine(t.Context(), d); err != nil {
			t.Error(err)
		}
	}) {
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, b.Source)
	}
	return found, sources
}

func TestAWholeStoreHasNoFindings(t *testing.T) {
	path := threeChunks(t)
	found, sources := examined(t, reopen(t, path))
	if len(found) > 0 || !slices.Equal(sources, []string{"a", "b", "c"}) {
		t.Errorf("%v, %q", found, sources)
	}
}

func TestAnIndexThatDisagreesIsBuiltAnew(t *testing.T) {
	for name, harm := range map[string]string{
		"a row moved":     "UPDATE tick_log SET rowid = 99 WHERE seq = 2",
		"what a row says": "UPDATE tick_log SET from_at = from_at + 100, quotes = 7 WHERE seq = 2",
	} {
		t.Run(name, func(t *testing.T) {
			path := threeChunks(t)
			script(t, path, `CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE name = 'tick_log_by_time'; PRAGMA writable_schema = ON;
				DELETE FROM sqlite_schema WHERE name = 'tick_log_by_time'; PRAGMA writable_schema = RESET`)
			script(t, path, harm)
			script(t, path, `PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM aside; PRAGMA writable_schema = RESET`)
			script(t, path, `DROP TABLE aside`)
			if _, err := Inspect(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("called good: %v", err)
			}
			found, sources := examined(t, reopen(t, path))
			if !slices.Equal(sources, []string{"a", "b", "c"}) {
				t.Errorf("read %q", sources)
			}
			if len(found) != 1 || found[0].Kind != store.FindIndex || !strings.Contains(found[0].Detail, "built anew") {
				t.Errorf("%v", found)
			}
			s := reopenAfter(t, path)
			if found, _ := examined(t, s); len(found) > 0 {
				t.Errorf("afterwards: %v", found)
			}
		})
	}
}

// liveChunks is a closed store with a service's chunks: batches of a, a clock, a verdict.
func liveChunks(t *testing.T) string {
	t.Helper()
	s := open(t, Options{})
	var enc ticklog.Encoder
	_, err := s.Log().Append(t.Context(),
		enc.PackLive([]*odds.Batch{{Source: "a", At: 1000, Recv: 1000, Late: true}}, ticklog.Head{Clock: 1100}),
		enc.PackLive(nil, ticklog.Head{Clock: 1200}), enc.PackLive(nil, ticklog.Head{Clock: 1300, Verdict: 900}))
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return s.Path()
}

func TestChunksWithoutBatchesAreWell(t *testing.T) {
	path := liveChunks(t)
	held, err := Inspect(t.Context(), path)
	if err != nil || held.Chunks != 3 || held.Quotes != 0 {
		t.Errorf("%+v, %v", held, err)
	}
	if found, err := Check(t.Context(), path, path); err != nil || len(found) > 0 {
		t.Errorf("checked: %v, %v", found, err)
	}
	found, sources := examined(t, reopen(t, path))
	if len(found) > 0 || !slices.Equal(sources, []string{"a"}) {
		t.Errorf("%v, %q", found, sources)
	}
}

// A repair puts right what the row of a chunk without batches says of it, by its clock.
func TestTheRowOfAChunkWithoutBatchesIsPutRight(t *testing.T) {
	path := liveChunks(t)
	script(t, path, `CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE name = 'tick_log_by_time'; PRAGMA writable_schema = ON;
		DELETE FROM sqlite_schema WHERE name = 'tick_log_by_time'; PRAGMA writable_schema = RESET`)
	script(t, path, `UPDATE tick_log SET from_at = 7, to_at = 8, quotes = 9 WHERE seq = 2`)
	script(t, path, `PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM aside; PRAGMA writable_schema = RESET`)
	script(t, path, `DROP TABLE aside`)
	s := reopen(t, path)
	found, err := s.Examine(t.Context())
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Detail, "built anew") {
		t.Errorf("%v, %v", found, err)
	}
	for e, err := range s.Log().List(t.Context(), place{1, 2}.position()) {
		if err != nil || e.From != 1200 && e.From != 1300 || e.To != e.From || e.Quotes != 0 {
			t.Errorf("%+v, %v", e, err)
		}
	}
	for p, err := range ticklog.InOrder(t.Context(), s.Log(), func(d ticklog.Damage) { t.Error(d.String()) }) {
		if err != nil || p.Clock == 0 {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestADamagedChunkWithoutBatchesGoesIntoQuarantine(t *testing.T) {
	path := liveChunks(t)
	spoil(t, path)
	s := reopen(t, path)
	var clocks []odds.Time
	for p, err := range ticklog.InOrder(t.Context(), s.Log(), func(d ticklog.Damage) {
		if err := s.Quarantine(t.Context(), d); err != nil {
			t.Error(err)
		}
	}) {
		if err != nil {
			t.Fatal(err)
		}
		clocks = append(clocks, p.Clock)
	}
	found, err := s.Examine(t.Context())
	if !slices.Equal(clocks, []odds.Time{1100, 1300}) || err != nil || len(found) != 1 || found[0].Kind != store.FindChunk || found[0].Where != "quarantine" {
		t.Errorf("clocks %v, %v, %v", clocks, found, err)
	}
}

// reopenAfter opens a copy of a store that another test still has open.
func reopenAfter(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	to := filepath.Join(t.TempDir(), "again.db")
	if err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	return reopen(t, to)
}

func TestADamagedChunkGoesIntoQuarantineAndNothingElse(t *testing.T) {
	path := threeChunks(t)
	spoil(t, path)
	if _, err := Inspect(t.Context(), path); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "checksum differs") {
		t.Errorf("called good: %v", err)
	}
	s := reopen(t, path)
	if _, sources := examined(t, s); !slices.Equal(sources, []string{"a", "c"}) {
		t.Errorf("read %q", sources)
	}
	at, err := s.Log().Append(t.Context(), marked(5000, "d"))
	if err != nil || placeOf(at[0]) != (place{2, 1}) {
		t.Errorf("appended at %v, %v", at, err)
	}
	found, sources := examined(t, s)
	if !slices.Equal(sources, []string{"a", "c", "d"}) || len(found) != 1 || found[0].Kind != store.FindChunk || !strings.Contains(found[0].Detail, "(1/2): 0 quotes of b from") {
		t.Errorf("%q, %v", sources, found)
	}
	s.Close()
	held, err := Inspect(t.Context(), path)
	if err != nil || held.Quarantined != 1 || held.Chunks != 3 {
		t.Errorf("a store with a chunk in quarantine: %+v, %v", held, err)
	}
}

func TestTheLastChunkInQuarantineKeepsItsPosition(t *testing.T) {
	path := threeChunks(t)
	s := reopen(t, path)
	if err := s.Quarantine(t.Context(), ticklog.Damage{Position: place{1, 3}.position(), Why: "a test"}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = reopen(t, path)
	at, err := s.Log().Append(t.Context(), marked(5000, "d"))
	if err != nil || placeOf(at[0]) != (place{2, 1}) {
		t.Errorf("appended at %v, %v", at, err)
	}
}

func TestAMissingChunkIsNotTakenForATrimmedOne(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want int
	}{
		"in the middle": {"DELETE FROM tick_log WHERE seq = 2", 1},
		"at the end":    {"DELETE FROM tick_log WHERE seq = 3", 1},
		"trimmed":       {"DELETE FROM tick_log WHERE seq < 3", 0},
	} {
		path := threeChunks(t)
		script(t, path, c.sql)
		s := reopen(t, path)
		found, _ := examined(t, s)
		if len(found) != c.want || c.want > 0 && found[0].Kind != store.FindGap {
			t.Errorf("%s: %v", name, found)
		}
		// It stays known, and positions are not used again.
		if _, err := s.Log().Append(t.Context(), marked(5000, "d")); err != nil {
			t.Error(err)
		}
		s.Close()
		if found, err := Check(t.Context(), path, path); err != nil || len(found) != c.want {
			t.Errorf("%s, later: %v, %v", name, found, err)
		}
	}
}

func TestAnOlderStoreInThePlaceOfANewerIsNoticed(t *testing.T) {
	path := threeChunks(t)
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	if _, err := s.Log().Append(t.Context(), marked(5000, "d")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := os.WriteFile(path, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Check(t.Context(), path, path); err != nil || len(found) != 1 || !strings.Contains(found[0].Detail, "chunks up to 2/1 were acknowledged") {
		t.Errorf("%v, %v", found, err)
	}
	if found, _ := examined(t, reopen(t, path)); len(found) != 1 || found[0].Kind != store.FindGap {
		t.Errorf("%v", found)
	}
}

// Whoever restores has decided to go on from where the backup ends.
func TestAReplacedStoreHasNoMark(t *testing.T) {
	path := threeChunks(t)
	older, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path+".older", older, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	if _, err := s.Log().Append(t.Context(), marked(5000, "d")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := Replace(t.Context(), path, path+".older", path+".aside"); err != nil {
		t.Fatal(err)
	}
	if found, _ := examined(t, reopen(t, path)); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

func TestATriggerThatDropsChunksIsNotAcknowledged(t *testing.T) {
	s := open(t, Options{})
	script(t, s.Path(), "CREATE TRIGGER thief AFTER INSERT ON tick_log BEGIN DELETE FROM tick_log WHERE rowid = new.rowid; END")
	if _, err := s.Log().Append(t.Context(), marked(1, "a")); !errors.Is(err, store.ErrSchema) {
		t.Errorf("acknowledged: %v", err)
	}
	s.Close()
	if _, err := Open(t.Context(), s.Path(), Options{}); !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "trigger thief on tick_log") {
		t.Errorf("opened: %v", err)
	}
}

func TestEveryOlderVersionOpensWithItsLog(t *testing.T) {
	all := migrations()
	for version := 1; version < len(all); version++ {
		path := filepath.Join(t.TempDir(), "old.db")
		old, err := db.Open(t.Context(), path, db.Schema{ID: applicationID, Migrations: all[:version]}, Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		chunk := marked(1000, "old")
		var enc ticklog.Encoder
		clock := enc.PackLive(nil, ticklog.Head{Clock: 2000})
		err = old.Write(t.Context(), func(c *db.Conn) error {
			return logTable.Write(t.Context(), c, []logRow{{place{3, 1}, &chunk}, {place{3, 2}, &chunk}, {place{4, 1}, &chunk}, {place{4, 2}, &clock}})
		})
		if err := errors.Join(err, old.Close()); err != nil {
			t.Fatal(err)
		}
		if held, err := Inspect(t.Context(), path); err != nil || held.Chunks != 4 {
			t.Errorf("version %d: %+v, %v", version, held, err)
		}
		found, sources := examined(t, reopen(t, path))
		if len(found) > 0 || fmt.Sprint(sources) != "[old old old]" {
			t.Errorf("version %d: %v, %q", version, found, sources)
		}
	}
}

// TestExamineTail finds what is missing from a position on, and nothing before it.
func TestExamineTail(t *testing.T) {
	for _, c := range []struct {
		harm string
		from ticklog.Position
		want int
	}{
		{"", 0, 0},
		{"DELETE FROM tick_log WHERE seq = 2", 0, 1},
		{"DELETE FROM tick_log WHERE seq = 2", place{1, 1}.position(), 1},
		{"DELETE FROM tick_log WHERE seq = 2", place{1, 3}.position(), 0},
	} {
		path := threeChunks(t)
		if c.harm != "" {
			script(t, path, c.harm)
		}
		s := reopen(t, path)
		found, err := s.ExamineTail(t.Context(), c.from)
		if err != nil || len(found) != c.want {
			t.Errorf("%q from %d: %v, %v", c.harm, c.from, found, err)
		}
	}
}

// TestTheTailIsFoundByItsIndex: a start must not read the whole log for it.
func TestTheTailIsFoundByItsIndex(t *testing.T) {
	s := reopen(t, threeChunks(t))
	plan := ""
	err := s.db.Apart(t.Context(), func(c *db.Conn) error {
		return c.Query(t.Context(), db.Statement{SQL: "EXPLAIN QUERY PLAN " + logTail.SQL, Deadline: db.Commit}, func(row []driver.Value) error {
			plan += fmt.Sprintln(row[3])
			return nil
		}, int64(1), int64(1))
	})
	if err != nil || plan != "SEARCH tick_log USING COVERING INDEX sqlite_autoindex_tick_log_1 ((session,seq)>(?,?))\n" {
		t.Errorf("%v: %s", err, plan)
	}
}
