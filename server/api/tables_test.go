package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corrgraph/feed/columns"
)

// tables are maps as a house would write them.
func tables(t *testing.T, o *Options) {
	t.Helper()
	o.Maps = map[string]*columns.Map{}
	for name, more := range map[string]string{"house": "", "lines": "input: ndjson\n", "meetings": "new_event_after: 12h\n", "named": "file: '(?P<x>.*)'\n"} {
		m, err := columns.Read(name, []byte("name: "+name+"\n"+more+`time: {from: "{when}", unit: ms}
venue: "{book}"
event: "{game}"
home: "{h}"
away: "{a}"
market: h2h
prices:
  - {from: "{p1}", is: home}
  - {from: "{p2}", is: away}
`))
		if err != nil {
			t.Fatal(err)
		}
		o.Maps[name] = m
	}
}

func (g *rig) table(name, form, body string, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.ask("operator", "POST", "/v1/ticks"+name, strings.NewReader(body), append([]string{"Content-Type", form}, headers...)...)
}

func TestATableIsReadWithAMap(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { tables(t, o) }}, func(t *testing.T, g *rig) {
		at := time.Now().Add(-time.Minute)
		row := func(s int) string {
			return fmt.Sprintf("%d,a,m,Ann,Bea,2.0%d,1.9\n", at.Add(time.Duration(s)*time.Second).UnixMilli(), s)
		}
		object := func(s int) string {
			return fmt.Sprintf(`{"when":%d,"book":"a","game":"m","h":"Ann","a":"Bea","p1":2.1%d,"p2":1.9}`, at.Add(time.Duration(s)*time.Second).UnixMilli(), s)
		}
		const head = "when,book,game,h,a,p1,p2\n"
		for i, c := range []struct {
			name, form, body string
			accepted, wrong  int
		}{
			{"?map=house", formCSV, head + row(0) + row(1), 4, 0},
			{"?map=house", formCSV, head + row(1), 0, 0},
			{"?map=house", formCSV, strings.ReplaceAll(head+row(2), ",", ";"), 2, 0},
			{"?map=house", formCSV, head + row(3) + "x,a,m,Ann,Bea,2,2\n", 2, 1},
			{"?map=lines", formNDJSON, object(4) + "\n" + object(5) + "\n", 4, 0},
			{"?map=lines", formJSON, "[" + object(6) + ",\n" + object(7) + "]", 4, 0},
		} {
			w := g.want(http.StatusAccepted, g.table(c.name, c.form, c.body))
			g.conforms("POST", "/v1/ticks", http.StatusAccepted, w.Body.Bytes())
			if got := decode[Receipt](t, w); got.Accepted != c.accepted || got.Rejected != c.wrong {
				t.Errorf("case %d: %+v", i, got)
			}
		}
		w := g.want(http.StatusAccepted, g.table("?map=house", formCSV, zipped(t, head+row(8)), "Content-Encoding", "gzip"))
		if got := decode[Receipt](t, w); got.Accepted != 2 {
			t.Errorf("%+v", got)
		}
	})
}

func TestMapsThatCannotBeUsed(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { tables(t, o); o.Ticks = 4 }}, func(t *testing.T, g *rig) {
		const head = "when,book,game,h,a,p1,p2\n"
		now := time.Now().UnixMilli()
		for _, c := range []struct {
			name, form, body string
			status           int
			says             string
		}{
			{"?map=none", formCSV, head, http.StatusUnprocessableEntity, "there are house, lines, meetings, named"},
			{"?map=", formCSV, head, http.StatusUnprocessableEntity, "there are house"},
			{"?map=house&map=lines", formCSV, head, http.StatusBadRequest, "more than once"},
			{"?map=meetings", formCSV, head, http.StatusUnprocessableEntity, "replay the recording"},
			{"?map=named", formCSV, head, http.StatusUnprocessableEntity, "replay the recording"},
			{"?map=house", formNDJSON, "{}", http.StatusUnsupportedMediaType, "text/csv"},
			{"?map=lines", formCSV, head, http.StatusUnsupportedMediaType, "application/x-ndjson"},
			{"?map=house", formCSV, "when,boook,game,h,a,p1,p2\n", http.StatusUnprocessableEntity, "the nearest is \\\"boook\\\""},
			{"?map=house", formCSV, head + strings.Repeat(fmt.Sprintf("%d,a,m,Ann,Bea,2,2\n", now), 3), http.StatusRequestEntityTooLarge, "more than 4 ticks"},
			{"?map=house", formCSV, head + "x,a,m,Ann,Bea,2,2\n", http.StatusUnprocessableEntity, "no tick"},
			{"?map=house", formCSV, "\xff\xfew", http.StatusUnsupportedMediaType, "UTF-16"},
		} {
			if w := g.want(c.status, g.table(c.name, c.form, c.body)); !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%s: %s, want %q", c.name, w.Body, c.says)
			}
		}
	})
}
