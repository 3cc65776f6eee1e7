package connect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

const (
	shortest  = 500 * time.Millisecond // the first back-off, before jitter
	longest   = 30 * time.Second
	refused   = 5 * time.Minute
	lastWords = time.Second // to tell, at the end, that nothing is known any more
	flushing  = time.Second // of a recording
)

// Options of a Connector.
type Options struct {
	World World
	Emit  Emit
	// Record opens the file of a recording, when the first frame comes. Nil: nothing is recorded.
	Record func() (io.WriteCloser, error)
	// Connections is how many connections to the venue may be open at once. Zero means 10.
	Connections int
	// FirstImage is how long a market may be asked for before it is overdue. Zero means 30 s.
	FirstImage time.Duration
	// Changed is told of each market whose state changes, in order. It must be quick. Nil: nobody is.
	Changed func(frames.Standing)
	// Jitter draws from [0, 1). Nil means at random.
	Jitter func() float64
}

func (o *Options) fill() {
	o.Connections, o.FirstImage = cmp.Or(o.Connections, 10), cmp.Or(o.FirstImage, 30*time.Second)
	w := &o.World
	if o.Changed == nil {
		o.Changed = func(frames.Standing) {}
	}
	if w.Clock == nil {
		w.Clock = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.New(rand.NewPCG(uint64(w.Clock().UnixNano()), 1)).Float64
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if w.Dial == nil {
		w.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	if w.HTTP == nil {
		w.HTTP = &http.Client{Transport: &http.Transport{
			DialContext: w.Dial, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 15 * time.Second, IdleConnTimeout: 90 * time.Second,
		}}
	}
}

// Connector keeps one venue connected. Run must be called once; the other methods are safe for
// concurrent use while it runs.
type Connector struct {
	venue Venue
	o     Options
	room  chan struct{} // one for each open connection

	emitting sync.Mutex // held while frames are decoded and handed over, so that they stay in order
	decoder  frames.Decoder
	rec      recorder

	mu      sync.Mutex
	status  Status             // guarded by mu
	markets map[string]*market // guarded by mu
	imaged  bool               // guarded by mu: a market was shown whole in the present session
	conns   int                // guarded by mu: numbered so far
}

// market is what is known of the state of a market.
type market struct {
	state frames.State
	why   string
	since odds.Time
	heard odds.Time
	conn  int // that it is read from; 0 none
}

// New returns a Connector of a venue.
func New(v Venue, o Options) *Connector {
	o.fill()
	rec := recorder{open: o.Record, venue: v.Name()}
	if m, ok := v.(Mapped); ok {
		rec.meaning = m.Map()
	}
	return &Connector{
		venue: v, o: o, room: make(chan struct{}, o.Connections), decoder: v.Decoder(), rec: rec,
		status: Status{Venue: v.Name(), State: Connecting, Unknown: map[string]int{}, Quota: map[string]float64{}, Skipped: map[string]int{}}, markets: map[string]*market{},
	}
}

// Run connects again and again until ctx ends, and returns its cause.
func (c *Connector) Run(ctx context.Context) error {
	stop := make(chan struct{})
	var flusher sync.WaitGroup
	flusher.Go(func() { c.flush(stop) })
	defer func() {
		close(stop)
		flusher.Wait()
		c.recorded(c.rec.close())
	}()
	for failed := 0; ; {
		c.begin()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if c.hadImage() {
			failed = 0
		}
		wait := BackOff(err, failed, c.o.Jitter)
		failed++
		c.ended(err, wait)
		c.o.World.Log.Warn("connection to a venue ended", "venue", c.venue.Name(), "why", err.Error(), "again_in_s", wait.Seconds())
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// session runs one session and says at its end that nothing is known of what it read.
func (c *Connector) session(ctx context.Context) error {
	l := &Line{c: c}
	err := c.venue.Session(ctx, l)
	if err == nil {
		err = errors.New("the session ended without saying why")
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	for _, conn := range l.open {
		conn.Close(last, err.Error())
	}
	return err
}

// BackOff is how long to wait after the n-th connection in a row without an image, which ended with
// err: full jitter, by draws from [0, 1).
func BackOff(err error, n int, jitter func() float64) time.Duration {
	most := min(longest, shortest<<min(n, 16))
	if errors.Is(err, ErrRefused) {
		most = refused
		return most/2 + time.Duration(jitter()*float64(most/2))
	}
	var after *RetryAfter
	if errors.As(err, &after) {
		return after.Wait + time.Duration(jitter()*float64(shortest))
	}
	return time.Duration(jitter() * float64(most))
}

// RetryAfter is a venue's wish not to be asked for a while.
type RetryAfter struct {
	Wait time.Duration
	Err  error
}

// Error says why.
func (e *RetryAfter) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryAfter) Unwrap() error { return e.Err }

// flush makes what was recorded readable now and then.
func (c *Connector) flush(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(flushing):
			c.emitting.Lock()
			c.recorded(c.rec.flush())
			c.emitting.Unlock()
		}
	}
}

// take records and decodes a frame, and hands over what it said.
func (c *Connector) take(ctx context.Context, f *frames.Frame) (frames.Told, error) {
	c.emitting.Lock()
	defer c.emitting.Unlock()
	c.recorded(c.rec.write(f))
	told, err := c.decoder.Frame(f)
	for _, m := range c.took(f, &told, err) {
		m.Market, m.Known = c.decoder.Market(m.ID)
		c.o.Changed(m)
	}
	if len(told.Batches) > 0 {
		if err := c.o.Emit(ctx, told.Batches); err != nil {
			return told, err
		}
	}
	return told, nil
}

// notice makes a frame of what a connection found out.
func notice(at odds.Time, conn int, n frames.Notice) *frames.Frame {
	data, _ := json.Marshal(n) // cannot fail
	return &frames.Frame{Recv: at, Conn: conn, Kind: frames.Note, Data: data}
}

func (c *Connector) now() odds.Time { return odds.TimeOf(c.o.World.Clock()) }

// Market says what a market is; ok is false if nothing was heard of it.
func (c *Connector) Market(id string) (m frames.Market, ok bool) {
	c.emitting.Lock()
	defer c.emitting.Unlock()
	return c.decoder.Market(id)
}

// overdue lists the markets of a connection that were asked for too long ago without an image.
func (c *Connector) overdue(conn int) (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for id, m := range c.markets {
		if m.conn == conn && m.state == frames.Subscribed && now.Sub(m.since).Std() >= c.o.FirstImage {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
