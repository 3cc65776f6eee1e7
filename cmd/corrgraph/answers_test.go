package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/replay"
	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// sqlExec runs SQL as another program would.
func sqlExec(t *testing.T, db, text string, args ...any) {
	t.Helper()
	c, err := sql.Open("sqlite", db)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

const (
	eventID = "mlb-1"
	leader  = odds.NodeID("draftkings/mlb-1/h2h/home")
	slow    = odds.NodeID("mybookieag/mlb-1/h2h/home")
	foreign = "SCORES-2026-OTHER"
)

var asOf = odds.Time(1_786_000_000_000)

// known writes a store for which every answer is known.
func known(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "known.db")
	st, err := sqlite.Open(t.Context(), db, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	key := graph.FamilyKey{Layer: 1, Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre", Leader: "draftkings", Follower: "mybookieag"}
	other := key
	other.Sport, other.League, other.Follower = "soccer", "epl", "betus"
	family := graph.Family{
		Key: key, Pairs: 51, Score: 0.41, Beta: 0.33, Lag: 300_000, LagHigh: 600_000, N: 123, Q: 0.0002, Confidence: 0.97,
		Discovered: true, Resolution: 300_000, DetectedAt: asOf - 1000, FirstFound: asOf - 86_400_000,
	}
	weak := family
	weak.Key, weak.Confidence, weak.Discovered, weak.Q = other, 0.3, false, 0.4
	edge := graph.Edge{
		Layer: 1, Event: eventID, Source: leader, Target: slow, Kind: "follows", Score: 0.41, Beta: 0.33, Lag: 300_000, LagHigh: 600_000,
		N: 12, Q: 0.001, Confidence: 0.95, Discovered: true, Evidence: graph.FromBoth, Family: key.String(), DetectedAt: asOf - 60_000, FirstSeen: asOf - 900_000,
	}
	old := edge
	old.DetectedAt, old.Target = asOf-7_200_000, "betus/mlb-1/h2h/home"
	anomaly := detect.Anomaly{
		Kind: detect.OutlierQuote, Layer: 1, Event: eventID, Nodes: []odds.NodeID{slow}, At: asOf - 30_000,
		Severity: detect.SeverityHigh, Band: odds.High, Confidence: 0.95, Size: 0.6, Strength: 1.6, Evidence: detect.Evidence{Text: "far out", Unit: "log-odds", Now: 0.6, N: 40},
	}
	kept := anomaly
	kept.Kind, kept.Suppressed = detect.MoveSize, "cool-down"
	p := ledger.Prediction{
		ID: "p1", Family: key.String(), Layer: 1, Event: eventID, Source: leader, Target: slow, IssuedAt: asOf - 3_600_000,
		From: asOf - 3_600_000, To: asOf - 3_000_000, Move: 0.2, Size: 0.066, P: 0.6, Confidence: 0.97, Outcome: ledger.Hit, ResolvedAt: asOf - 3_200_000,
		Actual: 0.07, LeadTime: 300_000, Base: 0.09, BaseN: 30,
	}
	card, err := json.Marshal(ledger.NewScorecard([]ledger.Prediction{p}, map[string]ledger.FamilyScore{p.Family: {
		Layer: 1, Leader: "draftkings", Follower: "mybookieag",
		Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre",
	}}))
	if err != nil {
		t.Fatal(err)
	}
	err = st.WriteResults(t.Context(), &store.Results{
		AsOf: asOf,
		Events: []catalog.Event{{
			ID: eventID, Sport: "baseball", League: "mlb", Start: asOf + 3_600_000, Home: "Baltimore Orioles", Away: "Los Angeles Angels",
			Title: "Los Angeles Angels @ Baltimore Orioles", FirstSeen: asOf - 86_400_000, LastSeen: asOf,
		}},
		Families: []graph.Family{weak, family}, Groups: []store.Group{{Sport: "baseball", League: "mlb", Venues: []string{"betonlineag", "lowvig"}}},
		Edges: []graph.Edge{edge, old}, Anomalies: []detect.Anomaly{anomaly, kept}, Predictions: []ledger.Prediction{p},
		Documents: map[string][]byte{"scorecard": card},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return db
}

// foreignRow writes a row of another program, with only the required columns.
func foreignRow(t *testing.T, db string, at odds.Time) {
	t.Helper()
	sqlExec(t, db, `INSERT INTO multi_layer_correlations (layer, event_id, source_node, target_node, correlation_type, correlation_score,
		latency_ms, expected_propagation, detected_at, confidence) VALUES (2, ?, 'other_source_node', 'other_target_node', 'cross_market', -0.8, 7, -0.5, ?, 0.95)`,
		foreign, int64(at))
}

// ask decodes the JSON answer of a command.
func ask(t *testing.T, args ...string) map[string]any {
	t.Helper()
	r := must(t, append(args, "--json")...)
	var v map[string]any
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("%v: %v in %s", args, err, r.out)
	}
	return v
}

// first returns the first element of a list of objects and the list's length.
func first(t *testing.T, v map[string]any, name string) (map[string]any, int) {
	t.Helper()
	l, ok := v[name].([]any)
	if !ok {
		t.Fatalf("%s is %T, want a list", name, v[name])
	}
	if len(l) == 0 {
		return nil, 0
	}
	return l[0].(map[string]any), len(l)
}

func has(t *testing.T, what string, v map[string]any, members string) {
	t.Helper()
	for _, m := range strings.Split(members, ",") {
		if _, ok := v[m]; !ok {
			t.Errorf("%s has no member %q", what, m)
		}
	}
}

// TestAnswers checks every JSON answer for the members that DESIGN §7 names.
func TestAnswers(t *testing.T) {
	db := known(t)
	v := ask(t, "leaders", "--db", db)
	pair, n := first(t, v, "pairs")
	has(t, "a pair", pair, "leader,follower,sport,league,market,lag_ms,lag_low_ms,lag_high_ms,correlation,beta,n,q,confidence,simultaneous,copied,phase,band,discovered,resolution_ms")
	if n != 2 || pair["follower"] != "mybookieag" || pair["lag_high_ms"] != 600_000.0 {
		t.Errorf("%d pairs, the first %v", n, pair)
	}
	if g := v["groups"].([]any); len(g) != 1 || len(g[0].([]any)) != 2 {
		t.Errorf("groups %v", g)
	}
	for filter, want := range map[string]int{"--sport=baseball": 1, "--sport=MLB": 1, "--sport=soccer_epl": 1, "--market=h2h": 2} {
		if _, n := first(t, ask(t, "leaders", filter, "--db", db), "pairs"); n != want {
			t.Errorf("leaders %s: %d pairs, want %d", filter, n, want)
		}
	}

	for filter, says := range map[string]string{"--sport=cricket": "known: baseball, baseball_mlb", "--market=moneyline": "did you mean h2h?"} {
		if r := call(t, "", "leaders", filter, "--db", db); r.code != codeFailed || !strings.Contains(r.errors, says) || r.out != "" {
			t.Errorf("leaders %s: exit %d, %s", filter, r.code, r.errors)
		}
	}

	event, _ := first(t, ask(t, "events", "--db", db), "events")
	has(t, "an event", event, "event_id,sport,league,title,start_time")

	edge, n := first(t, ask(t, "edges", "--db", db), "edges")
	has(t, "an edge", edge, "layer,source,target,lag_ms,lag_low_ms,lag_high_ms,correlation,beta,n,q,confidence,band,discovered,simultaneous,copied,evidence")
	if n != 2 {
		t.Errorf("%d edges, want 2", n)
	}
	if _, n := first(t, ask(t, "edges", "--layer", "3", "--db", db), "edges"); n != 0 {
		t.Errorf("%d edges of layer 3, want 0", n)
	}

	v = ask(t, "graph", eventID, "--db", db)
	layer, n := first(t, v, "layers")
	has(t, "a layer", layer, "layer,status,edges,left_out")
	if _, inWindow := first(t, layer, "edges"); n != 4 || v["status"] != "HEALTHY" || inWindow != 1 {
		t.Errorf("%d layers, %v, %d edges in layer 1; want 4, HEALTHY, 1 (the other is out of its window)", n, v["status"], inWindow)
	}

	anomaly, n := first(t, ask(t, "anomalies", "--db", db), "anomalies")
	has(t, "an anomaly", anomaly, "kind,layer,event_id,nodes,at,severity,band,confidence,evidence")
	if n != 1 || anomaly["at"] != (asOf-30_000).String() {
		t.Errorf("%d anomalies, the first at %v", n, anomaly["at"])
	}
	for _, c := range []struct {
		args string
		want int
	}{{"--suppressed", 2}, {"--kind arbitrage", 0}, {"--min-confidence 0.96", 0}, {eventID, 1}} {
		if _, n := first(t, ask(t, append(strings.Fields("anomalies "+c.args), "--db", db)...), "anomalies"); n != c.want {
			t.Errorf("anomalies %s: %d, want %d", c.args, n, c.want)
		}
	}

	path, n := first(t, ask(t, "propagate", string(leader), "--db", db), "paths")
	has(t, "a path", path, "hops,lag_ms,lag_low_ms,lag_high_ms,impact,confidence")
	hop, _ := first(t, path, "hops")
	has(t, "a hop", hop, "source,target,layer,lag_ms,beta,confidence")
	if n != 1 || path["impact"] != 0.33 {
		t.Errorf("%d paths, impact %v", n, path["impact"])
	}
	if _, n := first(t, ask(t, "propagate", string(slow), string(leader), "--db", db), "paths"); n != 0 {
		t.Errorf("a path against the direction")
	}

	v = ask(t, "scorecard", "--db", db)
	has(t, "the scorecard", v, "families,layers,calibration,rivals,baselines,reliability,calls,log_loss")
	family, _ := first(t, v, "families")
	has(t, "a family", family, "layer,leader,follower,sport,league,market,issued,matured,hits,hit_rate,hit_low,hit_high,base_rate,brier,lead_time_ms")
	has(t, "version", ask(t, "version"), "version,dashboard,store_version,go,platform")
	has(t, "bench", ask(t, "bench", "--run", "^nosuch$"), "results")
}

// TestEmptyStore: every question has an answer, with empty lists instead of nulls.
func TestEmptyStore(t *testing.T) {
	db := filepath.Join(t.TempDir(), "empty.db")
	must(t, "migrate", "--db", db)
	for command, lists := range map[string]string{"leaders": "pairs,groups", "events": "events", "ambiguities": "ambiguities", "edges": "edges", "anomalies": "anomalies", "forecasts": "forecasts", "scorecard": "families,calibration,reliability"} {
		v := ask(t, command, "--db", db)
		for _, name := range strings.Split(lists, ",") {
			first(t, v, name)
		}
		if r := must(t, command, "--db", db); r.out == "" {
			t.Errorf("%s says nothing to people", command)
		}
	}
}

func TestForecastsAreListed(t *testing.T) {
	db := known(t)
	c, n := first(t, ask(t, "forecasts", "--event", eventID, "--since", (asOf-3_600_000).String(), "--db", db), "forecasts")
	if n != 1 || c["follower"] != "mybookieag" || c["market"] != "h2h" || c["selection"] != "home" || c["outcome"] != "hit" || c["high_ms"] != 600_000.0 {
		t.Errorf("%d forecasts, %v", n, c)
	}
	if _, n := first(t, ask(t, "forecasts", "--since", asOf.String(), "--db", db), "forecasts"); n != 0 {
		t.Errorf("%d forecasts since the newest price", n)
	}
	if r := call(t, "", "forecasts", "--event", "nobody", "--db", db); r.code != 1 || !strings.Contains(r.errors, "corrgraph events lists them") {
		t.Errorf("an unknown match: exit %d, %s", r.code, r.errors)
	}
}

func TestAsOf(t *testing.T) {
	db := known(t)
	before := (asOf - 4_000_000).String()
	for command, list := range map[string]string{"leaders": "pairs", "anomalies": "anomalies", "forecasts": "forecasts", "scorecard": "families"} {
		if _, n := first(t, ask(t, command, "--as-of", before, "--db", db), list); n != 0 {
			t.Errorf("%s as of %s knows %d things of later", command, before, n)
		}
	}
	if e, n := first(t, ask(t, "edges", "--as-of", before, "--db", db), "edges"); n != 1 || e["in_window"] != true {
		t.Errorf("edges as of %s: %d, %v", before, n, e)
	}
	// Between issue and answer the forecast is pending.
	f, n := first(t, ask(t, "scorecard", "--as-of", (asOf-3_300_000).String(), "--db", db), "families")
	if n != 1 || f["pending"] != 1.0 || f["matured"] != 0.0 || f["leader"] != "draftkings" {
		t.Errorf("scorecard: %d families, %v", n, f)
	}
	layer, _ := first(t, ask(t, "graph", eventID, "--as-of", before, "--db", db), "layers")
	if e, n := first(t, layer, "edges"); n != 1 || e["target"] != "betus/mlb-1/h2h/home" {
		t.Errorf("graph as of %s: %d edges, %v", before, n, e)
	}
}

// TestOtherPrograms: their rows are served as written, and move now.
func TestOtherPrograms(t *testing.T) {
	db := known(t)
	foreignRow(t, db, asOf-1000)
	a, n := first(t, ask(t, "anomalies", foreign, "--db", db), "anomalies")
	if n != 1 || a["kind"] != "external" || a["band"] != "HIGH" {
		t.Errorf("%d anomalies, %v", n, a)
	}
	if _, n := first(t, ask(t, "anomalies", foreign, "--min-confidence", "0.96", "--db", db), "anomalies"); n != 0 {
		t.Error("a row under the threshold is listed")
	}
	p, n := first(t, ask(t, "propagate", "other_source_node", "other_target_node", "--db", db), "paths")
	if n != 1 || p["lag_ms"] != 7.0 || p["impact"] != -0.5 {
		t.Errorf("%d paths, %v", n, p)
	}
	if v := ask(t, "graph", foreign, "--db", db); v["as_of"] != asOf.String() {
		t.Errorf("now is %v, want that of the recording, %v", v["as_of"], asOf)
	}
	foreignRow(t, db, asOf+86_400_000)
	if v := ask(t, "graph", foreign, "--db", db); v["as_of"] != (asOf + 86_400_000).String() {
		t.Errorf("now is %v, want that of the newest row", v["as_of"])
	}
}

// TestPipeline simulates, replays twice and scores, using only the command line.
func TestPipeline(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "--seed", "5", "--minutes", "30", "--out", at("all.csv.gz"), "--truth", at("t.json"))
	// A tenth of the market is enough: the engine's findings are tested there.
	cut := head(t, at("all.csv.gz"), 20_000)
	v := ask(t, "replay", "--db", at("a.db"), file(t, "ticks.csv", cut))
	has(t, "replay", v, "ticks,quotes,rejected,events,nodes,pairs,edges,families,anomalies,predictions,decoy_discovery_rate,seconds")
	for _, m := range []string{"pairs", "edges"} {
		has(t, m, v[m].(map[string]any), "L1,L2,L3,L4")
	}
	has(t, "predictions", v["predictions"].(map[string]any), "issued,matured,hits,hit_rate,base_rate,brier")
	if v["quotes"].(float64) < 19_000 || v["seconds"].(float64) <= 0 {
		t.Errorf("%v quotes in %v s", v["quotes"], v["seconds"])
	}
	if r := call(t, cut, "replay", "--db", at("b.db"), "-"); r.code != codeDone || !strings.Contains(r.out, "corrgraph leaders --db") {
		t.Fatalf("from stdin: exit %d: %s%s", r.code, r.out, r.errors)
	}
	if must(t, "leaders", "--json", "--db", at("a.db")).out != must(t, "leaders", "--json", "--db", at("b.db")).out {
		t.Error("the same odds from a file and from stdin gave different leaders")
	}
	has(t, "score", ask(t, "score", "--truth", at("t.json"), "--db", at("a.db")), "edges,layers,families,nulls,lag,bands,calibration,brier")
	if d := must(t, "dump", "--db", at("a.db")).out; !strings.Contains(d, "\n-- SELECT") {
		t.Errorf("dump begins %.80q", d)
	}
}

// TestInterruptedReplayIsFinishedLater: a replay that is interrupted half-way and
// run again reaches the same results as an uninterrupted one.
func TestInterruptedReplayIsFinishedLater(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "--minutes", "30", "--out", at("all.csv"), "--truth", at("t.json"))
	path := file(t, "ticks.csv", head(t, at("all.csv"), 40_000))
	st, err := sqlite.Open(t.Context(), at("a.db"), sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	chunks := 0
	_, err = replay.Run(ctx, st, replay.Options{Paths: []string{path}, Progress: func(int64, int64) {
		if chunks++; chunks == 2 { // the first is stored
			stop()
		}
	}})
	if err = errors.Join(err, st.Close()); exitCode(ctx, err) != codeInterrupted {
		t.Fatalf("%v, want an interruption", err)
	}
	if v := ask(t, "replay", "--db", at("a.db"), path); v["duplicates"] == 0.0 {
		t.Error("nothing was kept of the interrupted run: this test shows nothing")
	}
	must(t, "replay", "--db", at("b.db"), path)
	if must(t, "dump", "--db", at("a.db")).out != must(t, "dump", "--db", at("b.db")).out {
		t.Error("the interruption changed the results")
	}
}

// head returns the first lines of a packed file.
func head(t *testing.T, path string, lines int) string {
	t.Helper()
	f, err := (&app{}).input(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Collect(strings.Lines(string(b)))
	return strings.Join(all[:min(lines, len(all))], "")
}

func TestLeadlag(t *testing.T) {
	a := file(t, "a.csv", "t_ms,value\n0,0\n1000,1\n2000,0\n3000,2\n")
	b := file(t, "b.csv", "t_ms,value\n0,0\n1500,1\n2500,0\n3500,2\n")
	v := ask(t, "leadlag", "--a", a, "--b", b, "--grid", "-1000:1000:250")
	has(t, "leadlag", v, "defined,lags_ms,rho,z,overlaps,ss_a,ss_b,best_lag_ms,best_rho,beta,llr,events")
	events := v["events"].(map[string]any)
	has(t, "events", events, "edges_ms,ab,ba")
	has(t, "ab", events["ab"].(map[string]any), "U,V,N")
	if v["best_lag_ms"] != 500.0 {
		t.Errorf("best lag %v, want 500", v["best_lag_ms"])
	}
	text := must(t, "leadlag", "--a", a, "--b", b, "--grid", "-1000:1000:250").out
	if !strings.Contains(text, "follows after 500 ms") || !strings.Contains(text, "██ best") {
		t.Errorf("for people:\n%s", text)
	}
	empty := file(t, "empty.csv", "t_ms,value\n")
	if v := ask(t, "leadlag", "--a", empty, "--b", b, "--grid", "0:0:1"); v["defined"] != false {
		t.Errorf("an empty series is defined: %v", v)
	}
	if r := call(t, "t_ms,value\n", "leadlag", "--a", "-", "--b", b, "--grid=0:0:1"); r.code != codeDone {
		t.Errorf("from stdin: exit %d: %s", r.code, r.errors)
	}
}

// TestTableOfLeaders fixes the table's text.
func TestTableOfLeaders(t *testing.T) {
	got := must(t, "leaders", "--db", known(t)).out
	want, err := os.ReadFile("testdata/leaders.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("leaders:\n%s\nwant:\n%s", got, want)
	}
	if strings.Contains(got, "\x1b") {
		t.Error("colours where there is no terminal")
	}
}

// An unknown kind used to be answered with "Nothing abnormal".
func TestUnknownKindIsNoAnswer(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	must(t, "migrate", "--db", db)
	if r := call(t, "", "anomalies", "--db", db, "--kind", "outlier"); r.code != codeUsage || !strings.Contains(r.errors, "outlier_quote") {
		t.Errorf("exit %d, %q; want %d and the kinds that there are", r.code, r.errors, codeUsage)
	}
	if r := call(t, "", "anomalies", "--db", db, "--kind", "outlier_quote"); r.code != codeDone {
		t.Errorf("exit %d, %q", r.code, r.errors)
	}
}

// A negative number of rows used to mean all of them.
func TestRowsAreCounted(t *testing.T) {
	db := known(t)
	for _, command := range []string{"leaders", "ambiguities", "anomalies", "forecasts", "scorecard", "graph x", "waves x", "propagate x"} {
		for _, limit := range []string{"-1", "5000000000"} {
			args := append(strings.Fields(command), "--db", db, "--limit="+limit)
			if r := call(t, "", args...); r.code != codeUsage || !strings.Contains(r.errors, "--limit") {
				t.Errorf("%s: exit %d, %q", args, r.code, r.errors)
			}
		}
	}
}

func TestFailedLayersAreAudited(t *testing.T) {
	db := known(t)
	g := answer.Graph{EventID: eventID, Layers: []answer.Layer{
		{Layer: 1, Status: graph.Healthy}, {Layer: 3, Status: graph.Failed, Reason: "deadline of 50ms"},
	}}
	if err := auditFailed(t.Context(), db, &g); err != nil {
		t.Fatal(err)
	}
	st, err := openStore(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	rows, err := st.AuditTail(t.Context(), 10)
	if err != nil || len(rows) != 1 || rows[0].Operation != "L3_BUILD_FAILED" || rows[0].Subject != eventID || rows[0].Detail != "deadline of 50ms" {
		t.Errorf("%+v, %v", rows, err)
	}
	g.Layers[1].Status = graph.Healthy
	if err := auditFailed(t.Context(), "no such file", &g); err != nil {
		t.Error("a healthy graph writes:", err)
	}
}
