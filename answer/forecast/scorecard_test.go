package forecast

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/graph"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// shelf is a store of predictions, families and documents.
type shelf struct {
	predictions []ledger.Prediction
	families    []graph.Family
	anomalies   []detect.Anomaly
	documents   map[string]string
	busy        error // returned for every question
}

func (s *shelf) Families(context.Context) ([]graph.Family, error) { return s.families, s.busy }

func (s *shelf) Predictions(context.Context) ([]ledger.Prediction, error) {
	return s.predictions, s.busy
}

func (s *shelf) Anomalies(context.Context, string, float64) ([]detect.Anomaly, error) {
	return slices.Clone(s.anomalies), s.busy
}

func (s *shelf) Document(_ context.Context, name string) ([]byte, error) {
	if s.busy != nil {
		return nil, s.busy
	}
	if d, ok := s.documents[name]; ok {
		return []byte(d), nil
	}
	return nil, fs.ErrNotExist
}

// written is the text of a scorecard.
func written(t *testing.T, c *Scorecard, limit int) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Text(&b, answer.Style{}, limit); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// holds checks that a text has all parts, in their order.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Fatalf("no %q (after what stands before it) in\n%s", p, text)
		}
		rest = after
	}
}

func TestAStoreThatIsBusySaysSo(t *testing.T) {
	d := &shelf{busy: errors.New("busy")}
	if _, err := StoredScorecard(t.Context(), d); !errors.Is(err, d.busy) {
		t.Errorf("scorecard: %v", err)
	}
	if _, err := ScorecardAt(t.Context(), d, 5); !errors.Is(err, d.busy) {
		t.Errorf("past scorecard: %v", err)
	}
}

