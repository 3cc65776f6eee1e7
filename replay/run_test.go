package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/feed"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
	"corrgraph/ticklog/logtest"
)

// shelf is a store in memory that notes what it is given and fails where it is told to.
type shelf struct {
	log     logtest.Memory
	devig   odds.Method
	results *store.Results
	rows    []store.AuditRow

	failsDevig, failsResults, failsAudit error
}

func (s *shelf) Log() ticklog.Log { return &s.log }

func (s *shelf) WriteResults(_ context.Context, r *store.Results) error {
	s.results = r
	return s.failsResults
}

func (s *shelf) UseDevig(_ context.Context, m odds.Method) error {
	s.devig = m
	return s.failsDevig
}

func (s *shelf) Audit(_ context.Context, rows []store.AuditRow) error {
	s.rows = append(s.rows, rows...)
	return s.failsAudit
}

// two quotes of two venues, n times.
func polls(n int) (out []*odds.Batch) {
	for i := range n {
		at := odds.Time(1_780_000_000_000 + 60_000*i)
		b := &odds.Batch{Source: "s", At: at, Recv: at}
		for _, venue := range []string{"a", "b"} {
			b.Updates = append(b.Updates, odds.Update{
				Event: &odds.Event{ID: "m", Sport: "tennis", League: "open", Home: "A", Away: "B", Start: at + 86_400_000}, Venue: venue, Market: "h2h",
				Quotes: []odds.Quote{
					{Selection: "home", Side: odds.Home, Line: math.NaN(), Price: 1.9 + float64(i%5)/100},
					{Selection: "away", Side: odds.Away, Line: math.NaN(), Price: 2 - float64(i%5)/100},
				},
			})
		}
		out = append(out, b)
	}
	return out
}

// from gives batches one after the other and counts how often it is asked.
func from(batches []*odds.Batch, end error) (next func() (*odds.Batch, error), asked *int) {
	asked = new(int)
	return func() (*odds.Batch, error) {
		*asked++
		if *asked > len(batches) {
			return nil, end
		}
		return batches[*asked-1], nil
	}, asked
}

var errDisk = errors.New("the disk is gone")

func TestBatchesAreLoggedAndConcluded(t *testing.T) {
	s := &shelf{}
	next, _ := from(polls(30), io.EOF)
	sum, err := Batches(t.Context(), s, next, Options{Engine: engine.Options{Devig: odds.Shin}})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Quotes != 120 || sum.Events != 1 || sum.Nodes == 0 || sum.AsOf != polls(30)[29].At || sum.Duplicates != 0 || sum.Seconds != 0 {
		t.Errorf("%+v", sum)
	}
	if s.devig != odds.Shin || s.results == nil || s.results.AsOf != sum.AsOf || len(s.results.Events) != 1 || len(s.results.Documents["summary"]) == 0 {
		t.Errorf("method %v, results %+v", s.devig, s.results)
	}
	if len(s.rows) != 0 {
		t.Errorf("without a clock it was noted when it was: %+v", s.rows)
	}
	// Again: nothing is new, and the log does not grow.
	before, err := s.log.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next, _ = from(polls(30), io.EOF)
	again, err := Batches(t.Context(), s, next, Options{Engine: engine.Options{Devig: odds.Shin}})
	if err != nil || again.Duplicates != 120 || again.Quotes != 120 {
		t.Errorf("%+v, %v", again, err)
	}
	if after, err := s.log.Stats(t.Context()); err != nil || after != before {
		t.Errorf("the log held %+v and holds %+v, %v", before, after, err)
	}
}

