package readiness

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"corrgraph/client"
)

// receiver is an OTLP/HTTP receiver in this process.
type receiver struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	spans []*otlp.Span // guarded by mu
	bad   int          // guarded by mu; exports that could not be read
}

// newReceiver listens on loopback; without a free port its URL is empty, and the
// instance that is told of it does not start.
func newReceiver() *receiver {
	r := &receiver{}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 5 * time.Second}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r
	}
	r.url = "http://" + ln.Addr().String()
	go func() { _ = r.server.Serve(ln) }() // ends with close
	return r
}

func (r *receiver) close() { _ = r.server.Close() }

// settings send an instance's traces here, those that their caller asked for.
func (r *receiver) settings() []string {
	return []string{"telemetry.tracing.endpoint=" + r.url, "telemetry.tracing.sample_ratio=0"}
}

// largestExport bounds what is read of one export.
const largestExport = 64 << 20

func (r *receiver) take(w http.ResponseWriter, q *http.Request) {
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

// of returns the spans of a trace.
func (r *receiver) of(trace string) (out []*otlp.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if hex.EncodeToString(s.GetTraceId()) == trace {
			out = append(out, s)
		}
	}
	return out
}

func tracePropagation(ctx context.Context, l *lab) (f Finding, err error) {
	in := newReceiver()
	defer in.close()
	x, err := l.start(ctx, setup{set: in.settings()})
	if err != nil {
		return f, err
	}
	defer x.stop()
	s, err := lookForOne(ctx, x.viewer, 1)
	if err != nil {
		return f, err
	}
	const trace, parent = "5eed0000000000000000000000077ace", "00000000000077ac"
	// The layers must be built, not remembered, as they are within the same second.
	if err := client.Pause(ctx, 1100*time.Millisecond); err != nil {
		return f, err
	}
	r, err := get(ctx, x.viewer, client.GraphPath(s.events[0]), "Traceparent", "00-"+trace+"-"+parent+"-01")
	if err != nil {
		return f, err
	}
	if err := r.Err(); err != nil {
		return f, err
	}
	// Ending the instance exports what waits.
	if err := x.stop(); err != nil {
		return f, err
	}
	return judgeTrace(in.of(trace), trace, parent, r.Header.Get("Traceresponse")), nil
}

// judgeTrace looks for the caller's request and the layers below it.
func judgeTrace(spans []*otlp.Span, trace, parent, out string) (f Finding) {
	byID := map[string]*otlp.Span{}
	for _, s := range spans {
		byID[string(s.GetSpanId())] = s
	}
	var request *otlp.Span
	for _, s := range spans {
		if hex.EncodeToString(s.GetParentSpanId()) == parent && s.GetKind() == otlp.Span_SPAN_KIND_SERVER {
			request = s
		}
	}
	layers := 0
	for _, s := range spans {
		if strings.HasPrefix(s.GetName(), "layer ") && request != nil && below(byID, s, request) {
			layers++
		}
	}
	back := strings.HasPrefix(out, "00-"+trace+"-") && request != nil && strings.Contains(out, hex.EncodeToString(request.GetSpanId()))
	f.Pass = request != nil && layers == 4 && back
	n := 0
	if request != nil {
		n = 1
	}
	f.Measured = fmt.Sprintf("%d request span, %d layer spans, context out %v", n, layers, back)
	f.Evidence = fmt.Sprintf("%d spans of the caller's trace at an OTLP receiver; traceresponse of the answer %q", len(spans), out)
	return f
}

// below reports whether a span stands under another, at any depth.
func below(byID map[string]*otlp.Span, s, top *otlp.Span) bool {
	for range len(byID) {
		if string(s.GetParentSpanId()) == string(top.GetSpanId()) {
			return true
		}
		if s = byID[string(s.GetParentSpanId())]; s == nil {
			return false
		}
	}
	return false
}
