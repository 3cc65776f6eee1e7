// Package stream serves the live engine's messages as server-sent events: one event
// per message to every client, in order, rendered once for all of them.
//
// A client that reconnects with the id of its last event gets what it missed. One
// that is too slow gets the newest message of each kind and key, and the number of
// messages it missed; one that stops reading is dropped. Serve blocks for as long
// as its client listens.
package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"corrgraph/answer"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/present"
	"corrgraph/server/telemetry"
)

// Service is the source of messages.
type Service interface {
	Hub() *live.Hub
	State() *live.State
	Time() present.Time
	Told(m *live.Message) answer.Message
	// Watch keeps messages about an event coming for the next minute.
	Watch(ctx context.Context, event string) error
}

// Options of a Server. All are required.
type Options struct {
	Service      Service
	Ended        func(ctx context.Context, event, why string, took time.Duration) // called after every stream that was served
	Memory       *guard.Memory
	Metrics      *telemetry.Metrics
	Clock        func() time.Time // the true wall clock: it sets deadlines of connections
	WriteTimeout time.Duration    // limit for a client to receive what was sent
	Limits       func() Limits    // the current limits
}

// Limits can change while the server runs.
type Limits struct {
	Heartbeat time.Duration // between two heartbeats of a quiet stream
	Streams   int           // maximum number of streams
}

// Kinds are the events to which a stream can be restricted.
var Kinds = []string{"move", "prediction", "outcome", "anomaly", "graph", "decision", "gap", "continuity"}

// LongestID is the maximum length in bytes of an event's id.
const LongestID = 256

// Invalid is the error of an invalid parameter.
type Invalid struct{ Parameter, Detail string }

// Error implements error.
func (e *Invalid) Error() string { return e.Parameter + ": " + e.Detail }

// Busy is the error of a stream that can't be served now.
type Busy struct {
	Detail string
	Retry  time.Duration
}

// Error implements error.
func (e *Busy) Error() string { return e.Detail }

// ErrStopping is the reason why streams end after Close.
var ErrStopping = errors.New("the service is stopping")

// Server serves streams. See [New].
type Server struct {
	o       Options
	boot    string          // of this process; ids with another are unknown
	closing context.Context // ends with Close
	close   context.CancelFunc
	clients atomic.Int64
	missed  atomic.Uint64 // messages missed by slow clients
	sent    events
}

// New returns a Server.
func New(o Options) *Server {
	s := &Server{o: o, boot: uuid.NewString()[:8]}
	s.closing, s.close = context.WithCancel(context.Background())
	return s
}

// Close ends all streams with a last event and refuses new ones.
func (s *Server) Close() { s.close() }

// Closed reports whether Close was called.
func (s *Server) Closed() bool { return s.closing.Err() != nil }

// Stats returns the number of streams, and of messages that slow clients missed.
func (s *Server) Stats() telemetry.Stream {
	return telemetry.Stream{Clients: int(s.clients.Load()), Dropped: s.missed.Load()}
}

// look is how often a quiet stream checks whether it should end.
const look = time.Second

// Serve writes events until the client leaves or the stream must end. An error
// (Invalid, Busy, or one of the service) means that the stream was refused and
// nothing was written.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) error {
	start := s.o.Clock()
	n := s.clients.Add(1)
	defer s.clients.Add(-1)
	v, err := s.newWatcher(w, r)
	switch {
	case err != nil:
		return err
	case s.Closed():
		return &Busy{ErrStopping.Error(), 5 * time.Second}
	case s.o.Memory.Sheds(guard.ShedStreams):
		s.o.Metrics.Shed.WithLabelValues("streams").Inc()
		return &Busy{"streams are not served while memory is near its ceiling", 2 * time.Second}
	case n > int64(s.o.Limits().Streams):
		s.o.Metrics.RateLimited.WithLabelValues("streams").Inc()
		return &Busy{"the limit of concurrent streams is reached", 5 * time.Second}
	}
	why := v.run(r)
	s.o.Ended(r.Context(), v.event, why, s.o.Clock().Sub(start))
	return nil
}

