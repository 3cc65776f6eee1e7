package answer

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/detect"
	"corrgraph/detect/edges"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/ledger"
	"corrgraph/odds"
)

// Anomaly is one anomaly in the form of the API and the command line.
type Anomaly struct {
	Kind       string          `json:"kind"`
	Meaning    string          `json:"meaning"`
	Layer      odds.Layer      `json:"layer"`
	EventID    string          `json:"event_id"`
	Title      string          `json:"title"`
	Start      *odds.Time      `json:"start_time"` // of the event; null: unknown
	Nodes      []odds.NodeID   `json:"nodes"`
	At         odds.Time       `json:"at"`
	Until      *odds.Time      `json:"until"` // null while it lasts
	Severity   detect.Severity `json:"severity"`
	Band       odds.Band       `json:"band"`
	Confidence float64         `json:"confidence"`
	Size       float64         `json:"size"`
	Strength   float64         `json:"strength"`
	Evidence   detect.Evidence `json:"evidence"`
	Suppressed string          `json:"suppressed,omitempty"` // why it was not raised
	Review     *Reviewed       `json:"review,omitempty"`     // reviews; only of a running service
}

// Reviewed is people's reviews of an anomaly.
type Reviewed struct {
	AcknowledgedBy string     `json:"acknowledged_by,omitempty"`
	AcknowledgedAt *odds.Time `json:"acknowledged_at,omitempty"`
	Verdict        string     `json:"verdict,omitempty"` // true, false or unsure
	VerdictBy      string     `json:"verdict_by,omitempty"`
	VerdictAt      *odds.Time `json:"verdict_at,omitempty"`
	MutedBy        string     `json:"muted_by,omitempty"`
	MutedUntil     *odds.Time `json:"muted_until,omitempty"`
	Note           string     `json:"note,omitempty"`
}

// Anomalies is the answer of `anomalies`.
type Anomalies struct {
	AsOf       odds.Time      `json:"as_of"`
	Anomalies  []Anomaly      `json:"anomalies"` // in order of time
	Kinds      map[string]int `json:"kinds"`
	Suppressed int            `json:"suppressed"` // how many were suppressed, listed or not

	names Names
}

// AnomalyQuery selects anomalies. Its zero value selects all that were raised.
type AnomalyQuery struct {
	Event         string  // empty: of every event
	MinConfidence float64 // 0 to 1
	Kind          string  // empty: every kind
	Suppressed    bool    // include those that were not raised
	// Newest is the maximum number listed, newest first. Zero means all, in order of
	// time.
	Newest int
}

// Recent is the newest anomalies of all events, their matches and reviews.
type Recent interface {
	MatchReader
	AnomalyReader // newest first
	ForecastReader
	Review([]Anomaly)
}

// ForecastReader holds calls. It passes them to pick in any order, of one id once; they are
// valid during that call.
type ForecastReader interface {
	Forecasts(ctx context.Context, pick func(all iter.Seq[*ledger.Prediction])) error
}

// AnomalyReader reads anomalies.
type AnomalyReader interface {
	// EachAnomaly calls yield with the anomalies of an event (all events if empty)
	// that have at least a confidence, until it returns false. For AnomalyQuery.Newest
	// they must come newest first.
	EachAnomaly(ctx context.Context, event string, minConfidence float64, yield func(*detect.Anomaly) bool) error
	// EdgesInWindow returns edges that may include rows of other programs.
	EdgesInWindow(ctx context.Context, event string, asOf odds.Time) ([]graph.Edge, error)
}

// ListAnomalies lists the anomalies that began by asOf, and rows of other programs
// as kind external. It returns ErrInvalid for an unknown kind. Suppressed ones are counted as far back as the list goes.
func ListAnomalies(ctx context.Context, r AnomalyReader, q AnomalyQuery, names Names, asOf odds.Time) (*Anomalies, error) {
	if err := CheckKind(q.Kind); err != nil {
		return nil, err
	}
	q.Kind = strings.ToLower(q.Kind)
	l := &Anomalies{AsOf: asOf, Anomalies: []Anomaly{}, Kinds: map[string]int{}, names: names}
	take := func(a *detect.Anomaly) bool { return l.take(a, &q) }
	if err := r.EachAnomaly(ctx, q.Event, q.MinConfidence, take); err != nil {
		return nil, err
	}
	edges, err := r.EdgesInWindow(ctx, q.Event, asOf)
	if err != nil {
		return nil, err
	}
	theirs := external(edges, q.MinConfidence)
	for i := range theirs {
		take(&theirs[i])
	}
	l.order(q.Newest)
	for i := range l.Anomalies {
		l.Kinds[l.Anomalies[i].Kind]++
	}
	return l, nil
}

// order sorts by time, or if newest is above 0 keeps so many of the newest, newest first:
// rows of other programs come on top of what the reader gave, and may be newer.
func (l *Anomalies) order(newest int) {
	if newest <= 0 {
		slices.SortStableFunc(l.Anomalies, func(a, b Anomaly) int { return cmp.Compare(a.At, b.At) })
		return
	}
	slices.SortStableFunc(l.Anomalies, func(a, b Anomaly) int { return cmp.Compare(b.At, a.At) })
	l.Anomalies = l.Anomalies[:min(newest, len(l.Anomalies))]
}

