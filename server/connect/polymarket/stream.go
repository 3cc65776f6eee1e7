package polymarket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/coder/websocket"

	"corrgraph/feed/frames"
	feed "corrgraph/feed/polymarket"
	"corrgraph/server/connect"
)

const (
	pingEvery   = 10 * time.Second
	deaf        = 25 * time.Second // without a PONG or anything else
	writeWithin = 5 * time.Second
	dialWithin  = 15 * time.Second
	part        = 100 // assets of one message
	mostRead    = 16 << 20
	mostTries   = 3 // subscriptions again of a market without a book, and connections again of a stream without one
	recheck     = 3 * time.Second
	between     = 5 * time.Second // repairs of one market
	answered    = 2 * time.Second // how soon a subscription is answered by a book
	proofs      = 5               // markets whose books prove that a connection is quiet
	soon        = 10 * time.Minute
	again       = 250 * time.Millisecond
	patient     = 30 * time.Second // with a silent connection of which nothing can be proved
	mostPatient = 10 * time.Minute
)

// held is a market that a stream follows.
type held struct {
	id, token string
	asked     time.Time // last
	tries     int       // again, on this connection
	live      bool
	repair    bool // something was lost of it
	losses    int  // in a row, each within soon of the one before
	lost      time.Time
	moved     bool // a new connection was made because of it
	hopeless  bool // and did not help
}

// order changes what a stream follows.
type order struct {
	add  []held
	drop []string
	last bool // nothing is left to follow
}

// stream follows some markets over one connection, and over the next one if that is lost. Its
// goroutine owns all but markets.
type stream struct {
	s       *session
	n       int
	markets int        // of the session: how many it was given
	orders  chan order // the session waits while it is full

	held     map[string]*held
	patience time.Duration
	turn     string // the market that was compared last
}

func newStream(s *session, n int) *stream {
	return &stream{s: s, n: n, orders: make(chan order, 16), held: map[string]*held{}, patience: patient}
}

// order hands over changes, of which the last one stops the stream.
func (t *stream) order(ctx context.Context, o order) {
	o.last = t.stopped()
	select {
	case t.orders <- o:
	case <-ctx.Done():
	}
}

func (t *stream) stopped() bool { return t.markets == 0 }

var errUnused = errors.New("nothing is left to follow over it")

// run connects again and again. A stream that was never shown a book ends the session, so that
// the Connector backs off; one that was shown some gets mostTries connections first, because
// others may be well.
func (t *stream) run(ctx context.Context) {
	for failed, ever := 0, false; ; failed++ {
		imaged, err := t.connection(ctx)
		if ctx.Err() != nil || errors.Is(err, errUnused) {
			return
		}
		if imaged {
			failed, ever = 0, true
		}
		var later *connect.RetryAfter
		if !ever || failed >= mostTries || errors.Is(err, connect.ErrRefused) || errors.As(err, &later) {
			t.s.fail(err)
			return
		}
		wait := again << (2 * failed)
		t.s.l.World().Log.Warn("a connection ended", "venue", feed.Source, "stream", t.n, "why", err.Error(), "again_in_s", wait.Seconds())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// dial opens a websocket.
func (s *session) dial(ctx context.Context, address string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: s.l.World().HTTP})
	if err != nil && resp != nil && resp.StatusCode != 0 {
		return nil, refusal(s.l.World(), resp, resp.Request.URL.Host+resp.Request.URL.Path)
	}
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(mostRead)
	return ws, nil
}

func write(ctx context.Context, ws *websocket.Conn, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return ws.Write(ctx, websocket.MessageText, data)
}

// closeConn says that a connection is gone, also when ctx has ended.
func closeConn(ctx context.Context, conn *connect.Conn, why error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	conn.Close(ctx, why.Error())
}

// connection runs one connection; imaged says that a book was shown on it.
func (t *stream) connection(ctx context.Context) (imaged bool, err error) {
	ws, err := t.s.dial(ctx, t.s.o.Stream)
	if err != nil {
		return false, err
	}
	conn, err := t.s.l.Open(ctx)
	if err != nil {
		_ = ws.CloseNow() // nothing was said on it
		return false, err
	}
	inner, cancel := context.WithCancel(ctx)
	l := &link{t: t, ws: ws, conn: conn, news: make(chan frames.Told, 256), lost: make(chan error, 1), due: map[string]time.Time{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.read(inner)
	}()
	err = l.run(inner)
	cancel()
	_ = ws.CloseNow() // it is of no use any more
	<-done
	closeConn(ctx, conn, err)
	return l.imaged, err
}

// link is one connection of a stream.
type link struct {
	t      *stream
	ws     *websocket.Conn
	conn   *connect.Conn
	news   chan frames.Told // the reader waits while it is full
	lost   chan error
	seen   recent
	imaged bool

	due    map[string]time.Time // markets to compare
	pinged time.Time
	spot   time.Time
	proved time.Time // when a silent connection was last found quiet
	mute   bool      // the last proof had no answer
	wrong  time.Time // when a comparison last found that a book was lost
}

// read reads the connection until it ends.
func (l *link) read(ctx context.Context) {
	for {
		_, data, err := l.ws.Read(ctx)
		if err == nil {
			var told frames.Told
			told, err = l.conn.In(ctx, feed.Market, data)
			l.seen.hear(time.Now(), told.Heard)
			if len(told.Changes)+len(told.Doubts) > 0 && err == nil {
				select {
				case l.news <- told:
				case <-ctx.Done():
				}
			}
		}
		if err != nil {
			l.lost <- err
			return
		}
	}
}

// run subscribes and watches until the connection is of no use any more.
func (l *link) run(ctx context.Context) error {
	t := l.t
	now := time.Now()
	l.pinged, l.spot, l.proved = now, now, now
	l.seen.hear(now, nil)
	t.begin()
	first := true
	if err := l.subscribe(ctx, t.ids(), &first); err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err = <-l.lost:
			if err == nil || ctx.Err() != nil {
				err = context.Cause(ctx)
			}
		case told := <-l.news:
			l.take(&told)
		case o := <-t.orders:
			err = l.obey(ctx, o, &first)
		case <-tick.C:
			err = l.watch(ctx, time.Now())
		}
		if err != nil {
			return err
		}
	}
}

