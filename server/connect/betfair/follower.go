package betfair

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	feed "corrgraph/feed/betfair"
	"corrgraph/feed/frames"
	"corrgraph/server/connect"
)

// follower reads one connection of a part. What it waits for it counts in seconds that passed
// while there was nothing to read, so that a slow reader takes nobody for dead.
type follower struct {
	*part
	conn    *connect.Conn
	token   string
	net     net.Conn
	silence atomic.Int64 // how long the stream may send nothing
	ended   error        // why lines ended; set before that

	id       int64 // of the last request
	state    step
	live     bool            // a subscription was answered
	known    map[string]bool // markets that were heard of over this connection
	awaited  int             // seconds until the answer to the subscription is overdue; 0 none is awaited
	quiet    int             // seconds since a market was heard of
	quietFor time.Duration   // that it may be
	probing  bool            // the subscription asks whether the stream withholds something
	withheld int             // times in a row that it did
	repairs  int             // since the last calm
	calm     int             // seconds without a repair
}

// step is how far a connection has come.
type step int

const (
	opening step = iota // the stream speaks first
	authenticating
	subscribed
)

const (
	handshake = 10 * time.Second // until the stream has spoken, and answered the authentication
	mostLine  = 16 << 20         // bytes
	waiting   = 64               // lines that wait to be taken; then the stream waits
)

// dial opens the connection and begins to read it.
func (f *follower) dial(ctx context.Context) (lines chan []byte, err error) {
	o := &f.s.v.o
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of betfair's stream: %w", connect.ErrRefused, err)
	}
	short, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	raw, err := f.s.world.Dial(short, "tcp", o.Address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(short); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS with %s: %w", o.Address, err), raw.Close())
	}
	f.net = conn
	f.silence.Store(int64(handshake))
	lines = make(chan []byte, waiting)
	go f.read(ctx, lines)
	return lines, nil
}

// read passes on the lines until the connection ends.
func (f *follower) read(ctx context.Context, lines chan<- []byte) {
	defer close(lines)
	in := bufio.NewReaderSize(patient{f}, 64<<10)
	for {
		line, err := readLine(in)
		if len(line) > 0 && err == nil {
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			f.ended = err
			return
		}
	}
}

// readLine returns the next line without its end, CRLF or LF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		part, err := in.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case err == nil:
			return bytes.TrimSpace(all), nil
		case errors.Is(err, io.EOF) && len(all) > 0:
			return nil, fmt.Errorf("betfair closed the connection within a message: %w", io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			return nil, errors.New("betfair closed the connection")
		case err != bufio.ErrBufferFull:
			return nil, err
		case len(all) > mostLine:
			return nil, fmt.Errorf("betfair sends a message of more than %d bytes", mostLine)
		}
	}
}

// patient reads a connection, and waits for each piece as long as the stream may be silent.
type patient struct{ f *follower }

func (r patient) Read(to []byte) (int, error) {
	silence := time.Duration(r.f.silence.Load())
	if err := r.f.net.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	n, err := r.f.net.Read(to)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		err = fmt.Errorf("betfair was silent for %v, not even a heartbeat came", silence)
	}
	return n, err
}

// write sends a message.
func (f *follower) write(data []byte) error {
	if err := f.net.SetWriteDeadline(time.Now().Add(handshake)); err != nil {
		return err
	}
	_, err := f.net.Write(append(data, '\r', '\n'))
	return err
}

