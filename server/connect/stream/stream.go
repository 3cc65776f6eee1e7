// Package stream connects to any source that a map describes: server-sent events or a websocket
// with an image and then its changes. What the messages mean is read by package feed/stream; this
// one connects, subscribes, goes on where a connection was lost, and finds out whether the source
// is alive.
//
// Secrets are asked for when they are sent and never written down: messages are recorded with
// their placeholders, and where the source repeats a secret it is replaced by its placeholder.
package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/feed/stream"
	"corrgraph/feed/stream/placeholder"
	"corrgraph/odds"
	"corrgraph/server/connect"
)

// Options of a Venue.
type Options struct {
	// Map describes the source. It is required.
	Map *stream.Map
	// Text is the map as it was read, for recordings. Empty: a recording does not hold it.
	Text string
	// URL takes the place of the map's. Empty: the map's.
	URL string
	// Limits of what the decoder holds.
	Limits stream.Limits
	// Message is the size of the largest message, in bytes. Zero means 16 MiB.
	Message int
	// Connect is how long connecting may take. Zero means 15 s.
	Connect time.Duration
	// Answer is how long the source may take to send images that it was asked for. Zero means 10 s.
	Answer time.Duration
}

// Venue is one source. It implements [connect.Venue] for one Connector.
type Venue struct {
	o Options

	mu       sync.Mutex
	decoder  *stream.Decoder // guarded by mu: the one in use
	position string          // guarded by mu: to go on from; empty: none
	reached  odds.Time       // guarded by mu: when it was
}

var _ connect.Venue = (*Venue)(nil)

// New returns the source of a map.
func New(o Options) (*Venue, error) {
	if o.Map == nil {
		return nil, errors.New("connect/stream: no map")
	}
	if o.Message < 0 || o.Connect < 0 || o.Answer < 0 {
		return nil, errors.New("connect/stream: a limit is negative")
	}
	o.URL = cmp.Or(o.URL, o.Map.URL)
	o.Message = cmp.Or(o.Message, 16<<20)
	o.Connect = cmp.Or(o.Connect, 15*time.Second)
	o.Answer = cmp.Or(o.Answer, 10*time.Second)
	return &Venue{o: o}, nil
}

// Map implements [connect.Mapped].
func (v *Venue) Map() string { return v.o.Text }

// Name implements [connect.Venue].
func (v *Venue) Name() string { return v.o.Map.Name }

// Decoder implements [connect.Venue].
func (v *Venue) Decoder() frames.Decoder {
	d := stream.NewDecoder(v.o.Map, v.o.Limits)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.decoder, v.position = d, ""
	return d
}

// heard returns what the decoder made of the last frame.
func (v *Venue) heard() stream.Heard {
	v.mu.Lock()
	d := v.decoder
	v.mu.Unlock()
	return d.Heard()
}

// moved notes a position; an empty one is that there is none.
func (v *Venue) moved(position string, at odds.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.position, v.reached = position, at
}

// from returns the position to go on from, if the source can go back that far.
func (v *Venue) from(now odds.Time) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r := v.o.Map.Resume; r == nil || now.Sub(v.reached).Std() > time.Duration(r.Within) {
		return ""
	}
	return v.position
}

// Session implements [connect.Venue].
func (v *Venue) Session(ctx context.Context, l *connect.Line) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{v: v, m: v.o.Map, l: l, world: l.World(), vault: vault{secret: l.World().Secret}}
	s.position = v.from(s.now())
	if err := s.vault.unlock(s.m, v.o.URL); err != nil {
		return fmt.Errorf("%w: %w", connect.ErrRefused, err)
	}
	err := s.run(ctx)
	cancel()
	s.wait.Wait()
	if ctx.Err() != nil && err == nil {
		return context.Cause(ctx)
	}
	return err
}

// session is one connection and what is known of it.
type session struct {
	v        *Venue
	m        *stream.Map
	l        *connect.Line
	world    *connect.World
	vault    vault
	position string // that it goes on from

	conn  *connect.Conn
	wire  wire
	in    chan message
	alive chan struct{}  // something came, be it no message
	wait  sync.WaitGroup // for the reader

	quiet    time.Duration // how long no row may come before images are asked for
	asked    bool          // for images that have not come
	repaired time.Time
	silence  *time.Timer
	nothing  *time.Timer // no row came
	answer   *time.Timer // no image came
}

func (s *session) now() odds.Time { return odds.TimeOf(s.world.Clock()) }

// message is what the source sent; its error ends the connection.
type message struct {
	channel, id string
	data        []byte
	err         error
}

// wire is a connection of either transport.
type wire interface {
	// read hands over what comes until ctx ends or the connection is lost, which it says last.
	read(ctx context.Context, to func(message) bool)
	write(ctx context.Context, text string) error
	close()
}

// run connects and reads.
func (s *session) run(ctx context.Context) (err error) {
	if s.conn, err = s.l.Open(ctx); err != nil {
		return err
	}
	if s.position != "" {
		s.conn.Out(ctx, stream.Resumed, []byte(fmt.Sprintf("%q", s.position)))
	}
	if s.wire, err = s.dial(ctx); err != nil {
		return err
	}
	defer s.wire.close()
	s.in, s.alive = make(chan message), make(chan struct{}, 1)
	s.wait.Go(func() {
		s.wire.read(ctx, func(m message) bool {
			select {
			case s.in <- m:
				return true
			case <-ctx.Done():
				return false
			}
		})
	})
	for i := range s.m.Subscribe {
		if err := s.send(ctx, "subscribe", &s.m.Subscribe[i]); err != nil {
			return err
		}
	}
	return s.listen(ctx)
}

