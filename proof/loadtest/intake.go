package loadtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// IngestReport is the result of Ingest.
type IngestReport struct {
	URL          string            `json:"url"`
	Nodes        int               `json:"nodes"`
	Events       int               `json:"events"`
	Neighbours   int               `json:"neighbours"` // partners of each node
	Batch        int               `json:"batch"`
	Connections  int               `json:"connections"`
	Changed      float64           `json:"changed"`
	Seconds      float64           `json:"seconds"`
	FirstTicks   uint64            `json:"first_ticks"` // acknowledged before the measurement: every node once
	Requests     uint64            `json:"requests"`
	Sent         uint64            `json:"sent_ticks"`
	Acknowledged uint64            `json:"acknowledged_ticks"` // accepted and duplicates
	Duplicates   uint64            `json:"duplicates"`
	Rejected     uint64            `json:"rejected"`
	Reasons      map[string]uint64 `json:"rejected_by_reason"`
	Failures     map[string]uint64 `json:"failures"` // of requests, by status or error
	PerSecond    float64           `json:"acknowledged_per_second"`
	BytesOut     uint64            `json:"bytes_out"`
	Ack          Latency           `json:"ack"`
	Coincidences *float64          `json:"coincidences_per_tick"` // null: unknown
	Memory       []MemoryPoint     `json:"memory"`                // of the service; empty if unknown
	MemoryBefore *float64          `json:"memory_before_bytes"`
	MemoryAfter  *float64          `json:"memory_after_bytes"`
	Generator    Generator         `json:"generator"`
	Passed       bool              `json:"passed"`
	Breaches     []Breach          `json:"breaches"`
}

// MemoryPoint is the service's resident memory at one time.
type MemoryPoint struct {
	Second float64 `json:"second"`
	Bytes  float64 `json:"bytes"`
}

func (in *intake) report(first *intakeSum, took time.Duration) *IngestReport {
	s, o := in.sum, in.o
	r := &IngestReport{
		URL: o.URL, Events: len(in.u.latent), Nodes: len(in.u.latent) * o.Neighbours, Neighbours: o.Neighbours, Batch: o.Batch, Connections: o.Connections,
		Changed: o.Changed, Seconds: took.Seconds(), FirstTicks: first.accepted + first.duplicates, Requests: s.requests, Sent: s.sent,
		Acknowledged: s.accepted + s.duplicates, Duplicates: s.duplicates, Rejected: s.rejected, Reasons: s.reasons, Failures: s.failures,
		BytesOut: s.bytes, Ack: s.acks.summary(),
	}
	if took > 0 {
		r.PerSecond = float64(r.Acknowledged) / took.Seconds()
	}
	return r
}

// compare computes what the service's metrics say about the measured time.
func (r *IngestReport) compare(before, after map[string]float64) {
	const resident = "process_resident_memory_bytes"
	if v, ok := before[resident]; ok {
		r.MemoryBefore = &v
	}
	if v, ok := after[resident]; ok {
		r.MemoryAfter = &v
	}
	for name, v := range after {
		ticks := after["corrgraph_ticks_received_total"] - before["corrgraph_ticks_received_total"]
		if strings.HasPrefix(name, "corrgraph_") && strings.HasSuffix(name, "coincidences_total") && ticks > 0 {
			share := (v - before[name]) / ticks
			r.Coincidences = &share
		}
	}
}

func (r *IngestReport) judge(o *IngestOptions) {
	r.Breaches = []Breach{}
	breach := func(what, measured, limit string) { r.Breaches = append(r.Breaches, Breach{what, measured, limit}) }
	if failed := share(count(r.Failures), r.Requests); failed > o.MaxFailureRate || r.Requests == 0 {
		breach("failed requests", percent(failed), "at most "+percent(o.MaxFailureRate))
	}
	if rejected := share(r.Rejected, r.Sent); rejected > o.MaxFailureRate {
		breach("rejected ticks", percent(rejected), "at most "+percent(o.MaxFailureRate))
	}
	if r.PerSecond < o.MinRate {
		breach("acknowledged ticks per second", fmt.Sprintf("%.0f", r.PerSecond), fmt.Sprintf("at least %.0f", o.MinRate))
	}
	r.Passed = len(r.Breaches) == 0
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Verdict returns the result in a sentence.
func (r *IngestReport) Verdict() string {
	s := fmt.Sprintf("%.0f ticks per second acknowledged, p50 %.1f ms, p99 %.1f ms per batch of %d", r.PerSecond, r.Ack.P50Ms, r.Ack.P99Ms, r.Batch)
	if r.Passed {
		return "PASS: " + s
	}
	s = "FAIL: " + s
	for _, b := range r.Breaches {
		s += fmt.Sprintf("; %s: %s, want %s", b.What, b.Measured, b.Limit)
	}
	return s
}

// Text writes a report for people.
func (r *IngestReport) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d nodes of %d events, each watched against %d others; %.0f %% of quotes change the price\n", r.Nodes, r.Events, r.Neighbours, 100*r.Changed)
	fmt.Fprintf(&b, "%d connections, batches of %d, %.1f s: %d requests, %d ticks sent, %d acknowledged (%d duplicates), %d rejected, %.1f MB\n",
		r.Connections, r.Batch, r.Seconds, r.Requests, r.Sent, r.Acknowledged, r.Duplicates, r.Rejected, float64(r.BytesOut)/1e6)
	fmt.Fprintf(&b, "acknowledged after ms: p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.1f\n", r.Ack.P50Ms, r.Ack.P90Ms, r.Ack.P99Ms, r.Ack.P999Ms, r.Ack.MaxMs)
	for _, why := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Fprintf(&b, "rejected: %s: %d ticks\n", why, r.Reasons[why])
	}
	for _, why := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "failed: %s: %d requests\n", why, r.Failures[why])
	}
	if r.Coincidences != nil {
		fmt.Fprintf(&b, "coincidences per tick: %.3g\n", *r.Coincidences)
	}
	if r.MemoryBefore != nil && r.MemoryAfter != nil {
		most := math.Max(*r.MemoryBefore, *r.MemoryAfter)
		for _, p := range r.Memory {
			most = math.Max(most, p.Bytes)
		}
		fmt.Fprintf(&b, "memory of the service: %.1f MB before, %.1f MB after, %.1f MB at most\n", *r.MemoryBefore/1e6, *r.MemoryAfter/1e6, most/1e6)
	}
	if r.Generator.Known {
		fmt.Fprintf(&b, "generator used %.0f %% of one core of %d\n", r.Generator.CorePercent, r.Generator.Cores)
	}
	fmt.Fprintln(&b, r.Verdict())
	_, err := w.Write(b.Bytes())
	return err
}

// metrics reads counters and gauges, each summed over its labels; nil if they can't
// be read.
func (a *asker) metrics(ctx context.Context) map[string]float64 {
	families, err := a.Metrics(ctx)
	if err != nil {
		return nil
	}
	sums := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			switch {
			case m.GetCounter() != nil:
				sums[name] += m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				sums[name] += m.GetGauge().GetValue()
			case m.GetUntyped() != nil:
				sums[name] += m.GetUntyped().GetValue()
			}
		}
	}
	return sums
}
