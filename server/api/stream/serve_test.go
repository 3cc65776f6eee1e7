package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/answer"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/live"
	"corrgraph/server/present"
	"corrgraph/server/telemetry"
)

const noon odds.Time = 1_780_000_000_000

// rig is a server in the present bubble and all that it is given.
type rig struct {
	*Server
	t       *testing.T
	hub     *live.Hub
	metrics *telemetry.Metrics
	limits  atomic.Pointer[Limits]
	used    atomic.Int64 // bytes of memory
	sample  func()
	watched notes // events that were asked to be kept current
	ended   notes // streams, as the server told of them
	told    func(*live.Message) answer.Message
}

// notes are lines that several goroutines write.
type notes struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

// all are the lines, in order.
func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}

func (g *rig) Hub() *live.Hub     { return g.hub }
func (g *rig) State() *live.State { return &live.State{AsOf: noon} }
func (g *rig) Time() present.Time { return present.Time{Now: noon.Add(1000), Rate: 10} }
func (g *rig) Watch(_ context.Context, event string) error {
	g.watched.add(event)
	return nil
}

func (g *rig) Told(m *live.Message) answer.Message {
	if g.told != nil {
		return g.told(m)
	}
	return answer.Renewed{EventID: m.Event, Version: m.ID}
}

// bubble runs f with a server whose hub keeps 8 messages. All clients must have left
// when f returns.
func bubble(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &rig{t: t, hub: live.NewHub(8), metrics: telemetry.NewMetrics(prometheus.NewRegistry(), telemetry.Build{})}
		g.limits.Store(&Limits{Heartbeat: 15 * time.Second, Streams: 3})
		ticks := make(chan time.Time)
		memory, err := guard.NewMemory(guard.MemoryOptions{
			Clock: time.Now, Ceiling: 100 << 20, SetLimit: func(int64) int64 { return 0 }, Free: func() {},
			Tick: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
			Read: func() (guard.Usage, error) { return guard.Usage{Go: g.used.Load()}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- memory.Run(ctx) }()
		g.sample = func() { ticks <- time.Now(); synctest.Wait() }
		g.Server = New(Options{
			Service: g, Memory: memory, Metrics: g.metrics, Clock: time.Now, WriteTimeout: time.Second, Limits: func() Limits { return *g.limits.Load() },
			Ended: func(_ context.Context, event, why string, took time.Duration) {
				g.ended.add(fmt.Sprintf("%s|%s|%v", event, why, took))
			},
		})
		f(t, g)
		cancel()
		<-done
	})
}

// client is one that listens. It takes what it is sent unless it is stuck.
type client struct {
	leave func()
	done  chan struct{} // closed when Serve has returned
	read  int           // of what came, by news
	err   error         // of Serve; once it is done

	mu    sync.Mutex
	got   *httptest.ResponseRecorder // guarded by mu
	stuck chan struct{}              // guarded by mu; nil, or closed once it takes again
	gone  bool                       // guarded by mu; its connection is broken
}

func (c *client) Header() http.Header  { return c.got.Header() }
func (c *client) WriteHeader(code int) { c.got.WriteHeader(code) }
func (c *client) Flush()               { c.got.Flush() }

func (c *client) Write(p []byte) (int, error) {
	c.mu.Lock()
	stuck := c.stuck
	c.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, errors.New("broken pipe")
	}
	return c.got.Write(p)
}

// breaks has the connection break, or get stuck until the returned function is called.
func (c *client) breaks() { c.mu.Lock(); defer c.mu.Unlock(); c.gone = true }

func (c *client) sticks() (free func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = make(chan struct{})
	return func() { close(c.stuck) }
}

// text is everything that came.
func (c *client) text() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.Body.String()
}

// listen has a client listen to a target, with a Last-Event-ID where last is not empty.
func (g *rig) listen(query, last string) *client {
	ctx, cancel := context.WithCancel(g.t.Context())
	c := &client{got: httptest.NewRecorder(), leave: func() { cancel(); synctest.Wait() }, done: make(chan struct{})}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/stream"+query, nil)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	go func() {
		defer close(c.done)
		c.err = g.Serve(c, r)
	}()
	synctest.Wait()
	return c
}

// news are the events that came since the last call, "ID kind data" each, the id
// without its boot.
func (c *client) news() (out []string) {
	all := c.text()
	text := all[c.read:]
	c.read = len(all)
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		var id, kind, data string
		for line := range strings.SplitSeq(part, "\n") {
			switch name, value, _ := strings.Cut(line, ": "); name {
			case "id":
				_, id, _ = strings.Cut(value, "-")
			case "event":
				kind = value
			case "data":
				data = value
			}
		}
		if kind != "" {
			out = append(out, id+" "+kind+" "+data)
		}
	}
	return out
}

