package ticklog

import "corrgraph/odds"

// Chunk is the unit of the tick log: a packed run of batches in event-time order. Chunks
// may overlap one another in event time.
type Chunk struct {
	From, To odds.Time // event times of the first and the last batch
	Quotes   int
	Payload  []byte // the result of Encode
}

// Pack makes a chunk of at least one batch; batches must be in event-time order. A few
// hundred batches or ten thousand quotes make a good chunk: smaller ones compress worse,
// larger ones lose more if the process is killed. Cost: that of Encode.
func (e *Encoder) Pack(batches []*odds.Batch) Chunk {
	c := headOf(batches)
	c.Payload = e.Encode(batches)
	return c
}
