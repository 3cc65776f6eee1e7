package polymarket

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"corrgraph/proof/venue"
)

// link is one connection of the market channel.
type link struct {
	s          *Server
	name       string
	ws         *websocket.Conn
	subscribed map[string]bool // guarded by Server.mu
	out        chan []byte
	gone       chan struct{}

	frozen time.Time // until then nothing is sent; of send alone
	held   []byte    // sent after the next frame
}

// queue sends a frame when those before it were sent; a client that is too slow loses it.
func (l *link) queue(frame []byte) {
	select {
	case l.out <- frame:
	default:
	}
}

func (s *Server) serveMarket(w http.ResponseWriter, r *http.Request) {
	if s.refused(&s.Handshake, w) {
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &link{s: s, ws: ws, subscribed: map[string]bool{}, out: make(chan []byte, 1<<14), gone: make(chan struct{})}
	s.mu.Lock()
	s.made++
	l.name = strconv.Itoa(s.made)
	s.links = append(s.links, l)
	s.mu.Unlock()
	go l.send(ctx)
	l.receive(ctx)
	cancel()
	<-l.gone
	_ = ws.CloseNow() // it may be closed already
	s.mu.Lock()
	s.links = slices.DeleteFunc(s.links, func(x *link) bool { return x == l })
	s.mu.Unlock()
}

// receive obeys the client.
func (l *link) receive(ctx context.Context) {
	for {
		_, data, err := l.ws.Read(ctx)
		if err != nil {
			return
		}
		if string(data) == "PING" {
			l.s.mu.Lock()
			l.s.pings++
			l.s.mu.Unlock()
			if l.ws.Write(ctx, websocket.MessageText, []byte("PONG")) != nil { // also while frozen
				return
			}
			continue
		}
		var m struct {
			Assets    []string `json:"assets_ids"`
			Operation string   `json:"operation"`
			Type      string   `json:"type"`
		}
		if json.Unmarshal(data, &m) != nil || len(m.Assets) == 0 || m.Operation == "" && m.Type != "market" {
			l.queue([]byte("INVALID OPERATION"))
			continue
		}
		l.subscribe(m.Assets, m.Operation)
	}
}

// subscribe changes what is followed. Books come in an array at first, and one by one after that.
func (l *link) subscribe(assets []string, operation string) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	books := []any{}
	for _, id := range assets {
		if operation == "unsubscribe" {
			delete(l.subscribed, id)
			continue
		}
		l.subscribed[id] = true
		l.s.asked[id]++
		delete(l.s.lost, [2]string{l.name, id})
		if l.s.mute[id] > 0 {
			l.s.mute[id]--
			l.s.lost[[2]string{l.name, id}] = true
			continue
		}
		for _, c := range l.s.w.contracts {
			if slices.Contains(c.Tokens[:], id) {
				books = append(books, c.book(id == c.Tokens[1]))
			}
		}
	}
	if operation == "" {
		frame, _ := json.Marshal(books) // cannot fail
		l.queue(frame)
		return
	}
	for _, b := range books {
		frame, _ := json.Marshal(b) // cannot fail
		l.queue(frame)
	}
}

// send sends what is queued, with its faults.
func (l *link) send(ctx context.Context) {
	defer close(l.gone)
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-l.out:
			if !l.spoil(ctx, frame) {
				return
			}
		}
	}
}

// spoil sends a frame with its faults; false means that the connection is gone.
func (l *link) spoil(ctx context.Context, frame []byte) bool {
	copies, reorder := 1, false
	for _, p := range l.s.Stream.Next() {
		switch p.Fault {
		case venue.Drop:
			copies = 0
		case venue.Duplicate:
			copies = 2
		case venue.Reorder:
			reorder = true
		case venue.Freeze:
			l.frozen = time.Now().Add(p.By)
		case venue.Delay:
			select {
			case <-ctx.Done():
				return false
			case <-time.After(p.By):
			}
		default:
			if l.breaks(ctx, p, frame) {
				return false
			}
		}
	}
	switch {
	case time.Now().Before(l.frozen):
		return true
	case reorder:
		l.held = frame
		return true
	}
	for range copies {
		if !l.write(ctx, frame) {
			return false
		}
	}
	if held := l.held; held != nil && copies > 0 {
		l.held = nil
		return l.write(ctx, held)
	}
	return true
}

// breaks ends the connection if that is the fault.
func (l *link) breaks(ctx context.Context, p venue.Plan, frame []byte) bool {
	switch p.Fault {
	case venue.Half:
		l.half(ctx, frame)
	case venue.Cut:
		_ = l.ws.CloseNow() // that is the fault
	case venue.Code:
		_ = l.ws.Close(websocket.StatusCode(p.N), "planned") // that is the fault
	default:
		return false
	}
	return true
}

func (l *link) write(ctx context.Context, frame []byte) bool {
	l.s.mu.Lock()
	l.s.sent++
	l.s.mu.Unlock()
	return l.ws.Write(ctx, websocket.MessageText, frame) == nil
}

// half sends half of a message and cuts the connection.
func (l *link) half(ctx context.Context, frame []byte) {
	if w, err := l.ws.Writer(ctx, websocket.MessageText); err == nil {
		_, _ = w.Write(frame[:len(frame)/2]) // that is the fault
	}
	_ = l.ws.CloseNow()
}
