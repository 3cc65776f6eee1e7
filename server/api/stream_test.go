package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/server/api/stream"
	"corrgraph/server/live"
	"corrgraph/server/service"
)

// pipes is an in-memory listener, so that connections live in the bubble.
type pipes struct {
	conns chan net.Conn // unbuffered: a dial waits until it is accepted
	ended chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.ended); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// listen serves the rig in the bubble, like the program: with timeouts.
func (g *rig) listen(t *testing.T) (dial func() net.Conn, server *http.Server) {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
	server = &http.Server{Handler: g.api, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}
	server.RegisterOnShutdown(g.api.Close)
	done := make(chan error)
	go func() { done <- server.Serve(p) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return func() net.Conn {
		ours, theirs := net.Pipe()
		p.conns <- theirs
		t.Cleanup(func() { ours.Close() })
		return ours
	}, server
}

// event is one received event.
type event struct{ id, kind, data string }

// listener is a client of the stream.
type listener struct {
	t      *testing.T
	conn   net.Conn
	status string
	events chan event // large enough for a test; the reader ends with the connection
}

func (g *rig) subscribe(t *testing.T, dial func() net.Conn, target string, headers ...string) *listener {
	t.Helper()
	l := &listener{t: t, conn: dial(), events: make(chan event, 1<<16)}
	request := "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + g.secrets["viewer"] + "\r\n" + strings.Join(headers, "") + "\r\n"
	if _, err := l.conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(l.conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.status = r.Status
	go func() {
		defer close(l.events)
		var e event
		for s := bufio.NewScanner(r.Body); s.Scan(); {
			name, value, _ := strings.Cut(s.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				if e.kind != "" {
					l.events <- e
				}
				e = event{}
			}
		}
	}()
	return l
}

// next returns the next event, which must be of a kind.
func (l *listener) next(kind string) event {
	l.t.Helper()
	select {
	case e, ok := <-l.events:
		if !ok || e.kind != kind {
			l.t.Fatalf("event %+v (stream open: %v), want %s", e, ok, kind)
		}
		return e
	case <-time.After(time.Hour): // of the bubble
		l.t.Fatalf("no %s came", kind)
	}
	return event{}
}

// all returns the received events.
func (l *listener) all() (out []event) {
	synctest.Wait()
	for {
		select {
		case e, ok := <-l.events:
			if !ok {
				return out
			}
			out = append(out, e)
		default:
			return out
		}
	}
}

// said is the outcome of a forecast of an event.
func said(id, event string) live.Message {
	return live.Message{Kind: "outcome", Event: event, Data: live.Settled{Prediction: ledger.Prediction{ID: id}}}
}

// is reports whether an event is what said says.
func (e event) is(id string) bool { return strings.Contains(e.data, `"id":"`+id+`"`) }

func TestAStreamTellsWhatHappens(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		l := g.subscribe(t, dial, "/v1/stream")
		hello := l.next("connected")
		if !strings.Contains(hello.data, `"resumed":false`) {
			t.Errorf("%+v", hello)
		}
		g.feed(2)
		settle()
		g.want(http.StatusOK, g.get("/v1/events/match-1/graph"))
		g.want(http.StatusAccepted, g.send(formNDJSON, tick(time.Now(), "lead", "match-1", "home", 3)))
		settle()
		has := map[string]event{}
		for _, e := range l.all() {
			has[e.kind] = e
			if !json.Valid([]byte(e.data)) || e.id == "" {
				t.Errorf("%+v", e)
			}
		}
		for kind, member := range map[string]string{
			"move": `"node":"`, "prediction": `"probability":`, "outcome": `"outcome":"`, "anomaly": `"meaning":"`, "graph": `"version":`, "decision": `"families":`,
		} {
			if !strings.Contains(has[kind].data, member) {
				t.Errorf("%s: %q lacks %s", kind, has[kind].data, member)
			}
		}
		if s := g.api.StreamStats(); s.Clients != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAStreamGoesOnWhereItStopped(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		hub := g.service.Hub()
		l := g.subscribe(t, dial, "/v1/stream?kinds=outcome")
		l.next("connected")
		hub.Publish(said("one", ""), said("two", ""))
		l.next("outcome")
		second := l.next("outcome")
		l.conn.Close()
		hub.Publish(said("three", ""))
		for _, how := range []struct{ target, header string }{
			{"/v1/stream?kinds=outcome", "Last-Event-ID: " + second.id + "\r\n"},
			{"/v1/stream?kinds=outcome&last_event_id=" + second.id, ""},
		} {
			l = g.subscribe(t, dial, how.target, how.header)
			if e := l.next("connected"); !strings.Contains(e.data, `"resumed":true`) {
				t.Errorf("%+v", e)
			}
			if e := l.next("outcome"); !e.is("three") {
				t.Errorf("%+v", e)
			}
		}
		// Ids that no process of this boot has issued, or not yet.
		boot, _, _ := strings.Cut(second.id, "-")
		for _, id := range []string{"otherone-2", "garbage", boot + "-x", boot + "-999999"} {
			l = g.subscribe(t, dial, "/v1/stream?kinds=outcome", "Last-Event-ID: "+id+"\r\n")
			l.next("connected")
			l.next("resync")
			hub.Publish(said("four", ""))
			if e := l.next("outcome"); !e.is("four") {
				t.Errorf("%s: %+v", id, e)
			}
		}
	})
}

func TestAStreamIsRestrictedToAnEventAndKinds(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		g.feed(1)
		settle()
		dial, _ := g.listen(t)
		l := g.subscribe(t, dial, "/v1/stream?event=match-1&kinds=outcome,gap")
		l.next("connected")
		g.service.Hub().Publish(
			said("1", "match-2"), live.Message{Kind: "move", Event: "match-1", Data: live.Moved{Move: engine.Move{Event: "match-1"}}},
			said("3", "match-1"), live.Message{Kind: "gap", Data: live.Missed{Source: engine.Source{Name: "polled", Missed: 4}}},
		)
		if e := l.next("outcome"); !e.is("3") {
			t.Errorf("%+v", e)
		}
		if e := l.next("gap"); e.data != `{"scope":"feed","source":"polled","missed":4}` {
			t.Errorf("%+v", e)
		}
	})
}

