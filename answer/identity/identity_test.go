package identity

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/internal/table"
	"corrgraph/odds"
)

func TestAmbiguitiesInPages(t *testing.T) {
	all := &catalog.Ambiguities{Dropped: 3}
	for i := range 5 {
		kind := []string{"id", "roles"}[i%2]
		all.List = append(all.List, catalog.Ambiguity{Kind: kind, Name: fmt.Sprint(i), Candidates: []string{"x", "y"}, Since: odds.Time(i)})
	}
	title := func(id string) string { return "title of " + id }
	pages := func(q Query, asOf odds.Time) (got []string) {
		for {
			l, err := List(all, q, title, asOf)
			if err != nil || l.Dropped != 3 {
				t.Fatal(l, err)
			}
			page := fmt.Sprint(l.Total, ":")
			for _, a := range l.Ambiguities {
				page += " " + a.Name
				if want := (Meaning{"y", "title of y"}); a.Candidates[1] != want {
					t.Errorf("%+v", a.Candidates)
				}
			}
			got = append(got, page)
			if q.Cursor = l.Next; q.Cursor == "" {
				return got
			}
		}
	}
	for _, c := range []struct {
		q    Query
		asOf odds.Time
		want string
	}{
		{Query{}, 9, "[5: 4 3 2 1 0]"},
		{Query{Limit: 2}, 9, "[5: 4 3 5: 2 1 5: 0]"},
		{Query{Limit: 2, Kind: "id"}, 9, "[3: 4 2 3: 0]"},
		{Query{Limit: 1}, 1, "[2: 1 2: 0]"},
		{Query{Kind: "name"}, 9, "[0:]"},
	} {
		if got := fmt.Sprint(pages(c.q, c.asOf)); got != c.want {
			t.Errorf("%+v at %d: %s, want %s", c.q, c.asOf, got, c.want)
		}
	}
	if _, err := List(all, Query{Cursor: "x@1"}, title, 9); !errors.Is(err, ErrCursor) {
		t.Error(err)
	}
	if l, err := List(nil, Query{}, title, 9); err != nil || l.Ambiguities == nil {
		t.Error(l, err)
	}
}

func TestAmbiguitiesAsATable(t *testing.T) {
	text := func(l *Ambiguities, limit int) string {
		var b strings.Builder
		if err := l.Text(&b, table.Style{}, limit); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	a := Ambiguity{Kind: "id", Name: "7", Source: "feed", SourceEventID: "7", Candidates: []Meaning{{ID: "7"}, {ID: "feed:7"}}, Why: "used before", Done: "two events", Since: 1}
	got := text(&Ambiguities{Ambiguities: []Ambiguity{a, a, a}, Total: 3, Dropped: 2}, 1)
	for _, part := range []string{"7, feed:7", "used before", "two events", "2 more; ambiguities --limit 0 shows all.\n", "Older ones no longer kept: 2.\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
	if strings.Count(got, "used before") != 1 {
		t.Error(got)
	}
	if got := text(&Ambiguities{}, 0); got != "Nothing is ambiguous.\n" {
		t.Errorf("%q", got)
	}
}
