package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync/atomic"

	"corrgraph/answer"
	"corrgraph/server/live"
)

// events keeps the newest events as they are sent, so that a thousand clients cost
// one rendering and not a thousand. An id's place is its remainder.
type events struct {
	of [1 << 13]atomic.Pointer[rendered]
}

type rendered struct {
	id   uint64
	text []byte
}

// rendered is a message as the stream has it. The caller must not change it.
func (a *API) rendered(m *live.Message) []byte {
	place := &a.sent.of[m.ID%uint64(len(a.sent.of))]
	if r := place.Load(); r != nil && r.id == m.ID {
		return r.text
	}
	var b bytes.Buffer
	writeEvent(&b, a.boot, m.ID, a.o.Service.Told(m))
	place.Store(&rendered{m.ID, b.Bytes()})
	return b.Bytes()
}

// writeEvent appends one server-sent event. JSON has no line breaks, so one data
// line holds it.
func writeEvent(b *bytes.Buffer, boot string, place uint64, m answer.Message) {
	text, err := json.Marshal(m)
	if err != nil { // a number that JSON lacks
		text = []byte(`{}`)
	}
	b.WriteString("id: ")
	b.WriteString(boot)
	b.WriteByte('-')
	b.Write(strconv.AppendUint(b.AvailableBuffer(), place, 10))
	b.WriteString("\nevent: ")
	b.WriteString(m.Kind())
	b.WriteString("\ndata: ")
	b.Write(text)
	b.WriteString("\n\n")
}
