package recording

import (
	"os"
	"path/filepath"
	"testing"

	"corrgraph/feed"
	"corrgraph/feed/columns"
)

// A venue of the name that consensus nodes have would pool evidence of two things. Every
// format refuses it, in every spelling.
func TestNoFormatTakesTheNameOfTheConsensus(t *testing.T) {
	m, err := columns.Read("m.yaml", []byte(`
name: long
time: "{ts}"
venue: "{book}"
sport: tennis
event: "{id}"
market: h2h
prices: [{from: "{price}", is: "{sel}"}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"ticks.csv": "ts_source,bookmaker,event_id,market,selection,price\n2026-05-10T12:00:00Z,Consensus,1,h2h,a,2\n2026-05-10T12:00:00Z,pinnacle,1,h2h,a,2\n",
		"ticks.ndjson": `{"ts_source":1780000000000,"bookmaker":" consensus","event_id":"1","market":"h2h","selection":"a","price":2}
{"ts_source":1780000000000,"bookmaker":"pinnacle","event_id":"1","market":"h2h","selection":"a","price":2}
`,
		"poll.json": `{"timestamp":"2026-05-10T12:00:00Z","data":[{"id":"1","sport_key":"tennis","home_team":"a","away_team":"b","bookmakers":[
{"key":"%63ONSENSUS","markets":[{"key":"h2h","outcomes":[{"name":"a","price":2}]}]},
{"key":"pinnacle","markets":[{"key":"h2h","outcomes":[{"name":"a","price":2}]}]}]}]}`,
		"table.csv": "ts,book,id,sel,price\n2026-05-10T12:00:00Z,con sensus,1,a,2\n2026-05-10T12:00:00Z,pinnacle,1,a,2\n",
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := Options{}
		if name == "table.csv" {
			o.Map = m
		}
		s, err := Open(t.Context(), []string{path}, o)
		if err != nil {
			t.Fatal(err)
		}
		got := drain(t, s)
		by, n := s.Report().Rejected()
		if n != 1 || by[feed.Reserved] != 1 || s.Report().Quotes() != 1 {
			t.Errorf("%s: %d quotes, rejected %v, %v", name, s.Report().Quotes(), by, s.Errors())
		}
		if len(got) != 1 || len(got[0].Updates) != 1 || got[0].Updates[0].Venue != "pinnacle" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
