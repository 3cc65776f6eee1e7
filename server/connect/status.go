package connect

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// Connection says how a Connector stands.
type Connection string

// The states of a Connector.
const (
	Connecting Connection = "connecting"
	Connected  Connection = "connected" // a connection is open
	Waiting    Connection = "waiting"   // until Status.Again
	Refused    Connection = "refused"   // until somebody has done something
)

// Status is how a Connector stands, and what it has counted since it began.
type Status struct {
	Venue       string               `json:"venue"`
	State       Connection           `json:"state" enum:"connecting,connected,waiting,refused"`
	Since       odds.Time            `json:"since"`
	Again       *odds.Time           `json:"again"` // when it connects again; null unless it waits
	Error       string               `json:"error"` // why the last session ended; empty: none has
	Sessions    int                  `json:"sessions"`
	Connections int                  `json:"connections"` // open
	Frames      int                  `json:"frames"`
	Bytes       int64                `json:"bytes"`
	Quotes      int                  `json:"quotes"`
	LastFrame   *odds.Time           `json:"last_frame"` // null: none yet
	Delay       odds.Millis          `json:"delay_ms"`   // between the venue's stamp and receipt, of the newest tick; 0 unknown
	Markets     map[frames.State]int `json:"markets"`
	Unread      int                  `json:"unread"` // messages of which something could not be read
	UnreadLast  string               `json:"unread_last"`
	Unknown     map[string]int       `json:"unknown"` // types and members of messages that are not known
	Quota       map[string]float64   `json:"quota"`   // what is left of what the venue counts
	Skipped     map[string]int       `json:"skipped"` // what was not asked for, by reason
	SkippedLast string               `json:"skipped_last"`
	Markers     int                  `json:"markers"`      // scores, periods and states of events
	Recorded    int64                `json:"recorded"`     // messages
	RecordError string               `json:"record_error"` // why nothing is recorded any more
}

// Status returns how the Connector stands.
func (c *Connector) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Unknown, s.Quota, s.Skipped, s.Markets = maps.Clone(s.Unknown), maps.Clone(s.Quota), maps.Clone(s.Skipped), map[frames.State]int{}
	for _, m := range c.markets {
		s.Markets[m.state]++
	}
	return s
}

// Markets lists the markets in the given states, all without any, by id.
func (c *Connector) Markets(in ...frames.State) []frames.Standing {
	out := c.marketsIn(in...)
	for i := range out {
		out[i].Market, out[i].Known = c.Market(out[i].ID)
	}
	slices.SortFunc(out, func(a, b frames.Standing) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// marketsIn lists markets without saying what they are.
func (c *Connector) marketsIn(in ...frames.State) (out []frames.Standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, m := range c.markets {
		if len(in) == 0 || slices.Contains(in, m.state) {
			out = append(out, c.statusOf(id, m))
		}
	}
	return out
}

// mostUnknown limits the names of unknown things that are told apart.
const mostUnknown = 100

// took counts a frame and what it said, and returns the markets whose state it changed.
func (c *Connector) took(f *frames.Frame, told *frames.Told, err error) (changed []frames.Standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.status
	if f.Kind == frames.In {
		s.Frames, s.Bytes, s.LastFrame = s.Frames+1, s.Bytes+int64(len(f.Data)), &f.Recv
	}
	if err != nil {
		s.Unread, s.UnreadLast = s.Unread+1, err.Error()
	}
	for _, what := range told.Unknown {
		if _, ok := s.Unknown[what]; !ok && len(s.Unknown) >= mostUnknown {
			what = "others"
		}
		s.Unknown[what]++
	}
	for _, b := range told.Batches {
		s.Quotes, s.Markers = s.Quotes+b.Quotes(), s.Markers+len(b.Marks)
		if b.Recv != 0 && b.At != 0 && f.Kind == frames.In {
			s.Delay = b.Recv.Sub(b.At)
		}
	}
	for _, id := range told.Heard {
		c.marketLocked(id).heard = f.Recv
	}
	for _, x := range append(c.noticedLocked(f), told.Changes...) {
		if m := c.marketLocked(x.Market); c.changeLocked(m, x, f) {
			changed = append(changed, c.statusOf(x.Market, m))
		}
	}
	return changed
}

// noticedLocked is what the connection found out itself, whether or not the decoder knows the
// markets.
func (c *Connector) noticedLocked(f *frames.Frame) (out []frames.Change) {
	var n frames.Notice
	if f.Kind != frames.Note || json.Unmarshal(f.Data, &n) != nil {
		return nil
	}
	if n.Markets == nil {
		for id, m := range c.markets {
			if m.conn == f.Conn {
				n.Markets = append(n.Markets, id)
			}
		}
		slices.Sort(n.Markets)
	}
	for _, id := range n.Markets {
		out = append(out, frames.Change{Market: id, State: n.State, Why: n.Why})
	}
	return out
}

// changeLocked reports whether the state is another one than before.
func (c *Connector) changeLocked(m *market, x frames.Change, f *frames.Frame) (changed bool) {
	if changed = m.state != x.State; changed {
		m.since = f.Recv
	}
	if m.conn = f.Conn; x.State == frames.Idle { // nobody reads it any more
		m.conn = 0
	}
	m.state, m.why = x.State, x.Why
	c.imaged = c.imaged || x.State == frames.Live
	return changed
}

func (c *Connector) statusOf(id string, m *market) frames.Standing {
	return frames.Standing{Source: c.venue.Name(), ID: id, State: m.state, Why: m.why, Since: m.since, Heard: m.heard}
}

// mostMarkets is how many markets are remembered before those that nobody reads any more are
// forgotten. A decoder holds 20,000 at most, that of a stream 200,000.
const mostMarkets = 50_000

func (c *Connector) marketLocked(id string) *market {
	m := c.markets[id]
	if m == nil {
		if len(c.markets) >= mostMarkets {
			maps.DeleteFunc(c.markets, func(_ string, m *market) bool { return m.state == frames.Idle })
		}
		m = &market{state: frames.Idle}
		c.markets[id] = m
	}
	return m
}

// begin notes that a session begins.
func (c *Connector) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.State, c.status.Since, c.status.Again, c.imaged = Connecting, c.now(), nil, false
	c.status.Sessions++
}

func (c *Connector) hadImage() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.imaged
}

// ended notes that a session has ended and when the next one begins.
func (c *Connector) ended(err error, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.State = Waiting
	if errors.Is(err, ErrRefused) {
		c.status.State = Refused
	}
	now := c.now()
	again := now.Add(odds.Millis(wait.Milliseconds()))
	c.status.Since, c.status.Again, c.status.Error = now, &again, err.Error()
}

// opened numbers a new connection.
func (c *Connector) opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Connections++
	if c.status.State != Connected {
		c.status.State, c.status.Since = Connected, c.now()
	}
	c.conns++
	return c.conns
}

// closed forgets which markets were read over a connection.
func (c *Connector) closed(conn int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Connections--
	for _, m := range c.markets {
		if m.conn == conn {
			m.conn = 0
		}
	}
}

// recorded notes how much was recorded, and says once that it failed. c.emitting is held.
func (c *Connector) recorded(err error) {
	c.mu.Lock()
	c.status.Recorded = c.rec.written
	news := err != nil && c.status.RecordError == ""
	if news {
		c.status.RecordError = err.Error()
	}
	c.mu.Unlock()
	if news {
		c.o.World.Log.Error(fmt.Sprintf("%s is not recorded any more", c.venue.Name()), "why", err.Error())
	}
}