// send sends a message and notes it without its secrets.
func (s *session) send(ctx context.Context, channel string, p *placeholder.Payload) error {
	text, ok, err := s.vault.filling(s.position).Payload(p)
	if err != nil || !ok {
		return err
	}
	s.conn.Out(ctx, channel, []byte(s.vault.scrub(text)))
	ctx, cancel := context.WithTimeout(ctx, s.v.o.Connect)
	defer cancel()
	if err := s.wire.write(ctx, text); err != nil {
		return fmt.Errorf("sending %s: %s", channel, s.vault.scrub(err.Error()))
	}
	return nil
}

// listen reads until the connection is of no use any more.
func (s *session) listen(ctx context.Context) error {
	a := s.m.Alive
	s.quiet = time.Duration(a.Quiet)
	s.silence, s.nothing = time.NewTimer(time.Duration(a.Silence)), time.NewTimer(s.quiet)
	s.answer = time.NewTimer(time.Hour)
	s.answer.Stop()
	defer s.silence.Stop()
	defer s.nothing.Stop()
	defer s.answer.Stop()
	var ping <-chan time.Time
	if a.Ping != nil {
		t := time.NewTicker(time.Duration(a.Every))
		defer t.Stop()
		ping = t.C
	}
	for {
		if err := s.next(ctx, ping); err != nil {
			return err
		}
	}
}

// next waits for what happens next. What has come counts before what has not: while nobody could
// take what came, time has passed too.
func (s *session) next(ctx context.Context, ping <-chan time.Time) error {
	select {
	case m := <-s.in:
		return s.take(ctx, m)
	default:
	}
	select {
	case m := <-s.in:
		return s.take(ctx, m)
	case <-s.alive:
		s.silence.Reset(time.Duration(s.m.Alive.Silence))
		return nil
	case <-ping:
		return s.send(ctx, "ping", s.m.Alive.Ping)
	case <-s.silence.C:
		return fmt.Errorf("nothing was heard for %v", time.Duration(s.m.Alive.Silence))
	case <-s.nothing.C:
		return s.ask(ctx, fmt.Sprintf("no price for %v", s.quiet))
	case <-s.answer.C:
		return fmt.Errorf("images were asked for, and none has come for %v", s.v.o.Answer)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take takes a message.
func (s *session) take(ctx context.Context, m message) error {
	if m.err != nil {
		return m.err
	}
	s.silence.Reset(time.Duration(s.m.Alive.Silence))
	told, err := s.conn.In(ctx, m.channel, s.vault.scrubbed(m.data))
	if err != nil {
		return err
	}
	h := s.v.heard()
	s.rows(&told, &h)
	if h.Lost != "" {
		s.v.moved("", 0)
		return s.repair(ctx, h.Lost)
	}
	if r := s.m.Resume; r != nil {
		at := h.Position
		if r.ID == stream.EventID && !h.Partial {
			at = m.id
		}
		s.v.moved(at, s.now())
	}
	if h.Kind == stream.Error {
		return s.failed(h.Act, "the source says: "+s.vault.scrub(h.Text), 0)
	}
	return nil
}

// rows notes that prices came.
func (s *session) rows(told *frames.Told, h *stream.Heard) {
	if h.Rows == 0 {
		return
	}
	lives := slices.ContainsFunc(told.Changes, func(c frames.Change) bool { return c.State == frames.Live })
	if s.asked && (lives || h.Kind == stream.Snapshot) {
		s.asked = false
		s.answer.Stop()
	} else if h.Kind == stream.Delta {
		s.quiet = time.Duration(s.m.Alive.Quiet)
	}
	s.nothing.Reset(s.quiet)
}

// mostQuiet is how long a quiet source is left alone at the most.
const mostQuiet = 5 * time.Minute

// ask finds out whether a source is quiet or frozen. One that was found to be quiet is asked less
// often.
func (s *session) ask(ctx context.Context, why string) error {
	if len(s.m.Repair) == 0 {
		return errors.New(why)
	}
	s.quiet = max(s.quiet, min(2*s.quiet, mostQuiet))
	return s.request(ctx)
}

// again is how long after one repair the next one is a new connection.
const again = 5 * time.Second

// repair asks for images after something was lost.
func (s *session) repair(ctx context.Context, why string) error {
	switch {
	case len(s.m.Repair) == 0:
		return errors.New(why)
	case s.asked: // the images that are to come are newer than what was lost
		return nil
	case !s.repaired.IsZero() && time.Since(s.repaired) < again:
		return errors.New(why)
	}
	s.repaired = time.Now()
	return s.request(ctx)
}

func (s *session) request(ctx context.Context) error {
	s.asked = true
	s.answer.Reset(s.v.o.Answer)
	for i := range s.m.Repair {
		if err := s.send(ctx, "repair", &s.m.Repair[i]); err != nil {
			return err
		}
	}
	return nil
}

// failed does what the map says about an error. after is how long the source wants to be left
// alone; 0 unless it says so.
func (s *session) failed(a stream.Act, why string, after time.Duration) error {
	err := errors.New(why)
	if a.Say != "" {
		err = fmt.Errorf("%s (%w)", a.Say, err)
	}
	switch {
	case a.Do == stream.Refuse:
		return fmt.Errorf("%w: %w", connect.ErrRefused, err)
	case a.Do == stream.Ignore && after == 0:
		return nil
	case a.Do == stream.Wait || after > 0:
		return &connect.RetryAfter{Wait: max(after, time.Duration(a.After)), Err: err}
	}
	return err
}
