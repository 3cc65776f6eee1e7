package polymarket

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	feed "corrgraph/feed/polymarket"
	"corrgraph/odds"
)

const (
	sportsQuiet   = 20 * time.Second // the server sends a ping every 5 s
	sportsLongest = time.Minute      // back-off
)

// sports follows the sports channel until ctx ends. Markets are followed without it as well.
func (s *session) sports(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, sportsLongest) {
		began := time.Now()
		err := s.scores(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > sportsLongest {
			wait = time.Second
		}
		s.l.World().Log.Warn("the sports channel ended", "venue", feed.Source, "why", err.Error(), "again_in_s", wait.Seconds())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// scores reads one connection of the sports channel.
func (s *session) scores(ctx context.Context) error {
	ws, err := s.dial(ctx, s.o.SportsStream)
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	conn, err := s.l.Open(ctx)
	if err != nil {
		return err
	}
	err = errors.New("the session is over")
	defer func() { closeConn(ctx, conn, err) }()
	for {
		var data []byte
		if data, err = read(ctx, ws, sportsQuiet); err != nil {
			return err
		}
		told, bad := conn.In(ctx, feed.Sports, data)
		if err = bad; err != nil {
			return err
		}
		for _, event := range ended(told.Batches) {
			select {
			case s.over <- event:
			case <-ctx.Done():
				err = context.Cause(ctx)
				return err
			}
		}
		if string(data) != "ping" {
			continue
		}
		conn.Out(ctx, feed.Sports, []byte("pong"))
		if err = write(ctx, ws, []byte("pong")); err != nil {
			return err
		}
	}
}

// ended lists the events that are over, by the venue's ids.
func ended(told []*odds.Batch) (events []string) {
	for _, b := range told {
		for i := range b.Marks {
			if b.Marks[i].Ended {
				events = append(events, b.Marks[i].Event.ID)
			}
		}
	}
	return events
}

// read reads a message, and gives up after a while; 0 is never.
func read(ctx context.Context, ws *websocket.Conn, quiet time.Duration) ([]byte, error) {
	if quiet > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, quiet, errors.New("nothing was sent for "+quiet.String()))
		defer cancel()
	}
	_, data, err := ws.Read(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return data, err
}