// What a service says beside its batches changes nothing of what follows from them.
func TestAServicesLogIsReplayedLikeARecording(t *testing.T) {
	var enc ticklog.Encoder
	clock := odds.Time(1_790_000_000_000)
	recorded, live := []ticklog.Chunk{enc.Pack(polls(30))}, []ticklog.Chunk{enc.PackLive(nil, ticklog.Head{Clock: clock})}
	for i := range odds.Time(3) {
		live = append(live, enc.PackLive(polls(30)[10*i:10*i+10], ticklog.Head{Clock: clock + i, Verdict: i}), enc.PackLive(nil, ticklog.Head{Clock: clock + 10*i, Verdict: 2 * i}))
	}
	var sums []Summary
	var results []*store.Results
	var shows [][]Shown
	for _, chunks := range [][]ticklog.Chunk{recorded, live} {
		s := &shelf{}
		if _, err := s.log.Append(t.Context(), chunks...); err != nil {
			t.Fatal(err)
		}
		next, _ := from(nil, io.EOF)
		sum, err := Batches(t.Context(), s, next, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var rows []Shown
		if err := Show(t.Context(), &s.log, ShowOptions{Facts: new(catalog.Facts)}, func(x *Shown) error { rows = append(rows, Shown{At: x.At, Node: x.Node, Status: x.Status}); return nil }); err != nil {
			t.Fatal(err)
		}
		sums, results, shows = append(sums, sum), append(results, s.results), append(shows, rows)
	}
	if sums[0].Quotes != 120 || len(shows[0]) == 0 || sums[0].AsOf != polls(30)[29].At {
		t.Errorf("%+v, %d rows", sums[0], len(shows[0]))
	}
	if !reflect.DeepEqual(sums[0], sums[1]) || !reflect.DeepEqual(results[0], results[1]) || !slices.Equal(shows[0], shows[1]) {
		t.Errorf("%+v, recorded it is %+v", sums[1], sums[0])
	}
}

func TestNothingIsAnAnswerToo(t *testing.T) {
	s := &shelf{}
	next, _ := from(nil, io.EOF)
	sum, err := Batches(t.Context(), s, next, Options{})
	if err != nil || sum.Quotes != 0 || sum.AsOf != 0 || s.results == nil {
		t.Errorf("%+v, %v", sum, err)
	}
	if sum.Rejected == nil || sum.Anomalies == nil || sum.Suppressed == nil || len(sum.Pairs) != 4 || len(sum.Edges) != 4 {
		t.Errorf("members that are promised are null: %+v", sum)
	}
}

// TestAnErrorEndsTheRunBeforeItsConclusions: whatever fails, it is the error, and the
// conclusions of before stay.
func TestAnErrorEndsTheRunBeforeItsConclusions(t *testing.T) {
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(errDisk)
	for name, c := range map[string]struct {
		ctx   context.Context
		s     *shelf
		end   error
		facts error
		asked bool // for batches
		says  string
	}{
		"the source":        {t.Context(), &shelf{}, errDisk, nil, true, "the disk is gone"},
		"the log":           {t.Context(), &shelf{log: logtest.Memory{Fail: func() error { return errDisk }}}, io.EOF, nil, true, ""},
		"another method":    {t.Context(), &shelf{failsDevig: errDisk}, io.EOF, nil, false, "the disk is gone"},
		"the facts":         {t.Context(), &shelf{}, io.EOF, errDisk, false, "the disk is gone"},
		"it is interrupted": {stopped, &shelf{}, io.EOF, nil, false, "the disk is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			next, asked := from(polls(3), c.end)
			o := Options{Clock: time.Now}
			if c.facts != nil {
				o.Facts = func(*catalog.Facts) (*catalog.Facts, error) { return nil, c.facts }
			}
			_, err := Batches(c.ctx, c.s, next, o)
			if !errors.Is(err, errDisk) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			if c.s.results != nil || len(c.s.rows) > 0 {
				t.Errorf("it concluded %+v and noted %+v", c.s.results, c.s.rows)
			}
			if !c.asked && name != "it is interrupted" && *asked > 0 {
				t.Errorf("%d batches were read first", *asked)
			}
		})
	}
}

