package drill

import (
	"slices"
	"time"
)

// Second is one second of a drill.
type Second struct {
	Second   int     `json:"second"`
	Phase    string  `json:"phase"` // before, fault, after
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	Refused  int     `json:"refused_ticks"`
	Health   string  `json:"health"` // the worst status; empty: none
	Layers   string  `json:"layers"` // the worst status of each layer: H, F, O, or - if no graph had it
	P50Ms    float64 `json:"p50_ms"`
	P99Ms    float64 `json:"p99_ms"`
	MaxMs    float64 `json:"max_ms"`
}

// Timeline summarises outcomes by the second in which they were due.
func Timeline(p Promise, s Span, all []Outcome) []Second {
	var out []Second
	times := [][]time.Duration{}
	for i := range all {
		o := &all[i]
		n := int(o.Due / time.Second)
		for len(out) <= n {
			out = append(out, Second{Second: len(out), Phase: phase(s, time.Duration(len(out))*time.Second+time.Second/2), Layers: "----"})
			times = append(times, nil)
		}
		x := &out[n]
		x.Requests++
		times[n] = append(times[n], o.Took)
		x.Health = worse(x.Health, o.Health)
		if o.Probe == Graph && o.failure() == "" {
			x.Layers = worst(x.Layers, o.Layers)
		}
		failed, refused := tally(p, s, all[i:i+1])
		x.Failed += failed
		x.Refused += refused
	}
	for i := range out {
		slices.Sort(times[i])
		if n := len(times[i]); n > 0 {
			out[i].P50Ms, out[i].P99Ms, out[i].MaxMs = ms(times[i][n/2]), ms(times[i][(n-1)*99/100]), ms(times[i][n-1])
		}
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

func phase(s Span, at time.Duration) string {
	switch {
	case at < s.From:
		return "before"
	case at < s.To:
		return "fault"
	}
	return "after"
}

func worse(a, b string) string {
	rank := []string{"", healthy, degraded, failed}
	if slices.Index(rank, b) > slices.Index(rank, a) {
		return b
	}
	return a
}

// worst merges the statuses of one graph into the letters of a second.
func worst(letters string, layers [4]string) string {
	b := []byte(letters)
	const rank = "-HOF"
	for i, s := range layers {
		c := byte('-')
		if s != "" {
			c = s[0]
		}
		if slices.Index([]byte(rank), c) > slices.Index([]byte(rank), b[i]) {
			b[i] = c
		}
	}
	return string(b)
}
