package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/answer"
	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// streams counts the clients of the stream.
type streams struct {
	clients atomic.Int64
	missed  atomic.Uint64 // messages that clients were too slow for
}

// StreamStats is how many streams there are and what slow clients missed.
func (a *API) StreamStats() telemetry.Stream {
	return telemetry.Stream{Clients: int(a.streams.clients.Load()), Dropped: a.streams.missed.Load()}
}

// kinds are the events that a stream can be restricted to.
var kinds = []string{"move", "prediction", "outcome", "anomaly", "graph", "decision", "gap"}

// look is how often a quiet stream looks whether it should end.
const look = time.Second

// errBye ends streams.
var errBye = errors.New("the service is stopping")

// watcher is one client of the stream. It belongs to the request's goroutine.
type watcher struct {
	a      *API
	x      *exchange
	rc     *http.ResponseController
	event  string   // empty: all
	kinds  []string // empty: all
	cursor *live.Cursor
	buf    bytes.Buffer
	spoke  time.Time // when something was last written
	nudged time.Time // when the event was last watched
}

func (a *API) stream() {
	rt := route{method: "GET", path: "/v1/stream", role: access.Viewer, free: true}
	op := huma.Operation{
		OperationID: "stream", Tags: []string{"stream"}, Summary: "What happens, as server-sent events",
		Description: "Events: connected, " + strings.Join(kinds, ", ") + ", heartbeat, resync (what came before is gone: fetch everything anew; the stream goes on from now), bye. " +
			"Each has an id; a client that comes back with it as Last-Event-ID gets what it missed. Of what a slow client could not take, only the newest of each thing is sent; " +
			"gap with scope stream says how many messages it missed for good, gap with scope feed that polls of a source never came.",
		Parameters: []*huma.Param{
			query("event", "One event alone, and what is about none.", "match-1", &huma.Schema{Type: huma.TypeString, MaxLength: ptr(longestID)}),
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
	x := w.(*exchange)
	n := a.streams.clients.Add(1)
	defer a.streams.clients.Add(-1)
	v, p := a.newWatcher(x, r)
	switch {
	case p != nil:
	case a.closing.Err() != nil:
		p = busy(errBye.Error(), 5*time.Second)
	case a.o.Memory.Sheds(guard.ShedStreams):
		a.o.Metrics.Shed.WithLabelValues("streams").Inc()
		p = busy("streams are not served while memory is near its ceiling", 2*time.Second)
	case n > int64(a.settings.Load().Streams):
		a.o.Metrics.RateLimited.WithLabelValues("streams").Inc()
		p = busy("as many clients listen as may", 5*time.Second)
	}
	if p != nil {
		x.fail(p)
		return
	}
	why := v.run(r)
	a.o.Service.Note(r.Context(), store.AuditRow{
		Operation: service.OpStream, Subject: v.event, Status: "OK", Detail: why, Took: a.o.Clock().Sub(x.start),
	})
}

func busy(detail string, retry time.Duration) *Problem {
	p := problem(http.StatusServiceUnavailable, detail)
	p.retry = retry
	return p
}

// newWatcher reads the parameters of a stream.
func (a *API) newWatcher(x *exchange, r *http.Request) (*watcher, *Problem) {
	v := &watcher{a: a, x: x, rc: http.NewResponseController(x.w)}
	if r.URL.RawQuery == "" {
		return v, nil
	}
	q := r.URL.Query()
	for name := range q {
		if name != "event" && name != "kinds" && name != "last_event_id" {
			return nil, invalid("query."+clip(name), "unknown query parameter")
		}
	}
	v.event = q.Get("event")
	if len(v.event) > longestID {
		return nil, invalid("query.event", "expected length <= 256")
	}
	if list := q.Get("kinds"); list != "" {
		v.kinds = strings.Split(list, ",")
	}
	for _, k := range v.kinds {
		if !slices.Contains(kinds, k) {
			return nil, invalid("query.kinds", "expected some of "+strings.Join(kinds, ", "))
		}
	}
	if v.event != "" {
		if err := a.o.Service.Watch(r.Context(), v.event); err != nil {
			return nil, a.failure(r.Context(), err)
		}
	}
	return v, nil
}

func (v *watcher) keep(m *live.Message) bool {
	return (v.event == "" || m.Event == "" || m.Event == v.event) && (len(v.kinds) == 0 || slices.Contains(v.kinds, m.Kind))
}

// run writes events until the client leaves or must, and returns why it ended.
func (v *watcher) run(r *http.Request) string {
	// The limit for reading the request has no meaning for what lasts. A recorder in
	// a test has none to lift.
	_ = v.rc.SetReadDeadline(time.Time{})
	v.x.set("Content-Type", "text/event-stream")
	v.x.set("X-Accel-Buffering", "no") // a proxy must not collect events
	v.x.WriteHeader(http.StatusOK)
	v.nudged = v.a.o.Clock()
	if !v.greet(r) {
		return "the client left"
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(v.a.closing, func() { cancel(errBye) })()
	for {
		why, over := v.step(ctx)
		if over {
			return why
		}
	}
}

// step waits for messages or the next look around.
func (v *watcher) step(ctx context.Context) (why string, over bool) {
	wait, cancel := context.WithTimeout(ctx, min(look, v.a.settings.Load().Heartbeat))
	ms, missed, err := v.cursor.Next(wait)
	cancel()
	switch {
	case errors.Is(context.Cause(ctx), errBye):
		return v.bye(errBye.Error()), true
	case ctx.Err() != nil:
		return "the client left", true
	case v.a.o.Memory.Sheds(guard.ShedStreams):
		v.a.o.Metrics.Shed.WithLabelValues("streams").Inc()
		return v.bye("memory is near its ceiling"), true
	case err != nil:
		return "the client left", !v.quiet(ctx)
	}
	if missed > 0 {
		v.a.streams.missed.Add(missed)
		v.say(ms0(ms, v.cursor.Place()), answer.Gap{Scope: "stream", Missed: missed})
	}
	for i := range ms {
		v.buf.Write(v.a.rendered(&ms[i]))
	}
	if !v.flush() {
		return "the client was too slow, or left", true
	}
	return "", false
}

// ms0 is the place just before the first of some messages.
func ms0(ms []live.Message, place uint64) uint64 {
	if len(ms) > 0 {
		return ms[0].ID - 1
	}
	return place
}

// greet tells where the stream begins.
func (v *watcher) greet(r *http.Request) bool {
	hub := v.a.o.Service.Hub()
	last := r.Header.Get("Last-Event-ID")
	if last == "" && r.URL.RawQuery != "" {
		last = r.URL.Query().Get("last_event_id")
	}
	v.buf.WriteString("retry: 2000\n\n")
	id, own := v.a.placeOf(last)
	var ok bool
	if last == "" {
		id = hub.Last()
	}
	v.cursor, ok = hub.After(id, v.keep)
	resumed := last != "" && own && ok
	v.say(v.cursor.Place(), answer.Connected{
		AsOf: v.a.o.Service.State().AsOf, Boot: v.a.boot, Resumed: resumed, Heartbeat: v.a.settings.Load().Heartbeat.Milliseconds(),
	})
	if last != "" && !resumed {
		if !own { // of another process: its numbers mean nothing here
			v.cursor, _ = hub.After(hub.Last(), v.keep)
		}
		v.say(v.cursor.Place(), answer.Resync{AsOf: v.a.o.Service.State().AsOf})
	}
	return v.flush()
}

// placeOf reads an event id; own says that this process gave it out.
func (a *API) placeOf(id string) (place uint64, own bool) {
	boot, n, ok := strings.Cut(id, "-")
	if !ok || boot != a.boot {
		return 0, false
	}
	place, err := strconv.ParseUint(n, 10, 64)
	return place, err == nil
}

// quiet writes a heartbeat where one is due, and reports whether the client is
// still there. It also keeps what it watches current.
func (v *watcher) quiet(ctx context.Context) bool {
	now := v.a.o.Clock()
	if v.event != "" && now.Sub(v.nudged) >= 30*time.Second {
		v.nudged = now
		// An event that is over has no more news; its stream goes on without them.
		_ = v.a.o.Service.Watch(ctx, v.event)
	}
	if now.Sub(v.spoke) < v.a.settings.Load().Heartbeat {
		return true
	}
	v.say(v.cursor.Place(), answer.Heartbeat{AsOf: v.a.o.Service.State().AsOf})
	return v.flush()
}

// bye writes the last event; a client that left need not hear it.
func (v *watcher) bye(why string) string {
	v.say(v.cursor.Place(), answer.Bye{Reason: why})
	v.flush()
	return why
}

// say adds one event of the stream itself.
func (v *watcher) say(place uint64, m answer.Message) {
	writeEvent(&v.buf, v.a.boot, place, m)
}

// mostKept is the size of buffer that a stream keeps from one write to the next.
const mostKept = 64 << 10

// flush sends what is collected, within the time that a client has for it.
func (v *watcher) flush() bool {
	now := v.a.o.Clock()
	v.spoke = now
	_ = v.rc.SetWriteDeadline(now.Add(v.a.o.WriteTimeout)) // a recorder in a test has none
	_, err := v.x.Write(v.buf.Bytes())
	if err == nil {
		err = v.rc.Flush()
	}
	if v.buf.Cap() > mostKept {
		v.buf = bytes.Buffer{}
	}
	v.buf.Reset()
	return err == nil
}
