package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/service"
)

func (g *rig) send(form, body string, headers ...string) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.ask("operator", "POST", "/v1/ticks", strings.NewReader(body), append([]string{"Content-Type", form}, headers...)...)
}

// lines returns the line numbers in a receipt or problem.
func lines(items []ProblemItem) (out []int) {
	for _, e := range items {
		out = append(out, e.Line)
	}
	return out
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABodyOfUTF16IsNamed(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		for _, form := range []string{formJSON, formNDJSON, formCSV} {
			if w := g.want(http.StatusUnsupportedMediaType, g.send(form, "\xff\xfe[\x00]\x00")); !strings.Contains(w.Body.String(), "UTF-16") {
				t.Errorf("%s: %s", form, w.Body)
			}
		}
	})
}

func TestTicksAreTakenInEveryForm(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		at := time.Now().Add(-time.Minute)
		line := func(s int) string { return tick(at.Add(time.Duration(s)*time.Second), "a", "m", "home", 2) }
		array := func(a, b string) string {
			return "[\n" + strings.ReplaceAll(a, ",", ",\n  ") + ",\n" + b + "]\n"
		}
		csv := "Bookmaker,extra,event_id,market,outcome,price,ts_source\n" + fmt.Sprintf("a,x,m,h2h,home,2,%d\n", at.Add(20*time.Second).UnixMilli())
		for i, c := range []struct {
			form, body, encoding string
			accepted             int
		}{
			{formNDJSON, line(0) + line(1), "", 2},
			{"application/ndjson; charset=utf-8", line(2), "", 1},
			{formNDJSON, zipped(t, line(3)+line(4)), "gzip", 2},
			{formJSON, array(line(5), line(6)), "", 2},
			{formJSON, line(7), "", 1},
			{formJSON, zipped(t, "["+line(8)+"]"), "gzip", 1},
			{formJSON, " [ ] ", "", 0},
			{formJSON, "\ufeff[" + line(9) + "]", "", 1},
			{formNDJSON, "\ufeff" + line(10), "", 1},
			{formCSV, csv, "", 1},
			{formNDJSON, "", "", 0},
			{formJSON, "", "", 0},
			{formNDJSON, "\ufeff\r\n\n" + strings.TrimSpace(line(30)), "", 1},
		} {
			var w *httptest.ResponseRecorder
			if c.encoding != "" {
				w = g.send(c.form, c.body, "Content-Encoding", c.encoding)
			} else {
				w = g.send(c.form, c.body)
			}
			g.want(http.StatusAccepted, w)
			g.conforms("POST", "/v1/ticks", http.StatusAccepted, w.Body.Bytes())
			g.example("POST", "/v1/ticks", w.Body.Bytes())
			if got := decode[Receipt](t, w); got.Accepted != c.accepted || got.Rejected != 0 || len(got.Errors) != 0 {
				t.Errorf("case %d: %+v", i, got)
			}
		}
		settle()
		settle() // a source of one tick is waited for as long as that took
		if n := g.service.State().Counts.Quotes; n != 13 {
			t.Errorf("%d quotes applied, want 13", n)
		}
	})
}

// answerOf is a bare answer of The Odds API with one event, of which one bookmaker was
// updated at an instant.
func answerOf(at time.Time, price string) string {
	return fmt.Sprintf(`[{"id":"m","sport_key":"a_b","commence_time":"2000-01-02T00:00:00Z","home_team":"A","away_team":"B","bookmakers":[`+
		`{"key":"v","last_update":%q,"markets":[{"key":"h2h","outcomes":[{"name":"A","price":%s},{"name":"B","price":1.9}]}]}]}]`, at.Format(time.RFC3339), price)
}

