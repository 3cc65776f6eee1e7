package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"corrgraph/internal/pause"
)

// Message is one event of the stream.
type Message struct {
	ID   string // to resume after it
	Kind string // move, prediction, outcome, anomaly, graph, decision, gap; connected, heartbeat, resync, bye
	Data []byte // JSON; valid during the call
}

// StreamOptions select messages.
type StreamOptions struct {
	Event string   // only one event; empty: all
	Kinds []string // only these kinds; none: all
	After string   // ID of the last message received; empty: start now
	// Again is the wait before reconnecting after a break. Zero means 2 s; below 0:
	// Stream returns instead.
	Again time.Duration
}

// Stream passes messages to take, in order, until ctx ends or take returns an
// error, which it returns. After a break it reconnects and resumes. If the service
// has dropped messages in between, it sends one of kind resync. A refusal without
// Retry-After is an error.
func (c *Client) Stream(ctx context.Context, o StreamOptions, take func(Message) error) error {
	for {
		err := c.listen(ctx, &o, take)
		var p *Problem
		var own taken
		switch {
		case errors.As(err, &own):
			return own.error
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case o.Again < 0, errors.As(err, &p) && p.RetryAfter == 0:
			return err
		}
		wait := o.Again
		if wait == 0 {
			wait = 2 * time.Second
		}
		if p != nil {
			wait = max(wait, p.RetryAfter)
		}
		if err := pause.For(ctx, wait); err != nil {
			return err
		}
	}
}

// taken marks an error of take.
type taken struct{ error }

// listen connects once. It updates o.After with every message.
func (c *Client) listen(ctx context.Context, o *StreamOptions, take func(Message) error) error {
	q := url.Values{}
	if o.Event != "" {
		q.Set("event", o.Event)
	}
	if len(o.Kinds) > 0 {
		q.Set("kinds", strings.Join(o.Kinds, ","))
	}
	r := Request{Path: "/v1/stream", Header: []string{"Accept", "text/event-stream"}}
	if len(q) > 0 {
		r.Path += "?" + q.Encode()
	}
	if o.After != "" {
		r.Header = append(r.Header, "Last-Event-ID", o.After)
	}
	got, err := c.send(ctx, &r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(got.Body, 1<<20))
		return errors.Join((&Answer{got.StatusCode, got.Header, text, 0, r.name()}).Err(), err)
	}
	return read(got.Body, func(m Message) error {
		if err := take(m); err != nil {
			return taken{err}
		}
		if m.ID != "" {
			o.After = m.ID
		}
		return nil
	})
}

// longestMessage limits one line of the stream.
const longestMessage = 16 << 20

// read parses server-sent events of one data line each, as defined by the HTML
// standard, until the body ends.
func read(body io.Reader, take func(Message) error) error {
	s := bufio.NewScanner(body)
	s.Buffer(nil, longestMessage)
	var m Message
	for s.Scan() {
		name, value, _ := strings.Cut(s.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case s.Text() == "":
			if m.Kind != "" {
				if err := take(m); err != nil {
					return err
				}
			}
			m = Message{} // a block without a kind lends nothing to the next
		case name == "event":
			m.Kind = value
		case name == "id":
			m.ID = value
		case name == "data":
			m.Data = []byte(value)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("GET /v1/stream: %w", err)
	}
	return fmt.Errorf("GET /v1/stream: %w", io.ErrUnexpectedEOF)
}
