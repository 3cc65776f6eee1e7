package drill

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Probe is a kind of request that a drill sends.
type Probe int

// The probes.
const (
	Health    Probe = iota // GET /healthz
	Graph                  // GET /v1/events/{id}/graph
	Anomalies              // GET /v1/events/{id}/anomalies
	Leaders                // GET /v1/leaders
	Ticks                  // POST /v1/ticks
	probes
)

var probeNames = [probes]string{"healthz", "graph", "anomalies", "leaders", "ticks"}

// String returns the probe's name in reports.
func (p Probe) String() string { return probeNames[p] }

// at returns the probe of request i: of twenty, eight are graphs, four ask for
// health, three each for anomalies and leaders, two send ticks.
func at(i int) Probe {
	turn := [20]Probe{
		Graph, Health, Graph, Anomalies, Ticks, Graph, Leaders, Graph, Health, Graph,
		Anomalies, Leaders, Health, Graph, Ticks, Graph, Anomalies, Leaders, Graph, Health,
	}
	return turn[i%len(turn)]
}

// Outcome is the result of one request.
type Outcome struct {
	Due     time.Duration // since the drill began
	Took    time.Duration // from when it was due
	Probe   Probe
	Code    int       // 0: no answer
	Error   string    // why there is no answer
	Health  string    // of healthz and graph: HEALTHY, DEGRADED or FAILED
	Layers  [4]string // of a graph: the status of each layer
	Reasons [4]string // of a graph: why a layer is not healthy
	Refused int       // ticks refused in an accepted request
}

// end returns when the answer was complete.
func (o *Outcome) end() time.Duration { return o.Due + o.Took }

// read extracts from an answer what a verdict needs.
func (o *Outcome) read(body []byte) {
	var said struct {
		Status   any `json:"status"` // a string, or the number in a problem document
		Rejected int `json:"rejected"`
		Layers   []struct {
			Status string `json:"status"`
			Reason string `json:"reason"`
		} `json:"layers"`
	}
	if o.Probe != Health && o.Probe != Graph && o.Probe != Ticks {
		return
	}
	if err := json.Unmarshal(body, &said); err != nil {
		o.Error = "the answer is no JSON"
		return
	}
	o.Health, _ = said.Status.(string)
	o.Refused = said.Rejected
	if o.Probe == Graph {
		for i := range min(len(said.Layers), len(o.Layers)) {
			o.Layers[i], o.Reasons[i] = said.Layers[i].Status, said.Layers[i].Reason
		}
	}
}

// failure says why a request failed, whatever the fault; empty if it succeeded.
func (o *Outcome) failure() string {
	switch {
	case o.Error != "":
		return o.Error
	case o.Probe == Ticks && o.Code != http.StatusAccepted, o.Probe != Ticks && o.Code != http.StatusOK:
		return fmt.Sprintf("%d %s", o.Code, http.StatusText(o.Code))
	case o.Probe == Ticks && o.Refused > 0:
		return "ticks rejected"
	}
	return ""
}

// refusal reports whether ticks were properly refused, rather than lost by an
// error.
func (o *Outcome) refusal() bool {
	return o.Probe == Ticks && o.Error == "" &&
		(o.Code == http.StatusServiceUnavailable || o.Code == http.StatusUnprocessableEntity || o.Code == http.StatusAccepted)
}
