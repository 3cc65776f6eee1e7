package service

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"sync"

	"corrgraph/graph"
	"corrgraph/server/live"
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
	b := drafts.Get().(*bytes.Buffer)
	defer drafts.Put(b)
	b.Reset()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	h := fnv.New64a()
	h.Write(b.Bytes())
	return &Document{Body: bytes.Clone(b.Bytes()), ETag: `"` + strconv.FormatUint(h.Sum64(), 16) + `"`}, nil
}

// drafts are buffers to write into: a document grown from nothing would cost twice
// its size.
var drafts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

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
// and of the world beside it. Those about no event are of one State.
type documents struct {
	mu   sync.Mutex
	key  docKey               // guarded by mu
	of   map[string]*Document // guarded by mu; by question
	snap *graph.Snapshot      // guarded by mu; what graphs and forecasts are read from, nil until then
}

type docKey struct {
	state    *live.State
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
	d.turn(k)
	if d.of == nil || len(d.of) >= mostVariants {
		d.of = map[string]*Document{}
	}
	d.of[question] = doc
}

func (d *documents) graph(k docKey) *graph.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key != k {
		return nil
	}
	return d.snap
}

func (d *documents) keep(k docKey, snap *graph.Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(k)
	d.snap = snap
}

// turn forgets what was of another key. d.mu is held.
func (d *documents) turn(k docKey) {
	if d.key != k {
		d.key, d.of, d.snap = k, nil, nil
	}
}
