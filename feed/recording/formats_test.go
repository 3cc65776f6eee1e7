package recording

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"corrgraph/feed/canonical"
	"corrgraph/feed/columns"
	"corrgraph/odds"
)

func formatsPage(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/FORMATS.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// told renders what was read as the page shows it.
func told(batches []*odds.Batch) (lines []string) {
	for _, b := range batches {
		for _, u := range b.Updates {
			market := fmt.Sprint(b.At, " ", u.Venue, " ", u.Event.ID, " ", u.Market, " ")
			if u.Status != odds.Open {
				lines = append(lines, market+u.Status.String())
			}
			for _, q := range u.Quotes {
				text := market + q.Selection
				if !math.IsNaN(q.Line) {
					text += fmt.Sprint("@", q.Line)
				}
				if q.Status == odds.Open {
					lines = append(lines, fmt.Sprintf("%s %.5g", text, q.Price))
				} else {
					lines = append(lines, text+" "+q.Status.String())
				}
			}
		}
	}
	return lines
}

// The worked examples of the page read as the page says.
func TestExamplesOfThePage(t *testing.T) {
	example := regexp.MustCompile("(?s)```(?:csv|json)\n(.*?)```\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```")
	found := example.FindAllStringSubmatch(formatsPage(t), -1)
	if len(found) < 3 {
		t.Fatalf("%d examples", len(found))
	}
	for _, e := range found {
		m, err := columns.Read("the page", []byte(e[2]))
		if err != nil {
			t.Error(err)
			continue
		}
		s := open(t, Options{Map: m}, write(t, "table", []byte(e[1])))
		got := told(drain(t, s))
		if want := strings.Split(strings.TrimSpace(e[3]), "\n"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: rejected %v, %v\n%s\nwant\n%s", m.Name, s.Report().Shown(), s.Errors(), strings.Join(got, "\n"), e[3])
		}
	}
}

// Every canonical column, every alias, and every key of a map stand on the page.
func TestThePageNamesEverything(t *testing.T) {
	page := formatsPage(t)
	for _, all := range canonical.Columns() {
		for _, name := range all {
			if !strings.Contains(page, "`"+name+"`") {
				t.Errorf("no column %s", name)
			}
		}
	}
	var keys func(of reflect.Type)
	keys = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		for i := 0; of.Kind() == reflect.Struct && i < of.NumField(); i++ {
			if key := of.Field(i).Tag.Get("yaml"); key != "" {
				if !strings.Contains(page, "`"+key+"`") {
					t.Errorf("no key %s", key)
				}
				keys(of.Field(i).Type)
			}
		}
	}
	keys(reflect.TypeFor[columns.Map]())
}

// Each sample is told by its content and read whole.
func TestSamples(t *testing.T) {
	for name, want := range map[string]struct {
		batches, quotes int
		skipped         map[string]int
	}{
		"oddsapi-polls.ndjson":     {3, 12, nil},
		"oddsapi-answer.json":      {1, 4, nil},
		"betfair-stream.mcm":       {3, 6, map[string]int{"change of a line market": 1, "rcm message": 1}},
		"canonical.csv":            {3, 12, nil},
		"canonical-semicolons.csv": {3, 12, nil},
		"canonical.ndjson":         {3, 12, nil},
		"canonical.json":           {3, 12, nil},
	} {
		s := open(t, Options{}, filepath.Join("../testdata/samples", name))
		batches := drain(t, s)
		_, rejected := s.Report().Rejected()
		if len(batches) != want.batches || s.Report().Quotes() != want.quotes || rejected != 0 || len(s.Errors()) != 0 ||
			len(want.skipped) > 0 && !reflect.DeepEqual(s.Report().Skipped(), want.skipped) {
			t.Errorf("%s: %d batches, %d quotes, passed over %v, rejected %v, %v; want %+v", name, len(batches), s.Report().Quotes(), s.Report().Skipped(), s.Report().Shown(), s.Errors(), want)
		}
		if strings.HasPrefix(name, "canonical") {
			first := told(drain(t, open(t, Options{}, "../testdata/samples/canonical.csv")))
			if got := told(batches); !reflect.DeepEqual(got, first) {
				t.Errorf("%s: %v, want %v", name, got, first)
			}
		}
	}
	files, err := filepath.Glob("../testdata/samples/*")
	if err != nil || len(files) != 7 {
		t.Errorf("%d samples, %v: each needs its counts here", len(files), err)
	}
}
