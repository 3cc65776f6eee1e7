package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/server/access"
	"corrgraph/server/api/stream"
	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// StreamStats returns the number of streams, and of messages that slow clients
// missed.
func (a *API) StreamStats() telemetry.Stream { return a.streams.Stats() }

func (a *API) stream() {
	rt := route{method: "GET", path: "/v1/stream", role: access.Viewer, shed: guard.ShedReads, free: true}
	op := huma.Operation{
		OperationID: "stream", Tags: []string{"stream"}, Summary: "News as server-sent events",
		Description: "Events: connected, " + strings.Join(stream.Kinds, ", ") + ", heartbeat, resync (earlier messages are lost: fetch everything again; the stream continues from now), bye. " +
			"Each has an id; a client that reconnects with it as Last-Event-ID gets what it missed. A client that falls behind gets only the newest message of each kind and subject; " +
			"gap with scope stream counts the messages it missed for good, gap with scope feed reports polls of a source that never arrived.",
		Parameters: []*huma.Param{
			query("event", "Only this event, and messages about no event.", "match-1", &huma.Schema{Type: huma.TypeString, MaxLength: ptr(stream.LongestID)}),
			query("kinds", "Only these kinds, separated by commas.", "anomaly,prediction", &huma.Schema{Type: huma.TypeString}),
			query("last_event_id", "Like the header, for clients that can't send it.", "", &huma.Schema{Type: huma.TypeString}),
			{Name: "Last-Event-ID", In: "header", Description: "The id of the last event received.", Schema: &huma.Schema{Type: huma.TypeString}},
		},
	}
	described := a.document(&rt, op, nil)
	described.Responses["200"].Content = map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}
	a.mount(&rt, a.serveStream)
}

func (a *API) serveStream(w http.ResponseWriter, r *http.Request) {
	err := a.streams.Serve(w, r)
	var wrong *stream.Invalid
	var busy *stream.Busy
	x := w.(*exchange)
	switch {
	case err == nil:
	case errors.As(err, &wrong):
		x.fail(invalid("query."+clip(wrong.Parameter), wrong.Detail))
	case errors.As(err, &busy):
		p := problem(http.StatusServiceUnavailable, busy.Detail)
		p.retry = busy.Retry
		x.fail(p)
	default:
		x.fail(a.failure(r.Context(), err))
	}
}

// limits returns the current limits of streams.
func (a *API) limits() stream.Limits {
	s := a.settings.Load()
	return stream.Limits{Heartbeat: s.Heartbeat, Streams: s.Streams}
}

// streamEnded writes a stream to the audit log.
func (a *API) streamEnded(ctx context.Context, event, why string, took time.Duration) {
	a.o.Service.Note(ctx, store.AuditRow{Operation: service.OpStream, Subject: event, Status: "OK", Detail: why, Took: took})
}