// Answers of The Odds API are taken as they came: wrapped, bare, one event, one a line. What
// a replay rejects is rejected, with its line.
func TestAnswersOfTheOddsAPIAreTaken(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		at := time.Now().Add(-time.Minute).Truncate(time.Second)
		wrapped := func(s int, price string) string {
			return fmt.Sprintf(`{"timestamp":%q,"data":%s}`, at.Add(time.Duration(s)*time.Second).Format(time.RFC3339), answerOf(at, price))
		}
		bare := func(s int) string { return answerOf(at.Add(time.Duration(s)*time.Second), "2.1") }
		one := func(s int) string { return strings.TrimSuffix(strings.TrimPrefix(bare(s), "["), "]") }
		for i, c := range []struct {
			form, body         string
			accepted, rejected int
			line               int
		}{
			{formJSON, wrapped(1, "2.1"), 2, 0, 0},
			{formJSON, strings.ReplaceAll(wrapped(2, "2.2"), ",", ",\n"), 2, 0, 0},
			{formJSON, bare(3), 2, 0, 0},
			{formJSON, one(4), 2, 0, 0},
			{formNDJSON, wrapped(5, "2.1") + "\n" + bare(6) + "\n" + one(7) + "\n", 6, 0, 0},
			{formNDJSON, wrapped(8, "2.1") + "\n" + wrapped(9, "0.5") + "\n", 3, 1, 2},
			{formNDJSON, wrapped(10, "2.1") + "\n{\n", 2, 1, 2},
			{formJSON, fmt.Sprintf(`{"timestamp":%q,"data":[]}`, at.Format(time.RFC3339)), 0, 0, 0},
		} {
			w := g.send(c.form, c.body)
			g.want(http.StatusAccepted, w)
			g.conforms("POST", "/v1/ticks", http.StatusAccepted, w.Body.Bytes())
			got := decode[Receipt](t, w)
			if got.Accepted != c.accepted || got.Rejected != c.rejected || c.rejected > 0 && got.Errors[0].Line != c.line {
				t.Errorf("case %d: %+v", i, got)
			}
		}
		settle()
		if n := g.service.State().Counts.Quotes; n != 19 {
			t.Errorf("%d quotes applied, want 19", n)
		}
		g.refused(http.StatusUnprocessableEntity, "no tick", g.send(formJSON, strings.ReplaceAll(wrapped(11, "0.5"), "1.9", "0.9")))
		old := g.send(formNDJSON, wrapped(12, "2.1")+"\n"+strings.Replace(wrapped(13, "2.1"), `"timestamp":"1999`, `"timestamp":"2099`, 1))
		if got := decode[Receipt](t, old); got.Accepted != 2 || got.Rejected != 2 || got.Errors[0].Line != 2 {
			t.Errorf("one answer of the future: %+v", got)
		}
	})
}

func TestBadLinesAreToldByNumberAndTheOthersTaken(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		now := time.Now()
		good := func(s int) string { return tick(now.Add(time.Duration(s)*time.Second), "a", "m", "home", 2) }
		bad := strings.Replace(good(1), `"price":2.0000`, `"price":0.9`, 1)
		late, future := tick(now.Add(-time.Hour), "a", "m", "home", 3), tick(now.Add(time.Hour), "a", "m", "home", 3)
		body := "no object\n\n" + good(0) + bad + good(2) + "{\"ts_source\":\n" + good(3) + late + future + `{"cut":"of`
		got := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, body)))
		if got.Accepted != 3 || got.Rejected != 6 || !slices.Equal(lines(got.Errors), []int{1, 4, 6, 8, 9, 10}) {
			t.Errorf("%+v", got)
		}
		for reason, n := range map[string]int{"bad_json": 2, "bad_price": 1, "late": 1, "future": 1, "truncated": 1} {
			if got.Reasons[reason] != n {
				t.Errorf("%s: %d, want %d of %v", reason, got.Reasons[reason], n, got.Reasons)
			}
		}
		// The same in an array: elements count.
		array := "[7," + strings.TrimSpace(bad) + ",\n" + strings.TrimSpace(good(4)) + ",null]"
		got = decode[Receipt](t, g.want(http.StatusAccepted, g.send(formJSON, array)))
		if got.Accepted != 1 || !slices.Equal(lines(got.Errors), []int{1, 2, 4}) {
			t.Errorf("%+v", got)
		}
		// No tick is usable: the errors are in a problem.
		p := g.refused(http.StatusUnprocessableEntity, "bad_price", g.send(formNDJSON, bad+"x\n"))
		if !slices.Equal(lines(p.Errors), []int{1, 2}) {
			t.Errorf("%+v", p)
		}
		many := strings.Repeat("x\n", 250)
		if p := g.refused(http.StatusUnprocessableEntity, "bad_json", g.send(formNDJSON, many)); len(p.Errors) != mostErrors || p.Errors[99].Line != 100 {
			t.Errorf("%d errors listed", len(p.Errors))
		}
	})
}