func TestStoredScorecard(t *testing.T) {
	c, err := StoredScorecard(t.Context(), &shelf{documents: map[string]string{"scorecard": `{"overall":{"issued":7}}`}})
	if err != nil || c.Overall.Issued != 7 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = StoredScorecard(t.Context(), &shelf{}); err != nil || c.Families == nil || c.Overall.Issued != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestScorecardAsOf(t *testing.T) {
	key := graph.FamilyKey{Layer: 1, Sport: "baseball", League: "mlb", Market: "h2h", Phase: "pre", Leader: "dk", Follower: "mb"}
	hit := ledger.Prediction{ID: "1", Family: key.String(), Layer: 1, IssuedAt: 100, ResolvedAt: 200, Outcome: ledger.Hit, P: 0.6, Base: 0.1, BaseN: 5}
	other := ledger.Prediction{ID: "2", Family: "gone", Layer: 2, IssuedAt: 150, ResolvedAt: 160, Outcome: ledger.Missed, P: 0.6}
	all := []ledger.Prediction{hit, other}
	d := &shelf{predictions: all, families: []graph.Family{{Key: key}}}
	at := func(asOf odds.Time) *Scorecard {
		c, err := ScorecardAt(t.Context(), d, asOf)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		at                             odds.Time
		issued, pending, matured, hits int
	}{{99, 0, 0, 0, 0}, {100, 1, 1, 0, 0}, {160, 2, 1, 1, 0}, {200, 2, 0, 2, 1}} {
		o := at(c.at).Overall
		if o.Issued != c.issued || o.Pending != c.pending || o.Matured != c.matured || o.Hits != c.hits {
			t.Errorf("as of %d: %+v, want %+v", c.at, o, c)
		}
	}
	if all[0].Outcome != ledger.Hit {
		t.Error("the predictions given were changed")
	}
	var b bytes.Buffer
	if err := at(200).Text(&b, answer.Style{}, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 forecasts made before the fact, one of a follower at a time, 2 matured, 1 hit:", "dk → mb", "baseball/mlb h2h pre-match", "n = 2", "always the base rate"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}

// A base rate of one or two comparison times is 0, 50 or 100 %: it is not set beside hits.
func TestABaseRateOfFewTimesIsNotTold(t *testing.T) {
	for n, want := range map[int][2]string{0: {"–", "–"}, 1: {"–", "–"}, 29: {"–", "–"}, 30: {"100.0 %", "0.360"}} {
		f := ledger.FamilyScore{Layer: 1, Leader: "bob", Follower: "consensus", Sport: "tennis", Score: ledger.Score{Matured: 45, Hits: 18, HitRate: 0.4, BaseRate: 1, BaseN: n, BrierBase: 0.36}}
		c := &Scorecard{ledger.Scorecard{Calls: 45, Overall: f.Score, Families: []ledger.FamilyScore{f}}}
		c.Overall.Issued = 45
		text := written(t, c, 0)
		if !strings.Contains(text, "times of equal activity: "+want[0]+". Moved") {
			t.Errorf("%d times: no %q in\n%s", n, want[0], text)
		}
		i := strings.Index(text, "bob → consensus")
		row := strings.Fields(text[i : i+strings.IndexByte(text[i:], '\n')])
		if got := strings.Join(row, " "); !strings.Contains(got, ") "+want[0]+" 0.000 "+want[1]+" ") {
			t.Errorf("%d times: %q", n, got)
		}
	}
}

func TestScorecardTextBesideItsBaselines(t *testing.T) {
	family := ledger.FamilyScore{Layer: 1, Leader: "a", Follower: "b", Sport: "tennis", League: "open", Market: "h2h", Phase: "live", Score: ledger.Score{Matured: 4, Hits: 2, HitRate: 0.5, HitLow: 0.15, HitHigh: 0.85, LeadTimeMs: 2500}}
	unhit := family
	unhit.Leader, unhit.Hits = "c", 0
	unripe := family
	unripe.Leader, unripe.Matured = "d", 0
	c := &Scorecard{ledger.Scorecard{
		Calls:    7,
		Overall:  ledger.Score{Issued: 10, Matured: 4, BaseN: 30, Events: 3, Hits: 1, HitRate: 0.25, HitLow: 0.05, HitHigh: 0.7, BaseRate: 0.125, AlreadyMoved: 3, Void: 2, Pending: 1},
		Families: []ledger.FamilyScore{family, unhit, unripe},
		Rivals: map[string]ledger.RivalScore{
			ledger.RivalBase: {Calls: 4, HitRate: 0.125}, ledger.RivalHY: {Calls: 3, HitRate: 0.33, HitLow: 0.1, HitHigh: 0.8},
			ledger.RivalCopy: {Calls: 2}, "theirs": {Calls: 1}, "unasked": {},
		},
		Baselines:   map[string]ledger.BaselineRecord{ledger.BaselineConstant: {Brier: 0.2251, LogLoss: 0.6432, N: 4}},
		Calibration: []ledger.CalibrationBin{{Claimed: 0.55, N: 4, Rate: 0.5, RateLow: 0.2, RateHigh: 0.8}, {Claimed: 0, N: 0}},
	}}
	text := written(t, c, 0)
	holds(t, text,
		"7 forecasts made before the fact, one of a follower at a time, 4 matured, 1 hit: 25 % (5–70 %, n = 4).", "activity: 12.5 %. Moved by half of its leaders' own move: –.",
		"Not matured: 3 already moved, 2 without a quote, 1 pending. Intervals are of 95 %, clustered by event (3).",
		"L1", "a → b", "tennis/open h2h in-play", "50 % (15–85 %, n = 4)", "2.5 s", "c → b", "–", "1 more link with fewer or no matured forecasts.",
		"these forecasts", "the league's rate so far", "0.225", "0.643", "–", "always the base rate", "12 % (n = 4)", "Hayashi–Yoshida lag of the first day", "33 % (10–80 %, n = 3)", "the follower copies at once", "theirs",
		"Forecast probability", "55 %", "50 % (20–80 %, n = 4)")
	if strings.Contains(text, "0.0 %") {
		t.Errorf("what can't be compared is said to be 0:\n%s", text)
	}
	if strings.Contains(text, "unasked") || strings.Contains(text, "d → b") {
		t.Errorf("a baseline without a call, or a family without a matured forecast:\n%s", text)
	}
	text = written(t, c, 1)
	holds(t, text, "a → b", "2 more links with fewer or no matured forecasts.")
	c.Calibration = nil
	if text = written(t, c, 0); strings.Contains(text, "Forecast probability") {
		t.Errorf("a table of nothing:\n%s", text)
	}
	if got := written(t, &Scorecard{}, 0); got != "No forecast was made yet.\n" {
		t.Errorf("%q", got)
	}
}

// What anomalies' prices were worth is told as of any time; where nothing compares there is "–".
func TestMarksOfAnomaliesAsOf(t *testing.T) {
	fair, was, fee := 0.5, 2.2, 0.0
	mark := func(after odds.Millis, at odds.Time) detect.Mark {
		return detect.Mark{AfterMs: after, At: &at, Was: &was, Fee: &fee, Fair: &fair}
	}
	outlier := detect.Anomaly{Kind: detect.OutlierQuote, Event: "m", Nodes: []odds.NodeID{"soft/m/h2h/home"}}
	outlier.Evidence.Usual = 1
	outlier.Evidence.Marks = []detect.Mark{mark(5000, 105), mark(60_000, 160), {AfterMs: 300_000}}
	hidden := outlier
	hidden.Kind, hidden.Evidence.Marks = detect.HiddenEdge, []detect.Mark{mark(5000, 105)}
	hidden.Evidence.Marks[0].Fair = nil
	d := &shelf{
		anomalies:   []detect.Anomaly{outlier, hidden},
		predictions: []ledger.Prediction{{ID: "1", Layer: 1, IssuedAt: 1, ResolvedAt: 2, Outcome: ledger.Hit}},
	}
	at := func(asOf odds.Time) *Scorecard {
		c, err := ScorecardAt(t.Context(), d, asOf)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := at(104); len(c.AnomalyMarks) != 0 || strings.Contains(written(t, c, 0), "Price of an anomaly") {
		t.Errorf("%+v", c.AnomalyMarks)
	}
	if text := written(t, at(159), 0); strings.Contains(text, "60 s") {
		t.Errorf("a mark from later in\n%s", text)
	}
	c := at(200)
	holds(t, strings.Join(strings.Fields(written(t, c, 0)), " "), "hidden_edge – – –", "outlier_quote 5.0 s +10.0 % (n = 1, one match) –", "outlier_quote 60 s", "2 means were looked at")
}