func TestWhatTheStoreCouldNotKeepIsAnError(t *testing.T) {
	next, _ := from(polls(3), io.EOF)
	s := &shelf{failsResults: errDisk}
	if _, err := Batches(t.Context(), s, next, Options{Clock: time.Now}); !errors.Is(err, errDisk) || err.Error() != "storing the results: the disk is gone" || len(s.rows) > 0 {
		t.Errorf("%v, noted %+v", err, s.rows)
	}
	next, _ = from(polls(3), io.EOF)
	s = &shelf{failsAudit: errDisk}
	if sum, err := Batches(t.Context(), s, next, Options{Clock: time.Now}); !errors.Is(err, errDisk) || sum.Quotes != 12 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestARunIsNotedWithItsTime(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	calls := 0
	clock := func() time.Time { calls++; return at.Add(time.Duration(calls-1) * 1500 * time.Millisecond) }
	path := write(t, polls(5))
	s := &shelf{}
	sum, err := Run(t.Context(), s, Options{Paths: []string{path}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Seconds != 1.5 || sum.Read != 20 || len(s.rows) != 1 {
		t.Fatalf("%+v, %+v", sum, s.rows)
	}
	r := s.rows[0]
	if r.At != odds.TimeOf(at) || r.Operation != "REPLAY" || r.Subject != path || r.Status != "OK" || r.Took != 1500*time.Millisecond || r.Detail != "20 quotes held, 1 events, 0 edges" {
		t.Errorf("%+v", r)
	}
}

func TestProgressEndsAtTheWhole(t *testing.T) {
	path := write(t, polls(50))
	var read, total int64
	told := 0
	_, err := Run(t.Context(), &shelf{}, Options{Paths: []string{path}, Progress: func(r, all int64) {
		if told++; r < read || r > all {
			t.Errorf("%d of %d after %d", r, all, read)
		}
		read, total = r, all
	}})
	if err != nil || told == 0 || read != total || total == 0 {
		t.Errorf("told %d times, at last %d of %d, %v", told, read, total, err)
	}
	// Batches from elsewhere have no size of which a part could be told.
	next, _ := from(polls(3), io.EOF)
	if _, err := Batches(t.Context(), &shelf{}, next, Options{Progress: func(int64, int64) { t.Error("progress of what?") }}); err != nil {
		t.Error(err)
	}
}

// TestAFileThatIsNotThereStopsEverything: nothing is applied before all are open.
func TestAFileThatIsNotThereStopsEverything(t *testing.T) {
	s := &shelf{}
	missing := filepath.Join(t.TempDir(), "none.csv")
	if _, err := Run(t.Context(), s, Options{Paths: []string{write(t, polls(3)), missing}}); err == nil || !strings.Contains(err.Error(), missing) || s.results != nil {
		t.Errorf("%v", err)
	}
}

func TestABadRowCostsItselfAndIsCounted(t *testing.T) {
	batches := polls(4)
	batches[1].Updates[0].Quotes[0].Price = 0.5
	sum, err := Run(t.Context(), &shelf{}, Options{Paths: []string{write(t, batches)}})
	total := 0
	for _, n := range sum.Rejected {
		total += n
	}
	if err != nil || total != 1 || sum.Quotes != 15 || len(sum.Rejects) != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	if errors.Is(err, feed.ErrFormat) {
		t.Error("a bad row is no bad file")
	}
}

func TestSummariesCountByKind(t *testing.T) {
	res := &store.Results{
		AsOf: 7, Events: make([]catalog.Event, 3),
		Edges: []graph.Edge{{Layer: 1, Discovered: true}, {Layer: 1}, {Layer: 4, Discovered: true}, {Layer: 4, Discovered: true}},
		Families: []graph.Family{
			{Discovered: true}, {Discovered: true, Simultaneous: true}, {Simultaneous: true}, {},
		},
		Anomalies: []detect.Anomaly{{Kind: "x"}, {Kind: "x"}, {Kind: "y"}, {Kind: "x", Suppressed: "cooling"}, {Kind: "z", Suppressed: "cooling"}},
	}
	score := ledger.Score{Issued: 9, Matured: 8, Hits: 7, HitRate: 0.875, HitLow: 0.5, HitHigh: 0.97, BaseRate: 0.25, BaseN: 40, Brier: 0.1, LogLoss: 0.3}
	seen := engine.Counts{Ticks: 5, Quotes: 6, Partial: 1, Pairs: [5]int{99, 1, 2, 3, 4}, LeftOut: map[string]int{"L2": 8}}
	got := summarise(res, &store.Judgement{Check: graph.Mismatch{Rate: 0.02, Copies: 20}}, seen, score)
	for what, ok := range map[string]bool{
		"edges":       maps.Equal(got.Edges, map[string]int{"L1": 1, "L2": 0, "L3": 0, "L4": 2}),
		"pairs":       maps.Equal(got.Pairs, map[string]int{"L1": 1, "L2": 2, "L3": 3, "L4": 4}),
		"left out":    maps.Equal(got.LeftOut, map[string]int{"L2": 8}),
		"families":    got.Families == 4 && got.Discovered == 2 && got.Directed == 1,
		"anomalies":   maps.Equal(got.Anomalies, map[string]int{"x": 2, "y": 1}),
		"suppressed":  maps.Equal(got.Suppressed, map[string]int{"x": 1, "z": 1}),
		"predictions": got.Predictions == (Predictions{9, 8, 7, 0.875, 0.5, 0.97, 0.25, 40, 0.1, 0.3}),
		"the rest":    fmt.Sprint(got.AsOf, got.Events, got.Ticks, got.Quotes, got.Partial, got.DecoyDiscoveryRate, got.DecoyCopies) == fmt.Sprint(odds.Time(7), 3, 5, 6, 1, 0.02, 20),
	} {
		if !ok {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// What a run counts is of its own recordings, also where a store is continued: contradictions
// and repetitions that the store holds are no fault of a later file.
func TestCountsAreOfThisRun(t *testing.T) {
	answer := func(minute int, books string) string {
		at := fmt.Sprintf("2026-05-10T12:%02d:00Z", minute)
		return `{"timestamp":"` + at + `","data":[{"id":"1","sport_key":"tennis_atp","home_team":"Ann","away_team":"Bea","bookmakers":[` +
			strings.ReplaceAll(books, "AT", at) + "]}]}\n"
	}
	book := func(ann string) string {
		return `{"key":"x","last_update":"AT","markets":[{"key":"h2h","outcomes":[{"name":"Ann","price":` + ann + `},{"name":"Bea","price":2}]}]}`
	}
	file := func(name string, first int, books string) string {
		path := filepath.Join(t.TempDir(), name)
		var text string
		for i := range 5 {
			text += answer(first+i, books)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	twice, clean := file("twice.ndjson", 0, book("1.9")+","+book("1.8")), file("clean.ndjson", 30, book("1.9"))
	db := newDB(t)
	for _, c := range []struct {
		file                        string
		read, duplicates, conflicts int
	}{
		{twice, 20, 5, 5}, {clean, 10, 0, 0}, {clean, 10, 10, 0}, {twice, 20, 20, 0},
	} {
		_, sum := replayInto(t, db, c.file)
		if sum.Read != c.read || sum.Duplicates != c.duplicates || sum.Rejected["conflict"] != c.conflicts {
			t.Errorf("%s: read %d, %d duplicates, rejected %v; want %+v", filepath.Base(c.file), sum.Read, sum.Duplicates, sum.Rejected, c)
		}
	}
}
