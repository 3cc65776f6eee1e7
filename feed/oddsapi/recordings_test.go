package oddsapi

import (
	"compress/bzip2"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/feed"
	"corrgraph/odds"
)

// recordings returns the path of a recording beside the repository.
func recordings(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("../../../shared/data/the-odds-api-v4", name)
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no recordings beside the repository: %v", err)
	}
	return path
}

func open(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if strings.HasSuffix(path, ".bz2") {
		return bzip2.NewReader(f)
	}
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecordingsParseWhole(t *testing.T) {
	for pattern, want := range map[string]struct{ quotes, inPlay, events, venues int }{
		"mlb_*":      {692052, 42486, 51, 11},
		"wnba_*":     {215684, 9068, 11, 11},
		"kbo_*":      {69292, 8168, 20, 10},
		"nfl_*":      {123012, 2142, 12, 11},
		"worldcup_*": {514505, 6753, 25, 11},
	} {
		t.Run(pattern, func(t *testing.T) {
			files, err := filepath.Glob(recordings(t, pattern+".bz2"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			var rep feed.Report
			inPlay, events, venues := 0, map[string]bool{}, map[string]bool{}
			for _, file := range files {
				err := New().Parse(t.Context(), file, open(t, file), func(b *odds.Batch) error {
					for i := range b.Updates {
						u := &b.Updates[i]
						events[u.Event.ID], venues[u.Venue] = true, true
						if u.InPlay {
							inPlay += len(u.Quotes)
						}
					}
					return nil
				}, &rep)
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, n := rep.Rejected(); n > 0 {
				t.Errorf("%d rejects: %v", n, rep.Shown())
			}
			if rep.Quotes() != want.quotes || inPlay != want.inPlay || len(events) != want.events || len(venues) != want.venues {
				t.Errorf("%d quotes (%d in play), %d events, %d venues; want %+v", rep.Quotes(), inPlay, len(events), len(venues), want)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	var text []byte
	for _, day := range []string{"06", "07", "08"} {
		part, err := io.ReadAll(open(b, recordings(b, "mlb_2026-08-"+day+".ndjson.bz2")))
		if err != nil {
			b.Fatal(err)
		}
		text = append(text, part...)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var rep feed.Report
		err := New().Parse(b.Context(), "mlb", strings.NewReader(string(text)), func(*odds.Batch) error { return nil }, &rep)
		if err != nil || rep.Quotes() != 692052 {
			b.Fatal(rep.Quotes(), err)
		}
	}
}