func TestTheSameTwiceCountsOnce(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		body := tick(time.Now(), "a", "m", "home", 2) + tick(time.Now(), "a", "m", "away", 2)
		first := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, body)))
		again := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, body)))
		if first.Accepted != 2 || first.Duplicates != 0 || again.Accepted != 0 || again.Duplicates != 2 || again.Rejected != 0 {
			t.Errorf("first %+v, again %+v", first, again)
		}
	})
}

func TestAStatusAloneIsTaken(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		line := fmt.Sprintf(`{"ts_source":%d,"bookmaker":"a","event_id":"m","market":"h2h","status":"suspended"}`+"\n", time.Now().UnixMilli())
		got := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, line+"x\n")))
		if got.Rejected != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestBodiesThatAreTooMuchAreRefused(t *testing.T) {
	small := func(o *Options) { o.Body, o.Ticks = 4096, 10 }
	bubble(t, knobs{options: small}, func(t *testing.T, g *rig) {
		line := tick(time.Now(), "a", "m", "home", 2)
		g.refused(http.StatusRequestEntityTooLarge, "larger than 4096", g.send(formNDJSON, strings.Repeat(" ", 4097)))
		// Without Content-Length.
		w := g.ask("operator", "POST", "/v1/ticks", io.MultiReader(strings.NewReader(strings.Repeat(" ", 5000))), "Content-Type", formNDJSON)
		g.refused(http.StatusRequestEntityTooLarge, "larger than 4096", w)
		bomb := zipped(t, strings.Repeat(" ", 10<<20))
		if len(bomb) > 11_000 {
			t.Fatalf("%d bytes", len(bomb))
		}
		g.refused(http.StatusRequestEntityTooLarge, "larger than 4096", g.send(formNDJSON, bomb, "Content-Encoding", "gzip"))
		tight := zipped(t, strings.Repeat(" ", 100_000)) // fits until it is decompressed
		g.refused(http.StatusRequestEntityTooLarge, "larger than 4096", g.send(formNDJSON, tight, "Content-Encoding", "gzip"))
		var many strings.Builder
		for i := range 11 {
			many.WriteString(tick(time.Now().Add(time.Duration(i)*time.Millisecond), "a", "m", "home", 2))
		}
		g.refused(http.StatusRequestEntityTooLarge, "more than 10 ticks", g.send(formNDJSON, many.String()))
		g.refused(http.StatusRequestEntityTooLarge, "", g.ask("admin", "POST", "/v1/faults", strings.NewReader(strings.Repeat(" ", 5000)), "Content-Type", "application/json"))
		g.want(http.StatusAccepted, g.send(formNDJSON, line))
	})
}

func TestBodiesThatAreNotWhatTheySayAreRefused(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		whole := zipped(t, strings.Repeat(tick(time.Now(), "a", "m", "home", 2), 50))
		for _, c := range []struct {
			code                   int
			form, body, enc, error string
		}{
			{415, "", "x", "", "Content-Type"},
			{415, "text/html", "x", "", "Content-Type"},
			{415, formNDJSON, "x", "br", "want gzip"},
			{400, formNDJSON, "x", "gzip", "truncated"},
			{400, formNDJSON, "this is no gzip at all", "gzip", "not gzip"},
			{400, formNDJSON, whole[:len(whole)/2], "gzip", "truncated"},
			{400, formNDJSON, whole[:20] + "xxxxxxxx" + whole[28:], "gzip", ""},
			{400, formJSON, `[{"a":1},{"a":}]`, "", "element 2"},
			{400, formJSON, `[{"a":1}`, "", "not valid JSON"},
			{400, formJSON, `[] []`, "", "after the end"},
			{422, formCSV, "a,b\n1,2\n", "", "columns missing"},
		} {
			headers := []string{}
			if c.enc != "" {
				headers = append(headers, "Content-Encoding", c.enc)
			}
			g.refused(c.code, c.error, g.send(c.form, c.body, headers...))
		}
		r := httptest.NewRequest("POST", "/v1/ticks", io.MultiReader(strings.NewReader("{"), failing{}))
		r.Header.Set("Authorization", "Bearer "+g.secrets["operator"])
		r.Header.Set("Content-Type", formNDJSON)
		w := httptest.NewRecorder()
		g.api.ServeHTTP(w, r)
		g.refused(http.StatusBadRequest, "truncated", w)
	})
}