// begin forgets what was known over the connection before.
func (t *stream) begin() {
	for _, h := range t.held {
		h.tries, h.live, h.repair = 0, false, false
	}
}

// ids lists what is followed, without what is hopeless.
func (t *stream) ids() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(t.held)) {
		if !t.held[id].hopeless {
			ids = append(ids, id)
		}
	}
	return ids
}

// take follows the states of markets.
func (l *link) take(told *frames.Told) {
	now := time.Now()
	for _, c := range told.Changes {
		h := l.t.held[c.Market]
		if h == nil {
			continue
		}
		switch c.State {
		case frames.Live:
			h.live, h.repair, h.moved, h.tries = true, false, false, 0
			l.imaged = true
		case frames.Gap:
			if now.Sub(h.lost) > soon {
				h.losses = 0
			}
			h.live, h.repair, h.lost = false, true, now
			h.losses++
		}
	}
	for _, id := range told.Doubts {
		if _, waits := l.due[id]; !waits && l.t.held[id] != nil {
			l.due[id] = now.Add(recheck)
		}
	}
}

// obey changes what is followed.
func (l *link) obey(ctx context.Context, o order, first *bool) error {
	var gone, fresh []string
	for _, id := range o.drop {
		if h := l.t.held[id]; h != nil && !h.hopeless {
			gone = append(gone, h.token)
		}
		delete(l.t.held, id)
		delete(l.due, id)
	}
	for _, h := range o.add {
		l.t.held[h.id] = &h
		fresh = append(fresh, h.id)
	}
	if err := l.send(ctx, "unsubscribe", gone); err != nil {
		return err
	}
	if o.last {
		return errUnused
	}
	return l.subscribe(ctx, fresh, first)
}

// subscription is what the market channel is sent.
type subscription struct {
	Assets    []string `json:"assets_ids"`
	Type      string   `json:"type,omitempty"`
	Operation string   `json:"operation,omitempty"`
	Dump      bool     `json:"initial_dump,omitempty"`
	Custom    bool     `json:"custom_feature_enabled,omitempty"`
}

// subscribe asks for markets, in parts. The first message of a connection is of another form.
func (l *link) subscribe(ctx context.Context, ids []string, first *bool) error {
	now := time.Now()
	var tokens []string
	for _, id := range ids {
		h := l.t.held[id]
		h.asked, h.live, h.repair = now, false, false
		tokens = append(tokens, h.token)
	}
	if first != nil && *first && len(tokens) > 0 {
		*first = false
		n := min(part, len(tokens))
		if err := l.write(ctx, subscription{Assets: tokens[:n], Type: "market", Dump: true, Custom: true}); err != nil {
			return err
		}
		tokens = tokens[n:]
	}
	return l.send(ctx, "subscribe", tokens)
}

// send changes the subscription, in parts.
func (l *link) send(ctx context.Context, operation string, tokens []string) error {
	for tokens := range slices.Chunk(tokens, part) {
		m := subscription{Assets: tokens, Operation: operation}
		m.Dump, m.Custom = operation == "subscribe", operation == "subscribe"
		if err := l.write(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) write(ctx context.Context, m subscription) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	l.conn.Out(ctx, feed.Market, data)
	return write(ctx, l.ws, data)
}

// ping keeps the connection alive, and finds out whether it is.
func (l *link) ping(ctx context.Context, now time.Time) error {
	if quiet := now.Sub(l.seen.any()); quiet >= deaf {
		return fmt.Errorf("the connection is dead: nothing, not even a PONG, for %s", quiet.Round(time.Second))
	}
	if now.Sub(l.pinged) < pingEvery {
		return nil
	}
	l.pinged = now
	l.conn.Out(ctx, feed.Market, []byte("PING"))
	return write(ctx, l.ws, []byte("PING"))
}
