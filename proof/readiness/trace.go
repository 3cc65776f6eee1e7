package readiness

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"corrgraph/client"
	"corrgraph/internal/pause"
	"corrgraph/proof/readiness/lab"
)

func tracePropagation(ctx context.Context, l *session) (f lab.Finding, err error) {
	in := lab.NewReceiver()
	defer in.Close()
	x, err := l.Start(ctx, lab.Setup{Set: in.Settings()})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	s, err := lab.LookForOne(ctx, x.Viewer, 1)
	if err != nil {
		return f, err
	}
	const trace, parent = "5eed0000000000000000000000077ace", "00000000000077ac"
	// The layers must be built, not cached, as answers within one second are.
	if err := pause.For(ctx, 1100*time.Millisecond); err != nil {
		return f, err
	}
	r, err := lab.Get(ctx, x.Viewer, client.GraphPath(s.Events[0]), "Traceparent", "00-"+trace+"-"+parent+"-01")
	if err != nil {
		return f, err
	}
	if err := r.Err(); err != nil {
		return f, err
	}
	// Stopping the instance exports the remaining spans.
	if err := x.Stop(); err != nil {
		return f, err
	}
	return judgeTrace(in.Of(trace), trace, parent, r.Header.Get("Traceresponse")), nil
}

// judgeTrace looks for the caller's request and the layers below it.
func judgeTrace(spans []*otlp.Span, trace, parent, out string) (f lab.Finding) {
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

// below reports whether a span is a descendant of another.
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
