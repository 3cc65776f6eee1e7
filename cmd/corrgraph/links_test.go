package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"corrgraph/answer/links"
)

// links25 is a service with 25 candidates in pages of ten, which notes what it is told.
func links25(t *testing.T) (url string, told *[]string) {
	told = &[]string{}
	link := func(n int) links.Link {
		return links.Link{
			ID: fmt.Sprint("l", n), Relation: "identity", State: "candidate", For: []string{"both start at the same time"}, Against: []string{"kalshi states no settlement"},
			A: links.Question{Title: "Oaks v Pines", Venues: []string{"betfair"}}, B: links.Question{Title: "Will the Oaks win?", Venues: []string{"kalshi"}},
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*told = append(*told, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		var reply any = struct{}{}
		switch {
		case strings.Contains(r.URL.Path, "none"):
			w.WriteHeader(http.StatusNotFound)
			reply = map[string]any{"status": 404, "detail": "there is no such link; GET /v1/links lists them"}
		case r.URL.Query().Get("venue") == "wrong":
			w.WriteHeader(http.StatusUnprocessableEntity)
			reply = map[string]any{"status": 422, "detail": "validation failed", "errors": []any{map[string]any{"message": "no such venue; known: kalshi", "location": "query.venue"}}}
		case r.Method == http.MethodGet:
			page, from := links.Links{Total: 25}, 0
			_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &from) // 0 without one
			for n := from; n < min(from+10, 25); n++ {
				page.Links = append(page.Links, link(n))
			}
			if from+10 < 25 {
				page.Next = fmt.Sprint(from + 10)
			}
			reply = page
		case r.Method == http.MethodPost:
			l := link(7)
			if err := json.Unmarshal(body, &l); err != nil {
				t.Error(err)
			}
			l.By = "desk"
			reply = l
		}
		if err := json.NewEncoder(w).Encode(reply); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, told
}

func TestLinksAreListedAndDecided(t *testing.T) {
	url, told := links25(t)
	do := func(says string, args ...string) string {
		t.Helper()
		*told = nil
		out := must(t, append(args, "--url", url)...).out
		if !strings.Contains(out, says) {
			t.Errorf("%v: no %q in\n%s", args, says, out)
		}
		return out
	}
	heard := func(want ...string) {
		t.Helper()
		if !slices.Equal(*told, want) {
			t.Errorf("told %q, want %q", *told, want)
		}
	}
	out := do("13 more; links --limit 0 shows all.", "links", "--state", "candidate", "--event", "m1", "--venue", "kalshi", "--relation", "identity", "--limit", "12")
	heard("GET /v1/links?event_id=m1&limit=12&relation=identity&state=candidate&venue=kalshi", "GET /v1/links?cursor=10&event_id=m1&limit=12&relation=identity&state=candidate&venue=kalshi")
	if strings.Count(out, "- kalshi states no settlement") != 12 {
		t.Error(out)
	}
	do("l24  candidate", "links", "--limit", "0")
	var all links.Links
	if err := json.Unmarshal([]byte(do("", "links", "--json")), &all); err != nil || len(all.Links) != 25 || all.Next != "" {
		t.Errorf("%v: %d links, next %q", err, len(all.Links), all.Next)
	}
	do("subset, confirmed by desk", "links", "confirm", "l7", "--relation", "subset", "--note", "read")
	heard(`POST /v1/links/l7/decision {"state":"confirmed","relation":"subset","note":"read"}`)
	do(`"state": "rejected"`, "links", "reject", "l/7", "--json")
	heard(`POST /v1/links/l%2F7/decision {"state":"rejected","relation":"identity"}`)
	do("withdrawn: the decision on l7", "links", "withdraw", "l7")
	heard("DELETE /v1/links/l7")
	do("New York at feed means team:mlb:new-york-mets", "ambiguities", "decide", "New York", "--source", "feed", "--league", "mlb", "--means", "team:mlb:new-york-mets")
	heard(`POST /v1/ambiguities/decision {"source":"feed","league":"mlb","name":"New York","means":"team:mlb:new-york-mets"}`)
	do("it is left as it is", "ambiguities", "decide", "New York", "--source", "feed", "--means", "none")
	heard(`POST /v1/ambiguities/decision {"source":"feed","name":"New York","means":""}`)
}

func TestLinksThatAServiceRefuses(t *testing.T) {
	url, _ := links25(t)
	for line, want := range map[string]result{
		"links withdraw none": {code: codeFailed, errors: "there is no such link; GET /v1/links lists them"},
		"links reject none":   {code: codeFailed, errors: "there is no such link"},
		"links --venue wrong": {code: codeUsage, errors: "query.venue: no such venue; known: kalshi"},
	} {
		r := call(t, "", append(strings.Fields(line), "--url", url)...)
		if r.code != want.code || !strings.Contains(r.errors, want.errors) || r.out != "" {
			t.Errorf("corrgraph %s: exit %d, %q, %q; want %d and %q", line, r.code, r.out, r.errors, want.code, want.errors)
		}
	}
}
