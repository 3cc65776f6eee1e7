package store

import (
	"corrgraph/odds"
	"corrgraph/ticklog"
)

// Chunk is a run of batches in event-time order as the tick log keeps it. Chunks
// may overlap one another in event time.
type Chunk struct {
	From, To odds.Time // event times of the first and the last batch
	Quotes   int
	Payload  []byte // of package packed
}

// Pack makes a chunk of batches, of which there must be at least one. Some
// hundred batches, or ten thousand quotes, make a good chunk: smaller ones
// compress worse, larger ones lose more when the process is killed.
func Pack(enc *ticklog.Encoder, batches []*odds.Batch) Chunk {
	c := Chunk{From: batches[0].At, To: batches[len(batches)-1].At, Payload: enc.Encode(batches)}
	for _, b := range batches {
		c.Quotes += b.Quotes()
	}
	return c
}
