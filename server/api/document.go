package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"
)

// document is a rendered answer. It is immutable and may be sent to several clients
// at once.
type document struct {
	body []byte // JSON
	etag string // strong, quoted; a hash of the bytes, so that equal answers have equal tags

	once   sync.Once
	packed []byte
}

// render writes an answer as JSON.
func (a *API) render(v any) (*document, error) {
	b := a.drafts.Get().(*bytes.Buffer)
	defer a.drafts.Put(b)
	b.Reset()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return &document{body: bytes.Clone(b.Bytes()), etag: `"` + strconv.FormatUint(xxhash.Sum64(b.Bytes()), 16) + `"`}, nil
}

// zipped compresses a document, once for all clients.
func (a *API) zipped(d *document) []byte {
	d.once.Do(func() {
		var b bytes.Buffer
		w := a.zips.Get().(*gzip.Writer)
		defer a.zips.Put(w)
		w.Reset(&b)
		_, _ = w.Write(d.body) // to memory
		_ = w.Close()
		d.packed = b.Bytes()
	})
	return d.packed
}