func TestAQuietStreamBeatsAndOutlivesTheServersLimits(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		l := g.subscribe(t, dial, "/v1/stream?kinds=outcome")
		l.next("connected")
		begin := time.Now()
		for range 4 {
			if e := l.next("heartbeat"); !strings.Contains(e.data, `"as_of":`) {
				t.Errorf("%+v", e)
			}
		}
		if took := time.Since(begin); took < 59*time.Second || took > 70*time.Second {
			t.Errorf("four heartbeats in %v, want one in 15 s", took)
		}
		g.service.Hub().Publish(said("still here", ""))
		l.next("outcome")
	})
}

func TestASlowClientMissesAndIsTold(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		c := dial()
		if _, err := c.Write([]byte("GET /v1/stream?kinds=outcome HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + g.secrets["viewer"] + "\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the server writes, and nothing reads
		hub := g.service.Hub()
		const ring = 1 << 16
		for range ring/1024 + 1 {
			var ms []live.Message
			for range 1024 {
				ms = append(ms, live.Message{Kind: "outcome", Key: "k", Data: live.Settled{}})
			}
			hub.Publish(ms...)
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for s := bufio.NewScanner(r.Body); len(kinds) < 3 && s.Scan(); {
			if k, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				kinds = append(kinds, k)
			}
		}
		// Of the messages that it missed, the newest of each kind and key is sent.
		if strings.Join(kinds, " ") != "connected gap outcome" {
			t.Errorf("a slow client was sent %v", kinds)
		}
		if s := g.api.StreamStats(); s.Dropped == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAClientThatTakesNothingIsDropped(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.WriteTimeout = 3 * time.Second }}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		c := dial()
		if _, err := c.Write([]byte("GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + g.secrets["viewer"] + "\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := g.api.StreamStats(); s.Clients != 1 {
			t.Fatalf("%+v", s)
		}
		time.Sleep(4 * time.Second) // of the bubble
		synctest.Wait()
		if s := g.api.StreamStats(); s.Clients != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestStreamsAreBounded(t *testing.T) {
	bubble(t, knobs{options: func(o *Options) { o.Settings.Streams = 1 }}, func(t *testing.T, g *rig) {
		dial, _ := g.listen(t)
		g.subscribe(t, dial, "/v1/stream").next("connected")
		w := g.get("/v1/stream")
		g.refused(http.StatusServiceUnavailable, "limit of concurrent streams", w)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
}

func TestStreamsEndWithAWord(t *testing.T) {
	bubble(t, knobs{}, func(t *testing.T, g *rig) {
		dial, server := g.listen(t)
		l := g.subscribe(t, dial, "/v1/stream")
		l.next("connected")
		g.used.Store(memoryCeiling * 85 / 100)
		if e := l.next("bye"); !strings.Contains(e.data, "memory") {
			t.Errorf("%+v", e)
		}
		g.used.Store(0)
		time.Sleep(time.Minute) // of the bubble: memory is normal again
		l = g.subscribe(t, dial, "/v1/stream")
		l.next("connected")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown waits for a stream: %v", err)
		}
		if e := l.next("bye"); !strings.Contains(e.data, "stopping") {
			t.Errorf("%+v", e)
		}
		g.refused(http.StatusServiceUnavailable, "stopping", g.get("/v1/stream"))
		if r := decode[Ready](t, g.want(http.StatusServiceUnavailable, g.get("/readyz"))); r.Ready {
			t.Errorf("%+v", r)
		}
		time.Sleep(5 * time.Second) // of the bubble: the audit log is written
		rows := decode[service.AuditPage](t, g.get("/v1/audit?operation=STREAM")).Rows
		if len(rows) != 2 || rows[0].Actor != "viewer" || rows[0].Detail != stream.ErrStopping.Error() {
			t.Errorf("audited: %+v", rows)
		}
	})
}
