package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// MaxSources is how many sources have series of their own. Later ones share those
// of [OtherSource].
const (
	MaxSources  = 64
	OtherSource = "other"
)

// Source holds the instruments of one source of ticks.
type Source struct {
	received prometheus.Counter
	rejected *prometheus.CounterVec // reason
	late     prometheus.Counter
	gaps     prometheus.Counter
	last     *prometheus.GaugeVec // without a series until the first tick
	latency  prometheus.Observer
	skew     prometheus.Gauge
}

// Received counts accepted ticks.
func (s *Source) Received(n int) { s.received.Add(float64(n)) }

// Rejected counts refused ticks, with a reason of a fixed list.
func (s *Source) Rejected(reason string, n int) {
	s.rejected.WithLabelValues(reason).Add(float64(n))
}

// Late counts accepted ticks that came too late to be learnt from.
func (s *Source) Late(n int) { s.late.Add(float64(n)) }

// Gap counts one interruption of the feed.
func (s *Source) Gap() { s.gaps.Inc() }

// LastTick records when the newest tick arrived, on the wall clock.
func (s *Source) LastTick(at time.Time) { s.last.WithLabelValues().Set(float64(at.UnixNano()) / 1e9) }

// Latency records the delay of a price from the source's stamp to its arrival. A
// negative one, from clocks that disagree, counts as 0.
func (s *Source) Latency(d time.Duration) { s.latency.Observe(max(d, 0).Seconds()) }

// Skew records how far a source's stamps are ahead of receipt, or drifted against it.
func (s *Source) Skew(d time.Duration) { s.skew.Set(d.Seconds()) }

// sources makes the instruments of a source on first use.
type sources struct {
	received, rejected, late, gaps *prometheus.CounterVec
	last, skew                     *prometheus.GaugeVec
	latency                        *prometheus.HistogramVec

	mu    sync.Mutex
	known map[string]*Source // guarded by mu; at most MaxSources and OtherSource
}

func newSources() *sources {
	return &sources{
		received: counters("ticks_received_total", "Ticks taken.", "source"),
		rejected: counters("ticks_rejected_total", "Refused ticks.", "source", "reason"),
		late:     counters("ticks_late_total", "Accepted ticks that came too late to be learnt from.", "source"),
		gaps:     counters("feed_gap_total", "Interruptions of a feed.", "source"),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "feed_last_tick_timestamp_seconds", Help: "When the newest tick arrived; after a restart, until one does, the restart; of a recording that is played, as long ago as by its clock.",
		}, []string{"source"}),
		skew: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "source_clock_skew_seconds", Help: "How far a source's stamps are ahead of receipt, or drifted against it; 0 while they agree.",
		}, []string{"source"}),
		latency: histograms("source_latency_seconds", "Time from the source's stamp of a price to its arrival.", venue, "source"),
		known:   map[string]*Source{},
	}
}

func (s *sources) collectors() []prometheus.Collector {
	return []prometheus.Collector{s.received, s.rejected, s.late, s.gaps, s.last, s.latency, s.skew}
}

// Source returns the instruments of a source: its own for the first [MaxSources]
// names, else the shared ones. Keep the result if ticks are frequent; the call
// takes a lock.
func (m *Metrics) Source(name string) *Source {
	s := m.sources
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= MaxSources && s.known[name] == nil {
		name = OtherSource
	}
	if found := s.known[name]; found != nil {
		return found
	}
	made := &Source{
		received: s.received.WithLabelValues(name),
		rejected: s.rejected.MustCurryWith(prometheus.Labels{"source": name}),
		late:     s.late.WithLabelValues(name),
		gaps:     s.gaps.WithLabelValues(name),
		last:     s.last.MustCurryWith(prometheus.Labels{"source": name}),
		latency:  s.latency.WithLabelValues(name),
		skew:     s.skew.WithLabelValues(name),
	}
	s.known[name] = made
	return made
}
