package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync/atomic"

	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// events keeps the newest events as they are sent, so that a thousand clients cost
// one rendering and not a thousand. An id's place is its remainder.
type events struct {
	of [1 << 13]atomic.Pointer[rendered]
}

type rendered struct {
	id   uint64
	text []byte
}

// rendered is a message as the stream has it. The caller must not change it.
func (a *API) rendered(m *live.Message) []byte {
	place := &a.sent.of[m.ID%uint64(len(a.sent.of))]
	if r := place.Load(); r != nil && r.id == m.ID {
		return r.text
	}
	var b bytes.Buffer
	writeEvent(&b, m.Kind, a.boot, m.ID, a.news(m))
	place.Store(&rendered{m.ID, b.Bytes()})
	return b.Bytes()
}

// writeEvent appends one server-sent event. JSON has no line breaks, so one data
// line holds it.
func writeEvent(b *bytes.Buffer, kind, boot string, place uint64, data any) {
	text, err := json.Marshal(data)
	if err != nil { // a number that JSON lacks
		text = []byte(`{}`)
	}
	b.WriteString("id: ")
	b.WriteString(boot)
	b.WriteByte('-')
	b.Write(strconv.AppendUint(b.AvailableBuffer(), place, 10))
	b.WriteString("\nevent: ")
	b.WriteString(kind)
	b.WriteString("\ndata: ")
	b.Write(text)
	b.WriteString("\n\n")
}

// move is a move of a price as the stream has it.
type move struct {
	Node    odds.NodeID `json:"node"`
	EventID string      `json:"event_id"`
	At      odds.Time   `json:"at"`
	Move    float64     `json:"move"`  // log-odds, since the last of this node that was sent
	Value   float64     `json:"value"` // after it
	Price   *float64    `json:"price"` // null: of a consensus
	RMS     float64     `json:"rms"`   // of the node's moves before; 0 unknown
}

// graphNews says that an event's graph can be fetched anew.
type graphNews struct {
	EventID string    `json:"event_id"`
	AsOf    odds.Time `json:"as_of"`
	Version any       `json:"version"`
}

// decision says that families were decided on anew.
type decision struct {
	At       odds.Time `json:"at"`
	Families any       `json:"families"`
}

func (a *API) anomaly(d detect.Anomaly) answer.Anomaly {
	return answer.NewAnomalies([]detect.Anomaly{d}, a.o.Service.Names(), answer.AnomalyFilter{Suppressed: true}, odds.Never).Anomalies[0]
}

// news is what a message says, as clients see it.
func (a *API) news(m *live.Message) any {
	switch d := m.Data.(type) {
	case engine.Move:
		v := move{Node: d.Node, EventID: d.Event, At: d.At, Move: d.Raw, Value: d.Value, RMS: d.RMS}
		if d.Price != 0 {
			v.Price = &d.Price
		}
		return v
	case ledger.Prediction:
		return a.o.Service.NewForecast(&d)
	case live.AnomalyUpdate:
		return a.anomaly(d.Anomaly)
	case detect.Anomaly:
		return a.anomaly(d)
	case engine.Source:
		return gap{Scope: "feed", Source: d.Name, Missed: uint64(max(d.Missed, 0))}
	}
	switch m.Kind {
	case "graph":
		return graphNews{m.Event, m.At, m.Data}
	case "decision":
		return decision{m.At, m.Data}
	}
	return m.Data
}
