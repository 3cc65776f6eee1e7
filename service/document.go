package service

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"sync"
)

// Document is a rendered answer. It is immutable and shared by all who ask for
// the same.
type Document struct {
	Body []byte // JSON
	ETag string // strong, quoted

	once   sync.Once
	packed []byte
}

// NewDocument renders an answer.
func NewDocument(v any) (*Document, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	h := fnv.New64a()
	h.Write(b.Bytes())
	return &Document{Body: b.Bytes(), ETag: `"` + strconv.FormatUint(h.Sum64(), 16) + `"`}, nil
}

// Gzip is the body compressed, once for all who want it.
func (d *Document) Gzip() []byte {
	d.once.Do(func() {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a level that there is
		_, _ = w.Write(d.Body)                          // into memory
		_ = w.Close()
		d.packed = b.Bytes()
	})
	return d.packed
}

// documents are the rendered answers about one event: of one version of its view
// and of the world beside it.
type documents struct {
	mu  sync.Mutex
	key docKey               // guarded by mu
	of  map[string]*Document // guarded by mu; by question
}

type docKey struct {
	version  uint64
	external int64
	second   int64 // wall clock: an answer says what is healthy and what stale
	settings *settings
	reviews  *reviewed
}

// old reports whether what is remembered can be asked for no more.
func (d *documents) old(second int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.key.second != second && d.key.second != second-1
}

// mostVariants bounds the questions about one version that are remembered.
const mostVariants = 16

func (d *documents) get(k docKey, question string) *Document {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key != k {
		return nil
	}
	return d.of[question]
}

func (d *documents) put(k docKey, question string, doc *Document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key != k || len(d.of) >= mostVariants {
		d.key, d.of = k, map[string]*Document{}
	}
	d.of[question] = doc
}
