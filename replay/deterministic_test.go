package replay

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"corrgraph/odds"
	"corrgraph/store/sqlite"
)

// The same input gives the same conclusions byte by byte, however it is given.
func TestSimulatedMarketIsDeterministic(t *testing.T) {
	batches := market(t)
	file := write(t, batches)
	want, sum := replayInto(t, newDB(t), file)
	if sum.Quotes < 10_000 || sum.Predictions.Issued == 0 || sum.Edges["L1"] == 0 || len(sum.Rejected) > 0 {
		t.Fatalf("too little happened to compare: %+v", sum)
	}
	t.Run("the simulator's batches themselves", func(t *testing.T) {
		long(t)
		sameDump(t, "batches", feedInto(t, newDB(t), batches), want)
	})
	t.Run("in two parts", func(t *testing.T) {
		long(t)
		half := batches[len(batches)/2].At
		first := write(t, where(batches, func(at odds.Time) bool { return at < half }))
		last := write(t, where(batches, func(at odds.Time) bool { return at >= half }))
		inOrder := newDB(t)
		replayInto(t, inOrder, first)
		got, _ := replayInto(t, inOrder, last)
		sameDump(t, "first half, then the second", got, want)
		backwards := newDB(t)
		replayInto(t, backwards, last)
		got, _ = replayInto(t, backwards, first)
		sameDump(t, "second half, then the first", got, want)
	})
	t.Run("cut between two legs", func(t *testing.T) {
		long(t)
		table, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows := bytes.SplitAfter(table, []byte("\n"))
		const cut = 2 // the header and the first leg
		part := func(rows ...[]byte) string {
			path := filepath.Join(t.TempDir(), "part.csv")
			if err := os.WriteFile(path, bytes.Join(rows, nil), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		first, last := part(rows[:cut]...), part(append([][]byte{rows[0]}, rows[cut:]...)...)
		for name, second := range map[string]string{"the rest": last, "the whole file": file} {
			db := newDB(t)
			replayInto(t, db, first)
			got, _ := replayInto(t, db, second)
			sameDump(t, "the first leg, then "+name, got, want)
		}
	})
	t.Run("interleaved", func(t *testing.T) {
		const block = 10 * 60_000
		odd := write(t, where(batches, func(at odds.Time) bool { return at/block%2 == 1 }))
		even := write(t, where(batches, func(at odds.Time) bool { return at/block%2 == 0 }))
		got, _ := replayInto(t, newDB(t), odd, even)
		sameDump(t, "two files at once", got, want)
		long(t) // what follows does nothing else concurrently
		db := newDB(t)
		replayInto(t, db, odd)
		got, _ = replayInto(t, db, even)
		sameDump(t, "odd blocks, then even ones", got, want)
		got, _ = replayInto(t, newDB(t), even, odd)
		sameDump(t, "two files in the other order", got, want)
	})
	t.Run("by event", func(t *testing.T) {
		long(t)
		part := func(in bool) string {
			var out []*odds.Batch
			for _, b := range batches {
				one := *b
				one.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u odds.Update) bool { return (u.Event.ID == "mlb-nyy-bos") != in })
				if len(one.Updates) > 0 {
					out = append(out, &one)
				}
			}
			return write(t, out)
		}
		one, others := part(true), part(false)
		db := newDB(t)
		replayInto(t, db, one)
		got, _ := replayInto(t, db, others)
		sameDump(t, "one event, then the others", got, want)
		db = newDB(t)
		replayInto(t, db, others)
		got, _ = replayInto(t, db, one)
		sameDump(t, "the others, then the one event", got, want)
	})
	t.Run("twice", func(t *testing.T) {
		long(t)
		db := newDB(t)
		got, sum := replayInto(t, db, file, file)
		sameDump(t, "the same file twice", got, want)
		if sum.Duplicates != sum.Quotes {
			t.Errorf("%d duplicates of %d quotes", sum.Duplicates, sum.Quotes)
		}
		got, sum = replayInto(t, db, file)
		sameDump(t, "again into the same store", got, want)
		if sum.Duplicates != sum.Quotes {
			t.Errorf("again: %d duplicates of %d quotes", sum.Duplicates, sum.Quotes)
		}
	})
	t.Run("processors", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
		two, _ := replayInto(t, newDB(t), file)
		sameDump(t, "two processors", two, want)
		long(t) // one alone races with nobody
		runtime.GOMAXPROCS(1)
		one, _ := replayInto(t, newDB(t), file)
		sameDump(t, "one processor", one, want)
	})
}

