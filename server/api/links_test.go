package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"corrgraph/catalog/contract"
	"corrgraph/odds"
	"corrgraph/server/service"
)

// linker is one candidate, and what is said of it and of names.
type linker struct {
	asked contract.Query
	link  contract.Link
	name  contract.Name
	by    string
}

func (l *linker) Links(_ context.Context, q contract.Query) (*contract.Page, error) {
	l.asked = q
	if q.Cursor == "none" {
		return nil, &service.Error{Code: service.Invalid, Detail: "cursor \"none\": start again without one"}
	}
	return &contract.Page{AsOf: 1000, Links: []contract.Link{l.link}, Total: 2, Next: "1", Dropped: 3}, nil
}

func (l *linker) known(id string) error {
	if id != l.link.ID {
		return &service.Error{Code: service.Unknown, Detail: fmt.Sprintf("there is no link %q; GET /v1/links lists them", id)}
	}
	return nil
}

func (l *linker) DecideLink(_ context.Context, actor, id string, v contract.Verdict) (contract.Link, error) {
	if err := l.known(id); err != nil {
		return contract.Link{}, err
	}
	l.link.State, l.link.Relation, l.link.Note, l.link.By, l.link.Since = v.State, v.Relation, v.Note, actor, 2000
	return l.link, nil
}

func (l *linker) WithdrawLink(_ context.Context, actor, id string) error {
	if err := l.known(id); err != nil {
		return err
	}
	l.by = actor
	return nil
}

func (l *linker) DecideName(_ context.Context, actor string, n contract.Name) error {
	l.name, l.by = n, actor
	return nil
}

func newLinker() *linker {
	return &linker{link: contract.Link{
		ID: "l1", Relation: contract.Identity, State: contract.Candidate, Likeness: 0.75, For: []string{"both start at the same time"}, Against: []string{"a states no settlement"}, Effect: "nothing",
		A: contract.Bet{EventID: "match-1", Title: "Will Ann beat Bea?", Venues: []string{"a"}, Market: "question", Start: odds.Time(946684800000)},
		B: contract.Bet{EventID: "match-2", Title: "Ann v Bea", Sport: "tennis", League: "open", Venues: []string{"b", "c"}, Market: "h2h", Selection: "home", Settlement: "full_time", Rules: "If Ann wins, this resolves to Yes."},
	}}
}

// say sends JSON as an operator.
func (g *rig) say(method, target, body string) (code int, text string) {
	w := g.ask("operator", method, target, strings.NewReader(body), "Content-Type", "application/json")
	return w.Code, w.Body.String()
}

func TestLinksAreListedAndDecided(t *testing.T) {
	l := newLinker()
	bubble(t, knobs{options: func(o *Options) { o.Links = l }}, func(t *testing.T, g *rig) {
		w := g.want(http.StatusOK, g.get("/v1/links?state=candidate&event_id=match-1&venue=a&relation=identity&cursor=7&limit=5"))
		g.conforms("GET", "/v1/links", http.StatusOK, w.Body.Bytes())
		g.example("GET", "/v1/links", w.Body.Bytes())
		if want := (contract.Query{State: "candidate", EventID: "match-1", Venue: "a", Relation: "identity", Cursor: "7", Limit: 5}); l.asked != want {
			t.Errorf("asked %+v, want %+v", l.asked, want)
		}
		for _, part := range []string{`"may_decide":true`, `"total":2`, `"dropped":3`, `"next_cursor":"1"`, `"since":null`, `"start_time":null`, `"venues":["b","c"]`, `"rules":"If Ann wins`} {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("no %s in %s", part, w.Body)
			}
		}
		if w := g.want(http.StatusOK, g.ask("viewer", "GET", "/v1/links", nil)); !strings.Contains(w.Body.String(), `"may_decide":false`) {
			t.Errorf("a viewer: %s", w.Body)
		}

		w = g.want(http.StatusCreated, g.ask("operator", "POST", "/v1/links/l1/decision", strings.NewReader(`{"state":"confirmed","relation":"subset","note":"rules read"}`), "Content-Type", "application/json"))
		g.conforms("POST", "/v1/links/{id}/decision", http.StatusCreated, w.Body.Bytes())
		g.example("POST", "/v1/links/{id}/decision", w.Body.Bytes())
		for _, part := range []string{`"relation":"subset"`, `"state":"confirmed"`, `"by":"operator"`, `"note":"rules read"`, `"since":"1970-01-01T00:00:02Z"`} {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("no %s in %s", part, w.Body)
			}
		}
		for body, want := range map[string]contract.Relation{`{"state":"rejected"}`: contract.Identity, `{"state":"rejected","relation":"complement"}`: contract.Complement} {
			if code, text := g.say("POST", "/v1/links/l1/decision", body); code != http.StatusCreated || l.link.State != contract.Rejected || l.link.Relation != want {
				t.Errorf("%s: %d %s", body, code, text)
			}
		}
		w = g.want(http.StatusOK, g.ask("operator", "DELETE", "/v1/links/l1", nil))
		g.conforms("DELETE", "/v1/links/{id}", http.StatusOK, w.Body.Bytes())
		if l.by != "operator" {
			t.Errorf("withdrawn by %q", l.by)
		}
		w = g.want(http.StatusCreated, g.ask("admin", "POST", "/v1/ambiguities/decision", strings.NewReader(`{"source":"feed","league":"mlb","name":"New York","means":"team:mlb:new-york-mets"}`), "Content-Type", "application/json"))
		g.conforms("POST", "/v1/ambiguities/decision", http.StatusCreated, w.Body.Bytes())
		if want := (contract.Name{Source: "feed", League: "mlb", Name: "New York", Means: "team:mlb:new-york-mets"}); l.name != want || l.by != "admin" {
			t.Errorf("%+v by %q", l.name, l.by)
		}
	})
}