// take adds an anomaly that matches, counts a suppressed one, and reports whether
// the reader should go on.
func (l *Anomalies) take(a *detect.Anomaly, q *AnomalyQuery) bool {
	if a.At > l.AsOf || a.Confidence < q.MinConfidence || q.Kind != "" && q.Kind != a.Kind {
		return true
	}
	if a.Suppressed != "" {
		l.Suppressed++
		if !q.Suppressed {
			return true
		}
	}
	l.Anomalies = append(l.Anomalies, NewAnomaly(a, l.names, l.AsOf))
	return q.Newest <= 0 || len(l.Anomalies) < q.Newest
}

// NewAnomaly returns an anomaly in the state of asOf.
func NewAnomaly(a *detect.Anomaly, names Names, asOf odds.Time) Anomaly {
	until := a.Until
	if until > asOf {
		until = 0
	}
	return Anomaly{
		Kind: a.Kind, Meaning: detect.Describe(a.Kind), Layer: a.Layer, EventID: a.Event, Title: names.Event(a.Event), Start: words.Known(names.events[a.Event].Start),
		Nodes: append([]odds.NodeID{}, a.Nodes...), At: a.At, Until: words.Known(until), Severity: a.Severity, Band: a.Band,
		Confidence: a.Confidence, Size: a.Size, Strength: a.Strength, Evidence: a.Evidence, Suppressed: a.Suppressed,
	}
}

// external lists the rows of other programs among edges with confidence at least
// min, as anomalies of kind external, by layer in the given order.
func external(all []graph.Edge, min float64) []detect.Anomaly {
	var layers [4][]graph.Edge
	for i := range all {
		if e := &all[i]; e.Evidence == graph.FromExternal && e.Layer.Valid() {
			layers[e.Layer-1] = append(layers[e.Layer-1], *e)
		}
	}
	var found []detect.Anomaly
	for i, l := range layers {
		confidence := make([]float32, len(l))
		for j := range l {
			confidence[j] = float32(l[j].Confidence)
		}
		found = edges.Find(odds.Layers[i], l, confidence, edges.Options{MinConfidence: min}, found)
	}
	for i := range found {
		found[i].Evidence.Text = found[i].Explain()
	}
	return found
}

// Text writes the most severe anomalies as a table, at most limit (0: all), the
// newest of equal severity first.
func (l *Anomalies) Text(w io.Writer, s Style, limit int) error {
	var b bytes.Buffer
	order := slices.Clone(l.Anomalies)
	slices.SortStableFunc(order, func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(grave(b.Severity), grave(a.Severity)), cmp.Compare(b.At, a.At))
	})
	if limit > 0 && len(order) > limit {
		order = order[:limit]
	}
	t := table.New("Severity", "What", "Layer", "When", "Lasted", "Where", "Confidence", "Now", "Usually", "Event", "")
	for i := range order {
		a := &order[i]
		t.Add(table.Cell{Text: string(a.Severity), Paint: severityPaint(a.Severity)}, a.Kind, a.Layer.Key(), words.Clock(a.At), a.lasted(),
			l.where(a), words.SureCell(a.Confidence), now(a), usually(a), a.EventID, table.Cell{Text: cmp.Or(a.Suppressed, a.Evidence.Suspected), Paint: table.Dim})
	}
	if t.Len() == 0 {
		b.WriteString("Nothing abnormal.\n")
	} else {
		t.Write(&b, s)
	}
	if n := len(l.Anomalies) - len(order); n > 0 {
		fmt.Fprintf(&b, "%s; anomalies --limit 0 shows all.\n", words.Plural(n, "less severe or older one"))
	}
	if listed := slices.ContainsFunc(l.Anomalies, func(a Anomaly) bool { return a.Suppressed != "" }); l.Suppressed > 0 && !listed {
		fmt.Fprintf(&b, "%s suppressed; --suppressed shows them with the reason.\n", words.Plural(l.Suppressed, "further one"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (a *Anomaly) lasted() string {
	if a.Until == nil {
		return "still on"
	}
	return words.Span(a.Until.Sub(a.At))
}

// where names the event, and once what the nodes share.
func (l *Anomalies) where(a *Anomaly) string {
	switch len(a.Nodes) {
	case 0:
		return a.Title
	case 2:
		return l.names.pairIn("", a.Nodes[0], a.Nodes[1], false)
	}
	text := l.names.Node(a.Nodes[0])
	if n := len(a.Nodes) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// now and usually return the compared values: for arbitrage a share of profit,
// without history; for a hidden edge the move still expected; else the measured
// value in its unit.
func now(a *Anomaly) string {
	switch a.Kind {
	case detect.Arbitrage, detect.LayArbitrage:
		return fmt.Sprintf("%.2f %% arbitrage profit", 100*a.Size)
	case detect.Value:
		return fmt.Sprintf("%+.2f %% expected value", 100*a.Size)
	case detect.HiddenEdge:
		return fmt.Sprintf("%+.2g of %+.2g log-odds have arrived", a.Evidence.Now, a.Evidence.Usual)
	}
	return strings.TrimSpace(fmt.Sprintf("%.3g %s", a.Evidence.Now, a.Evidence.Unit))
}

func usually(a *Anomaly) string {
	if a.Evidence.N == 0 || a.Kind == detect.HiddenEdge || a.Kind == detect.Value {
		return ""
	}
	return fmt.Sprintf("%.3g ± %.2g", a.Evidence.Usual, a.Evidence.Spread)
}

func grave(s detect.Severity) int {
	return slices.Index([]detect.Severity{detect.SeverityLow, detect.SeverityMedium, detect.SeverityHigh, detect.SeverityCritical}, s)
}

func severityPaint(s detect.Severity) table.Paint {
	switch s {
	case detect.SeverityCritical, detect.SeverityHigh:
		return table.Red
	case detect.SeverityMedium:
		return table.Yellow
	}
	return table.Dim
}
