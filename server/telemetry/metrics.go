package telemetry

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// prefix starts every name but those of the Go runtime and the process.
const prefix = "corrgraph_"

// Build identifies the running program, as the labels of build_info.
type Build struct {
	Version, Revision string
	Date              string // of the commit
	GoVersion         string
}

// Metrics holds every instrument of the service. The labels of a vector are in the
// order of its comment. Label values come from fixed lists (a layer, a reason, a
// route's pattern), never from a client or a source; names of sources, which come
// from configuration and recordings, go through [Metrics.Source], which limits
// their number.
type Metrics struct {
	Anomalies     *prometheus.CounterVec   // kind, layer ("L1" … "L4")
	Predictions   *prometheus.CounterVec   // layer, outcome ("issued" or its result)
	Coincidences  prometheus.Counter       // moves of one series paired with moves of another within reach
	QueryTimeouts prometheus.Counter       // statements interrupted at their deadline
	GraphBuild    prometheus.Histogram     // seconds to build the graph of one event, all layers
	LayerBuild    *prometheus.HistogramVec // layer, outcome ("ok", "error", "deadline", "panic", "open")
	Decision      prometheus.Histogram     // seconds to judge all families at the end of a decision window
	Forecast      *prometheus.HistogramVec // since ("receipt", "log"): seconds from a tick to the forecasts that follow from it
	Publish       prometheus.Histogram     // seconds from a tick's arrival to the snapshot that holds it
	LogAppend     prometheus.Histogram     // seconds until a batch is durable in the tick log
	Shed          *prometheus.CounterVec   // what ("streams", "predictions", "l4", "ingest", …)
	RateLimited   *prometheus.CounterVec   // limit ("client", "governor", "concurrency", …)

	requests *prometheus.CounterVec   // route, method, code
	duration *prometheus.HistogramVec // route
	sources  *sources
	readings *readings
	registry *prometheus.Registry
}

// NewMetrics registers the instruments, and those of the Go runtime and the
// process, in an empty registry. It panics if any of them is registered already:
// two services in one registry are a mistake of the caller.
func NewMetrics(reg *prometheus.Registry, b Build) *Metrics {
	m := &Metrics{
		Anomalies:     counters("anomalies_total", "Anomalies raised.", "kind", "layer"),
		Predictions:   counters("predictions_total", "Predictions issued, and their results.", "layer", "outcome"),
		Coincidences:  counter("coincidences_total", "Pairs of moves of two series within reach of each other: the work of correlating."),
		QueryTimeouts: counter("query_timeouts_total", "Statements interrupted at their deadline."),
		GraphBuild:    prometheus.NewHistogram(seconds("graph_build_seconds", "Time to build the graph of one event.", fast)),
		LayerBuild:    histograms("layer_build_seconds", "Time to build one layer of a graph.", fast, "layer", "outcome"),
		Decision:      prometheus.NewHistogram(seconds("decision_seconds", "Time to judge all families at the end of a decision window.", fast)),
		Forecast:      histograms("tick_to_forecast_seconds", "Time from the newest tick behind them, since it was received or since it was in the tick log, to published forecasts.", fast, "since"),
		Publish:       prometheus.NewHistogram(seconds("ingest_to_publish_seconds", "Time from the arrival of a tick to the published snapshot that holds it.", request)),
		LogAppend:     prometheus.NewHistogram(seconds("log_append_seconds", "Time until a batch is durable in the tick log.", request)),
		Shed:          counters("shed_total", "Work refused because memory or capacity ran out.", "what"),
		RateLimited:   counters("rate_limited_total", "Requests refused by a limit.", "limit"),
		requests:      counters("requests_total", "HTTP requests answered.", "route", "method", "code"),
		duration:      histograms("request_duration_seconds", "Time to answer an HTTP request.", request, "route"),
		sources:       newSources(),
		readings:      &readings{names: newDescriptions()},
		registry:      reg,
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: prefix + "build_info", Help: "1, labelled with the running build.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "date": b.Date, "goversion": b.GoVersion},
	})
	build.Set(1)
	reg.MustRegister(
		m.Anomalies, m.Predictions, m.Coincidences, m.QueryTimeouts, m.GraphBuild, m.LayerBuild, m.Decision, m.Forecast, m.Publish, m.LogAppend,
		m.Shed, m.RateLimited, m.requests, m.duration, build, m.readings,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	reg.MustRegister(m.sources.collectors()...)
	for _, since := range []string{"receipt", "log"} {
		m.Forecast.WithLabelValues(since) // shown before the first one
	}
	return m
}

// Handler answers scrapes in the format that the scraper requests: OpenMetrics has
// exemplars, protobuf also native histograms. If a collector fails, the other
// values are still served. At most four scrapes run at a time; others wait, and the
// server must bound them.
func (m *Metrics) Handler() http.Handler {
	scrape := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError})
	turns := make(chan struct{}, 4)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			scrape.ServeHTTP(w, r)
		case <-r.Context().Done(): // the scraper has left
		}
	})
}

// Collect adds a reader of values owned by other packages. Each scrape passes the
// same Readings to all readers in turn, and each fills in its values. A reader must
// be quick, may run in several scrapes at once, and must not keep the Readings.
func (m *Metrics) Collect(read func(*Readings)) {
	m.readings.mu.Lock()
	defer m.readings.mu.Unlock()
	m.readings.read = append(m.readings.read, read)
}

// readings is the collector behind [Metrics.Collect].
type readings struct {
	names *descriptions
	mu    sync.Mutex
	read  []func(*Readings) // guarded by mu; appended to only
}

// Describe sends every descriptor, with or without a value.
func (r *readings) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range r.names.all {
		ch <- d
	}
}

// Collect calls every reader and sends the values.
func (r *readings) Collect(ch chan<- prometheus.Metric) {
	r.mu.Lock()
	read := r.read
	r.mu.Unlock()
	var v Readings
	for _, f := range read {
		f(&v)
	}
	v.send(r.names, ch)
}
