package betfair

import "corrgraph/feed/internal/jsonscan"

// Header is what a line of the stream says beside its markets.
type Header struct {
	Op          string // "connection", "status", "mcm"
	ID          int64  // of the request that it answers
	Type        string // ct: "SUB_IMAGE", "RESUB_DELTA", "HEARTBEAT", or empty: a change
	Segment     string // segmentType: "SEG_START", "SEG", "SEG_END", or empty: the message is whole
	InitialClk  string // with Clk, from where on to subscribe again; empty: as before
	Clk         string
	HeartbeatMs int64 // 0: as before
	Late        bool  // status 503: the stream is late

	Status               string // statusCode: "SUCCESS", "FAILURE"
	ErrorCode            string
	ErrorMessage         string
	ConnectionClosed     bool
	ConnectionsAvailable *int64 // that may still be opened
}

// ReadHeader reads the header of a line and passes over its markets.
func ReadHeader(line []byte) (h Header, err error) {
	d := decoder{scan: jsonscan.New(line, 0), head: &h, brief: true, longest: longestText}
	var m message
	err = d.line(&m)
	h.Op, h.Type, h.Late = m.Op, m.CT, m.Status == 503
	return h, err
}

// member reads a member that is none of message's.
func (h *Header) member(d *decoder, key []byte) bool {
	switch string(key) {
	case "id":
		h.ID = d.integer()
	case "segmentType":
		h.Segment = d.text()
	case "initialClk":
		h.InitialClk = d.text()
	case "clk":
		h.Clk = d.text()
	case "heartbeatMs":
		h.HeartbeatMs = d.integer()
	case "statusCode":
		h.Status = d.text()
	case "errorCode":
		h.ErrorCode = d.text()
	case "errorMessage":
		h.ErrorMessage = d.text()
	case "connectionClosed":
		h.ConnectionClosed = d.bool()
	case "connectionsAvailable":
		h.ConnectionsAvailable = maybe(d.maybeInteger())
	case "connectionId":
		d.scan.Skip()
	default:
		return false
	}
	return true
}

// Clocks are the two from which a subscription goes on over another connection.
type Clocks struct {
	Initial string `json:"initialClk,omitempty"`
	Now     string `json:"clk,omitempty"`
}

// Set reports whether there is anything to go on from.
func (c Clocks) Set() bool { return c.Initial != "" && c.Now != "" }

// Position follows the clocks of one subscription. Those of a segment count once the last
// segment of its message was read.
type Position struct {
	Clocks
	part    Clocks
	partial bool
}

// See takes the header of the subscription's next message.
func (p *Position) See(h *Header) {
	if h.Segment == "SEG_START" || h.Segment == "" {
		p.part = p.Clocks
	}
	if h.InitialClk != "" {
		p.part.Initial = h.InitialClk
	}
	if h.Clk != "" {
		p.part.Now = h.Clk
	}
	p.partial = h.Segment != "" && h.Segment != "SEG_END"
	if !p.partial {
		p.Clocks = p.part
	}
}