// run opens the connection and follows it until it is of no use any more.
func (f *follower) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	lines, err := f.dial(ctx)
	if err != nil {
		cancel()
		return err
	}
	defer func() {
		cancel()
		_ = f.net.Close() // the first error counts
		for range lines { // until the reader has ended
		}
	}()
	f.known = map[string]bool{}
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case line, ok := <-lines:
			if !ok {
				return f.why()
			}
			err = f.take(ctx, line)
		case <-second.C:
			if len(lines) == 0 {
				err = f.second(ctx)
			}
		case <-f.again:
			if f.state == subscribed {
				err = f.renewed(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// why is why lines have ended.
func (f *follower) why() error {
	if f.state == subscribed && f.awaited > 0 {
		f.vain++
	}
	return f.ended
}

// take takes a line of the stream.
func (f *follower) take(ctx context.Context, line []byte) error {
	h, bad := feed.ReadHeader(line)
	if bad != nil || h.Op != "mcm" {
		line = f.s.hidden(line)
	}
	told, err := f.conn.In(ctx, feed.Stream, line)
	if err != nil {
		return err
	}
	switch h.Op {
	case "connection":
		if f.state == opening {
			f.state = authenticating
			err = f.authenticate(ctx)
		}
	case "status":
		err = f.status(ctx, &h)
	case "mcm":
		if h.ID == 0 || h.ID == f.id {
			f.changed(&h)
		}
	}
	if err != nil {
		return err
	}
	lost := f.concluded(&told)
	if bad != nil {
		lost = "a message could not be read"
	}
	if f.frozen(&h, len(told.Heard)) {
		return errors.New("betfair's stream withholds changes: it tells them only when it is asked")
	}
	return f.repair(ctx, lost)
}

// frozen reports whether the stream tells changes twice in a row only because it was asked.
func (f *follower) frozen(h *feed.Header, heard int) bool {
	switch {
	case heard == 0:
	case h.Type == "":
		f.withheld, f.probing = 0, false
	case f.probing:
		f.withheld, f.probing = f.withheld+1, false
	}
	return f.withheld > 1
}

// status takes the answer to a request.
func (f *follower) status(ctx context.Context, h *feed.Header) error {
	if h.ConnectionsAvailable != nil {
		f.s.line.Quota("connections", float64(*h.ConnectionsAvailable))
	}
	if h.ErrorCode == "INVALID_CLOCK" {
		f.pos = feed.Position{}
		if h.ConnectionClosed {
			return errors.New("betfair does not know the clocks any more (INVALID_CLOCK): images of all markets are asked for")
		}
		return f.subscribe(ctx)
	}
	if h.Status != "SUCCESS" {
		return f.s.codeError(h.ErrorCode, string(f.s.hidden([]byte(h.ErrorMessage))))
	}
	if h.ConnectionClosed {
		return errors.New("betfair closed the connection")
	}
	if f.state == authenticating && h.ID == f.id {
		f.state = subscribed
		f.s.unthrottle()
		f.silence.Store(int64(max(2*f.s.v.o.Heartbeat, handshake)))
		return f.subscribe(ctx)
	}
	return nil
}

// changed follows the clocks, and what the stream says of itself.
func (f *follower) changed(h *feed.Header) {
	f.pos.See(h)
	if h.HeartbeatMs > 0 {
		f.silence.Store(int64(2*time.Duration(min(h.HeartbeatMs, 60_000))*time.Millisecond + slack))
	}
	answer := h.Type == "SUB_IMAGE" || h.Type == "RESUB_DELTA"
	if h.Segment != "" && f.awaited > 0 {
		f.awaited = max(f.awaited, int(firstImage.Seconds())/2) // it is on its way
	}
	if !answer && h.Segment != "SEG_END" || h.Segment == "SEG_START" || h.Segment == "SEG" {
		return
	}
	f.awaited, f.vain = 0, 0
	if !f.live {
		f.live = true
		f.s.became(true, f.conn)
	}
}

// slack is what a heartbeat may be late by.
const slack = 500 * time.Millisecond

// concluded draws conclusions from what a message said of markets, and returns how something
// was lost.
func (f *follower) concluded(told *frames.Told) (lost string) {
	for _, c := range told.Changes {
		switch c.State {
		case frames.Gap:
			lost = c.Why
		case frames.Live:
			f.known[c.Market] = true
		case frames.Idle:
			f.dropped(c.Market)
		}
	}
	if len(told.Heard) > 0 {
		f.quiet, f.quietFor = 0, f.s.v.o.Quiet
	}
	return lost
}

// repair asks for images of all markets if something was lost.
func (f *follower) repair(ctx context.Context, lost string) error {
	if lost == "" || f.state != subscribed {
		return nil
	}
	f.pos = feed.Position{}
	if f.repairs++; f.repairs > 3 {
		return fmt.Errorf("something was lost again and again: %s", lost)
	}
	f.calm = 0
	return f.subscribe(ctx)
}

// dropped takes a market that has ended off the list: it is not asked for again.
func (f *follower) dropped(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.known, id)
	if len(f.ids) > 1 {
		f.ids = slices.DeleteFunc(f.ids, func(have string) bool { return have == id })
	}
}

// second is what a second without anything to read brings.
func (f *follower) second(ctx context.Context) error {
	if f.calm++; f.calm > 300 {
		f.repairs = 0
	}
	if f.awaited > 0 {
		if f.awaited--; f.awaited == 0 {
			f.vain++
			return errors.New("betfair does not answer a subscription, though its heart beats")
		}
		return nil
	}
	if ids := f.conn.Overdue(); len(ids) > 0 {
		why := "betfair sent no image: it is closed, or not for this account"
		if err := f.conn.Note(ctx, frames.Stale, why, ids...); err != nil {
			return err
		}
	}
	if f.quiet++; f.state != subscribed || f.quiet < int(f.quietFor.Seconds()) {
		return nil
	}
	f.quiet, f.quietFor, f.probing = 0, min(2*f.quietFor, time.Minute), true
	return f.subscribe(ctx)
}
