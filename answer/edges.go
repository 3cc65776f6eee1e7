package answer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"corrgraph/answer/words"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/store"
)

// Edge is one link in the form of the API and the command line.
type Edge struct {
	Layer        odds.Layer  `json:"layer"`
	EventID      string      `json:"event_id"`
	Source       odds.NodeID `json:"source"`
	Target       odds.NodeID `json:"target"`
	SourceName   string      `json:"source_name"`
	TargetName   string      `json:"target_name"`
	Type         string      `json:"type"`
	LagMs        odds.Millis `json:"lag_ms"`
	LagLowMs     odds.Millis `json:"lag_low_ms"`
	LagHighMs    odds.Millis `json:"lag_high_ms"`
	Correlation  float64     `json:"correlation"`
	Beta         float64     `json:"beta"`
	N            int         `json:"n"`
	P            float64     `json:"p"`
	Q            float64     `json:"q"`
	Confidence   float64     `json:"confidence"`
	Band         odds.Band   `json:"band"`
	Discovered   bool        `json:"discovered"`
	Simultaneous bool        `json:"simultaneous"`
	Copied       bool        `json:"copied"`
	words.Traits
	Evidence   graph.Evidence `json:"evidence"`
	Family     string         `json:"family,omitempty"`
	DetectedAt odds.Time      `json:"detected_at"`
	FirstSeen  *odds.Time     `json:"first_seen"` // null: unknown
	InWindow   bool           `json:"in_window"`  // still counts at the time of the answer
}

func edgeOf(e *graph.Edge, names Names, now odds.Time) Edge {
	return Edge{
		Layer: e.Layer, EventID: e.Event, Source: e.Source, Target: e.Target,
		SourceName: names.Node(e.Source), TargetName: names.Node(e.Target), Type: e.Kind,
		LagMs: e.Lag, LagLowMs: e.LagLow, LagHighMs: e.LagHigh, Correlation: e.Score, Beta: e.Beta,
		N: e.N, P: e.P, Q: e.Q, Confidence: e.Confidence, Band: e.Band(), Discovered: e.Discovered,
		Simultaneous: e.Simultaneous, Copied: e.Copied, Traits: words.TraitsOf(&e.Traits), Evidence: e.Evidence, Family: e.Family,
		DetectedAt: e.DetectedAt, FirstSeen: words.Known(e.FirstSeen),
		InWindow: e.DetectedAt <= now && e.DetectedAt > now.Add(-e.Layer.Window()),
	}
}

// Edges is the answer of `edges`.
type Edges struct {
	AsOf  odds.Time `json:"as_of"`
	Edges []Edge    `json:"edges"`

	names Names
}

// EdgeReader reads stored edges.
type EdgeReader interface {
	Edges(ctx context.Context, f store.EdgeFilter) ([]graph.Edge, error)
}

// ListEdges lists the edges detected by asOf, in the reader's order. Edges outside
// their layer's window are included and marked.
func ListEdges(ctx context.Context, r EdgeReader, f store.EdgeFilter, names Names, asOf odds.Time) (*Edges, error) {
	edges, err := r.Edges(ctx, f)
	out := &Edges{AsOf: asOf, Edges: []Edge{}, names: names}
	for i := range edges {
		if edges[i].DetectedAt <= asOf {
			out.Edges = append(out.Edges, edgeOf(&edges[i], names, asOf))
		}
	}
	return out, err
}

// Text writes discovered edges and those of other programs as a table, or all edges
// if all is set.
func (l *Edges) Text(w io.Writer, s Style, all bool) error {
	var b bytes.Buffer
	t := edgeTable("Layer")
	hidden := 0
	for i := range l.Edges {
		e := &l.Edges[i]
		if !all && !e.Discovered && e.Evidence != graph.FromExternal {
			hidden++
			continue
		}
		age := ""
		if !e.InWindow {
			age = "out of window"
		}
		e.row(t, e.Layer.Key(), l.names, "", age)
	}
	if t.Len() > 0 {
		t.Write(&b, s)
	} else {
		b.WriteString("No link is certain yet.\n")
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "%s not certain enough; --all shows them.\n", words.Plural(hidden, "more link"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func edgeTable(first string) *table.Table {
	return table.New(first, "Leader → follower", "Lag", ">Corr", "Follows", ">n", ">q", "Confidence", "Evidence", "")
}

// row adds the edge to a table of edgeTable. event is the event in question.
func (e *Edge) row(t *table.Table, first string, names Names, event, remark string) {
	external := e.Evidence == graph.FromExternal
	n, q, flag := fmt.Sprint(e.N), words.Small(e.Q), e.Flags(e.Simultaneous, e.Copied, e.Discovered || external)
	if external {
		n, q = "", "" // other programs give neither
	}
	if remark != "" && flag != "" {
		flag += ", "
	}
	t.Add(first, names.pairIn(event, e.Source, e.Target, e.Simultaneous), words.Lag(e.LagMs, e.LagLowMs, e.LagHighMs, 0, e.Simultaneous),
		fmt.Sprintf("%.2f", e.Correlation), words.Share(e.Beta), n, q, words.SureCell(e.Confidence), string(e.Evidence), table.Cell{Text: flag + remark, Paint: table.Dim})
}
