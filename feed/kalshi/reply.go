package kalshi

// Reply is what the venue answered to a command, or said of a subscription.
type Reply struct {
	Type    string // subscribed, unsubscribed, ok, error, or orderbook_snapshot of one that was asked for
	ID, SID int64  // of the command and the subscription; 0 none
	Channel string // of subscribed
	Market  string // of orderbook_snapshot
	Code    int    // of error
	Text    string // of error
}

// Replies reads answers. It is not safe for concurrent use.
type Replies struct{ m message }

// Read returns a frame's answer; ok is false if it holds none.
func (r *Replies) Read(data []byte) (reply Reply, ok bool) {
	m := &r.m
	if m.read(data, true) != nil || !m.kind.answers() || m.kind == snapshotKind && m.id == 0 {
		return Reply{}, false
	}
	return Reply{
		Type: string(m.name), ID: m.id, SID: m.sid, Channel: string(m.channel), Market: string(m.ticker), Code: int(m.code), Text: string(m.text),
	}, true
}

// Level is one price of a side of a book, in dollars, and how many contracts lie there.
type Level struct{ Price, Size float64 }

// Book returns the bids of a market, ascending; ok is false unless it is live.
func (d *Decoder) Book(id string) (yes, no []Level, ok bool) {
	c := d.contracts[id]
	if c == nil || c.sid == 0 {
		return nil, nil, false
	}
	return c.yes.levels(), c.no.levels(), true
}

func (l ladder) levels() (out []Level) {
	for _, e := range l {
		out = append(out, Level{float64(e.price) / whole, float64(e.size) / 100})
	}
	return out
}