// A real recording of polls, whole and in parts.
func TestRecordingIsDeterministic(t *testing.T) {
	raw := recordings(t, "the-odds-api-v4/raw/*.json.gz")
	want, sum := replayInto(t, newDB(t), raw...)
	if sum.Events == 0 || sum.Quotes == 0 {
		t.Fatalf("nothing in %v: %+v", raw, sum)
	}
	slices.Reverse(raw)
	got, _ := replayInto(t, newDB(t), raw...)
	sameDump(t, "files in the other order", got, want)
	db := newDB(t)
	for _, f := range raw {
		got, _ = replayInto(t, db, f)
	}
	sameDump(t, "one file at a time, last first", got, want)
}

// A replay that was stopped or killed leaves a store that opens; after a second replay it
// equals that of an undisturbed one.
func TestStoppedReplayCanBeRepeated(t *testing.T) {
	long(t)
	files := recordings(t, "the-odds-api-v4/kbo_*.bz2")
	want, sum := replayInto(t, newDB(t), files...)
	if sum.Quotes != 69_292 {
		t.Errorf("%d quotes, want 69292", sum.Quotes)
	}
	repeated := newDB(t)
	t.Run("cancelled", func(t *testing.T) {
		stopAfter(t, repeated, files, 3, errors.New("stop"))
		st := openStore(t, repeated)
		if as, err := st.Anomalies(context.Background(), "", 0); err != nil || len(as) > 0 {
			t.Errorf("a store without conclusions has %d anomalies, %v", len(as), err)
		}
		st.Close()
		got, sum := replayInto(t, repeated, files...)
		sameDump(t, "repeated", got, want)
		if sum.Duplicates == 0 {
			t.Error("nothing of the stopped replay was kept")
		}
	})
	t.Run("killed", func(t *testing.T) {
		copied := killedCopy(t, files, 3)
		got, sum := replayInto(t, copied, files...)
		sameDump(t, "repeated", got, want)
		if sum.Duplicates == 0 {
			t.Error("nothing of the killed replay was kept")
		}
	})
	t.Run("a stop leaves old conclusions", func(t *testing.T) {
		stopAfter(t, repeated, recordings(t, "the-odds-api-v4/wnba_2026-08-06*.bz2"), 1, errors.New("stop"))
		st := openStore(t, repeated)
		defer st.Close()
		sameDump(t, "conclusions", dump(t, st), want)
	})
}

// stopAfter replays files until the log has been offered a number of chunks.
func stopAfter(t *testing.T, db string, files []string, chunks int, cause error) {
	t.Helper()
	st := openStore(t, db)
	defer st.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	_, err := Run(ctx, st, Options{Paths: files, Progress: func(int64, int64) {
		if n++; n == chunks {
			cancel(cause)
		}
	}})
	if !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
		t.Errorf("stopped replay: %v", err)
	}
}

// killedCopy copies a store's files during a replay: the state a killed process would
// leave.
func killedCopy(t *testing.T, files []string, chunks int) string {
	t.Helper()
	db, copied := newDB(t), newDB(t)
	st := openStore(t, db)
	defer st.Close()
	n := 0
	if _, err := Run(context.Background(), st, Options{Paths: files, Progress: func(int64, int64) {
		if n++; n != chunks {
			return
		}
		for _, ext := range []string{"", "-wal"} {
			b, err := os.ReadFile(db + ext)
			if err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(copied+ext, b, 0o600); err != nil {
				t.Error(err)
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if n < chunks {
		t.Fatalf("only %d chunks", n)
	}
	return copied
}

// Unreadable content is reported; everything read before it stays.
func TestBrokenFilesLoseNothing(t *testing.T) {
	file := write(t, market(t)[:2000])
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage.csv")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte{0x00, 0xff, 0x13}, 4000), 0o600); err != nil {
		t.Fatal(err)
	}
	db := newDB(t)
	want, _ := replayInto(t, db, file)
	st := openStore(t, db)
	defer st.Close()
	for _, paths := range [][]string{{garbage}, {filepath.Join(t.TempDir(), "missing.csv")}, {garbage, file}} {
		if _, err := Run(context.Background(), st, Options{Paths: paths}); err == nil {
			t.Errorf("%v: no error", paths)
		}
		sameDump(t, "after "+filepath.Base(paths[0]), dump(t, st), want)
	}
	if len(whole) == 0 {
		t.Fatal("nothing was written")
	}
	if _, err := sqlite.Open(context.Background(), db, sqlite.Options{Create: true}); err == nil {
		t.Error("a store in use was opened for writing")
	}
}
