package frames

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/odds"
)

// Head is the first line of a recording.
type Head struct {
	Venue  string `json:"corrgraph_frames"`
	Format int    `json:"format"`
	Map    string `json:"map,omitempty"` // of a stream: what its messages mean
}

// format is the version of the format of recordings.
const format = 1

// line is a frame as a recording holds it.
type line struct {
	Recv    odds.Time       `json:"recv"`
	Conn    int             `json:"conn"`
	Kind    Kind            `json:"kind"`
	Channel string          `json:"channel,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"` // of JSON that fits into a line
	Text    string          `json:"text,omitempty"` // of anything else
}

// Writer writes a recording: lines of JSON, compressed with zstd. It is not safe for concurrent
// use.
type Writer struct {
	z   *zstd.Encoder
	buf bytes.Buffer
}

// NewWriter begins a recording of a venue; meaning is the map of a stream, else empty.
func NewWriter(w io.Writer, venue, meaning string) (*Writer, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	first, err := json.Marshal(Head{venue, format, meaning})
	if err != nil {
		return nil, err
	}
	_, err = z.Write(append(first, '\n'))
	return &Writer{z: z}, err
}

// Write adds a frame.
func (w *Writer) Write(f *Frame) error {
	l := line{Recv: f.Recv, Conn: f.Conn, Kind: f.Kind, Channel: f.Channel}
	if json.Valid(f.Data) && bytes.IndexByte(f.Data, '\n') < 0 {
		l.Data = f.Data
	} else {
		l.Text = string(f.Data)
	}
	w.buf.Reset()
	enc := json.NewEncoder(&w.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return err
	}
	_, err := w.z.Write(w.buf.Bytes())
	return err
}

// Flush makes what was written readable, whatever happens to the process.
func (w *Writer) Flush() error { return w.z.Flush() }

// Close ends the recording. It does not close the underlying writer.
func (w *Writer) Close() error { return w.z.Close() }

// HeadOf returns the head of a recording that begins with a line; ok is false if it is no recording
// of frames.
func HeadOf(first []byte) (h Head, ok bool) {
	err := json.Unmarshal(first, &h)
	return h, err == nil && h.Format >= 1 && h.Venue != ""
}

// Read calls f for each frame of a recording without its compression, with its line. A line that
// can't be read is passed to bad and costs only itself. An error of f ends it and is returned.
func Read(ctx context.Context, r io.Reader, f func(line int, f *Frame) error, bad func(line int, err error)) (err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for n := 1; err == nil; n++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var text []byte
		if text, err = readLine(in); err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", n, err)
		}
		text = bytes.TrimSpace(text)
		switch {
		case len(text) == 0:
			continue
		case n == 1:
			if h, ok := HeadOf(text); ok && h.Format > format {
				return fmt.Errorf("%w: a recording of frames of format %d; this program reads up to %d", feed.ErrFormat, h.Format, format)
			} else if ok {
				continue
			}
		}
		var l line
		if e := json.Unmarshal(text, &l); e != nil {
			if err == io.EOF {
				return fmt.Errorf("line %d: %w", n, feed.ErrTruncated)
			}
			bad(n, e)
			continue
		}
		data := []byte(l.Data)
		if data == nil {
			data = []byte(l.Text)
		}
		if e := f(n, &Frame{l.Recv, l.Conn, l.Kind, l.Channel, data}); e != nil {
			return e
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// mostLine limits a line in bytes.
const mostLine = 64 << 20

// readLine returns the next line; the last one comes with io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		part, err := in.ReadSlice('\n')
		if err == nil && all == nil {
			return part, nil
		}
		if all = append(all, part...); err != bufio.ErrBufferFull {
			return all, err
		}
		if len(all) > mostLine {
			return nil, feed.ErrTooLong
		}
	}
}

// New returns a parser of recordings of a venue's frames. Reject reasons: bad_json (of the
// recording), bad_frame (what the venue sent can't be read).
func New(decoder func() Decoder) feed.Parser { return parser{decoder} }

type parser struct{ decoder func() Decoder }

// Parse implements [feed.Parser].
func (p parser) Parse(ctx context.Context, name string, r io.Reader, emit feed.Emit, rep *feed.Report) error {
	d := p.decoder()
	reject := func(line int, reason string, err error) {
		rep.Reject(feed.Reject{File: name, Line: line, Reason: reason, Detail: err.Error()})
	}
	err := Read(ctx, r, func(line int, f *Frame) error {
		told, err := d.Frame(f)
		if err != nil {
			reject(line, "bad_frame", err)
		}
		for _, what := range told.Unknown {
			rep.Skip("unknown: " + what)
		}
		for _, b := range told.Batches {
			rep.Read(line, b.Quotes())
			if err := emit(b); err != nil {
				return err
			}
		}
		return nil
	}, func(line int, err error) { reject(line, "bad_json", err) })
	return err
}