// failing is a body whose sender has left.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTicksWaitForBetterTimes(t *testing.T) {
	unavailable := func(g *rig, reason string) {
		g.t.Helper()
		w := g.send(formNDJSON, tick(time.Now(), "a", "m", "home", 2))
		g.refused(http.StatusServiceUnavailable, reason, w)
		if w.Header().Get("Retry-After") == "" {
			g.t.Error("no Retry-After")
		}
	}
	bubble(t, knobs{asleep: true}, func(t *testing.T, g *rig) {
		unavailable(g, "read back")
		r := decode[Ready](t, g.want(http.StatusServiceUnavailable, g.get("/readyz")))
		if r.Ready || len(r.Reasons) == 0 {
			t.Errorf("%+v", r)
		}
		if h := decode[service.Health](t, g.want(http.StatusOK, g.get("/healthz"))); h.Status != "DEGRADED" {
			t.Errorf("%+v", h)
		}
	})
	bubble(t, knobs{chaos: true}, func(t *testing.T, g *rig) {
		g.want(http.StatusCreated, g.ask("admin", "POST", "/v1/faults", strings.NewReader(`{"kind":"full-disk","duration_s":10}`), "Content-Type", "application/json"))
		unavailable(g, "disk is full")
		time.Sleep(30 * time.Second) // of the bubble: the fault is over, and the breaker has had a trial
		g.want(http.StatusAccepted, g.send(formNDJSON, tick(time.Now(), "a", "m", "home", 2)))
	})
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.used.Store(memoryCeiling)
		time.Sleep(time.Second) // of the bubble: sampled
		synctest.Wait()
		unavailable(g, "no memory")
		g.refused(http.StatusServiceUnavailable, "near its ceiling", g.get("/v1/predictions?node="+leaderNode))
		g.refused(http.StatusServiceUnavailable, "near its ceiling", g.get("/v1/stream"))
		g.want(http.StatusOK, g.get("/v1/events"))
	})
}

func TestTheNameOfTheConsensusIsRefused(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		own := tick(time.Now(), "a", "m", "home", 2)
		got := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, own+tick(time.Now().Add(time.Second), "%63onsensus", "m", "home", 2))))
		if got.Accepted != 1 || got.Rejected != 1 || got.Reasons["reserved_name"] != 1 || !slices.Equal(lines(got.Errors), []int{2}) {
			t.Errorf("%+v", got)
		}
		g.refused(http.StatusUnprocessableEntity, "reserved_name", g.send(formJSON, "["+strings.TrimSpace(tick(time.Now(), "Consensus ", "m", "home", 2))+"]"))
	})
}

// A sender whose turn does not come in time is told that nothing was accepted, and nothing is:
// what it sends again counts once.
func TestWhoseTurnDoesNotComeIsToldThatNothingWasAccepted(t *testing.T) {
	bubble(t, knobs{chaos: true}, func(t *testing.T, g *rig) {
		must[service.Fault](t)(g.service.Inject(t.Context(), string(fault.FeedStall), fault.Params{}, 5*time.Minute))
		var refused string
		for n := range 40 {
			body := tick(time.Now().Add(time.Duration(n)*time.Millisecond), "a", "m", "home", 2)
			w := g.send(formNDJSON, body)
			if w.Code == http.StatusAccepted {
				continue
			}
			refused = body
			g.conforms("POST", "/v1/ticks", http.StatusServiceUnavailable, w.Body.Bytes())
			g.refused(http.StatusServiceUnavailable, "none of these were", w)
			break
		}
		must[int](t)(g.service.ClearFaults(t.Context()))
		time.Sleep(time.Second)
		if got := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, refused))); got.Accepted != 1 {
			t.Errorf("sent again: %+v", got)
		}
		if again := decode[Receipt](t, g.want(http.StatusAccepted, g.send(formNDJSON, refused))); again.Duplicates != 1 {
			t.Errorf("sent a third time: %+v", again)
		}
	})
}

// A sender whose ticks were on their way to the log when its time was over is told that they may
// be in it.
func TestWhoGetsNoAnswerInTimeIsToldThatTheOutcomeIsUnknown(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		p := g.api.failure(t.Context(), fmt.Errorf("accept: %w", ingest.ErrUndecided))
		if p.Status != http.StatusServiceUnavailable || p.Type != outcomeUnknown || p.Title != "Outcome Unknown" || p.retry != time.Second {
			t.Errorf("%+v", p)
		}
	})
}