// kinds are the ids and kinds of the news.
func (c *client) kinds() (out []string) {
	for _, e := range c.news() {
		words := strings.SplitN(e, " ", 3)
		out = append(out, words[0]+" "+words[1])
	}
	return out
}

// publish publishes messages of a kind about events.
func (g *rig) publish(kind string, events ...string) {
	for _, e := range events {
		g.hub.Publish(live.Message{Kind: kind, Event: e})
	}
	synctest.Wait()
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

func TestAStreamBeginsNowAndTellsEverythingOnce(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.publish("graph", "old", "old")
		c := g.listen("", "")
		if h := c.Header(); h.Get("Content-Type") != "text/event-stream" || h.Get("X-Accel-Buffering") != "no" || c.got.Code != http.StatusOK || !c.got.Flushed {
			t.Errorf("%d %v, flushed %v", c.got.Code, h, c.got.Flushed)
		}
		if !strings.HasPrefix(c.text(), "retry: 2000\n\nid: "+g.boot+"-2\n") {
			t.Errorf("%q", c.text())
		}
		equal(t, "hello", c.news(), `2 connected {"as_of":"2026-05-28T20:26:40Z","now":"2026-05-28T20:26:41Z","rate":10,"boot":"`+g.boot+`","resumed":false,"heartbeat_ms":15000}`)
		g.publish("graph", "a", "b")
		equal(t, "news", c.news(), `3 graph {"event_id":"a","as_of":"1970-01-01T00:00:00Z","version":3}`, `4 graph {"event_id":"b","as_of":"1970-01-01T00:00:00Z","version":4}`)
		time.Sleep(3 * time.Second)
		c.leave()
		<-c.done
		equal(t, "ended", g.ended.all(), "|the client left|3s")
		if c.err != nil || g.Stats() != (telemetry.Stream{}) {
			t.Errorf("%v, %+v", c.err, g.Stats())
		}
	})
}

func TestAStreamIsRestricted(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.limits.Store(&Limits{Heartbeat: 15 * time.Second, Streams: 9})
		clients := map[string]*client{}
		for _, query := range []string{"", "?event=a", "?kinds=move", "?kinds=graph,move", "?event=a&kinds=decision"} {
			clients[query] = g.listen(query, "")
			clients[query].news()
		}
		g.publish("move", "a", "b")
		g.publish("graph", "a")
		g.publish("decision", "") // about no event: for all of them
		for query, want := range map[string][]string{
			"":                        {"1 graph", "2 graph", "3 graph", "4 graph"},
			"?event=a":                {"1 graph", "3 graph", "4 graph"},
			"?kinds=move":             {"1 graph", "2 graph"},
			"?kinds=graph,move":       {"1 graph", "2 graph", "3 graph"},
			"?event=a&kinds=decision": {"4 graph"},
		} {
			c := clients[query]
			equal(t, query, c.kinds(), want...)
			c.leave()
		}
	})
}

func TestAClientThatComesBackGetsWhatItMissed(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.publish("graph", "a", "b", "c")
		own := g.boot + "-"
		for name, c := range map[string]struct {
			query, last string
			want        []string
		}{
			"all":            {"", own + "0", []string{"0 connected", "1 graph", "2 graph", "3 graph"}},
			"some":           {"", own + "1", []string{"1 connected", "2 graph", "3 graph"}},
			"nothing":        {"", own + "3", []string{"3 connected"}},
			"in the query":   {"?last_event_id=" + own + "2", "", []string{"2 connected", "3 graph"}},
			"the header's":   {"?last_event_id=" + own + "1", own + "2", []string{"2 connected", "3 graph"}},
			"from an event":  {"?event=b", own + "0", []string{"0 connected", "2 graph"}},
			"a later one":    {"", own + "4", []string{"3 connected", "3 resync"}},
			"no number":      {"", own + "x", []string{"3 connected", "3 resync"}},
			"a negative one": {"", own + "-1", []string{"3 connected", "3 resync"}},
			"another boot's": {"", "01234567-3", []string{"3 connected", "3 resync"}},
			"no id at all":   {"", "hello", []string{"3 connected", "3 resync"}},
		} {
			x := g.listen(c.query, c.last)
			news := x.news()
			resumed := strings.Contains(news[0], `"resumed":true`)
			var kinds []string
			for _, e := range news {
				w := strings.SplitN(e, " ", 3)
				kinds = append(kinds, w[0]+" "+w[1])
			}
			if wanted := !strings.Contains(c.want[len(c.want)-1], "resync"); resumed != wanted {
				t.Errorf("%s: resumed %v", name, resumed)
			}
			// Where the id is not ours, the place that the greeting states is of no use.
			equal(t, name, kinds[1:], c.want[1:]...)
			if resumed {
				equal(t, name, kinds[:1], c.want[0])
			}
			x.leave()
			<-x.done
		}
	})
}

func TestAClientThatComesBackTooLateIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.publish("graph", strings.Split(strings.Repeat("a,", 11)+"a", ",")...) // 12, of which 8 are kept
		for last, want := range map[int][]string{
			3: {"12 connected", "12 resync"},
			4: {"4 connected", "5 graph", "6 graph", "7 graph", "8 graph", "9 graph", "10 graph", "11 graph", "12 graph"},
		} {
			c := g.listen("", fmt.Sprint(g.boot, "-", last))
			equal(t, fmt.Sprint("from ", last), c.kinds(), want...)
			c.leave()
			<-c.done
		}
	})
}

func TestASlowClientIsToldHowMuchItMissed(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		c := g.listen("", "")
		c.news()
		free := c.sticks()
		g.publish("graph", "1")
		g.publish("graph", strings.Split("2,3,4,5,6,7,8,9,10,11,12", ",")...)
		free()
		equal(t, "news", c.news()[:3],
			`1 graph {"event_id":"1","as_of":"1970-01-01T00:00:00Z","version":1}`, `4 gap {"scope":"stream","missed":3}`,
			`5 graph {"event_id":"5","as_of":"1970-01-01T00:00:00Z","version":5}`)
		if got := g.Stats(); got.Dropped != 3 || got.Clients != 1 {
			t.Errorf("%+v", got)
		}
		c.leave()
	})
}

func TestAClientWhoseConnectionBreaksIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		c := g.listen("", "")
		c.breaks()
		g.publish("graph", "a")
		<-c.done
		equal(t, "ended", g.ended.all(), "|the client was too slow, or left|0s")

		c = g.listen("", "")
		c.breaks()
		time.Sleep(16 * time.Second) // a heartbeat finds it out
		<-c.done
		equal(t, "in silence", g.ended.all()[1:], "|the client left|15s")
	})
}

func TestAQuietStreamBeats(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		c := g.listen("?event=a", "")
		c.news()
		time.Sleep(15*time.Second - 1)
		equal(t, "too early", c.news())
		time.Sleep(time.Nanosecond)
		equal(t, "due", c.news(), `0 heartbeat {"as_of":"2026-05-28T20:26:40Z","now":"2026-05-28T20:26:41Z","rate":10}`)
		time.Sleep(10 * time.Second)
		g.publish("graph", "a")
		c.news()
		time.Sleep(14 * time.Second)
		equal(t, "after news", c.news())
		time.Sleep(2 * time.Second)
		equal(t, "15 s after news", c.kinds(), "1 heartbeat")
		g.publish("graph", "b")
		time.Sleep(15 * time.Second)
		equal(t, "what is not for it moves its place", c.kinds(), "2 heartbeat")
		synctest.Wait()
		g.limits.Store(&Limits{Heartbeat: 100 * time.Millisecond, Streams: 3}) // from the next wait on
		time.Sleep(1100 * time.Millisecond)
		if n := len(c.news()); n < 2 {
			t.Errorf("%d heartbeats after the interval was shortened", n)
		}
		c.leave()
	})
}

func TestTheEventOfAStreamIsKeptCurrent(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		c := g.listen("?event=a", "")
		equal(t, "at once", g.watched.all(), "a")
		time.Sleep(29 * time.Second)
		synctest.Wait()
		equal(t, "not yet again", g.watched.all(), "a")
		time.Sleep(32 * time.Second)
		synctest.Wait()
		equal(t, "twice a minute", g.watched.all(), "a", "a", "a")
		c.leave()
		all := g.listen("", "")
		time.Sleep(time.Minute)
		all.leave()
		equal(t, "a stream of all", g.watched.all()[3:])
	})
}

