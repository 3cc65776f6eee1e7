package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// number is a line in JSON.
func number(x float64) any {
	if math.IsNaN(x) {
		return nil
	}
	return x
}

// tellEvents tells a step as server-sent events. s.mu is held.
func (s *Server) tellEvents(o *offer, what move, before []outcome) {
	rows := func(outs []outcome, id int) (list []any) {
		for _, x := range outs {
			sel, side := map[string]string{"home": o.home, "away": o.away}[x.side], ""
			if sel == "" {
				side = x.side
			}
			price, _ := strconv.ParseFloat(x.text, 64)
			list = append(list, map[string]any{
				"id": fmt.Sprintf("%s:%s:%s:%s:%d", o.event, o.book, o.market, x.side, id), "fixture_id": o.event, "sport": "basketball", "league": "NBA", "sportsbook": o.book,
				"market": map[string]string{"h2h": "Moneyline", "totals": "Total Runs"}[o.market], "selection": sel, "selection_line": side, "points": number(x.line),
				"price": price, "is_main": true, "is_live": false, "timestamp": float64(s.Frames.Clock().UnixMilli()) / 1000,
			})
		}
		return list
	}
	switch what {
	case locked:
		s.emit("locked-odds", map[string]any{"data": rows(o.outs, o.id)})
	case relined:
		s.emit("locked-odds", map[string]any{"data": rows(before, o.id-1)})
		s.emit("odds", map[string]any{"data": rows(o.outs, o.id)})
	default:
		s.emit("odds", map[string]any{"data": rows(o.outs, o.id)})
	}
	o.changed = s.seq
}

// events serves server-sent events.
func (s *Server) events(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Api-Key") != s.o.Key {
		http.Error(w, "unknown key "+r.Header.Get("X-Api-Key"), http.StatusUnauthorized)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	c := &client{
		write: func(data string) error {
			_, err := w.Write([]byte(data))
			return errors.Join(err, control.Flush())
		},
		cut: func(int) { cancel() },
	}
	c.half = func(data string) { _ = c.write(data[:len(data)/2]) }
	s.mu.Lock()
	s.join(c)
	c.give(sent{kind: "connected", data: "ok go"})
	s.goOn(c, r.URL.Query().Get("last_entry_id"))
	s.mu.Unlock()
	defer s.leave(c)
	context.AfterFunc(r.Context(), cancel)
	c.pump(ctx)
	panic(http.ErrAbortHandler) // a stream that ends well is none
}

// goOn sends what came after a position. s.mu is held.
func (s *Server) goOn(c *client, position string) {
	_, n, _ := strings.Cut("-"+position, "-")
	if i := strings.LastIndexByte(n, '-'); i >= 0 {
		n = n[i+1:]
	}
	seq, err := strconv.Atoi(n)
	if list, ok := s.after(seq); err == nil && ok {
		s.asked["resume"]++
		for _, m := range list {
			c.give(m)
		}
		return
	}
	s.fresh = s.seq
}

// tellSocket tells a step as numbered changes. s.mu is held.
func (s *Server) tellSocket(o *offer, what move, before []outcome) {
	rows := func(outs []outcome, id int, susp bool) (list []any) {
		for _, x := range outs {
			row := s.row(o, &x, id)
			row["event"], row["book"] = o.event, o.book
			if susp {
				row["p"], row["s"] = nil, "susp"
			}
			list = append(list, row)
		}
		return list
	}
	switch what {
	case locked:
		s.emit("delta", map[string]any{"changes": rows(o.outs, o.id, true)})
	case relined:
		if o.id%2 == 0 { // both ways in which sources tell it
			s.emit("delta", map[string]any{"changes": rows(before, o.id-1, true)})
		} else {
			s.emit("removed", map[string]any{"ids": []string{s.id(o, before[0].side, o.id-1), s.id(o, before[1].side, o.id-1)}})
		}
		s.emit("delta", map[string]any{"changes": rows(o.outs, o.id, false)})
	default:
		s.emit("delta", map[string]any{"changes": rows(o.outs, o.id, false)})
	}
}

func (s *Server) id(o *offer, side string, id int) string {
	return fmt.Sprintf("%s.%s.%s.%s.%d", o.event, o.book, o.market, side, id)
}

func (s *Server) row(o *offer, x *outcome, id int) map[string]any {
	row := map[string]any{
		"id": s.id(o, x.side, id), "m": map[string]string{"h2h": "ml", "totals": "ou"}[o.market],
		"o": map[string]string{"home": "1", "away": "2", "over": "O", "under": "U"}[x.side], "p": x.text,
	}
	if !math.IsNaN(x.line) {
		row["h"] = x.line
	}
	if x.locked {
		row["p"], row["s"] = nil, "susp"
	}
	return row
}

// image sends all that there is, in two parts. s.mu is held.
func (s *Server) image(c *client) {
	type game struct{ books map[string][]any }
	games, order := map[string]*game{}, []*offer{}
	for _, o := range s.market.offers {
		g := games[o.event]
		if g == nil {
			g = &game{map[string][]any{}}
			games[o.event] = g
			order = append(order, o)
		}
		for i := range o.outs {
			g.books[o.book] = append(g.books[o.book], s.row(o, &o.outs[i], o.id))
		}
	}
	for part, list := range [][]*offer{order[:len(order)/2], order[len(order)/2:]} {
		var events []any
		for _, o := range list {
			events = append(events, map[string]any{
				"id": o.event, "sport": "basketball", "league": "nba", "home": o.home, "away": o.away, "starts": o.start, "books": games[o.event].books,
			})
		}
		c.give(sent{seq: s.seq, kind: "snapshot", data: text(map[string]any{
			"type": "snapshot", "seq": s.seq, "ts": s.Frames.Clock().UnixMilli(), "part": part + 1, "final": part == 1, "events": events,
		})})
	}
	s.fresh = s.seq
}

// socket serves a websocket.
func (s *Server) socket(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }() // it is over
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &client{
		write: func(data string) error { return ws.Write(ctx, websocket.MessageText, []byte(data)) },
		cut: func(code int) {
			if code != 0 {
				_ = ws.Close(websocket.StatusCode(code), "planned") // the client knows
			}
			_ = ws.CloseNow()
		},
	}
	c.half = func(data string) { _ = c.write(data[:len(data)/2]) }
	s.mu.Lock()
	s.join(c)
	c.give(sent{kind: "welcome", data: `{"type":"welcome"}`})
	s.mu.Unlock()
	defer s.leave(c)
	var pump sync.WaitGroup
	pump.Go(func() { c.pump(ctx); cancel() })
	defer pump.Wait()
	defer cancel()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil || !s.told(c, string(data)) {
			return
		}
	}
}

// told answers a message of a client.
func (s *Server) told(c *client, data string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data == "ping" {
		s.asked["ping"]++
		c.give(sent{kind: "pong", data: "pong"})
		return true
	}
	var m struct {
		Op   string
		Key  string
		From *int `json:"from_seq"`
	}
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		return false
	}
	s.asked[m.Op]++
	switch {
	case m.Op == "subscribe" && m.Key != s.o.Key:
		c.give(sent{kind: "error", data: text(map[string]any{"type": "error", "code": "bad_key", "text": "no such key: " + m.Key})})
	case m.Op == "subscribe" && m.From != nil:
		if list, ok := s.after(*m.From); ok {
			s.asked["resume"]++
			for _, x := range list {
				c.give(x)
			}
			break
		}
		s.image(c)
	default:
		s.image(c)
	}
	return true
}
