package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func incoming(traceparent string) *http.Request {
	r := httptest.NewRequest("GET", "/v1/events/42/graph?token=x", nil)
	r.Header.Set("Traceparent", traceparent)
	r.Header.Set("Baggage", "desk=tennis")
	return r
}

// recorded is tracing into memory.
func recorded(o TracingOptions) (*Tracing, *tracetest.SpanRecorder) {
	r := tracetest.NewSpanRecorder()
	return newTracing(r, o), r
}

// receiver is an OTLP/HTTP receiver that keeps what it gets.
func receiver(t *testing.T, got chan<- *collector.ExportTraceServiceRequest) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zipped, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Errorf("body is not gzip: %v", err)
			return
		}
		body, err := io.ReadAll(zipped)
		var m collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &m) != nil || r.URL.Path != "/v1/traces" || r.Header.Get("X-Desk") != "1" {
			t.Errorf("%s %s %v: not an export", r.Method, r.URL, r.Header)
		}
		got <- &m
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSpansArriveBelowTheCallersSpan(t *testing.T) {
	got := make(chan *collector.ExportTraceServiceRequest, 1)
	s := receiver(t, got)
	tr, err := NewTracing(t.Context(), TracingOptions{
		Endpoint: s.URL + "/v1/traces", Headers: map[string]string{"X-Desk": "1"}, Ratio: -1, Version: "v7", Every: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tr.StartRequest(incoming(parent))
	_, layer := tr.Start(ctx, "layer L4")
	End(layer, errors.New("deadline exceeded"))
	EndRequest(span, "GET", "/v1/events/{id}/graph", 503)
	if err := tr.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	rs := (<-got).GetResourceSpans()[0]
	attrs := map[string]string{}
	for _, a := range rs.GetResource().GetAttributes() {
		attrs[a.GetKey()] = a.GetValue().GetStringValue()
	}
	if attrs["service.name"] != "corrgraph" || attrs["service.version"] != "v7" {
		t.Errorf("resource %v", attrs)
	}
	spans := map[string]*otlp.Span{}
	for _, s := range rs.GetScopeSpans()[0].GetSpans() {
		spans[s.GetName()] = s
	}
	req, l4 := spans["GET /v1/events/{id}/graph"], spans["layer L4"]
	if req == nil || l4 == nil {
		t.Fatalf("spans %v", spans)
	}
	if hex.EncodeToString(req.GetTraceId()) != parent[3:35] || hex.EncodeToString(req.GetParentSpanId()) != parent[36:52] || req.GetKind() != otlp.Span_SPAN_KIND_SERVER {
		t.Errorf("the request's span is %v", req)
	}
	if !bytes.Equal(l4.GetParentSpanId(), req.GetSpanId()) || !bytes.Equal(l4.GetTraceId(), req.GetTraceId()) {
		t.Errorf("the layer's span is %v", l4)
	}
	if l4.GetStatus().GetMessage() != "deadline exceeded" || req.GetStatus().GetCode() != otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("status %v and %v", l4.GetStatus(), req.GetStatus())
	}
	if text := rs.String(); strings.Contains(text, "/42/") || strings.Contains(text, "token") {
		t.Errorf("a path or query is in %s", text)
	}
}

func TestContextLeavesAsItCame(t *testing.T) {
	tr, _ := recorded(TracingOptions{Ratio: 1})
	ctx, span := tr.StartRequest(incoming(parent))
	h := http.Header{}
	tr.Inject(ctx, h)
	want := "00-" + parent[3:35] + "-" + span.SpanContext().SpanID().String() + "-01"
	if h.Get("Traceparent") != want || h.Get("Baggage") != "desk=tennis" {
		t.Errorf("left with %v, want traceparent %s", h, want)
	}
}

func TestSampling(t *testing.T) {
	for name, c := range map[string]struct {
		ratio       float64
		traceparent string
		low, high   int // of 1000
	}{
		"all":              {1, "", 1000, 1000},
		"none":             {-1, "", 0, 0},
		"half":             {0.5, "", 400, 600},
		"caller samples":   {-1, parent, 1000, 1000},
		"caller does not":  {1, strings.TrimSuffix(parent, "1") + "0", 0, 0},
		"caller's garbage": {1, "00-zz-zz-01", 1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			seeded := sdk.NewTracerProvider(
				sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.ratio))), sdk.WithIDGenerator(&counted{}),
			)
			tr := &Tracing{provider: seeded, tracer: seeded.Tracer("corrgraph")}
			n := 0
			for range 1000 {
				_, span := tr.StartRequest(incoming(c.traceparent))
				if !span.SpanContext().IsValid() {
					t.Fatal("a span without ids")
				}
				if span.SpanContext().IsSampled() {
					n++
				}
				EndRequest(span, "GET", "/", 200)
			}
			if n < c.low || n > c.high {
				t.Errorf("%d of 1000 sampled, want %d to %d", n, c.low, c.high)
			}
		})
	}
}

