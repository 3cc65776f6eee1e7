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
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// StreamStats returns the number of streams, and of messages that slow clients
// missed.
func (a *API) StreamStats() telemetry.Stream { return a.streams.Stats() }

func (a *API) stream() {
	rt := route{method: "GET", path: "/v1/stream", role: access.Viewer, free: true}
	op := huma.Operation{
		OperationID: "stream", Tags: []string{"stream"}, Summary: "What happens, as server-sent events",
		Description: "Events: connected, " + strings.Join(stream.Kinds, ", ") + ", heartbeat, resync (what came before is gone: fetch everything anew; the stream goes on from now), bye. " +
			"Each has an id; a client that comes back with it as Last-Event-ID gets what it missed. Of what a slow client could not take, only the newest of each thing is sent; " +
			"gap with scope stream says how many messages it missed for good, gap with scope feed that polls of a source never came.",
		Parameters: []*huma.Param{
			query("event", "One event alone, and what is about none.", "match-1", &huma.Schema{Type: huma.TypeString, MaxLength: ptr(stream.LongestID)}),
			query("kinds", "These kinds alone, separated by commas.", "anomaly,prediction", &huma.Schema{Type: huma.TypeString}),
			query("last_event_id", "As the header, for clients that can't send one.", "", &huma.Schema{Type: huma.TypeString}),
			{Name: "Last-Event-ID", In: "header", Description: "The id of the last event that came.", Schema: &huma.Schema{Type: huma.TypeString}},
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
