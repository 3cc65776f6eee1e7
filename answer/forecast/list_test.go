package forecast

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"corrgraph/answer"
	"corrgraph/ledger"
	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// calls are three calls of two matches and a move that left nothing to predict.
func calls() []ledger.Prediction {
	of := func(id, event string, at odds.Time, out ledger.Outcome) ledger.Prediction {
		p := ledger.Prediction{
			ID: id, Layer: 1, Event: event, Family: "f", Source: odds.NodeID("dk/" + event + "/h2h/home"), Target: odds.NodeID("mb/" + event + "/totals@8.5/over"),
			IssuedAt: at, KnownAt: at + 3, From: at + 10, To: at + 50, Move: 0.2, Size: 0.1, Least: 0.1, P: 0.5, PHalf: 0.4, Groups: 2, Outcome: out, Line: 8.5, Lined: true,
		}
		p.Lead(ledger.Leader{Node: p.Source, Family: "f", Move: 0.2, Agree: true, At: at}, ledger.Leader{Node: "x", Family: "g", Move: 0.1, At: at + 20, Origin: 0.62})
		p.Revise(ledger.Revision{At: at, P: 0.5, PHalf: 0.4})
		p.Revise(ledger.Revision{At: at + 20, P: 0.3, PHalf: 0.2})
		if out != ledger.Pending {
			p.ResolvedAt, p.LeadTime, p.Half = at+30, 27, ledger.Yes
		}
		return p
	}
	old := ledger.Prediction{ID: "0", Layer: 1, Event: "a", Family: "f", Source: "dk/a/h2h/home", Target: "mb/a/h2h/home", IssuedAt: 50, From: 60, To: 100, Size: -0.1, P: 0.6, Outcome: ledger.Void}
	return []ledger.Prediction{old, of("1", "a", 1000, ledger.Hit), of("2", "b", 1000, ledger.Missed), of("3", "a", 2000, ledger.AlreadyMoved), of("4", "a", 3000, ledger.Pending)}
}

func list(t *testing.T, q Query, asOf odds.Time) *List {
	t.Helper()
	l := &List{}
	if err := l.Fill(t.Context(), Stored{&shelf{predictions: calls()}, asOf}, q, answer.Names{}, asOf); err != nil {
		t.Fatal(err)
	}
	return l
}

func ids(l *List) (s string) {
	for _, c := range l.Calls {
		s += c.ID
	}
	return s
}

func TestCallsAreListed(t *testing.T) {
	for _, c := range []struct {
		q    Query
		asOf odds.Time
		want string
	}{
		{Query{}, 9999, "4210"},
		{Query{Event: "a"}, 9999, "410"},
		{Query{Since: 1000}, 9999, "421"},
		{Query{Since: 1001}, 9999, "4"},
		{Query{}, 1000, "210"},
		{Query{Event: "c"}, 9999, ""},
		{Query{}, 10, ""},
	} {
		if got := ids(list(t, c.q, c.asOf)); got != c.want {
			t.Errorf("%+v as of %d: %q, want %q", c.q, c.asOf, got, c.want)
		}
	}
	body, err := json.Marshal(list(t, Query{Event: "a"}, 9999).Calls[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"event_id":"a"`, `"market":"totals@8.5"`, `"line":8.5`, `"selection":"over"`, `"follower":"mb"`, `"leaders":[{"node":"x","family":"g","move":0.1,"agree":false,"at_ms":1020,"origin":0.62},{"node":"dk/a/h2h/home","family":"f","move":0.2,"agree":true,"at_ms":1000,"origin":null}]`,
		`"groups":2`, `"issued_at_ms":1000`, `"known_at_ms":1003`, `"until_ms":1030`, `"p":0.5`, `"p_half":0.4`, `"revisions":[{"at_ms":1000,"p":0.5,"p_half":0.4},{"at_ms":1020,"p":0.3,"p_half":0.2}]`,
		`"size":0.1`, `"low_ms":10`, `"high_ms":50`, `"outcome":"hit"`, `"half":true`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// What was known at a time is what was said until then.
func TestCallsAsOf(t *testing.T) {
	c := list(t, Query{Event: "a"}, 1010).Calls[0]
	if c.ID != "1" || c.Outcome != ledger.Pending || c.Half != nil || c.ResolvedAtMs != nil || c.UntilMs != 1050 || len(c.Revisions) != 1 || len(c.Leaders) != 1 {
		t.Errorf("%+v", c)
	}
	old := list(t, Query{}, 9999).Calls[3]
	if old.KnownAtMs != nil || old.PHalf != nil || old.Half != nil || len(old.Leaders) != 1 || old.Leaders[0].Node != "dk/a/h2h/home" || old.Line != nil || old.Selection != "home" {
		t.Errorf("a row of an earlier version: %+v", old)
	}
}

func TestPagesOfCalls(t *testing.T) {
	got, q := "", Query{Limit: 1}
	for range 9 {
		l := list(t, q, 9999)
		got += ids(l)
		if q.Cursor = l.Next; q.Cursor == "" {
			break
		}
	}
	if got != "4210" {
		t.Errorf("pages of one: %q", got)
	}
	for _, cursor := range []string{"x", "1", "x-1"} {
		if err := (&List{}).Fill(t.Context(), Stored{&shelf{}, 1}, Query{Cursor: cursor}, answer.Names{}, 1); !errors.Is(err, answer.ErrInvalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	busy := errors.New("busy")
	if err := (&List{}).Fill(t.Context(), Stored{&shelf{busy: busy}, 1}, Query{}, answer.Names{}, 1); !errors.Is(err, busy) {
		t.Error(err)
	}
}

func TestCallsAsText(t *testing.T) {
	text := func(l *List, limit int) string {
		var b bytes.Buffer
		if err := l.Text(&b, answer.Style{}, limit); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	holds(t, text(list(t, Query{}, 9999), 3), "Issued", "totals@8.5 over", "mb", "+0.100", "1 of 2", "0.50", "0.30", "0.40", "pending", "hit", "1 more; forecasts --limit 0 shows all.")
	holds(t, text(list(t, Query{}, 9999), 0), "–", "void")
	if got := text(&List{}, 0); got != "No forecast was made.\n" {
		t.Errorf("%q", got)
	}
}

// The share of a bankroll is stated where it was asked for, and only for bets with an EV.
func TestKellyIsStatedWhereItIsAskedFor(t *testing.T) {
	fee, all := 0.02, calls()
	for i, b := range []money.Bet{{Price: 2.5, Fee: &fee}, {Price: 1.5, Fee: &fee}, {Price: 2.5, Lacks: money.UnknownFee}} {
		b.Fair = &money.Fair{Multiplicative: 0.45, Shin: 0.45, Power: 0.45}
		b.Priced()
		all[i].Money = &b
	}
	for _, asked := range []bool{false, true} {
		l := &List{}
		if err := l.Fill(t.Context(), Stored{&shelf{predictions: all}, 9999}, Query{Kelly: asked}, answer.Names{}, 9999); err != nil {
			t.Fatal(err)
		}
		of := map[string]*float64{}
		for i := range l.Calls {
			of[l.Calls[i].ID] = l.Calls[i].Kelly
		}
		if !asked && (of["0"] != nil || of["1"] != nil) {
			t.Errorf("nobody asked: %v", of)
		}
		// 0.45·2.47 − 1 = 0.1115 of 1.47
		if asked && (of["0"] == nil || math.Abs(*of["0"]-0.1115/1.47) > 1e-12 || of["1"] == nil || *of["1"] != 0 || of["2"] != nil) {
			t.Errorf("%v", of)
		}
	}
}
