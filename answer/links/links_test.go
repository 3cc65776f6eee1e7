package links

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"corrgraph/catalog/contract"
	"corrgraph/internal/table"
)

func sample() contract.Link {
	return contract.Link{
		ID: "l1", Relation: contract.Identity, State: contract.Candidate, Likeness: 0.754, For: []string{"both start at the same time"}, Against: []string{"polymarket states no settlement"}, Effect: "nothing follows from it",
		A: contract.Bet{EventID: "e1", Title: "Will the Oaks beat the Pines on 3 December?", Venues: []string{"polymarket"}, Market: "question", Start: 86_400_000},
		B: contract.Bet{EventID: "e2", Title: "Oaks v Pines", Venues: []string{"betfair", "kalshi"}, Market: "h2h", Selection: "home", Settlement: "full_time", Rules: "If the Oaks win."},
	}
}

func TestALinkIsShownWhole(t *testing.T) {
	l := sample()
	got, err := json.Marshal(New(&contract.Page{AsOf: 5, Links: []contract.Link{l, {ID: "l2"}}, Total: 7, Next: "2", Dropped: 3}))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		AsOf           string `json:"as_of"`
		Total, Dropped int
		Next           string `json:"next_cursor"`
		Links          []map[string]any
	}
	if err := json.Unmarshal(got, &m); err != nil || m.Total != 7 || m.Dropped != 3 || m.Next != "2" || m.AsOf == "" || len(m.Links) != 2 {
		t.Fatal(err, string(got))
	}
	// Whatever the contract says of a link, the answer says too.
	want, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(want, &all); err != nil {
		t.Fatal(err)
	}
	for _, bet := range []string{"a", "b"} {
		q := all[bet].(map[string]any)
		q["start_time"] = q["start"]
		delete(q, "start")
	}
	all["since"], all["b"].(map[string]any)["start_time"] = nil, nil
	if !reflect.DeepEqual(m.Links[0], all) {
		t.Errorf("%v\nwant %v", m.Links[0], all)
	}
	for _, list := range []any{m.Links[1]["for"], m.Links[1]["against"], m.Links[1]["a"].(map[string]any)["venues"]} {
		if list == nil {
			t.Errorf("a list is null: %s", got)
		}
	}
}

func TestLinksForPeople(t *testing.T) {
	long := sample()
	long.A.Title, long.A.Venues = strings.Repeat("Ein sehr langer Titel ", 20), []string{strings.Repeat("v", 200)}
	long.Against = []string{strings.Repeat("ü", 500), strings.Repeat("many words ", 40)}
	long.By, long.State, long.Since, long.Note = strings.Repeat("someone", 40), contract.Rejected, 1000, "evil\x1b[2J note"
	rule := sample()
	rule.State, rule.By = contract.Confirmed, contract.ByRule
	said := sample()
	said.State, said.By, said.Since, said.Relation = contract.Confirmed, "desk", 1000, contract.Subset
	l := New(&contract.Page{Links: []contract.Link{sample(), rule, said, long}, Total: 9, Dropped: 2})
	text := func(limit int) string {
		var b strings.Builder
		if err := l.Text(&b, table.Style{}, limit); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	got := text(0)
	for _, part := range []string{
		"l1  candidate, looks like identity; likeness of words 0.75\n", "l1  identity, by rule\n", "l1  subset, confirmed by desk at 1970-01-01T00:00:01Z\n", "l1  not identity, rejected by someone",
		"polymarket", "Will the Oaks beat the Pines on 3 December?", "1970-01-02T00:00:00Z", "betfair, kalshi", "start unknown", "h2h/home",
		"\n  + both start at the same time\n", "\n  - polymarket states no settlement\n", "\n  = nothing follows from it\n", "5 more; links --limit 0 shows all.\n", "Candidates beyond the most that are kept: 2.\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Count(got, "ü") != 500 || strings.Count(got, "many") != 40 {
		t.Error("what speaks against it is cut")
	}
	if strings.Contains(got, "\x1b") {
		t.Error("a note orders a terminal")
	}
	if one := text(1); strings.Count(one, "Oaks v Pines") != 1 || !strings.Contains(one, "8 more;") {
		t.Error(one)
	}
	var b strings.Builder
	if err := New(&contract.Page{}).Text(&b, table.Style{}, 0); err != nil || b.String() != "No link matches.\n" {
		t.Error(err, b.String())
	}
}
