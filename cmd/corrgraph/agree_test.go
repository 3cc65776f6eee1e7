package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corrgraph/server/config"
	"corrgraph/server/instance"
)

// served runs an instance on a store whose log ends at an instant, while f queries
// it.
func served(t *testing.T, db, newest string, f func(get func(path string) map[string]any)) {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Listen, cfg.Store.Path, cfg.Telemetry.Log.Level = "127.0.0.1:0", db, "error"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	i, err := instance.Open(ctx, &cfg, instance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	get := func(path string) map[string]any {
		t.Helper()
		res, err := http.Get("http://" + i.Addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		var v map[string]any
		if err != nil || json.Unmarshal(text, &v) != nil {
			t.Fatalf("%s: %v, %.300s", path, err, text)
		}
		return v
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	// The last ticks of the recording are applied once no more arrive; lists follow.
	settled := func() bool {
		open, quoted := 0.0, false
		for _, e := range get("/v1/events")["events"].([]any) {
			e := e.(map[string]any)
			open, quoted = open+e["open_forecasts"].(float64), quoted || e["last_quote"] == newest
		}
		card := get("/v1/scorecard")
		return quoted && card["complete"] == true && card["overall"].(map[string]any)["pending"] == open
	}
	for n := 0; !settled(); n++ {
		if n == 2000 {
			t.Fatalf("waited in vain for %s: %v, %v", newest, get("/v1/events"), get("/v1/scorecard")["overall"])
		}
		<-tick.C
	}
	f(get)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// notKept lists the members that a store can't answer like a service, and why.
var notKept = map[string]string{
	"strength":        "no column of a store holds it",
	"hayashi_yoshida": "the published estimator is asked anew when a service ends",
}

// within compares a command's answer with the service's, which may have more about
// the present.
func within(t *testing.T, at string, command, service any) {
	t.Helper()
	switch c := command.(type) {
	case map[string]any:
		s, ok := service.(map[string]any)
		if !ok {
			t.Errorf("%s: %v of the command, %v of the service", at, command, service)
			return
		}
		for name := range c {
			if notKept[name] != "" {
				continue
			}
			within(t, at+"."+name, c[name], s[name])
		}
	case []any:
		s, ok := service.([]any)
		if !ok || len(s) != len(c) {
			t.Errorf("%s: %d elements of the command, %.80v of the service", at, len(c), service)
			return
		}
		for i := range c {
			within(t, fmt.Sprintf("%s[%d]", at, i), c[i], s[i])
		}
	default:
		if !reflect.DeepEqual(command, service) {
			t.Errorf("%s: %v of the command, %v of the service", at, command, service)
		}
	}
}

// market is a recording of two matches at three venues over some hours: one venue
// moves, the others follow two and three seconds later.
func market(hours int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("ts_source,bookmaker,event_id,sport,league,home,away,market,selection,price\n")
	begin := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	x := []float64{0, 0}
	for step := range hours * 360 {
		at := begin.Add(time.Duration(step)*10*time.Second + time.Duration(r.IntN(5000))*time.Millisecond) // regular times would be a poll's
		for i := range x {
			if step < hours*360-30 { // at the end nothing moves, so that nothing is judged while it is asked
				x[i] += 0.05 * r.NormFloat64()
			}
		}
		for lag, venue := range []string{"lead", "near", "far"} {
			when := at
			if lag > 0 {
				when = when.Add(time.Duration(lag+1) * time.Second)
			}
			for i := range x {
				p := 1 / (1 + math.Exp(-x[i]))
				for k, selection := range []string{"home", "away"} {
					fmt.Fprintf(&b, "%s,%s,match-%d,tennis,open,Ann %d,Bea,h2h,%s,%.4f\n",
						when.Format(time.RFC3339Nano), venue, i, i, selection, 1/[]float64{p, 1 - p}[k])
				}
			}
		}
	}
	return b.String()
}

// TestCommandsAnswerAsTheServiceDoes asks both every question that both can answer,
// on one store: the service while it runs, the commands after its end.
func TestCommandsAnswerAsTheServiceDoes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "replay", "--db", db, file(t, "ticks.csv", market(3)))
	edge, edges := first(t, ask(t, "edges", "--layer", "1", "--db", db), "edges")
	event, anomalies := first(t, ask(t, "anomalies", "--db", db), "anomalies")
	if _, scored := first(t, ask(t, "scorecard", "--db", db), "families"); edges == 0 || anomalies == 0 || scored == 0 {
		t.Fatalf("%d links, %d anomalies, %d families with forecasts: this test shows nothing", edges, anomalies, scored)
	}
	id, source, target := edge["event_id"].(string), edge["source"].(string), edge["target"].(string)
	newest, err := time.Parse(time.RFC3339Nano, ask(t, "events", "--db", db)["as_of"].(string))
	if err != nil {
		t.Fatal(err)
	}
	since := newest.Add(-15 * time.Minute).Format(time.RFC3339) // a store keeps the newest hundred of an event
	asked := map[string][]string{                               // by the service's path
		"/v1/leaders":                                         {"leaders"},
		"/v1/reactions":                                       {"reactions"},
		"/v1/leaders?market=h2h&sport=tennis":                 {"leaders", "--market", "h2h", "--sport", "tennis"},
		"/v1/events?limit=1000":                               {"events"},
		"/v1/ambiguities?limit=1000":                          {"ambiguities"},
		"/v1/events/" + url.PathEscape(id) + "/graph":         {"graph", id},
		"/v1/events/" + url.PathEscape(id) + "/graph?limit=1": {"graph", id, "--limit", "1"},
		"/v1/events/" + url.PathEscape(event["event_id"].(string)) + "/anomalies":                              {"anomalies", event["event_id"].(string)},
		"/v1/events/" + url.PathEscape(event["event_id"].(string)) + "/anomalies?suppressed=true":              {"anomalies", event["event_id"].(string), "--suppressed"},
		"/v1/events/" + url.PathEscape(event["event_id"].(string)) + "/anomalies?min_confidence=0.9":           {"anomalies", event["event_id"].(string), "--min-confidence", "0.9"},
		"/v1/propagation?source=" + url.QueryEscape(source):                                                    {"propagate", source},
		"/v1/propagation?paths=3&source=" + url.QueryEscape(source) + "&target=" + url.QueryEscape(target):     {"propagate", source, target, "--paths", "3"},
		"/v1/propagation?max_depth=1&source=" + url.QueryEscape(source) + "&target=" + url.QueryEscape(target): {"propagate", source, target, "--max-depth", "1"},
		"/v1/events/" + url.PathEscape(id) + "/moves?limit=2000":                                               {"waves", id},
		"/v1/scorecard": {"scorecard"},
		"/v1/forecasts?since=" + since + "&event=" + id: {"forecasts", "--event", id, "--since", since},
	}
	of := map[string]map[string]any{}
	served(t, db, ask(t, "events", "--db", db)["as_of"].(string), func(get func(string) map[string]any) {
		for path := range asked {
			of[path] = get(path)
		}
	})
	byID := func(v map[string]any) {
		if list, ok := v["events"].([]any); ok { // a store orders them by first sight, a service by the newest quote
			slices.SortFunc(list, func(a, b any) int {
				return slices.Compare([]string{a.(map[string]any)["event_id"].(string)}, []string{b.(map[string]any)["event_id"].(string)})
			})
		}
	}
	for path, command := range asked {
		c := ask(t, append(command, "--db", db)...)
		byID(c)
		byID(of[path])
		within(t, path, c, of[path])
	}
}