// counted makes ids that are evenly spread and the same in each run.
type counted struct{ n uint64 }

func (c *counted) NewIDs(context.Context) (trace.TraceID, trace.SpanID) {
	c.n++
	var id trace.TraceID
	x := c.n * 0x9e3779b97f4a7c15
	for i := range 8 {
		id[i], id[8+i] = 1, byte(x>>(56-8*i))
	}
	return id, trace.SpanID{7: 1}
}

func (c *counted) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	c.n++
	return trace.SpanID{6: byte(c.n>>8) + 1, 7: byte(c.n)}
}

func TestTracingOff(t *testing.T) {
	tr, err := NewTracing(t.Context(), TracingOptions{Ratio: 7})
	if err != nil || tr.On() {
		t.Fatalf("on %v, error %v", tr.On(), err)
	}
	r := incoming(parent)
	ctx, span := tr.StartRequest(r)
	if ctx != r.Context() || span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a request costs something")
	}
	EndRequest(span, "GET", "/", 500)
	h := http.Header{}
	tr.Inject(ctx, h)
	_, theirs := tr.Provider().Tracer("x").Start(ctx, "y")
	if len(h) != 0 || theirs.IsRecording() || tr.Shutdown(t.Context()) != nil {
		t.Error("tracing that is off does something")
	}
}

func TestWrongTracingOptions(t *testing.T) {
	for name, o := range map[string]TracingOptions{
		"scheme": {Endpoint: "ftp://user:hunter2@host/"},
		"no URL": {Endpoint: "localhost:4318"},
		"broken": {Endpoint: "http://user:hunter2@ho st"},
		"ratio":  {Endpoint: "http://localhost", Ratio: 1.5},
		"NaN":    {Endpoint: "http://localhost", Ratio: math.NaN()},
		"queue":  {Endpoint: "http://localhost", Queue: -1},
	} {
		if _, err := NewTracing(t.Context(), o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestLostSpansAreLoggedAndHarmNobody(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer s.Close()
	var out bytes.Buffer
	tr, err := NewTracing(t.Context(), TracingOptions{Endpoint: s.URL, Ratio: 1, Every: time.Hour, Log: NewLogger(&out, LogOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tr.Start(t.Context(), "graph")
	End(span, nil)
	if err := tr.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), `"spans were lost","spans":1`) {
		t.Errorf("log %s", out.String())
	}
}

func TestErrorsMarkTheSpan(t *testing.T) {
	tr, rec := recorded(TracingOptions{Ratio: 1})
	_, span := tr.Start(t.Context(), "query")
	End(span, io.ErrUnexpectedEOF)
	ended := rec.Ended()[0]
	if ended.Status().Description != "unexpected EOF" || len(ended.Events()) != 1 {
		t.Errorf("span %+v", ended)
	}
}
