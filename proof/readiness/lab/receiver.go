package lab

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Receiver is an OTLP/HTTP receiver in this process.
type Receiver struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	spans []*otlp.Span // guarded by mu
	bad   int          // guarded by mu; exports that could not be read
}

// NewReceiver listens on loopback. Without a free port its URL is empty, and an
// instance with its settings does not start.
func NewReceiver() *Receiver {
	r := &Receiver{}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 5 * time.Second}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r
	}
	r.url = "http://" + ln.Addr().String()
	go func() { _ = r.server.Serve(ln) }() // ends with Close
	return r
}

// Close stops listening.
func (r *Receiver) Close() { _ = r.server.Close() }

// Settings make an instance send its traces here, limited to those that its caller
// asked for.
func (r *Receiver) Settings() []string {
	return []string{"telemetry.tracing.endpoint=" + r.url, "telemetry.tracing.sample_ratio=0"}
}

// largestExport limits the size of one export.
const largestExport = 64 << 20

func (r *Receiver) take(w http.ResponseWriter, q *http.Request) {
	var in io.Reader = q.Body
	if q.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = z
	}
	text, err := io.ReadAll(io.LimitReader(in, largestExport))
	var m collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &m)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.bad++
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, rs := range m.GetResourceSpans() {
		for _, s := range rs.GetScopeSpans() {
			r.spans = append(r.spans, s.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Of returns the spans of a trace.
func (r *Receiver) Of(trace string) (out []*otlp.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if hex.EncodeToString(s.GetTraceId()) == trace {
			out = append(out, s)
		}
	}
	return out
}