func TestWhatCantBeDecidedIsRefused(t *testing.T) {
	l := newLinker()
	bubble(t, knobs{options: func(o *Options) { o.Links = l }}, func(t *testing.T, g *rig) {
		for _, q := range []struct {
			code                 int
			method, target, body string
			reason               string
		}{
			{422, "GET", "/v1/links?state=maybe", "", "candidate, confirmed, rejected"},
			{422, "GET", "/v1/links?relation=same", "", "identity, complement, subset, superset, overlap, disjoint"},
			{422, "GET", "/v1/links?stat=candidate", "", "unknown query parameter"},
			{422, "GET", "/v1/links?limit=1001", "", "query.limit"},
			{422, "GET", "/v1/links?cursor=none", "", "start again without one"},
			{422, "GET", "/v1/links?venue=" + strings.Repeat("x", 65), "", "query.venue"},
			{404, "POST", "/v1/links/none/decision", `{"state":"rejected"}`, "GET /v1/links lists them"},
			{422, "POST", "/v1/links/l1/decision", `{"state":"candidate"}`, "confirmed, rejected"},
			{422, "POST", "/v1/links/l1/decision", `{"state":"confirmed"}`, "say how they are related: identity, complement"},
			{422, "POST", "/v1/links/l1/decision", `{"state":"confirmed","relation":"same"}`, "body.relation"},
			{422, "POST", "/v1/links/l1/decision", `{"state":"confirmed","relaton":"identity"}`, "relaton"},
			{422, "POST", "/v1/links/l1/decision", `{"state":"rejected","note":"` + strings.Repeat("x", 2001) + `"}`, "body.note"},
			{400, "POST", "/v1/links/l1/decision", `{`, ""},
			{404, "DELETE", "/v1/links/none", "", "GET /v1/links lists them"},
			{422, "POST", "/v1/ambiguities/decision", `{"source":"feed","name":"x"}`, "means"},
			{422, "POST", "/v1/ambiguities/decision", `{"source":"","name":"x","means":""}`, "body.source"},
		} {
			code, text := g.say(q.method, q.target, q.body)
			if code != q.code || !strings.Contains(text, q.reason) {
				t.Errorf("%s %s %s: %d %s, want %d %q", q.method, q.target, q.body, code, text, q.code, q.reason)
			}
		}
		for _, q := range [][3]string{
			{"POST", "/v1/links/l1/decision", `{"state":"rejected"}`},
			{"DELETE", "/v1/links/l1", ""},
			{"POST", "/v1/ambiguities/decision", `{"source":"feed","name":"x","means":""}`},
		} {
			g.refused(http.StatusForbidden, "operator", g.ask("viewer", q[0], q[1], strings.NewReader(q[2]), "Content-Type", "application/json"))
		}
		if l.link.State != contract.Candidate || l.by != "" || l.name != (contract.Name{}) {
			t.Errorf("something was decided: %+v", l)
		}
	})
}