func TestStreamsAreLimited(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		var all []*client
		for range 3 {
			all = append(all, g.listen("", ""))
		}
		over := g.listen("", "")
		var busy *Busy
		if !errors.As(over.err, &busy) || busy.Retry != 5*time.Second || over.err.Error() != "the limit of concurrent streams is reached" || over.text() != "" {
			t.Errorf("the fourth of three: %v, %q written", over.err, over.text())
		}
		if n := g.Stats().Clients; n != 3 {
			t.Errorf("%d clients", n)
		}
		all[0].leave()
		again := g.listen("", "")
		if again.text() == "" {
			t.Errorf("no room though one has left: %v", again.err)
		}
		g.Close()
		synctest.Wait()
		if n := telemetry.Sum(g.metrics.RateLimited.WithLabelValues("streams")); n != 1 {
			t.Errorf("%v refusals counted", n)
		}
	})
}

func TestClosingEndsAllStreamsWithAGoodbye(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		a, b := g.listen("", ""), g.listen("?event=x", "")
		a.news()
		b.news()
		if g.Closed() {
			t.Error("closed before Close")
		}
		g.Close()
		g.Close() // harmless
		equal(t, "a", a.news(), `0 bye {"reason":"the service is stopping"}`)
		equal(t, "b", b.news(), `0 bye {"reason":"the service is stopping"}`)
		<-a.done
		<-b.done
		ended := g.ended.all()
		slices.Sort(ended)
		equal(t, "ended", ended, "x|the service is stopping|0s", "|the service is stopping|0s")
		var busy *Busy
		if late := g.listen("", ""); !g.Closed() || !errors.As(late.err, &busy) || late.text() != "" {
			t.Errorf("after Close: %v, %q", late.err, late.text())
		}
	})
}

func TestStreamsAreShedNearTheMemoryCeiling(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		c := g.listen("", "")
		c.news()
		g.used.Store(81 << 20)
		g.sample()
		time.Sleep(time.Second) // the next look around
		equal(t, "running", c.news(), `0 bye {"reason":"memory is near its ceiling"}`)
		<-c.done
		refused := g.listen("", "")
		var busy *Busy
		if !errors.As(refused.err, &busy) || busy.Retry != 2*time.Second || refused.text() != "" {
			t.Errorf("a new one: %v, %q", refused.err, refused.text())
		}
		if n := telemetry.Sum(g.metrics.Shed.WithLabelValues("streams")); n != 2 {
			t.Errorf("%v streams shed", n)
		}
	})
}

func TestParametersThatAreNone(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		for query, says := range map[string]string{
			"?since=1":                            "since: unknown query parameter",
			"?kinds=moves":                        "kinds: expected some of move, prediction, outcome, anomaly, graph, decision, gap, continuity",
			"?kinds=move,":                        "kinds: expected some of move, prediction, outcome, anomaly, graph, decision, gap, continuity",
			"?event=" + strings.Repeat("x", 257):  "event: expected length <= 256",
			"?event=a&event=b&kinds=move&other=1": "other: unknown query parameter",
		} {
			c := g.listen(query, "")
			var wrong *Invalid
			if !errors.As(c.err, &wrong) || c.err.Error() != says || c.text() != "" {
				t.Errorf("%.30s: %v, %q written", query, c.err, c.text())
			}
		}
		if len(g.watched.all()) > 0 || g.Stats().Clients != 0 {
			t.Errorf("watched %v, %d clients", g.watched.all(), g.Stats().Clients)
		}
		longest := g.listen("?kinds=&event="+strings.Repeat("x", 256), "")
		if longest.text() == "" {
			t.Errorf("the longest id: %v", longest.err)
		}
		longest.leave()
	})
}

// JSON lacks some numbers; one of them must not end a stream.
func TestAMessageThatJSONCannotSayIsSentEmpty(t *testing.T) {
	bubble(t, func(t *testing.T, g *rig) {
		g.told = func(*live.Message) answer.Message { return answer.Moved{Move: math.NaN()} }
		c := g.listen("", "")
		c.news()
		g.publish("move", "a")
		equal(t, "news", c.news(), "1 move {}")
		c.leave()
	})
}

// A burst makes a large buffer, which a quiet stream must not keep.
func TestALargeBufferIsLetGo(t *testing.T) {
	s := New(Options{Clock: func() time.Time { return noon.Std() }})
	w := httptest.NewRecorder()
	v := &watcher{s: s, w: w, rc: http.NewResponseController(w)}
	for _, n := range []int{10, mostKept + 1} {
		v.buf.Write(make([]byte, n))
		if !v.flush() {
			t.Fatal("not sent")
		}
		if kept := v.buf.Cap(); v.buf.Len() != 0 || kept > mostKept {
			t.Errorf("of %d bytes %d are kept, room for %d", n, v.buf.Len(), kept)
		}
	}
	if w.Body.Len() != 10+mostKept+1 {
		t.Errorf("%d bytes sent", w.Body.Len())
	}
}
