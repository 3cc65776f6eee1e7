package ticklog

import "corrgraph/odds"

// Chunk is the unit of the tick log: a packed run of batches in event-time order. Chunks
// may overlap one another in event time.
type Chunk struct {
	From, To odds.Time // event times of the first and the last batch; the head's clock if there is none
	Quotes   int
	Payload  []byte // the result of Encode
}

// Head is what a chunk says of its place in the log, beside its batches. A recording's is
// zero: it was not taken while it happened.
type Head struct {
	Clock   odds.Time // the wall clock when it was appended; 0 for a recording
	Verdict odds.Time // the newest verdict that was in force for it; 0 for none
}

// Part is what is told at once: a chunk of a service as it was appended, or one instant of a
// recording.
type Part struct {
	Head
	Batches []*odds.Batch // may be empty in a chunk: then only the clock went on, or a verdict came into force
}

// Pack makes a chunk of at least one batch; batches must be in event-time order. A few
// hundred batches or ten thousand quotes make a good chunk: smaller ones compress worse,
// larger ones lose more if the process is killed. Cost: that of Encode.
func (e *Encoder) Pack(batches []*odds.Batch) Chunk {
	return e.PackLive(batches, Head{})
}

// PackLive is Pack for a service, which states the head. There may be no batches then.
func (e *Encoder) PackLive(batches []*odds.Batch, h Head) Chunk {
	p := Part{h, batches}
	c := p.describe()
	c.Payload = e.encode(&p)
	return c
}

// nothing reports that there is neither a batch nor a head.
func (p *Part) nothing() bool { return len(p.Batches) == 0 && p.Head == Head{} }

// describe returns the chunk that holds p, without its payload.
func (p *Part) describe() Chunk {
	c := Chunk{From: p.Clock, To: p.Clock}
	if n := len(p.Batches); n > 0 {
		c.From, c.To = p.Batches[0].At, p.Batches[n-1].At
	}
	for _, b := range p.Batches {
		c.Quotes += b.Quotes()
	}
	return c
}