// watcher is one client of the stream. It belongs to the request's goroutine.
type watcher struct {
	s      *Server
	w      http.ResponseWriter
	rc     *http.ResponseController
	event  string   // empty: all
	kinds  []string // empty: all
	cursor *live.Cursor
	buf    bytes.Buffer
	spoke  time.Time // when something was last written
	nudged time.Time // when the event's view was last requested
}

// newWatcher reads the parameters of a stream.
func (s *Server) newWatcher(w http.ResponseWriter, r *http.Request) (*watcher, error) {
	v := &watcher{s: s, w: w, rc: http.NewResponseController(w)}
	if r.URL.RawQuery == "" {
		return v, nil
	}
	q := r.URL.Query()
	for name := range q {
		if name != "event" && name != "kinds" && name != "last_event_id" {
			return nil, &Invalid{name, "unknown query parameter"}
		}
	}
	v.event = q.Get("event")
	if len(v.event) > LongestID {
		return nil, &Invalid{"event", "expected length <= 256"}
	}
	if list := q.Get("kinds"); list != "" {
		v.kinds = strings.Split(list, ",")
	}
	for i, k := range v.kinds {
		if !slices.Contains(Kinds, k) {
			return nil, &Invalid{"kinds", "expected some of " + strings.Join(Kinds, ", ")}
		}
		if slices.Contains(v.kinds[:i], k) {
			return nil, &Invalid{"kinds", "expected each kind at most once"}
		}
	}
	if v.event != "" {
		if err := s.o.Service.Watch(r.Context(), v.event); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *watcher) keep(m *live.Message) bool {
	return (v.event == "" || m.Event == "" || m.Event == v.event) && (len(v.kinds) == 0 || slices.Contains(v.kinds, m.Kind))
}

// run writes events until the client leaves or the stream must end, and returns the
// reason.
func (v *watcher) run(r *http.Request) string {
	// A stream outlasts the read timeout of requests. A test's recorder has none to
	// lift.
	_ = v.rc.SetReadDeadline(time.Time{})
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no") // a proxy must not buffer events
	v.w.WriteHeader(http.StatusOK)
	v.nudged = v.s.o.Clock()
	if !v.greet(r) {
		return "the client left"
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(v.s.closing, func() { cancel(ErrStopping) })()
	for {
		why, over := v.step(ctx)
		if over {
			return why
		}
	}
}

// step waits for messages or the next check.
func (v *watcher) step(ctx context.Context) (why string, over bool) {
	wait, cancel := context.WithTimeout(ctx, min(look, v.s.o.Limits().Heartbeat))
	ms, missed, err := v.cursor.Next(wait)
	cancel()
	switch {
	case errors.Is(context.Cause(ctx), ErrStopping):
		return v.bye(ErrStopping.Error()), true
	case ctx.Err() != nil:
		return "the client left", true
	case v.s.o.Memory.Sheds(guard.ShedStreams):
		v.s.o.Metrics.Shed.WithLabelValues("streams").Inc()
		return v.bye("memory is near its ceiling"), true
	case err != nil:
		return "the client left", !v.quiet(ctx)
	}
	if missed > 0 {
		v.s.missed.Add(missed)
		v.say(ms0(ms, v.cursor.Place()), answer.Gap{Scope: "stream", Missed: missed})
	}
	for i := range ms {
		v.buf.Write(v.s.rendered(&ms[i]))
	}
	if !v.flush() {
		return "the client was too slow, or left", true
	}
	return "", false
}

// ms0 returns the position before the first of some messages.
func ms0(ms []live.Message, place uint64) uint64 {
	if len(ms) > 0 {
		return ms[0].ID - 1
	}
	return place
}

// greet writes where the stream begins.
func (v *watcher) greet(r *http.Request) bool {
	hub := v.s.o.Service.Hub()
	last := r.Header.Get("Last-Event-ID")
	if last == "" && r.URL.RawQuery != "" {
		last = r.URL.Query().Get("last_event_id")
	}
	v.buf.WriteString("retry: 2000\n\n")
	id, own := v.s.placeOf(last)
	var ok bool
	if last == "" {
		id = hub.Last()
	}
	v.cursor, ok = hub.After(id, v.keep)
	resumed := last != "" && own && ok
	t := v.s.o.Service.Time()
	v.say(v.cursor.Place(), answer.Connected{
		AsOf: v.s.o.Service.State().AsOf, Now: t.Now, Rate: t.Rate, Boot: v.s.boot, Resumed: resumed, Heartbeat: v.s.o.Limits().Heartbeat.Milliseconds(),
	})
	if last != "" && !resumed {
		if !own { // from another process: its numbers are unknown here
			v.cursor, _ = hub.After(hub.Last(), v.keep)
		}
		v.say(v.cursor.Place(), answer.Resync{AsOf: v.s.o.Service.State().AsOf})
	}
	return v.flush()
}

// placeOf parses an event id; own reports whether this process issued it.
func (s *Server) placeOf(id string) (place uint64, own bool) {
	boot, n, ok := strings.Cut(id, "-")
	if !ok || boot != s.boot {
		return 0, false
	}
	place, err := strconv.ParseUint(n, 10, 64)
	return place, err == nil
}

// quiet writes a heartbeat if due, and reports whether the client is still there.
// It also keeps the client's event current.
func (v *watcher) quiet(ctx context.Context) bool {
	now := v.s.o.Clock()
	if v.event != "" && now.Sub(v.nudged) >= 30*time.Second {
		v.nudged = now
		// An event that has ended has no more news; its stream continues without.
		_ = v.s.o.Service.Watch(ctx, v.event)
	}
	if now.Sub(v.spoke) < v.s.o.Limits().Heartbeat {
		return true
	}
	t := v.s.o.Service.Time()
	v.say(v.cursor.Place(), answer.Heartbeat{AsOf: v.s.o.Service.State().AsOf, Now: t.Now, Rate: t.Rate})
	return v.flush()
}

// bye writes the last event. The client may have left already.
func (v *watcher) bye(why string) string {
	v.say(v.cursor.Place(), answer.Bye{Reason: why})
	v.flush()
	return why
}

// say appends an event about the stream itself.
func (v *watcher) say(place uint64, m answer.Message) {
	writeEvent(&v.buf, v.s.boot, place, m)
}

// mostKept is the largest buffer that a stream keeps between writes.
const mostKept = 64 << 10

// flush sends the collected events, within the client's write timeout.
func (v *watcher) flush() bool {
	now := v.s.o.Clock()
	v.spoke = now
	_ = v.rc.SetWriteDeadline(now.Add(v.s.o.WriteTimeout)) // a test's recorder has none
	_, err := v.w.Write(v.buf.Bytes())
	if err == nil {
		err = v.rc.Flush()
	}
	if v.buf.Cap() > mostKept {
		v.buf = bytes.Buffer{}
	}
	v.buf.Reset()
	return err == nil
}

// events caches the newest events in rendered form, so that a thousand clients cost
// one rendering. An id's slot is its remainder.
type events struct {
	of [1 << 13]atomic.Pointer[rendered]
}

type rendered struct {
	id   uint64
	text []byte
}

// rendered returns a message in the stream's form. The caller must not change it.
func (s *Server) rendered(m *live.Message) []byte {
	place := &s.sent.of[m.ID%uint64(len(s.sent.of))]
	if r := place.Load(); r != nil && r.id == m.ID {
		return r.text
	}
	var b bytes.Buffer
	writeEvent(&b, s.boot, m.ID, s.o.Service.Told(m))
	place.Store(&rendered{m.ID, b.Bytes()})
	return b.Bytes()
}

// writeEvent appends one server-sent event. Compact JSON has no line breaks, so it
// fits one data line.
func writeEvent(b *bytes.Buffer, boot string, place uint64, m answer.Message) {
	text, err := json.Marshal(m)
	if err != nil { // a number that JSON can't represent
		text = []byte(`{}`)
	}
	b.WriteString("id: ")
	b.WriteString(boot)
	b.WriteByte('-')
	b.Write(strconv.AppendUint(b.AvailableBuffer(), place, 10))
	b.WriteString("\nevent: ")
	b.WriteString(m.Kind())
	b.WriteString("\ndata: ")
	b.Write(text)
	b.WriteString("\n\n")
}
