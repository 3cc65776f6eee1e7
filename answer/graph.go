package answer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"corrgraph/answer/words"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/store"
)

// Graph is the answer of `graph`: the four layers of one event.
type Graph struct {
	EventID string       `json:"event_id"`
	Title   string       `json:"title"`
	AsOf    odds.Time    `json:"as_of"`
	Status  graph.Status `json:"status"`
	Layers  []Layer      `json:"layers"` // always four

	names Names
}

// Layer is one layer of a Graph.
type Layer struct {
	Layer   odds.Layer   `json:"layer"`
	Name    string       `json:"name"`
	Status  graph.Status `json:"status"`                // HEALTHY or FAILED
	Reason  string       `json:"reason,omitempty"`      // why it failed
	Edges   []Edge       `json:"edges" nullable:"true"` // strongest |correlation| first; null where the layer failed
	LeftOut int          `json:"left_out"`              // edges inside the window that are not listed
	Refused int          `json:"refused"`               // edges with a number out of range
	// For a running service:
	Mode string    `json:"mode,omitempty"` // "hot", "standby" or "off"
	AsOf odds.Time `json:"as_of,omitzero"` // event time of the layer's edges, for layers served with their age
}

// LayerOff is the status of a layer that is switched off, which is not a failure.
const LayerOff graph.Status = "OFF"

// Mode is how the four layers are built.
type Mode = graph.Mode

// Failures returns an audit row for each layer that could not be built.
func (g *Graph) Failures(at odds.Time) (rows []store.AuditRow) {
	for _, l := range g.Layers {
		if l.Status == graph.Failed {
			rows = append(rows, store.AuditRow{
				At: at, Operation: l.Layer.Key() + "_BUILD_FAILED", Subject: g.EventID, Layer: l.Layer, Status: "FAILED", Detail: l.Reason,
			})
		}
	}
	return rows
}

// GraphQuery is a question for the graph of an event.
type GraphQuery struct {
	Event string
	Limit int    // maximum edges per layer; zero means graph.AnswerLimit
	Mode  string // how layers are built, see graph.Mode; empty means inline
}

// ReadGraph builds the graph of an event as of an instant, each layer with one
// query. A layer that can't be read is included with the reason.
func ReadGraph(ctx context.Context, r EdgeReader, q GraphQuery, names Names, asOf odds.Time) *Graph {
	source := func(ctx context.Context, layer odds.Layer) ([]graph.Edge, error) {
		return r.Edges(ctx, store.EdgeFilter{Event: q.Event, Layer: layer})
	}
	g := NewGraph(graph.Build(ctx, q.Event, asOf, source, graph.Options{Mode: graph.Mode(q.Mode)}), q.Limit, names)
	return &g
}

// NewGraph returns a snapshot as a Graph, with at most limit edges per layer; zero
// means graph.AnswerLimit.
func NewGraph(s *graph.Snapshot, limit int, names Names) Graph {
	var a graph.Answer
	s.Answer(s.AsOf, limit, &a)
	g := Graph{EventID: a.Event, Title: names.Event(a.Event), AsOf: a.Now, Status: a.Status, names: names}
	for i := range a.Layers {
		from := &a.Layers[i]
		l := Layer{Layer: odds.Layers[i], Name: odds.Layers[i].String(), Status: graph.Healthy, LeftOut: from.LeftOut, Refused: from.Refused}
		if from.Err != nil {
			l.Status, l.Reason = graph.Failed, from.Err.Error()
		} else {
			l.Edges = make([]Edge, 0, len(from.Edges))
		}
		for _, e := range from.Edges {
			l.Edges = append(l.Edges, edgeOf(e, names, a.Now))
		}
		g.Layers = append(g.Layers, l)
	}
	return g
}

// Empty reports whether no layer has an edge.
func (g *Graph) Empty() bool {
	for i := range g.Layers {
		if len(g.Layers[i].Edges) > 0 {
			return false
		}
	}
	return true
}

// Text writes the layers as tables.
func (g *Graph) Text(w io.Writer, s Style) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %s as of %s\n", s.Bold(g.Title), g.Status, g.AsOf)
	for i := range g.Layers {
		l := &g.Layers[i]
		fmt.Fprintf(&b, "\n%s\n", s.Bold(l.Layer.Key()+" "+l.Name+": "+l.summary()))
		if len(l.Edges) == 0 {
			continue
		}
		t := edgeTable("")
		for j := range l.Edges {
			l.Edges[j].row(t, "", g.names, g.EventID, "")
		}
		t.Write(&b, s)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (l *Layer) summary() string {
	if l.Status == graph.Failed {
		return "failed, " + l.Reason
	}
	t := words.Plural(len(l.Edges), "link")
	if len(l.Edges) == 0 {
		t = "no link in the last " + words.Span(l.Layer.Window())
	}
	if l.LeftOut > 0 {
		t += fmt.Sprintf(" (the strongest; %d more)", l.LeftOut)
	}
	if l.Refused > 0 {
		t += fmt.Sprintf(", %d refused: a number out of range", l.Refused)
	}
	return t
}
